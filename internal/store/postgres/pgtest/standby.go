package pgtest

import (
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"testing"
)

// Standby makes an asynchronous streaming standby of the cluster: a copy by
// pg_basebackup, on a port of its own. It serves reads. It returns when the standby
// streams and has all that was committed before.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	s := newPrivate(t, maps.Clone(c.settings))
	s.primary, s.name = c, "standby_"+databaseName()
	s.settings["wal_retrieve_retry_interval"] = "100ms" // so that Receive need not wait for seconds
	p := s.process
	copied := p.command("pg_basebackup", "-D", p.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(c.process.port), "-U", "postgres",
		"-X", "stream", "-c", "fast", "--no-sync") + " || exit\n"
	copied += "printf '%s\\n' " + quoted("primary_conninfo = '"+s.source()+"'") + " >>" + quoted(filepath.Join(p.data(), "postgresql.auto.conf")) + " || exit\n"
	copied += ">" + quoted(filepath.Join(p.data(), "standby.signal")) + "\n"
	if err := p.run("copy", copied); err != nil {
		t.Fatalf("pgtest: make a standby: %v", err)
	}
	s.begin(t)
	s.CatchUp(t)
	return s
}

// source is how a standby reaches its primary.
func (c *Cluster) source() string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres application_name=%s", c.primary.process.port, c.name)
}

// CatchUp waits until a standby streams and has replayed all that its primary has
// committed by now. Commits before it survive a promotion.
func (c *Cluster) CatchUp(t testing.TB) {
	t.Helper()
	at := c.position(t)
	c.primary.until(t, "the standby streams",
		"SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming')", c.name)
	c.until(t, "the standby has caught up", "SELECT COALESCE(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)", at)
}

// position is how far the primary's log is written.
func (c *Cluster) position(t testing.TB) string {
	t.Helper()
	var at string
	if err := c.primary.ask("SELECT pg_current_wal_flush_lsn()::text", &at); err != nil {
		t.Fatalf("pgtest: the primary's position: %v", err)
	}
	return at
}

// StopReceiving makes a standby deaf: nothing that the primary commits after it
// has returned ever reaches the standby, so those commits are lost by Promote,
// always. Commits before it may or may not have arrived; CatchUp before it makes
// sure that they have.
//
// It takes away the standby's address of the primary and waits until both sides
// know of no connection any more. To pause replay would lose nothing, as a standby
// that is promoted first replays what it has received; and a receiver stopped by a
// signal goes on, when promotion ends it, with what lies in its socket.
func (c *Cluster) StopReceiving(t testing.TB) {
	t.Helper()
	c.receiveFrom(t, "")
	c.until(t, "the standby receives nothing", "SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")
	if c.primary.running {
		c.primary.until(t, "the primary sends nothing", "SELECT NOT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = $1)", c.name)
	}
}

// Receive lets a standby that is deaf hear again; what it missed follows.
func (c *Cluster) Receive(t testing.TB) {
	t.Helper()
	c.receiveFrom(t, c.source())
	c.CatchUp(t)
}

func (c *Cluster) receiveFrom(t testing.TB, source string) {
	t.Helper()
	for _, sql := range []string{"ALTER SYSTEM SET primary_conninfo = '" + source + "'", "SELECT pg_reload_conf()"} {
		if err := c.ask(sql, nil); err != nil {
			t.Fatalf("pgtest: %s: %v", sql, err)
		}
	}
}

// Promote makes a standby a primary, whatever has become of its own. It returns
// when it accepts writes.
func (c *Cluster) Promote(t testing.TB) {
	t.Helper()
	var done bool
	if err := c.ask("SELECT pg_promote(true, 60)", &done); err != nil || !done {
		t.Fatalf("pgtest: promote: %v, %v", done, err)
	}
	c.until(t, "the standby is writable", "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")
}
