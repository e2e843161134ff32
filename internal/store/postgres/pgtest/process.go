package pgtest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed watchdog.sh
var watchdogScript string

// patience bounds every wait for a server.
const patience = 60 * time.Second

// process is a server under its watchdog, in a folder of its own. It is used by
// one goroutine at a time.
type process struct {
	install
	dir     string
	prelude string // commands before the server's own
	port    int
	pid     int // of the postmaster while it runs

	watchdog *exec.Cmd
	words    *os.File // to the watchdog
	told     *os.File // by the watchdog
	heard    []byte   // read from told, not yet a whole line
}

// newProcess makes the folder and starts its watchdog. Nothing of PostgreSQL runs
// yet.
func newProcess() (*process, error) {
	i, err := installed()
	if err != nil {
		return nil, err
	}
	dir, err := i.folder()
	if err != nil {
		return nil, err
	}
	p := &process{install: i, dir: dir}
	if err := p.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

func (p *process) data() string { return filepath.Join(p.dir, "data") }

// watch starts the watchdog. Its group is its own, so that an interrupt at the
// terminal reaches the test binary only. Its pipes are files: nobody copies.
func (p *process) watch() error {
	input, words, err := os.Pipe()
	if err != nil {
		return err
	}
	told, output, err := os.Pipe()
	if err != nil {
		return errors.Join(err, input.Close(), words.Close())
	}
	p.watchdog = exec.Command("/bin/sh", "-c", watchdogScript, "pgtest", p.dir) //nolint:noctx // it lives until p.end
	p.watchdog.Stdin, p.watchdog.Stdout = input, output
	p.watchdog.Dir = p.dir
	p.watchdog.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	p.watchdog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.runAs}
	err = p.watchdog.Start()
	err = errors.Join(err, input.Close(), output.Close())
	if err != nil {
		return errors.Join(err, words.Close(), told.Close())
	}
	p.words, p.told = words, told
	return nil
}

// end stops the server and the watchdog and removes the folder. A server that does
// not end in time is killed, so that this one does end.
func (p *process) end() error {
	err := p.words.Close()
	for silent := false; !silent; {
		_, heard := p.hear(patience)
		switch {
		case errors.Is(heard, os.ErrDeadlineExceeded):
			err = errors.Join(err, errors.New("the server does not end"), p.kill())
			silent = true
		case heard != nil: // the watchdog has ended
			silent = true
		}
	}
	if waited := p.watchdog.Wait(); waited != nil {
		err = errors.Join(err, fmt.Errorf("watchdog: %w", waited))
	}
	p.pid = 0
	return errors.Join(err, p.told.Close(), os.RemoveAll(p.dir))
}

// kill ends the server without asking it, and the watchdog.
func (p *process) kill() error {
	err := p.watchdog.Process.Kill()
	if p.pid == 0 {
		return err
	}
	children, listed := childrenOf(p.pid)
	err = errors.Join(err, listed, signal(p.pid, syscall.SIGKILL))
	for _, child := range children {
		err = errors.Join(err, signal(child.pid, syscall.SIGKILL))
	}
	return err
}

// say gives the watchdog a word.
func (p *process) say(word string) error {
	_, err := p.words.WriteString(word + "\n")
	return err
}

// hear waits for a line of the watchdog, at most so long. os.ErrDeadlineExceeded
// when there was none.
func (p *process) hear(within time.Duration) (string, error) {
	if err := p.told.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	for {
		if line, rest, found := bytes.Cut(p.heard, []byte("\n")); found {
			p.heard = rest
			return string(line), nil
		}
		var some [256]byte
		n, err := p.told.Read(some[:])
		if err != nil {
			return "", err
		}
		p.heard = append(p.heard, some[:n]...)
	}
}

// script writes a file of commands for the watchdog.
func (p *process) script(name, commands string) error {
	return os.WriteFile(filepath.Join(p.dir, name), []byte(commands), 0o644)
}

// run runs commands of the shell to their end.
func (p *process) run(name, commands string) error {
	if err := p.script(name, commands); err != nil {
		return err
	}
	if err := p.say("run " + name); err != nil {
		return err
	}
	line, err := p.hear(patience)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if line != "exited 0" {
		return fmt.Errorf("%s %s: %s", name, line, p.log())
	}
	return nil
}

// log is the end of what the server and the programs have written.
func (p *process) log() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return strings.TrimSpace(string(b))
}

// start starts the server on the port it has and waits until it accepts
// connections. errExited when it ends instead.
func (p *process) start(settings map[string]string) error {
	args := []string{"-D", p.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	args = append(args, "-c", "port="+strconv.Itoa(p.port))
	if err := p.script("server", p.prelude+"exec "+p.command("postgres", args...)); err != nil {
		return err
	}
	if err := p.say("start server"); err != nil {
		return err
	}
	line, err := p.hear(patience)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(line, "pid "))
	if err != nil { // it ended before its pid was told: the two lines are in no order
		_, err = p.hear(patience)
		return errors.Join(p.exited(line), err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		// The server says in a file of its own that it is ready. To connect instead
		// would prove less: another server may have taken the port before it.
		if p.ready(pid) {
			p.pid = pid
			return nil
		}
		line, err := p.hear(3 * time.Millisecond)
		switch {
		case err == nil:
			return p.exited(line)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("start: %w", err)
		}
	}
	return errors.Join(fmt.Errorf("the server was not ready in %s: %s", patience, p.log()), p.stop())
}

var errExited = errors.New("the server exited")

func (p *process) exited(line string) error {
	return fmt.Errorf("%w: %s: %s", errExited, line, p.log())
}

// ready reads the lock file: line 1 is the pid, line 8 the status.
func (p *process) ready(pid int) bool {
	b, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) < 8 || lines[0] != strconv.Itoa(pid) {
		return false
	}
	return strings.TrimSpace(lines[7]) == "ready"
}

// stop ends the server at once, as a crash does, and waits until no process of it
// is left.
func (p *process) stop() error {
	if err := p.say("stop"); err != nil {
		return err
	}
	return p.gone()
}

// gone waits for the end of the server.
func (p *process) gone() error {
	line, err := p.hear(patience)
	if err == nil && !strings.HasPrefix(line, "exited ") {
		err = fmt.Errorf("the watchdog says %q", line)
	}
	if err != nil {
		return fmt.Errorf("the server does not end: %w", err)
	}
	p.pid = 0
	return nil
}
