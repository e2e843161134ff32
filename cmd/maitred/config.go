package main

import (
	"fmt"

	"github.com/maitred/maitred/internal/config"
)

type configCmd struct {
	JSON     bool `xor:"format" help:"Print JSON."`
	Markdown bool `xor:"format" help:"Print the table of all settings as docs/configuration.md has it, whatever is in force."`
	config.Flags
	config.ServeFlags
	config.WorkerFlags
}

// Help implements kong.HelpProvider.
func (*configCmd) Help() string {
	return `Prints each setting, its value and where it came from; of secrets only whether they are set. Wrong settings are told
one by one, with exit code 78.`
}

// Run shows the settings.
func (c *configCmd) Run(s *session) error {
	if c.Markdown {
		return config.Markdown(s.stdout)
	}
	cfg, err := s.config(nil, c.Flags, c.ServeFlags, c.WorkerFlags)
	if err != nil {
		return err
	}
	for _, name := range cfg.Unknown {
		_, _ = fmt.Fprintf(s.stderr, "maitred: %s is no variable of maitred and is ignored\n", name)
	}
	if c.JSON {
		return s.json(cfg.InForce())
	}
	return cfg.Print(s.stdout)
}
