package pgtest

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A small file system would do as well, but to mount one takes rights that the
// tests have nowhere but here and there, and a limit on the size of files gives
// another error than a full disk.
//
//go:embed disk/full.c
var fullDisk string

const noCompiler = "SKIP-FAILS-CI: a C compiler is not here: a server whose disk can be full needs one"

var errNoCompiler = errors.New("no C compiler")

// diskThatCanBeFull compiles the library that a server is started with for
// FullDisk, and makes it part of what starts the server.
func (p *process) diskThatCanBeFull() error {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return errNoCompiler
	}
	if err := os.WriteFile(filepath.Join(p.dir, "full.c"), []byte(fullDisk), 0o644); err != nil {
		return err
	}
	library := filepath.Join(p.dir, "full.so")
	out, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-o", library, filepath.Join(p.dir, "full.c"), "-ldl").CombinedOutput() //nolint:noctx // takes a tenth of a second
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cc, err, out)
	}
	p.prelude = "export PGTEST_DISK=" + quoted(p.dir) + " LD_PRELOAD=" + quoted(library) + "\n"
	return nil
}

// FullDisk fills the disk of a cluster that was started with Options.Disk, until
// restore is called. It may be called several times; the end of the test needs no
// restore.
//
// While the disk is full, nothing grows: a statement that needs one more page of a
// table or an index fails with SQLSTATE 53100 and its transaction is void, definitely.
// What fits into pages there are goes on, so a small commit may succeed, as on a full
// disk. The log of the server lives on the same disk: a commit that needs a new file
// of it (16 MB, or after pg_switch_wal) crashes the server, and the outcome of that
// commit is open. The server then tries to recover and may end for want of room; after
// restore, Restart brings it back.
func (c *Cluster) FullDisk(t testing.TB) (restore func()) {
	t.Helper()
	if c.process.prelude == "" {
		t.Fatal("pgtest: FullDisk needs a cluster that was started with Options{Disk: true}")
	}
	full := filepath.Join(c.process.dir, "full")
	if err := os.WriteFile(full, nil, 0o644); err != nil {
		t.Fatalf("pgtest: fill the disk: %v", err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(full); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("pgtest: make room on the disk: %v", err)
		}
	}
}
