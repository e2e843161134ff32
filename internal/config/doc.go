// Package config is what an operator may set, in one table (settings.go): name,
// environment variable, default, bounds and meaning. Load reads defaults, then
// the environment, then flags, later ones winning, and refuses with every fault
// at once. Print and Markdown show what is in force and where it came from;
// secrets are never shown.
//
// It refuses to know who uses a setting, and never reads the process's own
// environment: the command line passes it in.
//
//	c, err := config.Load(config.Source{Env: os.Environ(), Flags: given})
package config
