package pgtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

func TestACrashLosesNoCommitAndCutsConnections(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t, pgtest.Options{})
	db := c.Database(t)
	db.Exec(t, "CREATE TABLE marks (n int); INSERT INTO marks VALUES (1)")
	admin := db.Connect(t)
	if on := query[string](t, admin, "SHOW fsync"); on != "on" {
		t.Errorf("fsync = %s, want on", on)
	}
	tx, err := admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "INSERT INTO marks VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	c.StopImmediate(t)
	if err := tx.Commit(t.Context()); err == nil {
		t.Error("a commit after the crash succeeded")
	}
	if conn, err := pgx.Connect(t.Context(), db.URL); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a stopped cluster accepts connections")
	}
	c.Restart(t)
	if n := db.Count(t, "SELECT sum(n) FROM marks"); n != 1 {
		t.Errorf("sum of marks = %d, want 1: what was committed, and not what was not", n)
	}
	c.Restart(t) // one that runs
	connect(t, db.URL)
}

// hasty is for what does not depend on the disk.
var hasty = pgtest.Options{Settings: map[string]string{"fsync": "off"}}

func TestPauseMakesQueriesTimeOut(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t, hasty)
	db := c.Empty(t)
	db.Exec(t, "CREATE TABLE public.marks (n int)")
	during := connect(t, db.Admin)
	c.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := during.Exec(ctx, "INSERT INTO public.marks VALUES (1)"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a statement to a paused cluster: %v, want the deadline", err)
	}
	fresh, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := pgx.Connect(fresh, db.Admin); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connecting to a paused cluster: %v, want the deadline", err)
	}
	c.Resume()
	// What was sent is done now, though its sender has gone.
	after := connect(t, db.Admin)
	waitUntil(t, "the late commit is there", func() bool { return query[int](t, after, "SELECT count(*) FROM public.marks") == 1 })
	c.Pause()
	c.StopImmediate(t) // a machine that hangs can still lose its power
	c.Restart(t)
	connect(t, db.Admin)
}

func TestPromotionLosesWhatTheStandbyDidNotReceive(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	db := primary.Database(t)
	db.Exec(t, "CREATE TABLE marks (n int)")
	standby := primary.Standby(t)
	there := standby.Same(db)
	db.Exec(t, "INSERT INTO marks VALUES (1)")
	standby.CatchUp(t)
	if n := there.Count(t, "SELECT sum(n) FROM marks"); n != 1 {
		t.Fatalf("the standby sees %d, want 1", n)
	}
	if _, err := there.Connect(t).Exec(t.Context(), "INSERT INTO marks VALUES (100)"); err == nil {
		t.Error("the standby accepts writes")
	}
	standby.StopReceiving(t)
	db.Exec(t, "INSERT INTO marks VALUES (2)")
	standby.Receive(t)
	if n := there.Count(t, "SELECT sum(n) FROM marks"); n != 3 {
		t.Errorf("after Receive the standby sees %d, want 3", n)
	}
	standby.StopReceiving(t)
	db.Exec(t, "INSERT INTO marks VALUES (4)") // answered, and lost
	primary.StopImmediate(t)
	standby.Promote(t)
	there.Exec(t, "INSERT INTO marks VALUES (8)")
	if n := there.Count(t, "SELECT sum(n) FROM marks"); n != 11 {
		t.Errorf("sum of marks = %d, want 11: all but the one that was not received", n)
	}
	connect(t, there.URL) // as the role that serves
}

func TestFullDiskFailsAndRecovers(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t, pgtest.Options{Disk: true, Settings: hasty.Settings})
	db := c.Empty(t)
	conn := db.Connect(t)
	const fill = "INSERT INTO public.rows SELECT n, repeat('x', 1000) FROM generate_series(1, 3000) AS n"
	db.Exec(t, "CREATE TABLE public.rows (n int, x text)")
	restore := c.FullDisk(t)
	_, err := conn.Exec(t.Context(), fill)
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "53100" {
		t.Errorf("3 MB on a full disk: %v, want SQLSTATE 53100", err)
	}
	if n := query[int](t, conn, "SELECT count(*) FROM public.rows"); n != 0 {
		t.Errorf("%d rows were written, want none", n)
	}
	restore()
	if _, err := conn.Exec(t.Context(), fill); err != nil {
		t.Errorf("after restore: %v", err)
	}

	// The log of the server needs room as well: here it has none and crashes.
	restore = c.FullDisk(t)
	waitUntil(t, "the server crashes", func() bool {
		_, err := conn.Exec(t.Context(), "UPDATE public.rows SET n = -n WHERE n = 1; SELECT pg_switch_wal()")
		return err != nil
	})
	restore()
	c.Restart(t)
	if n := db.Count(t, "SELECT count(*) FROM public.rows"); n != 3000 {
		t.Errorf("rows after the crash = %d, want 3000", n)
	}
	db.Exec(t, fill)
}
