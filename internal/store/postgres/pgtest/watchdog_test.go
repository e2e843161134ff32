package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// orphan is set for the test binary that is to be killed.
const orphan = "PGTEST_ORPHAN"

// TestOrphan is the part of the child: it tells where its server is, and waits to
// be killed.
func TestOrphan(t *testing.T) {
	if os.Getenv(orphan) == "" {
		t.Skip("only as a child of TestNoServerOutlivesItsTestBinary")
	}
	var db *pgtest.DB
	switch os.Getenv(orphan) {
	case "shared", "ends":
		db = pgtest.Database(t)
	case "paused":
		c := pgtest.Start(t, hasty)
		db = c.Empty(t)
		connect(t, db.Admin)
		fmt.Println("DATA", query[string](t, db.Connect(t), "SHOW data_directory"))
		c.Pause()
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return
	}
	fmt.Println("DATA", query[string](t, db.Connect(t), "SHOW data_directory"))
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

func TestNoServerOutlivesItsTestBinary(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"shared", "paused", "ends"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0], "-test.run=^TestOrphan$")
			child.Env = append(os.Environ(), orphan+"="+how, pgtest.Environment+"=")
			goOn, err := child.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var data string
			var said []string
			for lines := bufio.NewScanner(out); data == "" && lines.Scan(); {
				said = append(said, lines.Text())
				if dir, found := strings.CutPrefix(lines.Text(), "DATA "); found {
					data = dir
				}
			}
			pid := 0
			if b, err := os.ReadFile(filepath.Join(data, "postmaster.pid")); err == nil {
				line, _, _ := strings.Cut(string(b), "\n")
				pid, _ = strconv.Atoi(line)
			}
			if how == "paused" {
				waitUntil(t, "the server is paused", func() bool { return pid != 0 && state(pid) == "T" })
			}
			if pid == 0 || syscall.Kill(pid, 0) != nil {
				t.Fatalf("no server was seen: %q", said)
			}
			gone := func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
			if how == "ends" {
				_ = goOn.Close()
				if _, err := io.Copy(io.Discard, out); err != nil {
					t.Fatal(err)
				}
				if err := child.Wait(); err != nil {
					t.Fatalf("the child: %v", err)
				}
				if _, err := os.Stat(filepath.Dir(data)); !errors.Is(err, fs.ErrNotExist) || !gone() {
					t.Errorf("Stop came back before the server and its folder were gone: %v", err)
				}
				return
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			waitUntil(t, "the server is gone", gone)
			waitUntil(t, "the folder is gone", func() bool {
				_, err := os.Stat(filepath.Dir(data))
				return errors.Is(err, fs.ErrNotExist)
			})
		})
	}
}

// state is the letter the system has for what a process does; "" when there is no
// such process.
func state(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:1]
}

// waitUntil waits for something that gives no signal, at most a minute.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
