package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	os.Exit(pgtest.Main(m))
}

// clock is a database's clock that a test can move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T, path string, now func() time.Time) *control.App {
	t.Helper()
	a, err := control.Open(t.Context(), control.Config{Path: path, Hold: seating.DefaultHoldRules(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func create(t *testing.T, a *control.App, slug string) control.MadeRestaurant {
	t.Helper()
	made, err := control.CreateRestaurant(t.Context(), a, control.NewRestaurant{Slug: slug, Name: "Chez " + slug, Zone: "Europe/Paris", OwnerEmail: slug + "@example.com", OwnerName: "Alma"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func wantFailure(t *testing.T, err error, code, text string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s", code)
		return
	}
	if f := control.ErrorOf(err); f.Code != code || !strings.Contains(f.Error(), text) {
		t.Errorf("error %q of code %s, want %s with %q", f.Error(), f.Code, code, text)
	}
}

func TestRestaurantTokensMembers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), nil)
	made := create(t, a, "chez")
	token, err := a.Store.TokenByHash(ctx, access.Hash(made.Secret))
	if err != nil || token.Restaurant != made.Restaurant.ID || token.Role != seating.RoleOwner {
		t.Fatalf("the owner's token is %+v, %v", token, err)
	}
	h, err := a.Houses.Get(ctx, made.Restaurant.ID)
	if err != nil || h.Policy.Hold != seating.DefaultHoldRules() || h.Version != 0 {
		t.Fatalf("the new house is %+v, %v", h, err)
	}
	for name, in := range map[string]control.NewRestaurant{
		"slug":        {Slug: "Chez", Name: "x", Zone: "UTC", OwnerEmail: "a@example.com"},
		"name":        {Slug: "x", Name: " ", Zone: "UTC", OwnerEmail: "a@example.com"},
		"zone":        {Slug: "x", Name: "x", Zone: "Local", OwnerEmail: "a@example.com"},
		"owner-email": {Slug: "x", Name: "x", Zone: "UTC", OwnerEmail: "A <a@example.com>"},
		"owner-name":  {Slug: "x", Name: "x", Zone: "UTC", OwnerEmail: "a@example.com", OwnerName: "a\nb"},
	} {
		_, err := control.CreateRestaurant(ctx, a, in)
		refusal, ok := errors.AsType[*seating.Error](err)
		if !ok || len(refusal.Details.Fields) != 1 || refusal.Details.Fields[0].Pointer != name {
			t.Errorf("%s: %v, want a refusal of that field alone", name, err)
		}
	}
	_, err = control.CreateRestaurant(ctx, a, control.NewRestaurant{Slug: "chez", Name: "x", Zone: "UTC", OwnerEmail: "a@example.com"})
	wantFailure(t, err, "EXISTS", `"chez"`)

	// By slug and by id; revoked tokens are good no more.
	for _, name := range []string{"chez", made.Restaurant.ID.String()} {
		minted, err := control.CreateToken(ctx, a, control.NewToken{Restaurant: name, Name: "site", Role: seating.RoleHost, HoldCap: 7, ExpiresIn: 60})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Store.TokenByHash(ctx, access.Hash(minted.Secret)); err != nil || got.HoldCap != 7 || got.ExpiresAt != minted.ExpiresAt || got.ExpiresAt == 0 {
			t.Errorf("token %+v, %v", got, err)
		}
		if _, err := control.RevokeToken(ctx, a, control.TokenRef{Restaurant: name, Token: minted.ID}); err != nil {
			t.Error(err)
		}
		if _, err := a.Store.TokenByHash(ctx, access.Hash(minted.Secret)); err == nil {
			t.Error("a revoked token is good")
		}
	}
	rows, err := control.Tokens(ctx, a, "chez")
	if b, _ := json.Marshal(rows); err != nil || len(rows) != 3 || bytes.Contains(b, []byte("mtr_")) {
		t.Errorf("Tokens = %+v, %v", rows, err)
	}
	_, err = control.CreateToken(ctx, a, control.NewToken{Restaurant: "chez", Name: "x", Role: "boss"})
	wantFailure(t, err, "INVALID", "boss")
	_, err = control.CreateToken(ctx, a, control.NewToken{Restaurant: "chez", Name: "x", Role: seating.RoleHost, HoldCap: 10001})
	wantFailure(t, err, "INVALID", "10000")
	_, err = control.CreateToken(ctx, a, control.NewToken{Restaurant: "nope", Name: "x", Role: seating.RoleHost})
	wantFailure(t, err, "NOT_FOUND", "nope")
	_, err = control.RevokeToken(ctx, a, control.TokenRef{Restaurant: "chez", Token: seating.TokenID(control.NewID())})
	wantFailure(t, err, "NOT_FOUND", "no token")

	member := func(email string, role seating.Role) control.MemberIn {
		return control.MemberIn{Restaurant: "chez", Email: email, Role: role}
	}
	if _, err := control.AddMember(ctx, a, member("basil@example.com", seating.RoleHost)); err != nil {
		t.Fatal(err)
	}
	if _, err := control.AddMember(ctx, a, member("BASIL@example.com", seating.RoleHost)); err != nil {
		t.Errorf("adding somebody twice: %v", err)
	}
	_, err = control.AddMember(ctx, a, member("basil@example.com", seating.RoleOwner))
	wantFailure(t, err, "EXISTS", "host")
	_, err = control.AddMember(ctx, a, member("no address", seating.RoleHost))
	wantFailure(t, err, "INVALID", "address")
	if row, err := control.ChangeRole(ctx, a, member("basil@example.com", seating.RoleManager)); err != nil || row.Role != seating.RoleManager {
		t.Errorf("ChangeRole = %+v, %v", row, err)
	}
	_, err = control.ChangeRole(ctx, a, member("nobody@example.com", seating.RoleManager))
	wantFailure(t, err, "NOT_FOUND", "nobody")
	_, err = control.RemoveMember(ctx, a, member("chez@example.com", ""))
	wantFailure(t, err, "INVALID", "last owner")
	_, err = control.ChangeRole(ctx, a, member("chez@example.com", seating.RoleServer))
	wantFailure(t, err, "INVALID", "last owner")
	if _, err := control.RemoveMember(ctx, a, member("basil@example.com", "")); err != nil {
		t.Error(err)
	}
	if members, err := control.Members(ctx, a, "chez"); err != nil || len(members) != 1 {
		t.Errorf("Members = %+v, %v", members, err)
	}
}

// furnish gives a restaurant a floor, rules and a book in all states, and returns
// the ID of a booking that waits.
func furnish(t *testing.T, a *control.App, r seating.RestaurantID) seating.BookingID {
	t.Helper()
	do := func(c decide.Command) decide.Result {
		t.Helper()
		result, err := a.Do(t.Context(), r, c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		return result
	}
	plan := decide.Plan{
		Zones:       []decide.PlanZone{{Ref: "a", Zone: seating.Zone{Name: "Salle", Order: 1, Active: true}}, {Ref: "b", Zone: seating.Zone{Name: "Bar", Order: 2}}},
		Adjacencies: [][2]string{{"t2", "t1"}, {"t3", "t2"}}, Combinations: []decide.PlanCombination{{Tables: []string{"t3", "t1"}, MinCovers: 5, MaxCovers: 9}},
	}
	for i := range 4 {
		plan.Tables = append(plan.Tables, decide.PlanTable{Ref: fmt.Sprintf("t%d", i), Zone: []string{"a", "b"}[i/3], Table: seating.Table{
			Number: fmt.Sprintf("T%d", i+9), MinCovers: 1, MaxCovers: 2 + i, Movable: i > 0, Category: seating.CategoryDining, Seating: seating.SeatingBooth,
			Position: seating.Position{X: i * 100, Y: 5, Rotation: 90, Shape: seating.ShapeRound, W: 80, H: 80}, Active: i != 3, Ready: i == 1,
		}})
	}
	floor := do(decide.PutFloor{Plan: plan, Fresh: control.Fresh(plan)}).Floor
	policy := seating.DefaultPolicy(seating.DefaultHoldRules())
	policy.SlackBudget, policy.BufferBefore = 6, 10
	do(decide.PutPolicy{Policy: policy})
	special := servicetime.NewDate(2026, 12, 24)
	bands := []servicetime.TurnBand{{UpTo: 2, Turn: 60}, {Turn: 90}}
	do(decide.PutPeriods{Periods: []servicetime.Period{
		{Name: "Late", Weekdays: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Start: servicetime.NewClock(18, 0), End: servicetime.NewClock(2, 0), LastSeating: servicetime.NewClock(0, 30), Bands: bands},
		{Name: "Eve", Date: &special, Start: servicetime.NewClock(12, 0), End: servicetime.NewClock(16, 0), LastSeating: servicetime.NewClock(14, 0), Overrun: true, Bands: bands},
	}})
	do(decide.PutClosures{Closures: []servicetime.Closure{{From: special + 1, To: special + 3, Reason: "holidays"}}})

	date := servicetime.NewDate(2026, 11, 25)
	window := func(days, hour int) (w servicetime.Window) {
		w.Start = servicetime.InstantOf(time.Date(2026, 11, 25+days, hour, 0, 0, 0, time.UTC))
		w.End = w.Start.Add(time.Hour)
		return w
	}
	booking := func(ref string, days, hour int, s seating.Status) seating.Booking {
		w := window(days, hour)
		b := seating.Booking{
			ID: seating.BookingID(control.NewID()), Reference: ref, Covers: 2, Date: date.AddDays(days), Time: servicetime.NewClock(hour+1, 0),
			ServiceDate: date.AddDays(days), Window: w, Dining: w, Status: s, Source: seating.SourceWeb, CreatedAt: w.Start.Add(-time.Hour), CreatedBy: "user:x",
		}
		if s.Ended() {
			b.EndedAt = w.Start.Add(30 * time.Minute)
		}
		return b
	}
	at := func(i int) []seating.TableID { return []seating.TableID{floor.Tables[i].ID} }
	seated, done, waiting := booking("SEAT", 2, 19, seating.Confirmed), booking("DONE", 0, 18, seating.Completed), booking("WAIT", 2, 19, seating.Pending)
	seated.ChosenBy, seated.SeatingWish, seated.ZoneWish = seating.ChosenByPlanner, seating.SeatingBooth, floor.Zones[0].ID
	done.CheckedInAt, done.ArrivedAt = done.Window.Start, done.Window.Start
	waiting.PendingUntil, waiting.LateAt = waiting.Window.Start.Add(-time.Minute), done.Window.Start
	queued, early := booking("LIST", 2, 18, seating.Waitlisted), booking("SOON", 1, 18, seating.CheckedIn)
	queued.Priority, queued.Quoted = 4, 25
	early.ArrivedAt, early.CheckedInAt, early.OverstayAt = early.Window.Start, early.Window.Start, early.Window.End
	early.PlannedStart = early.Window.Start.Add(20 * time.Minute)
	do(decide.ImportBookings{Bookings: []decide.Imported{
		{Booking: done, Tables: at(0), Guest: seating.Guest{Name: "Basil Example"}},
		{Booking: booking("GONE", 1, 18, seating.Cancelled)},
		{Booking: seated, Tables: at(0), Guest: seating.Guest{Name: "Alma Example", Phone: "+1-555-0101", Email: "alma@example.com", Notes: "nuts"}},
		{Booking: waiting},
		{Booking: queued},
		{Booking: early, Tables: at(1)},
	}})
	return waiting.ID
}

func export(t *testing.T, a *control.App, slug string) string {
	t.Helper()
	doc, err := control.Export(t.Context(), a, slug)
	if err != nil {
		t.Fatal(err)
	}
	doc.Restaurant.Slug, doc.Restaurant.Name = "", ""
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func document(t *testing.T, text string) control.Document {
	t.Helper()
	var doc control.Document
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// What was exported and imported exports as it was.
func TestExportImportExport(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), c.now)
	furnish(t, a, create(t, a, "from").Restaurant.ID)
	first := export(t, a, "from")
	if !strings.Contains(first, "Alma Example") {
		t.Errorf("the export lacks guests:\n%s", first)
	}
	for _, field := range []string{"plannedStart", "priority", "quotedMinutes", "pendingUntil", "lateAt", "overstayAt"} {
		if strings.Count(first, `"`+field+`"`) != 1 {
			t.Errorf("the export has not one %s, which the steps back, the waitlist or the jobs go by:\n%s", field, first)
		}
	}
	if id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7`).FindString(first); id != "" {
		t.Errorf("the export holds the id %s…:\n%s", id, first)
	}
	create(t, a, "into")
	done, err := control.ImportDocument(t.Context(), a, control.ImportIn{Restaurant: "into", Document: document(t, first)})
	if err != nil {
		t.Fatal(err)
	}
	if done.Bookings != 6 || done.Tables != 4 || done.Zones != 2 || done.Version.N == 0 {
		t.Errorf("Import = %+v", done)
	}
	if diff := cmp.Diff(first, export(t, a, "into")); diff != "" {
		t.Errorf("the import exports otherwise (-first +second):\n%s", diff)
	}
	found, err := control.Verify(t.Context(), a, "")
	if err != nil || found.Findings() > 0 || len(found.Restaurants) != 2 {
		t.Errorf("Verify = %+v, %v", found, err)
	}
	_, err = control.ImportDocument(t.Context(), a, control.ImportIn{Restaurant: "into", Document: document(t, first)})
	wantFailure(t, err, "INVALID", "not empty")
}

// A document that is refused leaves an empty restaurant behind, whatever part of
// it is wrong.
func TestRefusedImportLeavesNothing(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), c.now)
	furnish(t, a, create(t, a, "from").Restaurant.ID)
	made := create(t, a, "into")
	good := export(t, a, "from")
	for name, spoil := range map[string]func(d *control.Document){
		"format":            func(d *control.Document) { d.Format = 2 },
		"no format":         func(d *control.Document) { d.Format = 0 },
		"other zone":        func(d *control.Document) { d.Restaurant.Zone = "UTC" },
		"table in no zone":  func(d *control.Document) { d.Floor.Tables[0].Zone = "x" },
		"edge to no table":  func(d *control.Document) { d.Floor.Adjacencies[0][0] = "x" },
		"combination":       func(d *control.Document) { d.Floor.Combinations[0].Tables[0] = "x" },
		"policy":            func(d *control.Document) { d.Policy.SlackBudget = 13 },
		"period":            func(d *control.Document) { d.Periods[0].Bands = nil },
		"closure":           func(d *control.Document) { d.Closures[0].To = 0 },
		"booking's table":   func(d *control.Document) { d.Bookings[3].Tables = []string{"x"} },
		"booking's zone":    func(d *control.Document) { d.Bookings[2].ZoneWish = "x" },
		"doubled reference": func(d *control.Document) { d.Bookings[3].Reference = d.Bookings[0].Reference },
		"overlap": func(d *control.Document) {
			d.Bookings[2].Tables, d.Bookings[3].Tables = []string{"T9"}, []string{"T9"}
			d.Bookings[2].Status, d.Bookings[3].Status = seating.Confirmed, seating.Confirmed
		},
	} {
		doc := document(t, good)
		spoil(&doc)
		if _, err := control.ImportDocument(t.Context(), a, control.ImportIn{Restaurant: "into", Document: doc}); err == nil {
			t.Errorf("%s: the import was not refused", name)
		}
		if h, err := a.Houses.Proved(t.Context(), made.Restaurant.ID); err != nil || h.Version != 0 {
			t.Fatalf("%s: the restaurant is at version %d, want 0 (%v)", name, h.Version, err)
		}
	}
	if _, err := control.ImportDocument(t.Context(), a, control.ImportIn{Restaurant: "into", Document: document(t, good)}); err != nil {
		t.Errorf("the document itself: %v", err)
	}
}

func TestHoldsAreListedReleasedExpired(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClock()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), c.now)
	r := create(t, a, "chez").Restaurant.ID
	waiting := furnish(t, a, r)
	h, err := a.Houses.Get(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	holdFor := func(b seating.BookingID, table int) seating.HoldID {
		t.Helper()
		id := seating.HoldID(control.NewID())
		if _, err := a.Do(ctx, r, decide.MakeHold{ID: id, Booking: b, Tables: []seating.TableID{h.Floor.Tables()[table].ID}}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	hold := func() seating.HoldID { return holdFor(waiting, 1) }
	first := hold()
	rows, err := control.Holds(ctx, a, "chez")
	if err != nil || len(rows) != 1 || rows[0].ID != first || rows[0].Reference != "WAIT" || rows[0].Lapsed || len(rows[0].Tables) != 1 {
		t.Fatalf("Holds = %+v, %v", rows, err)
	}
	for range 2 { // releasing twice is fine
		if done, err := control.ReleaseHold(ctx, a, control.HoldRef{Restaurant: "chez", Hold: first}); err != nil || done.Tables != 1 {
			t.Errorf("ReleaseHold = %+v, %v", done, err)
		}
	}
	_, err = control.ReleaseHold(ctx, a, control.HoldRef{Restaurant: "chez", Hold: seating.HoldID(control.NewID())})
	wantFailure(t, err, "NOT_FOUND", "")
	hold()
	if done, err := control.ExpireHolds(ctx, a, struct{}{}); err != nil || done.Holds != 0 {
		t.Errorf("ExpireHolds of a live hold = %+v, %v", done, err)
	}
	c.move(time.Hour)
	if rows, err := control.Holds(ctx, a, "chez"); err != nil || len(rows) != 1 || !rows[0].Lapsed {
		t.Errorf("Holds after an hour = %+v, %v", rows, err)
	}
	if done, err := control.ExpireHolds(ctx, a, struct{}{}); err != nil || done.Holds != 1 || done.Restaurants != 1 {
		t.Errorf("ExpireHolds = %+v, %v", done, err)
	}
	if rows, err := control.Holds(ctx, a, "chez"); err != nil || len(rows) != 0 {
		t.Errorf("Holds after their expiry = %+v, %v", rows, err)
	}
	// More than one batch.
	other := seating.BookingID(control.NewID())
	if _, err := a.Do(ctx, r, decide.CreateBooking{
		ID: other, Covers: 2, Date: servicetime.NewDate(2026, 11, 27), Time: servicetime.NewClock(20, 0), Source: seating.SourcePhone, Guest: seating.Guest{Name: "Ivo Example"},
	}); err != nil {
		t.Fatal(err)
	}
	hold()
	holdFor(other, 2)
	c.move(time.Hour)
	if done, err := control.Expire(ctx, a, 1); err != nil || done.Holds != 2 || done.Restaurants != 1 {
		t.Errorf("Expire one at a time = %+v, %v, want both", done, err)
	}
	found, err := control.Verify(ctx, a, "chez")
	if err != nil || found.Findings() > 0 {
		t.Errorf("Verify = %+v, %v", found, err)
	}
}

// target is a database with a server in this process, as another process sees it.
func serving(t *testing.T, db string) (a *control.App, s *control.Server, l *control.Lock) {
	t.Helper()
	l, err := control.Acquire(t.Context(), db, 0)
	if err != nil {
		t.Fatal(err)
	}
	a = open(t, db, nil)
	if s, err = control.Serve(t.Context(), l, db, a, control.Standard(), nil); err != nil {
		t.Fatal(err)
	}
	return a, s, l
}

func target(t *testing.T, db string, opened *int) control.Target {
	t.Helper()
	return control.Target{DB: db, Operations: control.Standard(), Wait: 200 * time.Millisecond, Open: func(ctx context.Context) (*control.App, error) {
		*opened++
		return control.Open(ctx, control.Config{Path: db, Hold: seating.DefaultHoldRules()})
	}}
}
