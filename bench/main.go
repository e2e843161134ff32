// Command bench measures maitred's outbox beside rivals and floors; README.md says how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// size of a run.
type size struct {
	quick  bool
	rounds int
	rows   int           // of a drain
	span   time.Duration // of a measurement that lasts a time
	bulk   int           // rows of a large backlog
	week   int           // rows of a sink that was paused for long
}

var (
	full  = size{rounds: 5, rows: 20_000, span: 4 * time.Second, bulk: 100_000, week: 500_000}
	quick = size{quick: true, rounds: 3, rows: 5_000, span: time.Second, bulk: 20_000, week: 50_000}
)

// figures in the order in which they are measured.
var figures = []*figure{&drain, &latency, &wakeups, &steady, &snapshot, &fairness, &takeover, &paused, &idle, &embedded}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:forbidigo // a program
	}
}

func run(args []string, out, log io.Writer) (err error) {
	if len(args) == 2 && args[0] == childWord {
		return child(args[1])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	small := flags.Bool("quick", false, "small sizes, three rounds: a few minutes; for a look, not for a claim")
	only := flags.String("outbox", "", "figures to measure, with commas; empty: all ("+strings.Join(names(), ", ")+")")
	n := flags.Int("rounds", 0, "rounds; 0: five, or three with -quick")
	raw := flags.String("json", "", "a file for every reading")
	table := flags.String("results", "", "a file for the tables, besides the standard output")
	strict := flags.Bool("check", false, "fail when a demand is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	s := &stage{ctx: ctx, size: full}
	if *small {
		s.size = quick
	}
	if *n > 0 {
		s.size.rounds = *n
	}
	all, err := play(s, chosen, log)
	if err != nil {
		return err
	}
	text, err := tables(all, s.size)
	if err != nil {
		return err
	}
	fmt.Fprint(out, text)
	if *table != "" {
		err = write(*table, []byte(text))
	}
	if *raw != "" {
		b, wrong := json.MarshalIndent(rawOf(all), "", "  ")
		err = errors.Join(err, wrong, write(*raw, append(b, '\n')))
	}
	if *strict {
		err = errors.Join(err, missed(all))
	}
	return err
}

// missed names the demands that were missed.
func missed(all []*measured) error {
	var errs []error
	for _, m := range all {
		for _, d := range m.figure.demands {
			v, err := m.judge(d)
			if err == nil && !v.reached {
				err = fmt.Errorf("%s, %s: %s, and the demand is %s", d.id, d.what, v.spread, d.bound())
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func write(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

func names() []string {
	var all []string
	for _, f := range figures {
		all = append(all, f.name)
	}
	return all
}

func choose(only string) ([]*figure, error) {
	if only == "" {
		return figures, nil
	}
	var chosen []*figure
	for name := range strings.SplitSeq(only, ",") {
		i := slices.Index(names(), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no figure %q; there are %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, figures[i])
	}
	return chosen, nil
}

// play measures the figures, each on a cluster of its own, so that none inherits what
// another left on the disk.
func play(s *stage, chosen []*figure, log io.Writer) (all []*measured, err error) {
	defer func() {
		if f, ok := recover().(failure); ok {
			err = f.err
		}
	}()
	for _, f := range chosen {
		all = append(all, one(s, f, log))
	}
	return all, nil
}

func one(s *stage, f *figure, log io.Writer) *measured {
	defer func() { s.cluster = nil }()
	defer s.end()
	fmt.Fprintf(log, "%s: %s\n", f.name, f.title)
	return measure(s, f, s.size.rounds, func(format string, args ...any) { fmt.Fprintf(log, format+"\n", args...) })
}
