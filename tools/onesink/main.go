// Command onesink holds that observability events are written by their sink alone:
// by the one statement of each store that takes a row out of the outbox and puts
// it among them. Whoever writes there beside it makes events that were never in
// the outbox, so that exactly once, order and the backlog say nothing any more.
//
// It reads SQL and Go files as text, strings and comments too. Tests and the suite
// of the stores may write what they like; migrations move rows about.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: onesink ROOT")
		os.Exit(64)
	}
	os.Exit(run(os.DirFS(os.Args[1]), os.Stdout, os.Stderr))
}

// The sink's statements, one in each.
var homes = []string{"internal/store/postgres/worker.sql", "internal/store/sqlite/worker.sql"}

// writes is SQL, or a call of the driver, that adds to the table or changes it.
// Deleting is the pruner's and whoever drops a restaurant's.
var writes = regexp.MustCompile(`(?i)(\binsert\s+(or\s+\w+\s+)?into|\breplace\s+into|\bmerge\s+into|\bupdate(\s+only|\s+or\s+\w+)?|\bcopy)\s+("?maitred"?\.)?"?observability_events\b` +
	`|CopyFrom\([^;]{0,200}?observability_events\b`)

// run is the program: 0 when only the sink writes, 1 when not.
func run(tree fs.FS, stdout, stderr io.Writer) int {
	found := map[string]int{}
	status := 0
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if outside(d.Name()) && name != "." {
				return fs.SkipDir
			}
			return nil
		case !judged(name):
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		for _, at := range writes.FindAllIndex(text, -1) {
			found[name]++
			if !home(name) {
				line := 1 + strings.Count(string(text[:at[0]]), "\n")
				fmt.Fprintf(stdout, "%s:%d: only the sink writes observability_events: queue an event instead (store.Webhooks.Record)\n", name, line)
				status = 1
			}
		}
		return nil
	})
	if err != nil {
		fmt.Fprintf(stderr, "onesink: %v\n", err)
		return 1
	}
	for _, name := range homes {
		if found[name] != 1 {
			fmt.Fprintf(stdout, "%s: %d statements write observability_events, want the one that moves a row\n", name, found[name])
			status = 1
		}
	}
	return status
}

func home(name string) bool { return name == homes[0] || name == homes[1] }

// outside are folders that hold no code of this tree.
func outside(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "node_modules" || dir == "bin"
}

// judged reports whether a file may not write: SQL and Go that is neither a test
// nor a migration.
func judged(name string) bool {
	switch dir := "/" + path.Dir(name) + "/"; {
	case strings.HasSuffix(name, "_test.go"), strings.HasPrefix(name, "internal/store/storetest/"), strings.HasPrefix(name, "tools/onesink/"):
		return false
	case strings.Contains(dir, "/migrations/"), strings.Contains(dir, "/testdata/"):
		return false
	}
	return strings.HasSuffix(name, ".sql") || strings.HasSuffix(name, ".go")
}
