package postgres_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/storetest"
)

// perDay is how many bookings the busy house has a day: seven on each table.
const perDay = 42

// fill gives a restaurant a year of bookings with tables, guests, ended holds,
// history and receipts, of which only the last fortnight is open, and others a
// little of it. The triggers are off, so that it takes a second.
const fill = `
	SET session_replication_role = replica;
	CREATE TEMPORARY TABLE night AS
	SELECT r.id AS restaurant, gen_random_uuid() AS id, gen_random_uuid() AS hold, n, day,
		day + (9 + 2 * (n / 6)) * interval '1 hour' AS starts_at, day + (11 + 2 * (n / 6)) * interval '1 hour' AS ends_at,
		(SELECT t.id FROM tables AS t WHERE t.restaurant_id = r.id AND t.number = 'T' || 1 + n % 6) AS seat
	FROM restaurants AS r
	CROSS JOIN generate_series(timestamptz '2026-11-27 00:00Z' - CASE r.slug WHEN 'busy' THEN interval '365 days' ELSE interval '10 days' END,
		timestamptz '2026-12-10 00:00Z', interval '1 day') AS day
	CROSS JOIN generate_series(0, 41) AS n;

	INSERT INTO bookings (restaurant_id, id, reference, covers, date, time, service_date, starts_at, ends_at, dining_starts_at, dining_ends_at,
		turn_minutes, status, source, created_at, created_by, version)
	SELECT restaurant, id, to_char(day, 'YYMMDD') || n, 2, day AT TIME ZONE 'UTC', '17:00', day AT TIME ZONE 'UTC', starts_at, ends_at, starts_at, ends_at,
		120, 'confirmed', 'web', day - interval '3 days', 'system', 1
	FROM night;
	INSERT INTO allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, booking_id)
	SELECT restaurant, seat, starts_at, ends_at, 'booking', id, id, id FROM night;
	INSERT INTO guest (restaurant_id, booking_id, name, name_key, phone, email, notes)
	SELECT restaurant, id, 'Guest ' || n, 'guest ' || n, '', '', '' FROM night;
	INSERT INTO ended_holds (restaurant_id, id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency,
		made_version, tables, how, ended_at, ended_by)
	SELECT restaurant, hold, id, starts_at, ends_at, day - interval '2 days', day - interval '3 days', day - interval '3 days', 'system', false,
		1, '[]', 'confirmed', day - interval '2 days', 'system'
	FROM night
	WHERE day < timestamptz '2026-11-29 00:00Z';
	INSERT INTO receipts (restaurant_id, principal, key, fingerprint, command, status, epoch, version, body, at)
	SELECT restaurant, 'token:x', id::text, 'f', 'confirm', 200, 'e', 1, '{}', starts_at FROM night;
	INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
	SELECT restaurant, 'hold:' || hold, 'hold_expiry', starts_at, 0 FROM night;

	CREATE TEMPORARY TABLE step AS
	SELECT n.restaurant, s.version + row_number() OVER (PARTITION BY n.restaurant ORDER BY n.day, n.n) AS version, n.id, n.day
	FROM night AS n
	JOIN restaurant_state AS s ON s.restaurant_id = n.restaurant;
	INSERT INTO journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, body, events, history)
	SELECT restaurant, version, id, lag(id) OVER (PARTITION BY restaurant ORDER BY version), day, day, 'confirm', 'system', 1, '{}', 0, 1 FROM step;
	INSERT INTO history (restaurant_id, version, ordinal, at, principal, command, subject, from_state, to_state, reason)
	SELECT restaurant, version, 0, day, 'system', 'confirm', 'booking:' || id, '', 'confirmed', '' FROM step;
	INSERT INTO capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload,
		next_attempt_at, created_at)
	SELECT 'observability', 1, restaurant, id, id::text, version, 'BOOKING_CREATED', 'info', 1, id || '/0', '{}', day, day FROM step;
	UPDATE restaurant_state AS s
	SET version = e.version, head = e.id, open_from = '2026-11-27'
	FROM (SELECT DISTINCT ON (restaurant) restaurant, version, id FROM step ORDER BY restaurant, version DESC) AS e
	WHERE e.restaurant = s.restaurant_id;
	SET session_replication_role = origin;`

// traced is a database whose server tells, of every statement and of those within
// functions, triggers and references, how it went about it.
type traced struct {
	*testStore
	seed *storetest.Seed // of the busy house

	// The newest in it.
	booking seating.BookingID
	hold    seating.HoldID

	mu    sync.Mutex
	plans []plan
}

type plan struct {
	Query string `json:"Query Text"`
	Root  node   `json:"Plan"`
}

type node struct {
	Type      string  `json:"Node Type"`
	Relation  string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
	Hit       float64 `json:"Shared Hit Blocks"`
	Read      float64 `json:"Shared Read Blocks"`
	Plans     []node  `json:"Plans"`
}

