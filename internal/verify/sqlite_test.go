package verify_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/verify"
)

// stored makes a database with two restaurants in which something of everything
// happened, through the commands themselves; it returns the first one's ID.
func stored(t *testing.T, path string) seating.RestaurantID {
	t.Helper()
	ctx := t.Context()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	started := time.Now()
	a, err := control.Open(ctx, control.Config{Path: path, Hold: seating.DefaultHoldRules(), Now: func() time.Time { return noon.Add(time.Since(started)) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	var first seating.RestaurantID
	for i, slug := range []string{"one", "two"} {
		made, err := control.CreateRestaurant(ctx, a, control.NewRestaurant{Slug: slug, Name: slug, Zone: "UTC", OwnerEmail: slug + "@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		fill(ctx, t, a, made.Restaurant.ID)
		if i == 0 {
			first = made.Restaurant.ID
		}
	}
	return first
}

func fill(ctx context.Context, t *testing.T, a *control.App, r seating.RestaurantID) {
	t.Helper()
	keys := 0
	do := func(c decide.Command) decide.Result {
		t.Helper()
		keys++
		answer, err := a.Lines.Do(ctx, line.Request{
			Restaurant: r, Command: c, Actor: seating.Operator(), Key: "key-" + string(rune('a'+keys)), Fingerprint: "f", Status: 200,
		})
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		return answer.Result
	}
	plan := decide.Plan{
		Zones: []decide.PlanZone{{Ref: "z", Zone: seating.Zone{Name: "Salle", Active: true}}},
	}
	for _, n := range []string{"1", "2", "3"} {
		plan.Tables = append(plan.Tables, decide.PlanTable{Ref: n, Zone: "z", Table: seating.Table{
			Number: n, MinCovers: 1, MaxCovers: 4, Movable: true, Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true,
			Position: seating.Position{Shape: seating.ShapeRound, W: 80, H: 80},
		}})
	}
	floor := do(decide.PutFloor{Plan: plan, Fresh: control.Fresh(plan)}).Floor
	daily := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	do(decide.PutPeriods{Periods: []servicetime.Period{{
		Name: "Dinner", Weekdays: daily, Start: servicetime.NewClock(10, 0), End: servicetime.NewClock(23, 0), LastSeating: servicetime.NewClock(22, 0),
		Overrun: true, Bands: []servicetime.TurnBand{{Turn: 60}},
	}}})
	book := func() seating.BookingID {
		id := seating.BookingID(control.NewID())
		do(decide.CreateBooking{
			ID: id, Covers: 2, Date: servicetime.NewDate(2026, 11, 27), Time: servicetime.NewClock(19, 0), Source: seating.SourcePhone,
			Guest: seating.Guest{Name: "Alma Example", Phone: "+1-555-0100"},
		})
		return id
	}
	hold := func(b seating.BookingID, table int) seating.HoldID {
		id := seating.HoldID(control.NewID())
		do(decide.MakeHold{ID: id, Booking: b, Tables: []seating.TableID{floor.Tables[table].ID}})
		return id
	}
	do(decide.ConfirmHold{Hold: hold(book(), 0)})
	hold(book(), 1)
	do(decide.ReleaseHold{Hold: hold(book(), 2)})
}

// hand is a fault put into the rows of a database by hand, past everything that
// guards them.
type hand struct{ check, sql string }

const (
	inOne   = ` restaurant_id = (SELECT id FROM restaurants WHERE slug = 'one') `
	nobody  = `'01900000-0000-7000-8000-000000000000'`
	pending = ` id = (SELECT id FROM bookings WHERE` + inOne + `AND status = 'pending' AND id NOT IN (SELECT booking_id FROM holds) LIMIT 1) `
)

var hands = []hand{
	{"overlap", `UPDATE allocations SET table_id = (SELECT table_id FROM allocations WHERE` + inOne + `AND owner_kind = 'booking') WHERE` + inOne + `AND owner_kind = 'hold'`},
	{"window", `UPDATE allocations SET ends_at = starts_at WHERE` + inOne + `AND owner_kind = 'booking'`},
	{"hold-tables", `DELETE FROM allocations WHERE` + inOne + `AND owner_kind = 'hold'`},
	{"hold-tables", `UPDATE holds SET table_count = 2 WHERE` + inOne},
	{"ended-hold", `INSERT INTO allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, hold_id)
		SELECT restaurant_id, json_extract(tables, '$[0]'), starts_at, ends_at, 'hold', id, booking_id, id FROM ended_holds WHERE` + inOne + `AND how = 'released'`},
	{"hold-booking", `UPDATE bookings SET status = 'cancelled', ended_at = created_at WHERE` + inOne + `AND id IN (SELECT booking_id FROM holds)`},
	{"hold-times", `UPDATE holds SET held_since = created_at + 1 WHERE` + inOne},
	{"hold-due", `DELETE FROM due_work WHERE` + inOne},
	{"booking-window", `UPDATE allocations SET ends_at = ends_at + 1 WHERE` + inOne + `AND owner_kind = 'booking'`},
	{"booking-cover", `UPDATE allocations SET ends_at = ends_at - 1 WHERE` + inOne + `AND owner_kind = 'booking'`},
	{"allocation-owner", `UPDATE allocations SET owner_id = ` + nobody + `, claimant = ` + nobody + `, booking_id = ` + nobody + ` WHERE` + inOne + `AND owner_kind = 'booking'`},
	{"block-tables", `INSERT INTO blocks (restaurant_id, id, starts_at, ends_at, reason) SELECT id, ` + nobody + `, 1, 2, 'x' FROM restaurants WHERE slug = 'one'`},
	{"booking-status", `UPDATE bookings SET status = 'confirmed' WHERE` + inOne + `AND` + pending},
	{"booking-day", `UPDATE restaurant_state SET open_from = '2026-11-28' WHERE` + inOne},
	{"reference", `UPDATE bookings SET reference = '' WHERE` + inOne + `AND` + pending},
	{"ended-booking", `UPDATE bookings SET status = 'completed', ended_at = starts_at + 1 WHERE` + inOne + `AND status = 'confirmed'`},
	{"journal-gaps", `DELETE FROM journal WHERE` + inOne + `AND version = 2`},
	{"journal-chain", `UPDATE journal SET base_head = ` + nobody + ` WHERE` + inOne + `AND version = 3`},
	{"journal-change", `UPDATE journal SET command = 'cancel' WHERE` + inOne + `AND version = 3`},
	{"replay", `UPDATE bookings SET covers = covers + 1 WHERE` + inOne},
	{"replay", `DELETE FROM service_periods WHERE` + inOne},
	{"replay", `UPDATE ended_holds SET created_by = 'user:x' WHERE` + inOne},
	{"history", `DELETE FROM history WHERE` + inOne + `AND version = 3`},
	{"outbox", `UPDATE capacity_outbox SET aggregate_seq = 99 WHERE` + inOne},
	{"outbox", `UPDATE capacity_outbox SET dedupe_key = ` + nobody + ` || '/0' WHERE id = (SELECT max(id) FROM capacity_outbox WHERE` + inOne + `)`},
	{"outbox-lost", `DELETE FROM capacity_outbox WHERE id = (SELECT min(id) FROM capacity_outbox WHERE` + inOne + `)`},
	{"outbox-expected", `UPDATE journal SET events = -1 WHERE` + inOne + `AND version = 3`},
	{"receipt-unique", `UPDATE receipts SET version = 3 WHERE` + inOne},
	{"receipt-effect", `UPDATE receipts SET version = 99 WHERE` + inOne},
	{"receipt-guest", `UPDATE receipts SET body = '{"guest":{"name":"x"}}' WHERE` + inOne},
	{"stray", `UPDATE allocations SET table_id = (SELECT id FROM tables WHERE NOT` + inOne + `LIMIT 1) WHERE` + inOne + `AND owner_kind = 'booking'`},
	{"planned-start", `UPDATE bookings SET planned_starts_at = starts_at WHERE` + inOne + `AND` + pending},
	{"left-tables", `UPDATE bookings SET left_tables = '[' || json_quote((SELECT MIN(table_id) FROM allocations)) || ']' WHERE` + inOne + `AND` + pending},
	{"booking-due", `DELETE FROM due_work WHERE` + inOne + `AND kind = 'late'`},
	{"booking-due", `INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
		SELECT restaurant_id, 'booking:' || id, 'overstay', ends_at, 0 FROM bookings WHERE` + inOne + `AND status = 'confirmed'`},
	{"day-due", `DELETE FROM due_work WHERE` + inOne + `AND kind = 'close_day'`},
	{"day-due", `INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt) SELECT id, 'day:2026-01-01', 'close_day', 1, 0 FROM restaurants WHERE slug = 'one'`},
	{"reference-of-rows", `UPDATE tables SET zone_id = ` + nobody + ` WHERE` + inOne},
}

// check opens a database and checks its first restaurant, beside nobody.
func check(t *testing.T, path string, r seating.RestaurantID) []verify.Finding {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	d, err := s.Dump(t.Context(), r)
	if err != nil {
		t.Fatalf("Dump of a spoiled store = %v, want its rows", err)
	}
	return verify.Check(d)
}

// Every check finds its fault in the rows of a real database, and nothing in it
// before.
func TestEachCheckFindsItsFaultInAStore(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "sound.db")
	one := stored(t, source)
	if found := check(t, source, one); len(found) > 0 {
		t.Fatalf("Check(sound) = %v, want nothing", found)
	}
	whole, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, h := range hands {
		tried[h.check] = true
		t.Run(h.check, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "spoiled.db")
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			byHand(t, path, h.sql)
			found := check(t, path, one)
			if !slices.ContainsFunc(found, func(f verify.Finding) bool { return f.Check == h.check }) {
				t.Errorf("after %s:\nCheck = %v, want a finding of %s", h.sql, found, h.check)
			}
		})
	}
	for _, c := range verify.Checks() {
		if !tried[c.Name] {
			t.Errorf("no store was spoiled for the check %s", c.Name)
		}
	}
}

// byHand runs a statement past foreign keys, checks and triggers, and sees that
// it changed something.
func byHand(t *testing.T, path, statement string) {
	t.Helper()
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=foreign_keys(0)&_pragma=ignore_check_constraints(1)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var triggers []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, name := range triggers {
		if _, err := db.ExecContext(t.Context(), `DROP TRIGGER `+name); err != nil {
			t.Fatal(err)
		}
	}
	done, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := done.RowsAffected(); n == 0 {
		t.Fatalf("%s changed nothing", statement)
	}
}
