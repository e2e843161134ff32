package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// stage is where figures are measured: one cluster with a database for each contender.
// It stands in for a test, because the kits that make clusters and restaurants were made for
// tests; what it does not implement they do not use.
type stage struct {
	testing.TB
	ctx     context.Context //nolint:containedctx // as a test has one
	size    size
	cluster *pgtest.Cluster // made when it is first asked for

	mu       sync.Mutex
	cleanups []func()
}

// failure ends a run; main tells it.
type failure struct{ err error }

func (s *stage) Helper()                  {}
func (s *stage) Context() context.Context { return s.ctx }
func (s *stage) Name() string             { return "bench" }

func (s *stage) Cleanup(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleanups = append(s.cleanups, f)
}

func (s *stage) Fatalf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }
func (s *stage) Fatal(args ...any)                 { panic(failure{errors.New(fmt.Sprint(args...))}) }
func (s *stage) Errorf(format string, args ...any) { s.Fatalf(format, args...) }
func (s *stage) Error(args ...any)                 { s.Fatal(args...) }
func (s *stage) Skip(args ...any)                  { s.Fatal(args...) }

func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp("", "maitred-bench-")
	s.ok(err)
	s.Cleanup(func() { _ = os.RemoveAll(dir) }) // a folder of temporary files
	return dir
}

// ok ends the run when there is an error.
func (s *stage) ok(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// end undoes everything, the last first.
func (s *stage) end() {
	s.mu.Lock()
	cleanups := slices.Clone(s.cleanups)
	s.cleanups = nil
	s.mu.Unlock()
	for _, f := range slices.Backward(cleanups) {
		f()
	}
}

// server is the cluster that all contenders share. It waits for the disk like one that
// matters.
func (s *stage) server() *pgtest.Cluster {
	if s.cluster == nil {
		s.cluster = pgtest.Start(s, pgtest.Options{Settings: map[string]string{
			"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min",
		}})
	}
	return s.cluster
}

// pool connects to a database.
func (s *stage) pool(url string) *pgxpool.Pool {
	c, err := pgxpool.ParseConfig(url)
	s.ok(err)
	c.MaxConns = 16
	p, err := pgxpool.NewWithConfig(s.ctx, c)
	s.ok(err)
	s.Cleanup(p.Close)
	return p
}

// exec runs a statement that must not fail.
func (s *stage) exec(p *pgxpool.Pool, sql string, args ...any) {
	if _, err := p.Exec(s.ctx, sql, args...); err != nil {
		s.Fatalf("%s: %w", sql, err)
	}
}

// ask reads one value.
func ask[X any](s *stage, p *pgxpool.Pool, sql string, args ...any) X {
	var x X
	if err := p.QueryRow(s.ctx, sql, args...).Scan(&x); err != nil {
		s.Fatalf("%s: %w", sql, err)
	}
	return x
}

// until waits for something that gives no signal.
func (s *stage) until(what string, every time.Duration, ok func() bool) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for deadline := now().Add(time.Minute); !ok(); {
		if now().After(deadline) {
			s.Fatalf("waited in vain until %s", what)
		}
		select {
		case <-s.ctx.Done():
			s.ok(s.ctx.Err())
		case <-tick.C:
		}
	}
}

// rest waits.
func (s *stage) rest(d time.Duration) {
	select {
	case <-s.ctx.Done():
		s.ok(s.ctx.Err())
	case <-time.After(d):
	}
}

// now reads the clock: all that is measured here is time.
func now() time.Time { return time.Now() } //nolint:forbidigo // the one place where this program does

func since(t time.Time) time.Duration { return now().Sub(t) }