// visited is how many rows a node looked at, whether it wanted them or not.
func (n node) visited() float64 { return (n.Rows + n.Filtered + n.Rechecked) * n.Loops }

// scans are the nodes that read a table.
func (n node) scans() []node {
	var all []node
	if n.Relation != "" && strings.HasSuffix(n.Type, "Scan") {
		all = append(all, n)
	}
	for _, child := range n.Plans {
		all = append(all, child.scans()...)
	}
	return all
}

func busy(t *testing.T) *traced {
	t.Helper()
	clock := storetest.NewClock()
	s := &traced{testStore: open(t, clock.Options())}
	for i := range 5 {
		storetest.Plant(t, s, clock, fmt.Sprintf("quiet%d", i))
	}
	s.seed = storetest.Plant(t, s, clock, "busy")
	if err := s.RawSQL(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{
		"VACUUM ANALYZE",
		// A plan that is kept does not know its arguments.
		`DO $$ BEGIN
			EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database());
			EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_nested_statements = on', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_level = notice', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_analyze = on', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_buffers = on', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_timing = off', current_database());
			EXECUTE format('ALTER DATABASE %I SET auto_explain.log_format = json', current_database());
		END $$`,
	} {
		if err := s.RawSQL(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := pgxpool.ParseConfig(s.db.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { s.note(t, n.Message) }
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s.seed.Store = postgres.Over(pool)
	s.seed.House = s.seed.Load()
	return s
}

func (s *traced) note(t *testing.T, message string) {
	t.Helper()
	_, text, found := strings.Cut(message, "plan:\n")
	if !found {
		return
	}
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Errorf("a plan cannot be read: %v\n%s", err, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = append(s.plans, p)
}

// of are the plans of what do does.
func (s *traced) of(do func()) []plan {
	s.mu.Lock()
	s.plans = nil
	s.mu.Unlock()
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.plans)
}

// cheap fails when a statement looked at more rows of a table, or at more blocks,
// than it may.
func cheap(t *testing.T, name string, plans []plan, rows, blocks float64) {
	t.Helper()
	if len(plans) == 0 {
		t.Errorf("%s: no plan was told", name)
	}
	for _, p := range plans {
		if read := p.Root.Hit + p.Root.Read; read > blocks {
			t.Errorf("%s: %v blocks were read, at most %v may be, by\n%s", name, read, blocks, p.Query)
		}
		for _, n := range p.Root.scans() {
			if n.visited() > rows {
				t.Errorf("%s: %v rows of %s were looked at (%s %s), at most %v may be, by\n%s", name, n.visited(), n.Relation, n.Type, n.Index, rows, p.Query)
			}
		}
	}
}

// TestABusyHouseCostsNoMore: a year of bookings, a twentieth of which is open.
// No statement of a commit or of a read may look at more than what it is about,
// whichever plan the server has kept, with the rights and the row-level security
// it has in service; nor may what triggers and references look up.
func TestABusyHouseCostsNoMore(t *testing.T) {
	t.Parallel()
	s := busy(t)
	d := s.seed
	ctx, id := t.Context(), d.ID()
	open := float64(14 * perDay)

	cheap(t, "Load", s.of(func() { d.Load() }), 1.2*open, 5*open)

	s.live(1) // and again: what is measured is not how statements are prepared
	commits := s.live(2)
	commits["under the lock"] = s.of(func() {
		_, err := d.Store.CommitLocked(ctx, id, d.House.Version-3, store.Ask{}, func(store.Locked) (store.Batch, error) {
			return d.Batch(d.Change("locked", house.Rows{})), nil
		})
		if err != nil {
			t.Errorf("CommitLocked = %v", err)
		}
	})
	references := 0
	for name, plans := range commits {
		cheap(t, name, plans, 60, 300)
		for _, p := range plans {
			if strings.Contains(p.Query, "FOR KEY SHARE") {
				references++
			}
		}
	}
	if references < 20 {
		t.Errorf("%d look-ups of references were told: the test looks past them", references)
	}
	d.House = d.Load()

	reads := map[string]func() error{
		"Prove": func() error { _, err := d.Store.Prove(ctx, id, store.Ask{}); return err },
		"Prove with facts": func() error {
			_, err := d.Store.Prove(ctx, id, store.Ask{
				Keys: []house.ReceiptKey{{Principal: "token:x", Key: s.booking.String()}}, Holds: []seating.HoldID{s.hold}, Bookings: []seating.BookingID{s.booking},
			})
			return err
		},
		"Journal": func() error { _, err := d.Store.Journal(ctx, id, d.House.Version-20, 20); return err },
		"Booking": func() error { _, err := d.Store.Booking(ctx, id, s.booking); return err },
		"Bookings": func() error {
			rows, err := d.Store.Bookings(ctx, id, store.BookingQuery{From: storetest.Today.AddDays(-300), To: storetest.Today, Limit: 20})
			if err == nil && len(rows) != 20 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		},
		"Bookings after a cursor": func() error {
			rows, err := d.Store.Bookings(ctx, id, store.BookingQuery{
				From: storetest.Today.AddDays(-300), To: storetest.Today, Limit: 20, After: &store.BookingCursor{Date: storetest.Today.AddDays(-100)},
			})
			if err == nil && len(rows) != 20 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		},
		"DayAllocations": func() error {
			all, err := d.Store.DayAllocations(ctx, id, storetest.Today.AddDays(-100))
			if err == nil && len(all) != perDay {
				err = fmt.Errorf("%d allocations", len(all))
			}
			return err
		},
		"Guests":             func() error { _, err := d.Store.Guests(ctx, id, []seating.BookingID{s.booking}); return err },
		"History":            func() error { _, err := d.Store.History(ctx, id, "", 0, 20); return err },
		"History before":     func() error { _, err := d.Store.History(ctx, id, "", 9000, 20); return err },
		"History of subject": func() error { _, err := d.Store.History(ctx, id, "booking:"+s.booking.String(), 0, 20); return err },
		"EndedHold":          func() error { _, err := d.Store.EndedHold(ctx, id, s.hold); return err },
		"OutboxRows":         func() error { _, err := d.Store.OutboxRows(ctx, store.SinkObservability, 9000, 20); return err },
		"Due":                func() error { _, err := d.Store.Due(ctx, house.DueHoldExpiry, 20); return err },
		"TokenByHash":        func() error { _, err := d.Store.TokenByHash(ctx, d.New.Token.Hash); return err },
		"Members":            func() error { _, err := d.Store.Members(ctx, id); return err },
		"States":             func() error { _, err := d.Store.States(ctx, []seating.RestaurantID{id}); return err },
	}
	for name, read := range reads {
		plans := s.of(func() {
			if err := read(); err != nil {
				t.Errorf("%s = %v", name, err)
			}
		})
		cheap(t, name, plans, 60, 300)
	}
}

// live is a booking's life, from the first hold to the end, on tables that are
// free at that hour. Each step stands on the one before.
func (s *traced) live(n int) map[string][]plan {
	d := s.seed
	b := d.Booking(fmt.Sprintf("NEW%d", n), 6*60, 8*60)
	h, again := d.Hold(b), d.Hold(b)
	closed := block(6*60, 8*60, d.Tables[2])
	t1, t2 := d.Tables[0], d.Tables[1]
	steps := map[string][]plan{}
	steps["book"] = s.of(func() { d.Commit(d.Book(b)) })
	steps["hold"] = s.of(func() { d.Commit(d.TakeHold(h, t1, t2)) })
	h.ExpiresAt += 1_000_000
	steps["extend"] = s.of(func() { d.Commit(d.Change("extend", house.Rows{PutHolds: []seating.Hold{h}}, seating.AspectHolds)) })
	steps["confirm"] = s.of(func() { d.Commit(d.Confirm(b, h, t1, t2)) })
	steps["hold over the assignment"] = s.of(func() { d.Commit(d.TakeHold(again, t1)) })
	steps["release"] = s.of(func() { d.Commit(d.Release(again, seating.EndReleased, t1)) })
	steps["unassign"] = s.of(func() {
		d.Commit(d.Change("unassign", house.Rows{DropAllocations: storetest.Assigned(b, t1, t2)}, seating.AspectBookings))
	})
	steps["block"] = s.of(func() {
		d.Commit(d.Change("block", house.Rows{PutBlocks: []seating.Block{closed}}, seating.AspectFloor))
	})
	steps["unblock"] = s.of(func() {
		d.Commit(d.Change("unblock", house.Rows{DropBlocks: []seating.BlockID{closed.ID}}, seating.AspectFloor))
	})
	note := d.Change("note", house.Rows{})
	note.History = []house.HistoryRow{{Subject: "booking:" + b.ID.String()}, {Subject: "booking:" + again.ID.String()}}
	note.Notes = []house.NotePut{{Subject: note.History[0].Subject, Text: "private"}, {Subject: note.History[1].Subject, Text: "stays"}}
	note.Patches = []house.GuestPatch{{Booking: b.ID, GuestPatch: seating.GuestPatch{Name: new("Ada")}}}
	steps["patch and note"] = s.of(func() { d.Commit(note) })
	erase := d.Change("erase", house.Rows{}, seating.AspectBookings)
	erase.Erase = []seating.BookingID{b.ID}
	steps["erase"] = s.of(func() { d.Commit(erase) })
	s.booking, s.hold = b.ID, h.ID
	return steps
}

// TestStatementsPrepare: every statement is one that the server understands, in
// the roles that use it or not.
func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{})
	conn := s.db.Connect(t)
	for name, text := range postgres.Queries() {
		if _, err := conn.Prepare(t.Context(), name, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func block(from, to int, tables ...seating.TableID) seating.Block {
	b := seating.Block{ID: storetest.NewID[seating.BlockID](), Tables: tables}
	b.Window.Start, b.Window.End = storetest.At(from), storetest.At(to)
	return b
}
