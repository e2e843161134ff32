package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/maitred/maitred/internal/servicetime"
)

// table prints rows in columns.
type table struct{ *tabwriter.Writer }

func (s *session) table(columns ...string) table {
	t := table{tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)}
	t.row(columns...)
	return t
}

func (t table) row(cells ...string) {
	for i, c := range cells {
		if c == "" {
			cells[i] = "-"
		}
	}
	_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
}

// when is an instant to the second, for people.
func when(i servicetime.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.Time().Format("2006-01-02T15:04:05Z")
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
