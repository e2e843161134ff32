package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
	"github.com/maitred/maitred/internal/verify"
)

// editors are who edits by hand: a superuser, whom no policy binds, and the owner
// of a hosted database, who is no superuser.
var editors = map[string]string{"superuser": "RESET ROLE", "owner": "SET ROLE maitred_owner"}

// become makes the admin's connection an editor's.
func become(t *testing.T, n *neighbours, role string) {
	t.Helper()
	if _, err := n.admin.Exec(t.Context(), role); err != nil {
		t.Fatal(err)
	}
}

// edit runs statements in one transaction and commits it.
func edit(t *testing.T, conn *pgx.Conn, statements ...string) error {
	t.Helper()
	_, err := conn.PgConn().Exec(t.Context(), "BEGIN;"+strings.Join(statements, ";")+"; COMMIT").ReadAll()
	if err != nil {
		if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
	return err
}

func touch(d *storetest.Seed, reason string) string {
	return fmt.Sprintf("SELECT maitred.touch('%s', '%s')", d.ID(), reason)
}

// touched checks that a restaurant stands some versions further, each with a
// reload in the journal and a line in the history, and takes it from there.
func touched(t *testing.T, d *storetest.Seed, reasons ...string) {
	t.Helper()
	before := d.House
	after := d.Load()
	if want := before.Version + int64(len(reasons)); after.Version != want || after.Head == before.Head || after.Epoch != before.Epoch {
		t.Errorf("the house stands at %s %s, want version %d and another head", after.Public(), after.Head, want)
	}
	r := after.Revisions
	if r != (seating.Revisions{Floor: after.Version, Policy: after.Version, Bookings: after.Version, Holds: after.Version}) {
		t.Errorf("the revisions are %+v, want all at %d", r, after.Version)
	}
	entries, err := d.Store.Journal(t.Context(), d.ID(), before.Version, 10)
	if err != nil || len(entries) != len(reasons) {
		t.Fatalf("Journal = %d entries, %v, want %d", len(entries), err, len(reasons))
	}
	base := before.Head
	for _, e := range entries {
		if e.Change != nil || e.BaseHead != base || e.Command != "touch" {
			t.Errorf("entry %d = %+v, want a reload that follows the one before", e.Version, e)
		}
		base = e.Head
	}
	if base != after.Head {
		t.Error("the journal does not lead to the head")
	}
	lines, err := d.Store.History(t.Context(), d.ID(), "restaurant", 0, len(reasons))
	var got []string
	for _, l := range lines {
		if l.Command == "touch" && l.Principal == "operator" {
			got = append(got, l.Reason)
		}
	}
	slices.Reverse(got) // newest first
	if diff := cmp.Diff(reasons, got); err != nil || diff != "" {
		t.Errorf("History, %v (-want +got):\n%s", err, diff)
	}
	if found := verify.Check(d.Dump()); len(found) > 0 {
		t.Errorf("verify finds %v", found)
	}
	d.House = after
	d.Commit(d.Change("after", house.Rows{}, seating.AspectPolicy)) // it goes on from there
	d.Same()
}

// TestTouch edits rows by hand in each way that is allowed.
func TestTouch(t *testing.T) {
	t.Parallel()
	n := settle(t, pgtest.Database(t))
	if found := verify.Check(n.a.Dump()); len(found) > 0 {
		t.Fatalf("verify finds %v before any edit", found)
	}
	for who, role := range editors {
		become(t, n, role)
		theirs := n.b.Dump()
		covers := fmt.Sprintf("UPDATE maitred.tables SET max_covers = max_covers + 1 WHERE restaurant_id = '%s' AND number = 'T1'", n.a.ID())
		was := n.a.House.Floor.Table(n.a.Tables[0]).MaxCovers

		if err := edit(t, n.admin, touch(n.a, "corrected_covers"), covers); err != nil {
			t.Errorf("as %s: touch and edit = %v", who, err)
		}
		touched(t, n.a, "corrected_covers")
		if got := n.a.House.Floor.Table(n.a.Tables[0]).MaxCovers; got != was+1 {
			t.Errorf("as %s: covers after the edit = %d, want %d", who, got, was+1)
		}
		if err := edit(t, n.admin, touch(n.a, "looked")); err != nil {
			t.Errorf("as %s: touch without an edit = %v", who, err)
		}
		touched(t, n.a, "looked")
		if err := edit(t, n.admin, touch(n.a, "first"), covers, touch(n.a, "second"), covers); err != nil {
			t.Errorf("as %s: touch twice = %v", who, err)
		}
		touched(t, n.a, "first", "second")
		n.b.Unchanged(theirs)

		// Both restaurants in one transaction, one after the other.
		if err := edit(t, n.admin, touch(n.a, "here"), covers, touch(n.b, "there"), strings.Replace(covers, n.a.ID().String(), n.b.ID().String(), 1)); err != nil {
			t.Errorf("as %s: touch of one and then of the other = %v", who, err)
		}
		touched(t, n.a, "here")
		touched(t, n.b, "there")
	}
}

// TestTouchThatChangesNothing shows what is refused, and that it leaves nothing.
func TestTouchThatChangesNothing(t *testing.T) {
	t.Parallel()
	n := settle(t, pgtest.Database(t))
	covers := fmt.Sprintf("UPDATE maitred.tables SET max_covers = 6 WHERE restaurant_id = '%s' AND number = 'T1'", n.a.ID())
	bump := fmt.Sprintf("UPDATE maitred.restaurant_state SET version = version + 1 WHERE restaurant_id = '%s'", n.a.ID())
	for who, role := range editors {
		become(t, n, role)
		before := everything(t, n.watch)
		for _, c := range []struct {
			name       string
			statements []string
			code       string
		}{
			{"an unknown restaurant", []string{fmt.Sprintf("SELECT maitred.touch('%s', 'lost')", storetest.NewID[seating.RestaurantID]())}, "MT000"},
			{"rolled back", []string{touch(n.a, "regretted"), covers, "ROLLBACK; BEGIN"}, ""},
			{"an edit without touch", []string{covers}, "MT008"},
			{"an edit before touch", []string{covers, touch(n.a, "late")}, "MT008"},
			{"an edit after the entry was written", []string{touch(n.a, "early"), "SET CONSTRAINTS ALL IMMEDIATE", covers}, "MT008"},
			{"a version of one's own", []string{bump}, "23503"},
			{"a version of one's own after touch", []string{touch(n.a, "twice"), bump}, "23503"},
			{"no reason", []string{touch(n.a, "")}, "22023"},
			{"no reason at all", []string{fmt.Sprintf("SELECT maitred.touch('%s', NULL)", n.a.ID())}, "22023"},
			{"free text", []string{touch(n.a, "Ada asked for the window")}, "22023"},
		} {
			if err := edit(t, n.admin, c.statements...); codeOf(t, err) != c.code {
				t.Errorf("as %s: %s = %v, want %q", who, c.name, err, c.code)
			}
			if diff := cmp.Diff(before, everything(t, n.watch)); diff != "" {
				t.Errorf("as %s: %s left something behind (-before +after):\n%s", who, c.name, diff)
			}
		}
	}
	become(t, n, editors["owner"])
	if err := edit(t, n.admin, touch(n.a, "found"), covers); err != nil { // the same, done right
		t.Errorf("touch and edit = %v", err)
	}
	touched(t, n.a, "found")
}

// TestTouchOpensOneRestaurant shows that behind a touch of one restaurant no row
// of another can be written, by nobody, in any table that is part of its version.
func TestTouchOpensOneRestaurant(t *testing.T) {
	t.Parallel()
	n := settle(t, pgtest.Database(t))
	m := &matrix{n: n, all: relations(t, n.admin)}
	versioned := linesOf(t, n.admin, "SELECT tgrelid::regclass::name FROM pg_trigger WHERE tgname = 'versioned' ORDER BY 1")
	if len(versioned) < 14 {
		t.Fatalf("only %q are versioned", versioned)
	}
	mine, theirs := n.a.ID().String(), n.b.ID().String()
	before := everything(t, n.watch)
	for who, role := range editors {
		become(t, n, role)
		tx, err := n.admin.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustRun(t, tx, touch(n.a, "open"))
		try := func(sql string, args ...any) string {
			t.Helper()
			sub, err := tx.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = sub.Exec(t.Context(), sql, args...)
			if err := sub.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			return codeOf(t, err)
		}
		for _, r := range m.all {
			if !slices.Contains(versioned, r.Name) {
				continue
			}
			change := fmt.Sprintf("UPDATE maitred.%s SET %s = %[2]s WHERE %s", r.Name, plain(r), r.Of)
			if code := try(change, mine); code != "" {
				t.Errorf("as %s: %s of its own = %s", who, change, code)
			}
			if code := try(change, theirs); code != "MT008" {
				t.Errorf("as %s: %s of the other's = %q, want MT008", who, change, code)
			}
			// A reference may refuse before the version does.
			refused := []string{"MT008", "23503", "23505"}
			for name, code := range map[string]string{
				"DELETE": try(fmt.Sprintf("DELETE FROM maitred.%s WHERE %s", r.Name, r.Of), theirs),
				"INSERT": try(insert(r, ""), m.row(t, r, theirs, m.fresh(r))),
				"moving": try(fmt.Sprintf("UPDATE maitred.%s SET %s = '%s' WHERE %s", r.Name, tenantColumn(r), theirs, r.Of), mine),
				"taking": try(fmt.Sprintf("UPDATE maitred.%s SET %s = '%s' WHERE %s", r.Name, tenantColumn(r), mine, r.Of), theirs),
			} {
				// Ended holds are pruned without a version: no rule looks at them.
				if pruned := name == "DELETE" && r.Name == "ended_holds"; pruned != (code == "") || !pruned && !slices.Contains(refused, code) {
					t.Errorf("as %s: %s of the other's rows of %s = %q", who, name, r.Name, code)
				}
			}
		}
		if code := try("INSERT INTO maitred.zones VALUES ($1, gen_random_uuid(), 'Z', 'z', 1, true)", theirs); code != "MT008" {
			t.Errorf("as %s: a new zone of the other = %q, want MT008", who, code)
		}
		if code := try("INSERT INTO maitred.zones VALUES ($1, gen_random_uuid(), 'Z', 'z', 1, true)", mine); code != "" {
			t.Errorf("as %s: a new zone of its own = %q", who, code)
		}
		// No key and no reference stands in the way of this one.
		if code := try("UPDATE maitred.closures SET restaurant_id = $2, ordinal = 99 WHERE restaurant_id = $1", theirs, mine); code != "MT008" {
			t.Errorf("as %s: taking a closure of the other = %q, want MT008", who, code)
		}
		if code := try("UPDATE maitred.closures SET restaurant_id = $2, ordinal = 99 WHERE restaurant_id = $1", mine, mine); code != "" {
			t.Errorf("as %s: moving a closure of its own = %q", who, code)
		}
		m.end(t, tx)
	}
	if diff := cmp.Diff(before, everything(t, n.watch)); diff != "" {
		t.Errorf("the database has changed (-before +after):\n%s", diff)
	}
}
