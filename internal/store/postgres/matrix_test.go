package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// rightless are the tables without a row that belongs to a restaurant, and why
// they may be without row-level security: maitred_app has no right on them.
var rightless = map[string]string{
	"goose_db_version": "the migrations that are applied; everyone may see them",
	"outbox_worker":    "the leases of the outbox's workers",
	"outbox_sink":      "the sinks of the deployment",
	"outbox_lane":      "who serves which lane of a sink",
	"operators":        "who runs the deployment, with the hashes of their tokens",
	"operations":       "what operators did, of which a restaurant sees nothing",
	"jobs":             "the leases of the deployment's jobs",
}

// TestMatrix shows, for each table, that a transaction of restaurant A neither
// sees nor changes a row of B, whatever it says. The positive twins beside each
// refusal say that it is the row's restaurant that decides.
func TestMatrix(t *testing.T) { //nolint:tparallel // the parts share a connection
	t.Parallel()
	m := newMatrix(t)
	n := m.n
	before := everything(t, n.admin)
	for _, r := range m.all {
		if r.Of == "" {
			if rightless[r.Name] == "" {
				t.Errorf("table %s belongs to no restaurant and is not among those that may", r.Name)
			}
			continue
		}
		for _, id := range []string{m.mine, m.theirs} {
			if n.db.Count(t, fmt.Sprintf("SELECT COUNT(*) FROM maitred.%s WHERE %s", r.Name, r.Of), id) == 0 {
				t.Fatalf("table %s has no row of %s: nothing would be shown about it", r.Name, id)
			}
		}
	}
	for _, mode := range []mode{
		{name: "no change is open"},
		{name: "a change is open", open: true},
		{name: "the policy alone", bare: true},
	} {
		t.Run(mode.name, func(t *testing.T) {
			m.tenants(t, mode)
			for _, r := range m.all {
				m.judge(t, mode, r)
			}
		})
		if t.Failed() {
			return
		}
	}
	if diff := cmp.Diff(before, everything(t, n.admin)); diff != "" {
		t.Errorf("the database has changed (-before +after):\n%s", diff)
	}
}

// mode is what else stands in the way of a write, besides the policies.
type mode struct {
	name string
	open bool // the version of A is raised: no trigger refuses a write for want of that
	bare bool // triggers and references are off
}

type matrix struct {
	n            *neighbours
	all          []relation
	conn         *pgx.Conn // as the login that serves
	mine, theirs string
	dump         string
	before       []string // all rows of B
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	n := settle(t, pgtest.Database(t))
	m := &matrix{n: n, all: relations(t, n.admin), conn: dial(t, n.db.URL), mine: n.a.ID().String(), theirs: n.b.ID().String()}
	m.dump = rowsOfAll(m.all)
	m.before = linesOf(t, n.admin, m.dump, m.theirs)
	return m
}

