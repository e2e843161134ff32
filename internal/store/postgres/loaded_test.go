package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// neighbours is a database with two restaurants, each of which has rows in every
// table whose rows belong to one.
type neighbours struct {
	db    *pgtest.DB
	store *postgres.Store
	clock *storetest.Clock
	admin *pgx.Conn
	watch *pgx.Conn // sees what is committed, beside transactions of admin
	a, b  *storetest.Seed
	// A live hold of each, of two tables.
	holdA, holdB seating.Hold
}

// settle makes two neighbours in a database with the schema.
func settle(t *testing.T, db *pgtest.DB) *neighbours {
	t.Helper()
	n := &neighbours{db: db, clock: storetest.NewClock(), admin: db.Connect(t), watch: db.Connect(t)}
	db.FakeClock(t)(n.clock.Now())
	n.store = reopen(t, db, postgres.Config{MaxConns: 2})
	n.a, n.b = storetest.Plant(t, n.store, n.clock, "one"), storetest.Plant(t, n.store, n.clock, "two")
	n.holdA, n.holdB = liveThrough(n.a), liveThrough(n.b)
	// Ines works in both houses, Hugo in the second only.
	for _, m := range []store.Member{
		{Restaurant: n.a.ID(), User: storetest.NewID[seating.UserID](), Email: "ines@example.org", Name: "Ines", Role: seating.RoleHost},
		{Restaurant: n.b.ID(), User: storetest.NewID[seating.UserID](), Email: "ines@example.org", Name: "Ines", Role: seating.RoleServer},
		{Restaurant: n.b.ID(), User: storetest.NewID[seating.UserID](), Email: "hugo@example.org", Name: "Hugo", Role: seating.RoleHost},
	} {
		if _, err := n.store.PutMember(t.Context(), m); err != nil {
			t.Fatalf("PutMember = %v", err)
		}
	}
	// Who runs the deployment is of neither house.
	if err := n.store.PutOperator(t.Context(), storetest.Operator(1)); err != nil {
		t.Fatalf("PutOperator = %v", err)
	}
	// What the worker of the outbox writes.
	for _, d := range []*storetest.Seed{n.a, n.b} {
		db.Exec(t, `INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
			SELECT 'observability', id, id::text, id, maitred.clock(), maitred.clock(), 1, 1, 'failed' FROM restaurants WHERE id = $1`, d.ID().String())
		db.Exec(t, `INSERT INTO outbox_dead (id, sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
				dedupe_key, payload, headers, attempts, next_attempt_at, last_error, created_at, dead_at, cause)
			SELECT id + 1000, sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
				dedupe_key, payload, headers, attempts, next_attempt_at, last_error, created_at, created_at, 'refused'
			FROM capacity_outbox WHERE restaurant_id = $1`, d.ID().String())
		db.Exec(t, `INSERT INTO webhook_endpoints (restaurant_id, id, url, description, events, active, secret, created_at, created_by, changed_at)
			SELECT id, gen_random_uuid(), 'https://hooks.example/' || slug, slug, '{booking.*}', true, '\x01', maitred.clock(), 'system', maitred.clock()
			FROM restaurants WHERE id = $1`, d.ID().String())
		db.Exec(t, `INSERT INTO webhook_deliveries (restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error)
			SELECT restaurant_id, id, 1, 'booking.created', id || '/0', 1, maitred.clock(), 1, 'failed', 500, '' FROM webhook_endpoints WHERE restaurant_id = $1`, d.ID().String())
		db.Exec(t, `INSERT INTO observability_events (dedupe_key, id, restaurant_id, booking_id, source, event_type, severity, version, schema_version, context,
				created_at, recorded_at)
			SELECT 'told/' || dedupe_key, id + 2000, restaurant_id, booking_id, 'booking', event_type, severity, aggregate_seq, schema_version, payload,
				created_at, created_at
			FROM capacity_outbox WHERE restaurant_id = $1`, d.ID().String())
	}
	return n
}

