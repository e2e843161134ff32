package control_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

func openPostgres(t *testing.T, url string, follow bool) *control.App {
	t.Helper()
	a, err := control.Open(t.Context(), control.Config{Postgres: &postgres.Config{URL: url}, Name: "the test's", Follow: follow, Hold: seating.DefaultHoldRules()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func closeApp(t *testing.T, a *control.App) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// Nothing that an App has begun goes on after Close.
func TestCloseEndsEverything(t *testing.T) {
	db := pgtest.Database(t)
	before := goleak.IgnoreCurrent()
	for _, follow := range []bool{true, false} {
		a := openPostgres(t, db.URL, follow)
		made := create(t, a, map[bool]string{true: "one", false: "two"}[follow])
		if _, err := control.RotateEpochs(t.Context(), a, control.EpochsRef{Restaurant: made.Restaurant.Slug, Reason: "by_hand"}); err != nil {
			t.Error(err)
		}
		closeApp(t, a)
		goleak.VerifyNone(t, before)
	}
}

// A command that comes and goes tells the others what it has moved.
func TestCommandTellsOthers(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	other, err := postgres.Open(t.Context(), postgres.Config{URL: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	listens, heard := make(chan struct{}), make(chan seating.RestaurantID, 8)
	ended := make(chan error, 1)
	go func() {
		ended <- other.Listen(ctx, func() { close(listens) }, func(moved []seating.RestaurantID) {
			for _, r := range moved {
				heard <- r
			}
		})
	}()
	select {
	case <-listens:
	case err := <-ended:
		t.Fatalf("Listen = %v", err)
	}

	a := openPostgres(t, db.URL, false)
	made := create(t, a, "chez")
	if _, err := control.RotateEpochs(ctx, a, control.EpochsRef{Reason: "by_hand"}); err != nil {
		t.Fatal(err)
	}
	closeApp(t, a)
	select {
	case r := <-heard:
		if r != made.Restaurant.ID {
			t.Errorf("heard of %s, want %s", r, made.Restaurant.ID)
		}
	case <-ctx.Done():
		t.Error("nobody told that the restaurant has moved")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Listen = %v", err)
	}
}

// A server that remembers commits that the database has lost begins a new epoch.
func TestServerNoticesLostCommits(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	a := openPostgres(t, db.URL, true)
	defer closeApp(t, a)
	made := create(t, a, "chez")
	id := made.Restaurant.ID
	for range 2 {
		if _, err := control.RotateEpochs(t.Context(), a, control.EpochsRef{Reason: "by_hand"}); err != nil {
			t.Fatal(err)
		}
	}
	before, err := a.Houses.Proved(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	moved := make(chan seating.Version, 64)
	defer a.Houses.OnChange(func(c live.Changed) { moved <- c.To })()
	// A standby that never got the last commit.
	db.Exec(t, `SET session_replication_role = replica;
		DELETE FROM journal WHERE version = 2;
		DELETE FROM history WHERE version = 2;
		UPDATE restaurant_state SET version = 1, head = (SELECT head FROM journal WHERE version = 1),
			floor_rev = 1, policy_rev = 1, bookings_rev = 1, holds_rev = 1;`)
	for {
		select {
		case to := <-moved:
			if to.Epoch != before.Epoch && to.N == 2 {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no new epoch began")
		}
	}
}

func TestPostgresThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	empty := pgtest.Empty(t)
	for name, tt := range map[string]struct {
		url   string
		wrong bool
		is    error
	}{
		"no schema":       {empty.Admin, true, postgres.ErrBehind},
		"nobody listens":  {"postgres://127.0.0.1:1/d", false, nil},
		"no such address": {"postgres://h/d?sslmode=perhaps", true, postgres.ErrAddress},
	} {
		for opener, open := range map[string]func(context.Context, control.Config) (*control.App, error){"Open": control.Open, "OpenReader": control.OpenReader} {
			a, err := open(t.Context(), control.Config{Postgres: &postgres.Config{URL: tt.url}, Name: "the test's"})
			e, ok := errors.AsType[*control.DatabaseError](err)
			if !ok || e.Wrong != tt.wrong || e.Database != "the test's" || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%s: %s = %v, %+v", name, opener, a, err)
			}
		}
	}
}
