package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
)

type importCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant; it must have no floor and no bookings."`
	File       string `arg:"" help:"An export; - is standard input."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*importCmd) Help() string {
	return `Tables and bookings get new ids; references, times, states and guests come in as they were. The restaurant keeps its
own name and slug, and must be in the time zone of the export. A file that is refused leaves nothing behind.`
}

// Run brings an export in.
func (c *importCmd) Run(s *session) error {
	in := control.ImportIn{Restaurant: c.Restaurant}
	if err := c.readFile(s, &in.Document); err != nil {
		return err
	}
	var done control.Imported
	if err := s.change(c.Flags, control.Import, in, &done); err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	s.printf("imported %d zones, %d tables and %d bookings into %s, version %s\n", done.Zones, done.Tables, done.Bookings, c.Restaurant, done.Version)
	return nil
}

func (c *importCmd) readFile(s *session, doc *control.Document) error {
	from := s.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return seating.Refuse(seating.CodeInvalid, "%s is not an export: %v", c.File, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return seating.Refuse(seating.CodeInvalid, "%s has something behind the export", c.File)
	}
	return nil
}
