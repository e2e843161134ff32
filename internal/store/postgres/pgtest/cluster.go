package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options are what a cluster is started with. The zero value is a durable one.
type Options struct {
	// Settings of the server, over those of the kit.
	Settings map[string]string
	// Disk makes a cluster whose disk can be full.
	Disk bool
}

// Cluster is a server of one test, which may be broken. It waits for its commits
// to reach the disk (fsync is on), so that a crash loses none that was answered.
// Its databases are not dropped but go with it. Its methods are for one goroutine
// at a time; MAITRED_TEST_POSTGRES is no matter to it.
type Cluster struct {
	*Server
	t        testing.TB
	process  *process
	settings map[string]string
	running  bool // as far as the kit knows

	// Of a standby:
	primary *Cluster
	name    string // by which the primary knows it
}

// Start makes a cluster and starts it; it ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	settings := maps.Clone(base)
	maps.Copy(settings, o.Settings)
	c := newPrivate(t, settings)
	if o.Disk {
		switch err := c.process.diskThatCanBeFull(); {
		case errors.Is(err, errNoCompiler):
			t.Skip(noCompiler)
		case err != nil:
			t.Fatalf("pgtest: %v", err)
		}
	}
	if err := c.process.initialise(); err != nil {
		t.Fatalf("pgtest: make a cluster: %v", err)
	}
	c.begin(t)
	return c
}

// newPrivate makes what a cluster stands in: its folder and watchdog, which end
// with the test.
func newPrivate(t testing.TB, settings map[string]string) *Cluster {
	t.Helper()
	p, err := newProcess()
	if errors.Is(err, errNotInstalled) {
		t.Skip(skipped)
	}
	if err != nil {
		t.Fatalf("pgtest: make a cluster: %v", err)
	}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Errorf("pgtest: end the cluster: %v", err)
		}
	})
	return &Cluster{t: t, process: p, settings: settings}
}

// begin starts the server for the first time.
func (c *Cluster) begin(t testing.TB) {
	t.Helper()
	if err := c.process.startOnFreePort(c.settings); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	c.running = true
	c.Server = own(c.process.port, true)
}

// Same is a database of another cluster at this one: the same name and roles at
// this cluster's address. It is there when this one is a standby of the other, or
// was.
func (c *Cluster) Same(d *DB) *DB {
	at := *d
	at.Server = c.Server
	at.URL, at.Admin = withHost(d.URL, c.admin.Host), withHost(d.Admin, c.admin.Host)
	return &at
}

// StopImmediate crashes the cluster: every process ends at once and nothing is
// written any more. It returns when none is left.
func (c *Cluster) StopImmediate(t testing.TB) {
	t.Helper()
	if !c.running {
		t.Fatal("pgtest: the cluster is stopped already")
	}
	c.running = false
	if err := c.process.stop(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// Restart starts the cluster on the port it had, crashing it before when it runs,
// and returns when it has recovered and accepts connections.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	if c.running {
		c.StopImmediate(t)
	}
	if err := c.process.start(c.settings); err != nil {
		t.Fatalf("pgtest: restart: %v", err)
	}
	c.running = true
}

// Log is the end of what the server has written to its log. Only what ends a
// session or the server is logged, unless a setting says otherwise.
func (c *Cluster) Log() string { return c.process.log() }

// Folder is where the cluster keeps everything; its data are in the folder data
// there.
func (c *Cluster) Folder() string { return c.process.dir }

// until waits until a query answers true, at most for the kit's patience.
func (c *Cluster) until(t testing.TB, what, sql string, args ...any) {
	t.Helper()
	var last error
	err := c.as(func(ctx context.Context, conn *pgx.Conn) error {
		return poll(ctx, func() (ok bool, err error) {
			err = conn.QueryRow(ctx, sql, args...).Scan(&ok)
			last = err
			return ok, err
		})
	})
	if err != nil {
		t.Fatalf("pgtest: wait until %s: %v", what, errors.Join(err, last))
	}
}

// ask runs a statement as the admin and reads its one value, if one is wanted.
func (c *Cluster) ask(sql string, into any) error {
	return c.as(func(ctx context.Context, conn *pgx.Conn) error {
		if into == nil {
			_, err := conn.Exec(ctx, sql)
			return err
		}
		return conn.QueryRow(ctx, sql).Scan(into)
	})
}

// poll asks until the answer is yes, an error, or ctx is done: for what the system
// gives no signal of.
func poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ask()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("in vain: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// initialise makes an empty cluster in the folder.
func (p *process) initialise() error {
	return p.run("initdb", p.command("initdb",
		"-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "--no-instructions"))
}
