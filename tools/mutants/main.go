package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: 0 when every mutant is killed, 1 when one is not, 64 for
// wrong usage or a list that cannot be read.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "directory of the module")
	list := flags.String("list", "docs/mutants.txt", "the mutants, relative to the root")
	only := flags.String("only", "", "run only the mutants of this name or failure id")
	third := flags.Int("third", 0, "with 1, 2 or 3: only that third of the mutants, every third from the first, second or third on")
	parallel := flags.Int("p", 2, "mutants at the same time")
	timeout := flags.Duration("timeout", 2*time.Minute, "of one test binary, unless its mutant has its own")
	verbose := flags.Bool("v", false, "show the output of the tests of killed mutants too")
	if flags.Parse(args) != nil || flags.NArg() > 0 || *parallel < 1 || *third < 0 || *third > 3 {
		return 64
	}

	mutants, err := load(filepath.Join(*root, *list), *only)
	switch {
	case errors.Is(err, os.ErrNotExist):
		fmt.Fprintf(stdout, "mutants: no %s, nothing to do\n", *list)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "mutants: %s: %v\n", *list, err)
		return 64
	}
	mutants = some(mutants, *third)
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		fmt.Fprintf(stderr, "mutants: %v\n", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	absolute, err := filepath.Abs(*root)
	if err != nil {
		fmt.Fprintf(stderr, "mutants: %v\n", err)
		return 1
	}

	start := time.Now()
	hunt := &Hunt{Runner: &Runner{Root: absolute, Dir: dir, Timeout: *timeout}, Out: stdout, Verbose: *verbose}
	killed := hunt.Run(ctx, mutants, *parallel)
	fmt.Fprintf(stdout, "mutants: %d killed, %d not, %.1f s\n", killed, len(mutants)-killed, time.Since(start).Seconds())
	if killed < len(mutants) {
		return 1
	}
	return 0
}

// some keeps every third mutant from the third-th on; 0 keeps all.
func some(mutants []*Mutant, third int) []*Mutant {
	var kept []*Mutant
	for i, m := range mutants {
		if third == 0 || i%3 == third-1 {
			kept = append(kept, m)
		}
	}
	return kept
}

// load reads the list and keeps what the filter means; a filter that means
// nothing is a mistake.
func load(path, only string) ([]*Mutant, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all, err := Parse(f)
	if err != nil || only == "" {
		return all, err
	}
	var kept []*Mutant
	for _, m := range all {
		if m.Matches(only) {
			kept = append(kept, m)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no mutant is named %q or covers it", only)
	}
	return kept, nil
}

// Verdict is a word for a mutant's end. Only Killed is good.
type Verdict string

// The verdicts; doc.go explains them.
const (
	Killed      Verdict = "killed"
	Survived    Verdict = "SURVIVED"
	Stale       Verdict = "STALE"
	BuildFailed Verdict = "BUILD FAILED"
	NoTests     Verdict = "NO TESTS"
	BadBaseline Verdict = "BASELINE"
	NoVerdict   Verdict = "ERROR"
)

// Hunt runs mutants and prints a line for each as it ends.
type Hunt struct {
	Runner  *Runner
	Out     io.Writer
	Verbose bool

	mu        sync.Mutex // guards Out and baselines
	baselines map[Target]func() (Verdict, string)
}

// Run hunts all mutants, several at a time, and returns how many were killed.
func (h *Hunt) Run(ctx context.Context, mutants []*Mutant, parallel int) (killed int) {
	h.baselines = map[Target]func() (Verdict, string){}
	var wg sync.WaitGroup
	next := make(chan *Mutant)
	counts := make([]int, parallel)
	for i := range parallel {
		wg.Go(func() {
			for m := range next {
				if h.one(ctx, m) == Killed {
					counts[i]++
				}
			}
		})
	}
	for _, m := range mutants {
		next <- m
	}
	close(next)
	wg.Wait()
	for _, n := range counts {
		killed += n
	}
	return killed
}

func (h *Hunt) one(ctx context.Context, m *Mutant) Verdict {
	start := time.Now()
	verdict, note, output := h.judge(ctx, m)
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Fprintf(h.Out, "%-12s %6.1f s  %-32s %s\n", verdict, time.Since(start).Seconds(), m.Name, note)
	if verdict == Killed && !h.Verbose {
		return verdict
	}
	if verdict != Killed {
		fmt.Fprintf(h.Out, "    line %d, covers %v: %s\n    go test -run '%s' %s\n", m.Line, m.Covers, m.Why, m.Test.Run, m.Test.Package)
	}
	if output != "" {
		fmt.Fprintf(h.Out, "%s\n", output)
	}
	return verdict
}

// judge decides one mutant: the list first, then the test as it is, then the
// test on the mutated tree.
func (h *Hunt) judge(ctx context.Context, m *Mutant) (verdict Verdict, note, output string) {
	dir, err := os.MkdirTemp(h.Runner.Dir, "mutant-")
	if err != nil {
		return NoVerdict, err.Error(), ""
	}
	overlay, err := WriteOverlay(dir, h.Runner.Root, m)
	if stale := (*StaleError)(nil); errors.As(err, &stale) {
		return Stale, stale.Error(), ""
	} else if err != nil {
		return NoVerdict, err.Error(), ""
	}
	if v, why := h.baseline(ctx, m); v != "" {
		return v, why, ""
	}
	res, err := h.Runner.Mutated(ctx, m, overlay)
	if err != nil {
		return NoVerdict, err.Error(), ""
	}
	switch res.Outcome {
	case Failed:
		return Killed, "by " + res.By, res.Output
	case TimedOut:
		return Killed, "out of time in " + res.By, res.Output
	case NotBuilt:
		return BuildFailed, "the mutant does not compile", res.Output
	case Passed:
		return Survived, "the test passed", ""
	case OnlySkipped:
		return Survived, "the mutant made the test skip", ""
	case NothingRan:
		return NoTests, "the mutant took the test away", ""
	}
	panic("unknown outcome")
}

// baseline runs the mutant's test without the mutation, once for each target.
// An empty verdict is good.
func (h *Hunt) baseline(ctx context.Context, m *Mutant) (Verdict, string) {
	h.mu.Lock()
	check, ok := h.baselines[m.Test]
	if !ok {
		check = sync.OnceValues(func() (Verdict, string) {
			res, err := h.Runner.Baseline(ctx, m)
			if err != nil {
				return NoVerdict, err.Error()
			}
			switch res.Outcome {
			case Passed:
				return "", ""
			case NothingRan:
				return NoTests, "no test matches the expression"
			case OnlySkipped:
				return NoTests, "every test was skipped:\n" + res.Output
			case NotBuilt:
				return BadBaseline, "does not compile without a mutation:\n" + res.Output
			case Failed, TimedOut:
				return BadBaseline, "fails without a mutation:\n" + res.Output
			}
			panic("unknown outcome")
		})
		h.baselines[m.Test] = check
	}
	h.mu.Unlock()
	return check()
}
