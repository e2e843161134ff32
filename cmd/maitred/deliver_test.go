package main

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// metric waits until a line of /metrics matches.
func (r *running) metric(pattern string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	line := regexp.MustCompile("(?m)^" + pattern + "$")
	for {
		_, metrics := r.get("/metrics", "")
		if line.MatchString(metrics) {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			r.t.Fatalf("/metrics never had %s:\n%s\n%s", pattern, metrics, r.log)
		}
	}
}

// does runs a command line and wants that it succeeds.
func does(t *testing.T, args ...string) string {
	t.Helper()
	both := newOutput()
	if code := run(t.Context(), args, nil, strings.NewReader(""), both, both); code != exitOK {
		t.Fatalf("maitred %v exits %d:\n%s", args, code, both)
	}
	return both.String()
}

// A server delivers what it commits, at once and by itself, says so in its metrics,
// and ends in time.
func TestServeDeliversWhatItCommits(t *testing.T) {
	t.Parallel()
	db := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	r := serve(t, "--db", db, "--outbox-lease", "60s")
	does(t, "restaurant", "create", "--slug", "chez", "--name", "Chez", "--zone", "Europe/Paris", "--owner-email", "a@example.com", "--db", db)
	does(t, "restaurant", "rotate-epoch", "chez", "--db", db)
	r.metric(`maitred_outbox_attempts_total\{result="delivered",sink="observability"\} 1`)
	r.metric(`maitred_outbox_wake_total\{source="commit"\} [1-9][0-9]*`)
	r.metric(`maitred_outbox_backlog\{sink="observability"\} [0-9]+`)
	if code, took := r.stop(); code != 0 || took > 5*time.Second {
		t.Errorf("stopped with %d after %s, want 0 within 5 s:\n%s", code, took, r.log)
	}
	if strings.Contains(r.log.String(), "deliveries were cut") || strings.Contains(r.log.String(), "were dropped") {
		t.Errorf("the worker did not end in time:\n%s", r.log)
	}
	// It gave its lanes up: whoever comes next need not wait for the end of its lease.
	began := time.Now()
	does(t, "restaurant", "rotate-epoch", "chez", "--db", db)
	does(t, "outbox", "drain", "--once", "--db", db)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("a drain after a server took %s, its lease was a minute", took)
	}
}

// What another process commits is heard of, and delivered by a server that had no
// part in it.
func TestPostgresServeDeliversWhatOthersCommit(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t).URL
	r := serve(t, "--db", db)
	does(t, "restaurant", "create", "--slug", "chez", "--name", "Chez", "--zone", "Europe/Paris", "--owner-email", "a@example.com", "--db", db)
	does(t, "restaurant", "rotate-epoch", "chez", "--db", db)
	r.metric(`maitred_outbox_attempts_total\{result="delivered",sink="observability"\} 1`)
	r.metric(`maitred_outbox_wake_total\{source="notify"\} [1-9][0-9]*`)
	if code, took := r.stop(); code != 0 || took > 5*time.Second {
		t.Errorf("stopped with %d after %s, want 0 within 5 s:\n%s", code, took, r.log)
	}
}

// The exit codes that docs/operations.md promises to a cron.
func TestExitOfADrain(t *testing.T) {
	t.Parallel()
	paused := []string{"webhook"}
	for _, tt := range []struct {
		d    control.Drained
		want int
	}{
		{control.Drained{Finished: true}, exitOK},
		{control.Drained{Finished: true, Dead: 1}, exitRefused},
		{control.Drained{Finished: true, Waiting: 1}, exitRefused},
		{control.Drained{Finished: true, Waiting: 1, Paused: paused}, exitRefused},
		{control.Drained{Finished: true, Paused: paused}, exitTryAgain},
		{control.Drained{}, exitTryAgain},
		{control.Drained{Dead: 1, Waiting: 1}, exitTryAgain},
	} {
		out := newOutput()
		s := &session{stdout: out, stderr: out}
		if got := exitCode(endOf(tt.d)); got != tt.want {
			t.Errorf("a drain that ended %+v exits %d, want %d", tt.d, got, tt.want)
		}
		if tt.want != exitOK && s.fail(endOf(tt.d)) != tt.want || out.String() != "" {
			t.Errorf("a drain that ended %+v says %q, want nothing more than it has said", tt.d, out)
		}
		(&outboxDrainCmd{Timeout: time.Minute}).print(s, tt.d)
		if (tt.want == exitOK) != (out.String() == "nothing is due any more\n") {
			t.Errorf("a drain that ended %+v prints %q", tt.d, out)
		}
	}
}
