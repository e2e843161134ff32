package main

import (
	"fmt"
	"math"
	"strings"
)

// tables writes everything for people, as Markdown.
func tables(all []*measured, z size) (string, error) {
	var b strings.Builder
	b.WriteString("# Outbox: what was measured\n\n")
	fmt.Fprintf(&b, "Written by `make bench-outbox`; [README.md](../README.md) says how it is measured and what each row means.\n"+
		"Medians of %d interleaved rounds, each contender in each, quartiles in brackets. Absolute numbers belong to one machine and one hour: read the ratios.\n", z.rounds)
	if z.quick {
		b.WriteString("\nA quick run with small sizes: a look, no claim.\n")
	}
	b.WriteString("\n## Demands\n\n| # | ratio, in each round by itself | measured | demand | |\n| --- | --- | ---: | ---: | --- |\n")
	for _, m := range all {
		for _, d := range m.figure.demands {
			v, err := m.judge(d)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", d.id, d.what, v.spread.String(), d.bound(), v.word())
		}
	}
	for _, m := range all {
		fmt.Fprintf(&b, "\n## %s\n\n| | | median | quartiles |\n| --- | --- | ---: | ---: |\n", m.figure.title)
		for _, r := range m.rows {
			at := spreadOf(r.xs)
			fmt.Fprintf(&b, "| %s | %s | %s | %s – %s |\n", r.row, r.unit, number(at.median), number(at.low), number(at.high))
		}
	}
	return b.String(), nil
}

func (s spread) String() string {
	return fmt.Sprintf("%s [%s – %s]", number(s.median), number(s.low), number(s.high))
}

func (d demand) bound() string {
	switch {
	case d.none:
		return "0"
	case d.least > 0:
		return "≥ " + number(d.least)
	case d.most > 0:
		return "≤ " + number(d.most)
	default:
		return ""
	}
}

func (v verdict) word() string {
	switch {
	case v.bound() == "":
		return "for comparison"
	case v.reached:
		return "reached"
	default:
		return "**missed**"
	}
}

// number with three significant digits.
func number(x float64) string {
	switch {
	case x == 0:
		return "0"
	case math.Abs(x) >= 100:
		return fmt.Sprintf("%.0f", x)
	case math.Abs(x) >= 10:
		return fmt.Sprintf("%.1f", x)
	case math.Abs(x) >= 0.1:
		return fmt.Sprintf("%.2f", x)
	default:
		return fmt.Sprintf("%.4f", x)
	}
}

// rawReading is a row with every round.
type rawReading struct {
	Figure string    `json:"figure"`
	Row    string    `json:"row"`
	Unit   string    `json:"unit"`
	Rounds []float64 `json:"rounds"`
}

func rawOf(all []*measured) []rawReading {
	var list []rawReading
	for _, m := range all {
		for _, r := range m.rows {
			list = append(list, rawReading{Figure: m.figure.name, Row: r.row, Unit: r.unit, Rounds: r.xs})
		}
	}
	return list
}