// liveThrough lets everything happen to a restaurant that leaves a row, and
// returns its hold that is live at the end.
func liveThrough(d *storetest.Seed) seating.Hold {
	d.T.Helper()
	block := seating.Block{
		ID: storetest.NewID[seating.BlockID](), Tables: []seating.TableID{d.Tables[5]},
		Window: servicetime.Window{Start: storetest.At(0), End: storetest.At(600)}, Reason: "leak",
	}
	periods := []servicetime.Period{{
		Name: "dinner", Weekdays: []time.Weekday{time.Friday}, Start: servicetime.NewClock(17, 0), End: servicetime.NewClock(23, 0),
		LastSeating: servicetime.NewClock(22, 0), Bands: []servicetime.TurnBand{{Turn: 90}},
	}}
	closures := []servicetime.Closure{{From: storetest.Today.AddDays(30), To: storetest.Today.AddDays(31), Reason: "holiday"}}
	d.Commit(d.Change("plan_floor", house.Rows{
		PutEdges:        []seating.Edge{seating.NewEdge(d.Tables[0], d.Tables[1]), seating.NewEdge(d.Tables[1], d.Tables[2])},
		PutCombinations: []seating.Combination{{ID: storetest.NewID[seating.CombinationID](), Tables: d.Tables[:2], MinCovers: 2, MaxCovers: 8}},
		PutBlocks:       []seating.Block{block},
		Periods:         &periods, Closures: &closures,
	}, seating.AspectFloor, seating.AspectPolicy))

	seated, waiting := d.Booking("SEATED", 0, 60), d.Booking("WAITING", 0, 60)
	book := d.Book(seated, d.Tables[0])
	book.Guests = []house.GuestPut{{Booking: seated.ID, Guest: seating.Guest{Name: "Ada Lovelace", Phone: "+44 1", Email: "ada@example.org", Notes: "nuts"}}}
	book.Notes = []house.NotePut{{Subject: book.History[0].Subject, Text: "by the window"}}
	book.Receipt = &house.Receipt{
		ReceiptKey: house.ReceiptKey{Principal: d.Actor.Principal, Key: "book"}, Fingerprint: "POST /bookings", Command: book.Command,
		Status: 201, Version: book.Public(), Body: []byte(`{"id":"x"}`), At: d.Clock.Instant(),
	}
	book.Due.Put = append(house.BookingDue(seated, d.House.Policy.Late), house.DueRow{
		Subject: "day:" + storetest.Today.String(), Kind: house.DueCloseDay, RunAt: storetest.At(24 * 60),
	})
	d.Commit(book)
	wait := d.Book(waiting)
	wait.Due.Put = house.BookingDue(waiting, d.House.Policy.Late)
	d.Commit(wait)
	gone := d.Hold(waiting)
	d.Commit(d.TakeHold(gone, d.Tables[1]))
	d.Commit(d.Release(gone, seating.EndReleased, d.Tables[1]))
	live := d.Hold(waiting)
	d.Commit(d.TakeHold(live, d.Tables[1], d.Tables[2]))
	return live
}

// relation is a table of schema maitred as the catalogue knows it.
type relation struct {
	Name    string
	Columns []string
	Key     []string // of the primary key
	Unique  []string // in any unique index
	Rights  string   // of maitred_app, sorted
	// Of selects the rows of the restaurant $1; "" when rows belong to none.
	Of string
}

func (r relation) may(right string) bool { return strings.Contains(r.Rights, right) }

// relations lists the tables from the catalogue, so that no test can forget one.
func relations(t testing.TB, admin *pgx.Conn) []relation {
	t.Helper()
	rows, err := admin.Query(t.Context(), `
		SELECT r.relname,
			(SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
			COALESCE((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_index AS i
				JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = r.oid AND i.indisprimary), '{}'),
			COALESCE((SELECT array_agg(DISTINCT a.attname::text) FROM pg_index AS i
				JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = r.oid AND i.indisunique), '{}'),
			(SELECT COALESCE(string_agg(p, ' ' ORDER BY p), '') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p
				WHERE has_table_privilege('maitred_app', r.oid, p)),
			''
		FROM pg_class AS r
		WHERE r.relnamespace = 'maitred'::regnamespace AND r.relkind IN ('r', 'p', 'f', 'v', 'm')
		ORDER BY r.relname`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		switch r := &all[i]; {
		case r.Name == "operations": // a restaurant is named in it, and has no part in it
		case r.Name == "restaurants":
			r.Of = "id = $1::uuid"
		case r.Name == "users":
			r.Of = "id IN (SELECT user_id FROM maitred.members WHERE restaurant_id = $1::uuid)"
		case strings.Contains(strings.Join(r.Columns, " ")+" ", "restaurant_id "):
			r.Of = "restaurant_id = $1::uuid"
		}
	}
	return all
}

// rowsOfAll is a query for all rows of the restaurant $1, in all of the tables: the
// table, and the row as JSON.
func rowsOfAll(all []relation) string {
	var parts []string
	for _, r := range all {
		if r.Of != "" {
			parts = append(parts, fmt.Sprintf("SELECT '%s' AS name, to_jsonb(t)::text AS row FROM maitred.%s AS t WHERE %s", r.Name, r.Name, r.Of))
		}
	}
	return strings.Join(parts, "\nUNION ALL ") + "\nORDER BY 1, 2"
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// linesOf runs a query of text columns and joins each row to a line.
func linesOf(t testing.TB, q querier, sql string, args ...any) []string {
	t.Helper()
	rows, err := q.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, " "), err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return lines
}

// everything is all rows of both restaurants, and those that belong to none,
// without the columns of those names.
func everything(t testing.TB, admin *pgx.Conn, but ...string) []string {
	t.Helper()
	var lines []string
	for _, r := range relations(t, admin) {
		if r.Name == "goose_db_version" {
			continue // it says when
		}
		lines = append(lines, linesOf(t, admin, fmt.Sprintf("SELECT '%s', (to_jsonb(t) - $1::text[])::text FROM maitred.%s AS t ORDER BY 2", r.Name, r.Name), append([]string{}, but...))...)
	}
	return lines
}

// codeOf is the SQLSTATE of an error of the server; "" for nil.
func codeOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	return refusal(t, err).Code
}

// refusal is an error of the server.
func refusal(t testing.TB, err error) *pgconn.PgError {
	t.Helper()
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		t.Fatalf("not an error of the server: %v", err)
	}
	return pg
}

// dial opens a connection and closes it at the end of the test.
func dial(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}
