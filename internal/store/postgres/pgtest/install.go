package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// install is the PostgreSQL of this machine, and who may run it.
type install struct {
	bin string // folder of initdb, postgres and pg_basebackup
	// runAs is the account of the server: PostgreSQL refuses to be root. Nil: whoever
	// runs the tests.
	runAs *syscall.Credential
}

var errNotInstalled = errors.New("no server binaries of PostgreSQL")

// installed looks once.
var installed = sync.OnceValues(func() (install, error) {
	bin, err := binaries()
	if err != nil {
		return install{}, err
	}
	runAs, err := account()
	return install{bin: bin, runAs: runAs}, err
})

// binaries looks where Debian, Red Hat and the PATH keep the server, and asks
// pg_config. The highest version wins.
func binaries() (string, error) {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, found...)
	}
	best, highest := "", -1
	for _, dir := range dirs {
		version := filepath.Base(filepath.Dir(dir))
		n, err := strconv.Atoi(strings.TrimPrefix(version, "pgsql-"))
		if err == nil && n > highest && complete(dir) {
			best, highest = dir, n
		}
	}
	if best != "" {
		return best, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil { //nolint:noctx // prints a line
		if dir := strings.TrimSpace(string(out)); complete(dir) {
			return dir, nil
		}
	}
	return "", errNotInstalled
}

// complete reports whether a folder has what is started from it.
func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres", "pg_basebackup"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// account says who runs the server when the tests are root.
func account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("the tests run as root, which PostgreSQL refuses to be, and there is neither postgres nor nobody to run it as")
}

// folder makes a folder that belongs to the server.
func (i install) folder() (string, error) {
	dir, err := os.MkdirTemp(i.base(), "pgtest")
	if err != nil {
		return "", err
	}
	if i.runAs != nil {
		if err := os.Chown(dir, int(i.runAs.Uid), int(i.runAs.Gid)); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// base is where folders are made: the folder for temporary files, unless the
// server's account cannot come there, or could not remove its folder from there.
func (i install) base() string {
	base := os.TempDir()
	if i.runAs == nil {
		return base
	}
	abs, err := filepath.Abs(base)
	if err != nil {
		return "/tmp"
	}
	info, err := os.Stat(abs)
	if err != nil || info.Mode()&0o003 != 0o003 {
		return "/tmp"
	}
	for dir := abs; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return "/tmp"
		}
	}
	return abs
}

// command is what starts one of the binaries, in the words of a shell.
func (i install) command(name string, args ...string) string {
	words := []string{quoted(filepath.Join(i.bin, name))}
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	return strings.Join(words, " ")
}

func quoted(s string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(s, "'", `'\''`))
}
