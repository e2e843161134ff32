package main

import (
	"fmt"
	"slices"
)

// figure is one question with the contenders that answer it, and what the answer is
// to be.
type figure struct {
	name       string // as it is asked for on the command line
	title      string
	contenders []contender
	demands    []demand
}

// contender is one way to do it. setUp makes what lasts for all rounds and returns
// what is measured in each.
type contender struct {
	name  string
	setUp func(s *stage) func() []reading
}

// reading is one number of one round.
type reading struct {
	row, unit string
	x         float64
}

// demand is a ratio that must hold: the row over the best of its rivals in the same
// round. Without rivals it is the number itself.
type demand struct {
	id, what string
	row      string
	rivals   []string
	best     func(a, b float64) float64 // of rivals; nil: there is one
	least    float64                    // 0: no lower bound
	most     float64                    // 0: no upper bound, unless exact
	none     bool                       // it must be zero
}

// rounds are the readings of a row, one for each round.
type rounds struct {
	row, unit string
	xs        []float64
}

// measured is what came of a figure.
type measured struct {
	figure *figure
	rows   []*rounds
}

// measure plays the rounds, all contenders in each, so that what slows the machine
// for a while slows all of them. Every second round goes backwards.
func measure(s *stage, f *figure, n int, say func(format string, args ...any)) *measured {
	m := &measured{figure: f}
	var ready []func() []reading
	for _, c := range f.contenders {
		ready = append(ready, c.setUp(s))
	}
	for round := range n {
		order := indices(len(ready))
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, i := range order {
			began := now()
			for _, r := range ready[i]() {
				m.add(r)
				say("  %d/%d %-46s %10s %s (%.1f s)", round+1, n, r.row, number(r.x), r.unit, since(began).Seconds())
			}
		}
	}
	return m
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func (m *measured) add(r reading) {
	if have := m.row(r.row); have != nil {
		have.xs = append(have.xs, r.x)
		return
	}
	m.rows = append(m.rows, &rounds{row: r.row, unit: r.unit, xs: []float64{r.x}})
}

func (m *measured) row(name string) *rounds {
	for _, r := range m.rows {
		if r.row == name {
			return r
		}
	}
	return nil
}

// verdict is what became of a demand.
type verdict struct {
	demand
	spread  spread
	reached bool
}

// judge compares in each round by itself and takes the median of the ratios. Rows are in
// the order of the rounds, whatever the order within one was.
func (m *measured) judge(d demand) (verdict, error) {
	row := m.row(d.row)
	if row == nil {
		return verdict{}, fmt.Errorf("%s: nobody measured %q", d.id, d.row)
	}
	ratios := slices.Clone(row.xs)
	for i := range ratios {
		var under []float64
		for _, name := range d.rivals {
			rival := m.row(name)
			if rival == nil || len(rival.xs) != len(ratios) {
				return verdict{}, fmt.Errorf("%s: nobody measured %q as often as %q", d.id, name, d.row)
			}
			under = append(under, rival.xs[i])
		}
		if len(under) > 0 {
			ratios[i] /= reduce(under, d.best)
		}
	}
	v := verdict{demand: d, spread: spreadOf(ratios)}
	v.reached = (d.least == 0 || v.spread.median >= d.least) && (d.most == 0 || v.spread.median <= d.most) && (!d.none || slices.Max(ratios) == 0)
	return v, nil
}

func reduce(xs []float64, best func(a, b float64) float64) float64 {
	r := xs[0]
	for _, x := range xs[1:] {
		r = best(r, x)
	}
	return r
}

// fastest and quickest choose among rivals: the highest rate, the shortest time.
func fastest(a, b float64) float64  { return max(a, b) }
func quickest(a, b float64) float64 { return min(a, b) }

// spread is a median with its quartiles.
type spread struct{ low, median, high float64 }

func spreadOf(xs []float64) spread {
	return spread{low: quantile(xs, 0.25), median: quantile(xs, 0.5), high: quantile(xs, 0.75)}
}

// quantile between the two nearest.
func quantile(xs []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(xs))
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (sorted[below+1]-sorted[below])*(at-float64(below))
}
