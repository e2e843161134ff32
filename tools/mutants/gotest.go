package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// compileAllowance is how long a build may take on top of a test's own timeout.
// A slow compiler must not pass for a test that noticed something.
const compileAllowance = 10 * time.Minute

// Outcome is what a set of tests did.
type Outcome int

// The outcomes of a test run.
const (
	Passed      Outcome = iota // at least one test ran, none failed
	Failed                     // a test failed, or its process died
	TimedOut                   // the test binary ran out of time
	NotBuilt                   // the compiler refused
	NothingRan                 // no test matched
	OnlySkipped                // every test that matched was skipped
)

// Result is an outcome with what a reader wants to see of it.
type Result struct {
	Outcome Outcome
	By      string // first test that failed
	Output  string // the last of the output, for a report
}

// Runner runs tests of one module.
type Runner struct {
	Root    string        // directory of the module, absolute
	Dir     string        // scratch space, absolute
	Timeout time.Duration // of a test binary, unless its mutant has its own

	mu       sync.Mutex
	binaries map[string]func() (string, error) // by package and flags
}

// Mutated runs a mutant's test on a tree as its overlay shows it. The first failure
// is enough.
func (r *Runner) Mutated(ctx context.Context, m *Mutant, overlay string) (Result, error) {
	timeout := r.timeout(m)
	args := []string{"test", "-json", "-count=1", "-failfast", "-vet=off", "-overlay", overlay, "-timeout", timeout.String(), "-run", m.Test.Run}
	args = append(args, strings.Fields(m.Test.Flags)...)
	return r.run(ctx, timeout+compileAllowance, r.Root, "go", append(args, m.Test.Package)...)
}

// Baseline runs a mutant's test on the tree as it is. The mutants of one package
// share one test binary.
func (r *Runner) Baseline(ctx context.Context, m *Mutant) (Result, error) {
	key := m.Test.Package + " " + m.Test.Flags
	r.mu.Lock()
	if r.binaries == nil {
		r.binaries = map[string]func() (string, error){}
	}
	build, ok := r.binaries[key]
	if !ok {
		path := filepath.Join(r.Dir, fmt.Sprintf("baseline%d.test", len(r.binaries)))
		build = sync.OnceValues(func() (string, error) { return path, r.compile(ctx, m.Test, path) })
		r.binaries[key] = build
	}
	r.mu.Unlock()

	binary, err := build()
	if err != nil {
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		return Result{Outcome: NotBuilt, Output: err.Error()}, nil
	}
	if _, err := os.Stat(binary); os.IsNotExist(err) { // a package without test files has no binary
		return Result{Outcome: NothingRan}, nil
	}
	dir, err := r.output(ctx, "go", "list", "-f", "{{.Dir}}", m.Test.Package)
	if err != nil {
		return Result{}, err
	}
	timeout := r.timeout(m)
	return r.run(ctx, timeout+time.Minute, strings.TrimSpace(dir), "go", "tool", "test2json", "-t", binary,
		"-test.v=test2json", "-test.paniconexit0", "-test.count=1", "-test.timeout="+timeout.String(), "-test.run="+m.Test.Run)
}

func (r *Runner) timeout(m *Mutant) time.Duration {
	if m.Timeout > 0 {
		return m.Timeout
	}
	return r.Timeout
}

func (r *Runner) compile(ctx context.Context, t Target, path string) error {
	args := append([]string{"test", "-c", "-vet=off", "-o", path}, strings.Fields(t.Flags)...)
	_, err := r.output(ctx, "go", append(args, t.Package)...)
	return err
}

func (r *Runner) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := r.command(ctx, r.Root, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %s: %w", name, strings.Join(args, " "), tail(stdout.String()+stderr.String()), err)
	}
	return stdout.String(), nil
}

// run starts a command that prints test events and reads its verdict. An error
// means that there is none.
func (r *Runner) run(ctx context.Context, limit time.Duration, dir, name string, args ...string) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no verdict within %s", limit))
	defer cancel()
	cmd := r.command(ctx, dir, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.Process != nil { // what a killed test had started must not outlive it
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return Result{}, err
	}
	res, readErr := Judge(&stdout, err == nil)
	if readErr != nil {
		return Result{}, readErr
	}
	if err != nil && res.Output == "" {
		res.Output = tail(stderr.String())
	}
	return res, nil
}

// command prepares a process that ends together with all it started, keeps its
// temporary files in the scratch space and leaves no fail files in the tree.
func (r *Runner) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+r.Dir, "RAPID_NOFAILFILE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// event is a line of go test -json.
type event struct {
	Action      string `json:"Action"`
	Test        string `json:"Test"`
	Output      string `json:"Output"`
	FailedBuild string `json:"FailedBuild"`
}

// Judge reads the events of one package's tests; ok says whether the process
// that printed them succeeded.
func Judge(r io.Reader, ok bool) (Result, error) {
	var out strings.Builder
	var by, last string
	var passed, skipped int
	var notBuilt, timedOut bool
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			return Result{}, err
		}
		var e event
		switch {
		case !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil:
			out.WriteString(line)
		case e.Action == "build-fail" || e.FailedBuild != "":
			notBuilt = true
		case e.Action == "output" || e.Action == "build-output":
			timedOut = timedOut || strings.HasPrefix(e.Output, "panic: test timed out after ")
			out.WriteString(e.Output)
		case e.Test == "":
		case e.Action == "run":
			last = e.Test
		case e.Action == "pass":
			passed++
		case e.Action == "skip":
			skipped++
		case e.Action == "fail" && by == "":
			by = e.Test
		}
		if err == io.EOF {
			break
		}
	}
	if by == "" { // a process that died says no more than where it was
		by = cmp.Or(last, "the package")
	}
	res := Result{By: by, Output: tail(out.String())}
	switch {
	case notBuilt:
		res.Outcome = NotBuilt
	case timedOut:
		res.Outcome = TimedOut
	case !ok:
		res.Outcome = Failed
	case passed > 0:
		res.Outcome = Passed
	case skipped > 0:
		res.Outcome = OnlySkipped
	default:
		res.Outcome = NothingRan
	}
	return res, nil
}

// tail keeps the last 30 lines.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
