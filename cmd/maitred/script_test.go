package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

var update = flag.Bool("update", false, "rewrite the golden files of the scripts")

func TestMain(m *testing.M) {
	seating.BugPanics = true
	if raceEnabled {
		demoCrowd = 8
	}
	testscript.Main(withPostgres{m}, map[string]func(){
		"maitred": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
	})
}

// withPostgres tidies up what tests shared: a server, a build.
type withPostgres struct{ *testing.M }

// Run implements testscript.TestingM.
func (w withPostgres) Run() int {
	code := w.M.Run()
	pgtest.Stop()
	if plainDir != "" {
		_ = os.RemoveAll(plainDir)
	}
	return code
}

// The scripts are the manual's examples, run against the program itself. Under
// the race detector each start of it would take a second; the scripts then run a
// plain build, and the tests in this process look for races.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts(t, testscript.Params{Dir: "testdata/script"}))
}

// Each script of testdata/postgres has an empty database, $DB, and a user of it
// who may migrate; a password in an output is found by $PASSWORD.
func TestPostgresScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/postgres/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			address, password := withPassword(t, pgtest.Empty(t).Admin)
			testscript.Run(t, scripts(t, testscript.Params{Files: []string{file}, Setup: func(e *testscript.Env) error {
				e.Setenv("DB", address)
				e.Setenv("PASSWORD", password)
				return nil
			}}))
		})
	}
}

// plainDir is where plainBuild built.
var plainDir string

// plainBuild is the program without the race detector.
var plainBuild = sync.OnceValue(func() (err error) {
	if plainDir, err = os.MkdirTemp("", "maitred-plain-"); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-race=false", "-buildvcs=false", "-o", filepath.Join(plainDir, "maitred"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

func scripts(t *testing.T, p testscript.Params) testscript.Params {
	t.Helper()
	if raceEnabled {
		if err := plainBuild(); err != nil {
			t.Fatal(err)
		}
	}
	more := p.Setup
	p.Setup = func(e *testscript.Env) error {
		if plainDir != "" {
			e.Setenv("PATH", plainDir+string(os.PathListSeparator)+e.Getenv("PATH"))
		}
		if more != nil {
			return more(e)
		}
		return nil
	}
	p.UpdateScripts, p.RequireExplicitExec, p.RequireUniqueNames = *update, true, true
	p.Cmds = map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"exits": exits, "await": await, "grab": grab,
	}
	return p
}

// exits CODE PROGRAM ARGS… runs a program and wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// await FILE PATTERN waits until a program that was started has written a line.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern := regexp.MustCompile(args[1])
	path := filepath.Join(ts.Getenv("WORK"), args[0])
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(path); err == nil && pattern.Match(b) {
			return
		}
	}
	b, _ := os.ReadFile(path)
	ts.Fatalf("%s never had %s:\n%s", args[0], args[1], b)
}

// grab VAR PATTERN sets a variable to what the pattern's group matches in the
// output of the last program.
func grab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: grab VAR PATTERN")
	}
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("the output has no %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}