// begin begins a transaction the way the store does: the role and the restaurant,
// for this transaction only.
func (m *matrix) begin(t *testing.T, mode mode, role, restaurant string) pgx.Tx {
	t.Helper()
	conn := m.conn
	if mode.bare {
		conn = m.n.admin
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if mode.bare {
		mustRun(t, tx, "SET LOCAL session_replication_role = replica")
		mustRun(t, tx, "SET LOCAL SESSION AUTHORIZATION "+pgtest.Login)
	}
	mustRun(t, tx, postgres.Statement("As"), role, restaurant)
	mustRun(t, tx, "SET LOCAL idle_in_transaction_session_timeout = 0") // a test may be slow
	if mode.open {
		mustRun(t, tx, "UPDATE maitred.restaurant_state SET version = version + 1, head = gen_random_uuid() WHERE restaurant_id = $1", restaurant)
	}
	return tx
}

func (m *matrix) end(t *testing.T, tx pgx.Tx) {
	t.Helper()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func mustRun(t *testing.T, tx pgx.Tx, sql string, args ...any) {
	t.Helper()
	if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s = %v", sql, err)
	}
}

// try runs a statement that is taken back afterwards. It returns how many rows it
// touched, and the SQLSTATE when it was refused. It must leave every row of B as
// it was, and the transaction with A.
func (m *matrix) try(t *testing.T, tx pgx.Tx, sql string, args ...any) (rows int64, code string) {
	t.Helper()
	sub, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tag, err := sub.Exec(t.Context(), sql, args...)
	if err == nil {
		var tenant string
		if err := sub.QueryRow(t.Context(), "SELECT current_setting('maitred.restaurant')").Scan(&tenant); err != nil {
			t.Fatal(err)
		}
		if tenant == m.theirs {
			t.Errorf("%s: the transaction is now about the other restaurant", sql)
		}
	}
	if err == nil && tag.RowsAffected() > 0 && !tag.Select() {
		// B itself looks whether anything of it is changed, missing or new.
		mustRun(t, sub, "SELECT set_config('role', 'maitred_app', true), set_config('maitred.restaurant', $1, true)", m.theirs)
		if diff := cmp.Diff(m.before, linesOf(t, sub, m.dump, m.theirs)); diff != "" {
			t.Errorf("%s: rows of the other restaurant changed (-before +after):\n%s", sql, diff)
		}
	}
	if err := sub.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tag.RowsAffected(), codeOf(t, err)
}

// refusals are how a write of another restaurant's row may be refused. A trigger
// that runs before the policy is asked refuses with maitred's own codes, because
// it does not see the row's restaurant either.
func (mode mode) refusals() []string {
	if mode.bare {
		return []string{"42501"}
	}
	return []string{"42501", "MT008", "MT009"}
}

// judge tries a table as A.
func (m *matrix) judge(t *testing.T, mode mode, r relation) {
	t.Helper()
	tx := m.begin(t, mode, "maitred_app", m.mine)
	defer m.end(t, tx)
	table := "maitred." + r.Name
	if r.Of == "" {
		for _, sql := range m.anything(r) {
			if _, code := m.try(t, tx, sql); code != "42501" && (r.Name != "goose_db_version" || !strings.HasPrefix(sql, "SELECT")) {
				t.Errorf("%s = %q, want no right", sql, code)
			}
		}
		return
	}
	foreign := m.foreign(r)
	all := m.count(t, r, m.mine)

	// Seen: all of A's rows and no others.
	if got, code := m.try(t, tx, "SELECT FROM "+table); got != all || code != "" {
		t.Errorf("SELECT of %s = %d rows %s, want the %d of its own", table, got, code, all)
	}
	if got, code := m.try(t, tx, fmt.Sprintf("SELECT FROM %s WHERE %s", table, foreign), m.theirs); got != 0 || code != "" {
		t.Errorf("SELECT of the other's rows of %s = %d rows %s", table, got, code)
	}
	if _, code := m.try(t, tx, "TRUNCATE "+table); code != "42501" {
		t.Errorf("TRUNCATE %s = %q, want no right", table, code)
	}

	// Changed: with the right to, its own rows; never others.
	first := plain(r)
	for _, write := range []struct{ right, sql string }{
		{"UPDATE", fmt.Sprintf("UPDATE %s SET %s = %[2]s", table, first)},
		{"DELETE", "DELETE FROM " + table},
	} {
		got, code := m.try(t, tx, write.sql)
		switch {
		case !r.may(write.right):
			if code != "42501" {
				t.Errorf("%s = %d rows %q, want no right", write.sql, got, code)
			}
		case mode.bare && (got != all || code != ""):
			t.Errorf("%s = %d rows %q, want the %d of its own", write.sql, got, code, all)
		case code == "" && got > all:
			t.Errorf("%s = %d rows, of its own there are %d", write.sql, got, all)
		}
		got, code = m.try(t, tx, write.sql+" WHERE "+foreign, m.theirs)
		if got != 0 || code != "" && !slices.Contains(mode.refusals(), code) {
			t.Errorf("%s of the other's rows = %d rows %q, want none", write.sql, got, code)
		}
		if mode.bare && r.may(write.right) != (code == "") {
			t.Errorf("%s of the other's rows = %q", write.sql, code)
		}
	}

	// Moved: neither away nor near.
	if moved := tenantColumn(r); moved != "" {
		_, code := m.try(t, tx, fmt.Sprintf("UPDATE %s SET %s = $1", table, moved), m.theirs)
		if !slices.Contains(mode.refusals(), code) {
			t.Errorf("moving rows of %s to the other = %q, want a refusal", table, code)
		}
		got, code := m.try(t, tx, fmt.Sprintf("UPDATE %s SET %s = $2 WHERE %[2]s = $1", table, moved), m.theirs, m.mine)
		if got != 0 || r.may("UPDATE") && mode.bare && code != "" {
			t.Errorf("moving rows of the other's %s here = %d rows %q, want none", table, got, code)
		}
	}

	// Written: a copy of B's row and one that is new, plainly and over a conflict.
	for _, row := range []string{m.row(t, r, m.theirs, ""), m.row(t, r, m.theirs, m.fresh(r))} {
		for _, over := range overs(r) {
			if _, code := m.try(t, tx, insert(r, over), row); !slices.Contains(mode.refusals(), code) {
				t.Errorf("INSERT of the other's row into %s%s = %q, want a refusal\n%s", table, over, code, row)
			}
		}
	}
	if mode.bare {
		got, code := m.try(t, tx, insert(r, ""), m.row(t, r, m.mine, m.fresh(r)))
		switch one := len(r.Key) == 1 && r.Key[0] == "restaurant_id"; {
		case !r.may("INSERT"):
			if code != "42501" {
				t.Errorf("INSERT into %s = %q, want no right", table, code)
			}
		case one && code != "23505": // the policy lets it pass, the key has one row
			t.Errorf("INSERT of a second row into %s = %q, want a duplicate", table, code)
		case !one && r.Name != "restaurants" && (got != 1 || code != ""):
			t.Errorf("INSERT of its own row into %s = %d rows %q, want one", table, got, code)
		}
	}
}

// tenants tries all tables with a tenant that is none.
func (m *matrix) tenants(t *testing.T, mode mode) {
	t.Helper()
	for _, tenant := range []string{"", storetest.NewID[seating.RestaurantID]().String()} {
		closed := mode
		closed.open = false // there is nothing whose version could be raised
		tx := m.begin(t, closed, "maitred_app", tenant)
		for _, r := range m.all {
			if r.Of == "" {
				continue
			}
			if got, code := m.try(t, tx, "SELECT FROM maitred."+r.Name); got != 0 || code != "" {
				t.Errorf("tenant %q: SELECT of %s = %d rows %q, want none", tenant, r.Name, got, code)
			}
			for right, sql := range map[string]string{
				"UPDATE": fmt.Sprintf("UPDATE maitred.%s SET %s = %[2]s", r.Name, plain(r)),
				"DELETE": "DELETE FROM maitred." + r.Name,
			} {
				if got, code := m.try(t, tx, sql); got != 0 || mode.bare && r.may(right) != (code == "") {
					t.Errorf("tenant %q: %s = %d rows %q, want none", tenant, sql, got, code)
				}
			}
			for _, id := range []string{m.mine, m.theirs} {
				for _, fresh := range []string{"", m.fresh(r)} {
					for _, over := range overs(r) {
						if _, code := m.try(t, tx, insert(r, over), m.row(t, r, id, fresh)); !slices.Contains(mode.refusals(), code) {
							t.Errorf("tenant %q: INSERT into %s%s = %q, want a refusal", tenant, r.Name, over, code)
						}
					}
				}
			}
		}
		m.end(t, tx)
	}
	// Words that are no id make an error of every look at a row.
	tx := m.begin(t, mode, "maitred_app", m.mine)
	defer m.end(t, tx)
	for _, r := range m.all {
		if r.Of == "" {
			continue
		}
		sub, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustRun(t, sub, "SELECT set_config('maitred.restaurant', 'one', true)")
		if _, err := sub.Exec(t.Context(), "SELECT FROM maitred."+r.Name); codeOf(t, err) != "22P02" {
			t.Errorf("tenant 'one': SELECT of %s = %v, want an error", r.Name, err)
		}
		if err := sub.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// count is how many rows of a table a restaurant has.
func (m *matrix) count(t *testing.T, r relation, id string) int64 {
	t.Helper()
	return int64(len(linesOf(t, m.n.watch, fmt.Sprintf("SELECT 1 FROM maitred.%s WHERE %s", r.Name, r.Of), id)))
}

// foreign selects rows of the restaurant $1 that A has no part in.
func (m *matrix) foreign(r relation) string {
	if r.Name == "users" { // A cannot ask for B's members: by name, then
		return "name NOT IN ('Olive Owner', 'Ines') OR email_key LIKE '%two%' AND $1::uuid IS NOT NULL"
	}
	return r.Of
}

// anything is one statement of each kind.
func (m *matrix) anything(r relation) []string {
	table := "maitred." + r.Name
	return []string{
		"SELECT FROM " + table, fmt.Sprintf("UPDATE %s SET %s = %[2]s", table, plain(r)), "DELETE FROM " + table,
		fmt.Sprintf("INSERT INTO %s (%s) VALUES (NULL)", table, plain(r)), "TRUNCATE " + table,
	}
}

// tenantColumn names the restaurant in a row; "" when the row does not.
func tenantColumn(r relation) string {
	switch {
	case slices.Contains(r.Columns, "restaurant_id"):
		return "restaurant_id"
	case r.Name == "restaurants":
		return "id"
	}
	return ""
}

// plain is a column that may be written.
func plain(r relation) string {
	if moved := tenantColumn(r); moved != "" {
		return moved
	}
	return r.Columns[0]
}

// row is a row of a restaurant as JSON, some of its columns replaced.
func (m *matrix) row(t *testing.T, r relation, id, replaced string) string {
	t.Helper()
	if replaced == "" {
		replaced = "'{}'"
	}
	return linesOf(t, m.n.watch, fmt.Sprintf("SELECT (to_jsonb(t) || %s)::text FROM maitred.%s AS t WHERE %s ORDER BY 1 DESC LIMIT 1", replaced, r.Name, r.Of), id)[0]
}

// fresh is JSON that makes a copy of a row another row: new values in the columns
// that must be unique, but for the restaurant.
func (m *matrix) fresh(r relation) string {
	unique := r.Unique
	if r.Name == "allocations" {
		unique = []string{"table_id"} // its owner is named twice
	}
	parts := []string{"'{}'::jsonb"}
	for i, column := range unique {
		if column == "restaurant_id" || r.Name == "restaurants" && column == "id" {
			continue
		}
		// Ascending, because an edge has its ends in order.
		parts = append(parts, fmt.Sprintf(`jsonb_build_object('%s', CASE pg_typeof(t.%[1]s)
			WHEN 'uuid'::regtype THEN to_jsonb('f%07d' || substr(gen_random_uuid()::text, 9))
			WHEN 'bytea'::regtype THEN to_jsonb('\x' || repeat('5a', 32))
			WHEN 'text'::regtype THEN to_jsonb(md5(gen_random_uuid()::text))
			WHEN 'timestamp with time zone'::regtype THEN to_jsonb(t.%[1]s)
			ELSE to_jsonb(4711) END)`, column, i))
	}
	return "(" + strings.Join(parts, " || ") + ")"
}

// overs are ways to insert over a conflict.
func overs(r relation) []string {
	own := plain(r)
	return []string{
		"", " ON CONFLICT DO NOTHING",
		fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s = excluded.%[2]s", strings.Join(r.Key, ", "), own),
	}
}

func insert(r relation, over string) string {
	columns := strings.Join(r.Columns, ", ")
	return fmt.Sprintf("INSERT INTO maitred.%s (%s) OVERRIDING SYSTEM VALUE SELECT %[2]s FROM jsonb_populate_record(NULL::maitred.%[1]s, $1::jsonb)%[3]s",
		r.Name, columns, over)
}

// TestNoRightWithoutARole shows that the login that serves can do nothing as
// itself, and the system nothing but what its work needs.
func TestNoRightWithoutARole(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	n := m.n
	for role, granted := range map[string]map[string]string{"none": {"goose_db_version": "SELECT"}, "maitred_system": systemRights} {
		tx := m.begin(t, mode{}, role, "")
		for _, r := range m.all {
			mustRun(t, tx, "SELECT set_config('maitred.restaurant', $1, true)", m.mine)
			for _, sql := range m.anything(r) {
				_, code := m.tryAs(t, tx, sql)
				right, _, _ := strings.Cut(sql, " ")
				if may := strings.Contains(granted[r.Name], right); may == (code == "42501") {
					t.Errorf("as %s: %s = %q, granted is %q", role, sql, code, granted[r.Name])
				}
			}
		}
		m.end(t, tx)
	}
	// What the system may see, it sees of all restaurants.
	tx := m.begin(t, mode{}, "maitred_system", "")
	defer m.end(t, tx)
	for _, r := range m.all {
		if r.Of != "" && strings.Contains(systemRights[r.Name], "SELECT") {
			got, _ := m.tryAs(t, tx, "SELECT FROM maitred."+r.Name)
			if want := n.db.Count(t, "SELECT COUNT(*) FROM maitred."+r.Name); got != want || want < 2 {
				t.Errorf("as maitred_system: SELECT of %s = %d rows, want all %d", r.Name, got, want)
			}
		}
	}
}

// tryAs runs a statement that is taken back afterwards.
func (m *matrix) tryAs(t *testing.T, tx pgx.Tx, sql string) (rows int64, code string) {
	t.Helper()
	sub, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tag, err := sub.Exec(t.Context(), sql)
	if err := sub.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tag.RowsAffected(), codeOf(t, err)
}

// TestAdvanceAndTouchOfAnotherRestaurant shows that the functions that move a
// version cannot move another restaurant's.
func TestAdvanceAndTouchOfAnotherRestaurant(t *testing.T) {
	t.Parallel()
	n := settle(t, pgtest.Database(t))
	conn := dial(t, n.db.URL)
	before := everything(t, n.admin)
	for _, of := range []struct {
		d    *storetest.Seed
		code string
	}{{n.b, "MT000"}, {n.a, ""}} {
		for name, call := range map[string]string{
			"advance": `SELECT maitred.advance(restaurant_id, epoch, version, head, ARRAY[gen_random_uuid()], epoch, NULL, NULL, NULL, NULL,
				last_at, NULL, maitred.clock(), maitred.clock(), '{}', '{}', '{}', '{}', '{}', '{}')
				FROM jsonb_populate_record(NULL::maitred.restaurant_state, $1::jsonb)`,
			"touch": "SELECT maitred.touch(restaurant_id, 'hand_edit') FROM jsonb_populate_record(NULL::maitred.restaurant_state, $1::jsonb)",
		} {
			state := linesOf(t, n.admin, "SELECT to_jsonb(s)::text FROM maitred.restaurant_state AS s WHERE restaurant_id = $1", of.d.ID().String())[0]
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustRun(t, tx, postgres.Statement("As"), "maitred_app", n.a.ID().String())
			if _, err := tx.Exec(t.Context(), call, state); codeOf(t, err) != of.code {
				t.Errorf("%s of %s as %s = %v, want %q", name, of.d.New.State.Restaurant.Slug, n.a.New.State.Restaurant.Slug, err, of.code)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(before, everything(t, n.admin)); diff != "" {
		t.Errorf("the database has changed (-before +after):\n%s", diff)
	}
}

// TestABatchThatNamesRowsOfAnotherRestaurant sends through the store what the
// rules would never say.
func TestABatchThatNamesRowsOfAnotherRestaurant(t *testing.T) { //nolint:tparallel // one house goes through all of them
	t.Parallel()
	m := newMatrix(t)
	n, a, b := m.n, m.n.a, m.n.b
	bookingB, bookingA := n.holdB.Booking, n.holdA.Booking
	assigned := func(booking seating.BookingID, table seating.TableID) []seating.Allocation {
		x := a.Booking("X", 2000, 2060)
		x.ID = booking
		return storetest.Assigned(x, table)
	}
	held := func(h seating.Hold, d *storetest.Seed) []seating.Allocation { return storetest.Held(h, d.Tables[1]) }
	table := func(d *storetest.Seed, zone seating.ZoneID) seating.Table {
		return storetest.Table(zone, "N"+d.New.State.Restaurant.Slug)
	}
	booked := func(zone seating.ZoneID) seating.Booking {
		x := a.Booking("ZONE", 3000, 3060)
		x.ZoneWish = zone
		return x
	}
	for _, c := range []struct {
		name        string
		here, there house.Rows
		idle        bool // what goes from the floor need not be there: the batch is taken and finds nothing
	}{
		{"an allocation at a table", house.Rows{PutAllocations: assigned(bookingA, a.Tables[3])}, house.Rows{PutAllocations: assigned(bookingA, b.Tables[3])}, false},
		{"an allocation of a booking", house.Rows{PutAllocations: assigned(bookingA, a.Tables[4])}, house.Rows{PutAllocations: assigned(bookingB, a.Tables[4])}, false},
		{"an allocation that goes", house.Rows{DropAllocations: held(n.holdA, a)}, house.Rows{DropAllocations: held(n.holdB, b)}, false},
		{"a hold's owner", house.Rows{}, house.Rows{Reown: []seating.HoldID{n.holdB.ID}}, false},
		{"a hold that ends", house.Rows{}, house.Rows{EndHolds: []seating.EndedHold{b.Ended(n.holdB, seating.EndReleased, b.Tables[1])}}, false},
		{"a zone of a table", house.Rows{PutTables: []seating.Table{table(a, a.Zone)}}, house.Rows{PutTables: []seating.Table{table(a, b.Zone)}}, false},
		{"a zone of a booking", house.Rows{PutBookings: []seating.Booking{booked(a.Zone)}}, house.Rows{PutBookings: []seating.Booking{booked(b.Zone)}}, false},
		{"an edge", house.Rows{PutEdges: []seating.Edge{seating.NewEdge(a.Tables[3], a.Tables[4])}}, house.Rows{PutEdges: []seating.Edge{seating.NewEdge(a.Tables[3], b.Tables[4])}}, false},
		{"an edge that goes", house.Rows{DropEdges: []seating.Edge{seating.NewEdge(a.Tables[3], a.Tables[4])}}, house.Rows{DropEdges: []seating.Edge{seating.NewEdge(b.Tables[0], b.Tables[1])}}, true},
		{"a table that goes", house.Rows{}, house.Rows{DropTables: b.Tables[4:5]}, true},
		{"a zone that goes", house.Rows{}, house.Rows{DropZones: []seating.ZoneID{b.Zone}}, true},
		{"a block that goes", house.Rows{}, house.Rows{DropBlocks: []seating.BlockID{b.House.Floor.Blocks()[0].ID}}, true},
		{"the restaurant", house.Rows{}, house.Rows{Restaurant: &b.House.Restaurant}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, theirs := everything(t, n.admin), m.rowsOf(t, b)
			_, err := n.store.Commit(t.Context(), a.Batch(a.Change("foreign", c.there)))
			switch {
			case c.idle && err == nil:
				a.House = a.Load()
			case !errors.Is(err, store.ErrImpossible) && !errors.Is(err, store.ErrExists):
				t.Errorf("Commit = %v, want ErrImpossible", err)
			default:
				if diff := cmp.Diff(before, everything(t, n.admin)); diff != "" {
					t.Errorf("a refused batch left something behind (-before +after):\n%s", diff)
				}
			}
			if _, err := n.store.Commit(t.Context(), a.Batch(a.Change("own", c.here))); err != nil {
				t.Errorf("Commit(its own) = %v", err)
			}
			a.House = a.Load()
			if diff := cmp.Diff(theirs, m.rowsOf(t, b)); diff != "" {
				t.Errorf("a commit changed rows of the other restaurant (-before +after):\n%s", diff)
			}
		})
	}
}

// rowsOf is all rows of a restaurant, as the superuser sees them.
func (m *matrix) rowsOf(t *testing.T, d *storetest.Seed) []string {
	t.Helper()
	return linesOf(t, m.n.admin, m.dump, d.ID().String())
}
