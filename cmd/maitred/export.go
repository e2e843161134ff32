package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
)

type exportCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	Output     string `short:"o" placeholder:"FILE" help:"Write to this file, readable by you only, instead of standard output."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*exportCmd) Help() string {
	return `Floor, policy, service periods, closures and all bookings with their guests: personal data, handle with care. Holds,
blocks, retired tables, members, tokens and history are not in it.`
}

// Run writes a restaurant down.
func (c *exportCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		doc, err := control.Export(s.ctx, a, c.Restaurant)
		if err != nil {
			return err
		}
		if c.Output == "" {
			return s.json(doc)
		}
		return writeJSON(c.Output, doc)
	})
}

func writeJSON(path string, v any) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
