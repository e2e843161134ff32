package pgtest_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// rig is a table of marks behind a proxy.
type rig struct {
	db    *pgtest.DB
	proxy *pgtest.Proxy
	admin *pgx.Conn // not through the proxy
	n     int       // the mark written last
}

func newRig(t *testing.T) *rig {
	t.Helper()
	db := pgtest.Empty(t)
	db.Exec(t, "CREATE TABLE public.marks (n int, part int)")
	return &rig{db: db, proxy: pgtest.NewProxy(t, db.Admin), admin: db.Connect(t)}
}

// client is a connection through the proxy that has prepared its statements.
func (r *rig) client(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := connect(t, r.proxy.URL(r.db.Admin))
	for _, sql := range []string{first, second} {
		if _, err := conn.Prepare(t.Context(), sql, sql); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

const (
	first  = "INSERT INTO public.marks VALUES ($1, 1)"
	second = "INSERT INTO public.marks VALUES ($1, 2)"
)

// commit writes the next mark in two parts, in one implicit transaction and one
// flush: bind, describe, execute, bind, describe, execute, sync.
func (r *rig) commit(ctx context.Context, conn *pgx.Conn) error {
	return conn.SendBatch(ctx, r.next()).Close()
}

func (r *rig) next() *pgx.Batch {
	r.n++
	var b pgx.Batch
	b.Queue(first, r.n)
	b.Queue(second, r.n)
	return &b
}

// parts counts what is there of the last mark.
func (r *rig) parts(t *testing.T) int {
	t.Helper()
	return query[int](t, r.admin, "SELECT count(*) FROM public.marks WHERE n = $1", r.n)
}

// backends counts the server's ends of the proxy's connections.
func (r *rig) backends(t *testing.T) int {
	t.Helper()
	return query[int](t, r.admin, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()")
}

func (r *rig) happened(t *testing.T) pgtest.Message {
	t.Helper()
	select {
	case m := <-r.proxy.Cut():
		return m
	case <-time.After(time.Minute):
		t.Fatal("the cut has not happened")
		return pgtest.Message{}
	}
}

// trace are the types of the messages of a commit, by direction.
func (r *rig) trace(t *testing.T) (toServer, toClient string) {
	t.Helper()
	conn := r.client(t)
	var mu sync.Mutex
	var types [2]strings.Builder
	r.proxy.OnMessage(func(m pgtest.Message) {
		mu.Lock()
		defer mu.Unlock()
		types[m.Direction].WriteByte(m.Type)
	})
	if err := r.commit(t.Context(), conn); err != nil {
		t.Fatalf("a commit through the proxy: %v", err)
	}
	r.proxy.OnMessage(nil)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return types[pgtest.ToServer].String(), types[pgtest.ToClient].String()
}

func TestFlushesCountsAPipelineOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.client(t)
	for what, do := range map[string]func() error{
		"a batch": func() error { return r.commit(t.Context(), conn) },
		"a simple query": func() error {
			_, err := conn.Exec(t.Context(), "SELECT 1", pgx.QueryExecModeSimpleProtocol)
			return err
		},
		"a prepared statement": func() error { _, err := conn.Exec(t.Context(), first, 0); return err },
	} {
		before := r.proxy.Flushes()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n := r.proxy.Flushes() - before; n != 1 {
			t.Errorf("%s took %d flushes, want 1", what, n)
		}
	}
	before := r.proxy.Flushes()
	for range 3 {
		if _, err := conn.Exec(t.Context(), first, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.proxy.Flushes() - before; n != 3 {
		t.Errorf("three statements one after the other took %d flushes, want 3", n)
	}
}

func TestCutAtEachMessageToTheServer(t *testing.T) {
	r := newRig(t)
	sent, _ := r.trace(t)
	if sent != "BDEBDES" {
		t.Fatalf("a commit sends %s, want BDEBDES", sent)
	}
	for n := range len(sent) + 1 {
		t.Run(fmt.Sprintf("after %d", n), func(t *testing.T) {
			conn := r.client(t)
			r.proxy.Arm(pgtest.Cut{Dir: pgtest.ToServer, After: n, From: pgtest.Runs("marks VALUES ($1, 1)")})
			if err := r.commit(t.Context(), conn); err == nil {
				t.Error("the client was told of a commit")
			}
			m := r.happened(t)
			if m.N != n || n > 0 && m.Type != sent[n-1] {
				t.Errorf("the last message passed = %v, want number %d, a %c", m, n, sent[max(n-1, 0)])
			}
			waitUntil(t, "the server has seen the end", func() bool { return r.backends(t) == 0 })
			// Only with the sync in its hands may the server commit, and then it does.
			want := 0
			if n == len(sent) {
				want = 2
			}
			if got := r.parts(t); got != want {
				t.Errorf("%d parts were committed, want %d", got, want)
			}
		})
	}
}

func TestCutAtEachMessageToTheClient(t *testing.T) {
	r := newRig(t)
	_, told := r.trace(t)
	if told != "2nC2nCZ" {
		t.Fatalf("a commit is answered %s, want 2nC2nCZ", told)
	}
	for n := range len(told) {
		t.Run(fmt.Sprintf("after %d", n), func(t *testing.T) {
			conn := r.client(t)
			r.proxy.Arm(pgtest.Cut{Dir: pgtest.ToClient, After: n, From: pgtest.Runs("marks VALUES ($1, 1)")})
			if err := r.commit(t.Context(), conn); err == nil {
				t.Error("the client was told of a commit, without the last message")
			}
			if m := r.happened(t); m.N != n || n > 0 && m.Type != told[n-1] {
				t.Errorf("the last message passed = %v, want number %d, a %c", m, n, told[max(n-1, 0)])
			}
			// Its answers leave the server after the commit.
			if got := r.parts(t); got != 2 {
				t.Errorf("%d parts were committed, want 2", got)
			}
		})
	}
	conn := r.client(t)
	r.proxy.Arm(pgtest.Cut{Dir: pgtest.ToClient, After: len(told), From: pgtest.Runs("marks VALUES ($1, 1)")})
	if err := r.commit(t.Context(), conn); err != nil {
		t.Errorf("a commit that was answered whole: %v", err)
	}
	r.happened(t)
}

func TestHalfCutLetsTheServerCommitLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.client(t)
	tx, err := r.admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE public.marks IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	r.proxy.Arm(pgtest.Cut{Dir: pgtest.ToServer, After: 7, From: pgtest.Runs("marks VALUES ($1, 1)"), Half: true})
	if err := r.commit(t.Context(), conn); err == nil {
		t.Error("the client was told of a commit")
	}
	if m := r.happened(t); m.Type != 'S' {
		t.Errorf("the last message passed = %v, want the sync", m)
	}
	if n := r.proxy.Connections(); n != 0 {
		t.Errorf("%d clients are connected, want none", n)
	}
	if n := query[int](t, r.admin, "SELECT count(*) FROM public.marks"); n != 0 {
		t.Errorf("%d parts are there while the lock is held", n)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the late commit is there", func() bool { return r.parts(t) == 2 })
	// A connection that was just closed may still be on its way out.
	waitUntil(t, "one backend is left, whose client has gone", func() bool { return r.backends(t) == 1 })
	r.proxy.Release()
	waitUntil(t, "the backend has ended", func() bool { return r.backends(t) == 0 })
}

func TestCutAfterCountsFromNowOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.client(t)
	r.proxy.CutAfter(pgtest.ToServer, 7) // one commit
	if err := r.commit(t.Context(), conn); err == nil {
		t.Error("the client was told of a commit")
	}
	r.happened(t)
	// It happens once: the next connection is whole.
	if err := r.commit(t.Context(), r.client(t)); err != nil {
		t.Errorf("a commit after the cut: %v", err)
	}
	// A cut while the connection is being made.
	r.proxy.CutAfter(pgtest.ToServer, 0)
	if c, err := pgx.Connect(t.Context(), r.proxy.URL(r.db.Admin)); err == nil {
		_ = c.Close(t.Context())
		t.Error("a connection was made whose first message was cut")
	}
	r.happened(t)
	// One that is taken back.
	r.proxy.CutAfter(pgtest.ToServer, 0)
	r.proxy.Disarm()
	r.client(t)
}

func TestALongMessageArrivesWholeBeforeTheCut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.db.Exec(t, "CREATE TABLE public.texts (t text)")
	conn := r.client(t)
	const sql = "INSERT INTO public.texts VALUES ($1)"
	if _, err := conn.Prepare(t.Context(), sql, sql); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("maitred ", 1<<19) // 4 MB: more than a socket takes at once
	r.proxy.Arm(pgtest.Cut{Dir: pgtest.ToServer, After: 4, From: pgtest.Runs("texts")})
	if _, err := conn.Exec(t.Context(), sql, long); err == nil {
		t.Error("the client was told")
	}
	if m := r.happened(t); m.Type != 'S' {
		t.Fatalf("the last message passed = %v, want the sync", m)
	}
	waitUntil(t, "the server has seen the end", func() bool { return r.backends(t) == 0 })
	if n := query[int](t, r.admin, "SELECT count(*) FROM public.texts WHERE length(t) = 4194304"); n != 1 {
		t.Error("the server has not got the message whole")
	}
}

func TestStallIsAPartition(t *testing.T) {
	r := newRig(t)
	for _, dir := range []pgtest.Direction{pgtest.ToServer, pgtest.ToClient} {
		t.Run(dir.String(), func(t *testing.T) {
			conn := r.client(t)
			r.proxy.Stall(dir)
			done, batch := make(chan error, 1), r.next()
			go func() { done <- conn.SendBatch(context.Background(), batch).Close() }()
			if dir == pgtest.ToClient {
				waitUntil(t, "the server has committed", func() bool { return query[int](t, r.admin, "SELECT count(*) FROM public.marks") == 4 })
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if c, err := pgx.Connect(ctx, r.proxy.URL(r.db.Admin)); err == nil {
				_ = c.Close(t.Context())
				t.Error("a connection was made through a partition")
			}
			select {
			case err := <-done:
				t.Errorf("a commit through a partition: %v", err)
			default:
			}
			if n, want := r.parts(t), map[pgtest.Direction]int{pgtest.ToClient: 2}[dir]; n != want {
				t.Errorf("during the partition %d parts were committed, want %d", n, want)
			}
			r.proxy.Resume()
			if err := <-done; err != nil {
				t.Errorf("after the partition: %v", err)
			}
			if n := r.parts(t); n != 2 {
				t.Errorf("after the partition %d parts were committed, want 2", n)
			}
		})
	}
}

func TestDropAndRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conns := []*pgx.Conn{r.client(t), r.client(t)}
	r.proxy.Refuse(true)
	if c, err := pgx.Connect(t.Context(), r.proxy.URL(r.db.Admin)); err == nil {
		_ = c.Close(t.Context())
		t.Error("a connection was made that should be refused")
	}
	for _, c := range conns {
		if err := r.commit(t.Context(), c); err != nil {
			t.Errorf("a connection there was: %v", err)
		}
	}
	r.proxy.Refuse(false)
	r.proxy.Drop()
	for _, c := range conns {
		if err := r.commit(t.Context(), c); err == nil {
			t.Error("a dropped connection works")
		}
	}
	waitUntil(t, "the backends have ended", func() bool { return r.backends(t) == 0 })
	if err := r.commit(t.Context(), r.client(t)); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

func TestTargetLeadsNewConnectionsElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.client(t)
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	arrived := make(chan bool, 1)
	go func() {
		c, err := elsewhere.Accept()
		if err == nil {
			_ = c.Close()
		}
		arrived <- err == nil
	}()
	r.proxy.Target(t, "postgres://"+elsewhere.Addr().String())
	if c, err := pgx.Connect(t.Context(), r.proxy.URL(r.db.Admin)); err == nil {
		_ = c.Close(t.Context())
		t.Error("a new connection leads to the old server")
		_ = elsewhere.Close()
	}
	if !<-arrived {
		t.Error("nobody came to the new server")
	}
	if err := r.commit(t.Context(), before); err != nil {
		t.Errorf("a connection there was: %v", err)
	}
}

func TestMessagesTellWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.client(t)
	var mu sync.Mutex
	var seen []pgtest.Message
	r.proxy.OnMessage(func(m pgtest.Message) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, m)
	})
	if err := r.commit(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT 1/0", pgx.QueryExecModeSimpleProtocol); err == nil {
		t.Fatal("1/0 succeeded")
	}
	r.proxy.OnMessage(nil)
	mu.Lock()
	defer mu.Unlock()
	has := func(d pgtest.Direction, kind byte, text string) {
		t.Helper()
		if !slices.ContainsFunc(seen, func(m pgtest.Message) bool { return m.Direction == d && m.Type == kind && m.Text == text }) {
			t.Errorf("no %c %s with %q in %v", kind, d, text, seen)
		}
	}
	has(pgtest.ToServer, 'B', first)
	has(pgtest.ToServer, 'E', second)
	has(pgtest.ToServer, 'Q', "SELECT 1/0")
	has(pgtest.ToClient, 'C', "INSERT 0 1")
	has(pgtest.ToClient, 'E', "22012")
	has(pgtest.ToClient, 'Z', "I")
	run := 0
	for _, m := range seen {
		if pgtest.Runs("VALUES ($1, 1)")(m) {
			run++
		}
	}
	if run != 1 {
		t.Errorf("Runs matched %d messages of the commit, want 1", run)
	}
}
