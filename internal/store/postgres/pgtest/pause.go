package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Pause stops every process of the cluster where it stands, as a machine that
// hangs: connections stay open, the system goes on accepting new ones, and nothing
// answers. It returns when all have stopped.
func (c *Cluster) Pause() {
	c.t.Helper()
	if err := c.pause(); err != nil {
		c.t.Fatalf("pgtest: pause: %v", err)
	}
}

// Resume lets a paused cluster go on. What clients sent meanwhile is done now.
func (c *Cluster) Resume() {
	c.t.Helper()
	children, err := childrenOf(c.process.pid)
	for _, child := range children {
		err = errors.Join(err, signal(child.pid, syscall.SIGCONT))
	}
	if err = errors.Join(err, signal(c.process.pid, syscall.SIGCONT)); err != nil {
		c.t.Fatalf("pgtest: resume: %v", err)
	}
}

func (c *Cluster) pause() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// The parent first: then no child is born any more.
	postmaster := c.process.pid
	if err := signal(postmaster, syscall.SIGSTOP); err != nil {
		return err
	}
	err := poll(ctx, func() (bool, error) {
		now, err := processes()
		return now[postmaster].stopped(), err
	})
	if err != nil {
		return err
	}
	children, err := childrenOf(postmaster)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := signal(child.pid, syscall.SIGSTOP); err != nil {
			return err
		}
	}
	return poll(ctx, func() (bool, error) {
		children, err := childrenOf(postmaster)
		for _, child := range children {
			if !child.stopped() {
				return false, err
			}
		}
		return true, err
	})
}

// signal sends a signal to a process that may just have ended.
func signal(pid int, sig syscall.Signal) error {
	if pid <= 1 {
		return fmt.Errorf("no process %d", pid)
	}
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %d to process %d: %w", sig, pid, err)
	}
	return nil
}

// alive is a process as the system lists it.
type alive struct {
	pid, parent int
	state       string
}

// stopped reports whether it does nothing any more: stopped, or ended and not yet
// reaped.
func (a alive) stopped() bool { return a.state == "" || strings.ContainsAny(a.state[:1], "TZX") }

func childrenOf(pid int) ([]alive, error) {
	all, err := processes()
	var children []alive
	for _, a := range all {
		if a.parent == pid {
			children = append(children, a)
		}
	}
	return children, err
}

// processes lists those of the system: from /proc, or where there is none with ps.
func processes() (map[int]alive, error) {
	all := map[int]alive{}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The name, in parentheses, may have anything in it.
		text := string(b)
		rest := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || len(rest) < 2 {
			continue
		}
		parent, err := strconv.Atoi(rest[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all[pid] = alive{pid: pid, parent: parent, state: rest[0]}
	}
	if len(files) > 0 {
		return all, nil
	}
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,stat=").Output() //nolint:noctx // prints and ends
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		var a alive
		if _, err := fmt.Sscan(line, &a.pid, &a.parent, &a.state); err != nil {
			return nil, fmt.Errorf("ps: %w", err)
		}
		all[a.pid] = a
	}
	return all, nil
}
