package demo_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// open opens a database in dir at an instant that the test can move.
func open(t *testing.T, dir string, now *time.Time) *control.App {
	t.Helper()
	started := time.Now()
	clock := func() time.Time { return now.Add(time.Since(started)) }
	a, err := control.Open(t.Context(), control.Config{Path: filepath.Join(dir, "demo.db"), Hold: seating.DefaultHoldRules(), Now: clock})
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

func load(t *testing.T, a *control.App, o demo.Options) demo.Report {
	t.Helper()
	if raceEnabled {
		o.Crowd = 8
	}
	report, err := demo.Load(t.Context(), a, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func houseOf(t *testing.T, a *control.App, slug string) *house.House {
	t.Helper()
	r, err := a.Restaurant(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.Houses.Proved(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func noon(y int, m time.Month, d int) *time.Time {
	return new(time.Date(y, m, d, 12, 0, 0, 0, time.UTC))
}

// A book that begins weeks ahead has been made by now all the same.
func TestDemoOfLater(t *testing.T) {
	t.Parallel()
	now := noon(2026, time.November, 1)
	a := open(t, t.TempDir(), now)
	first := servicetime.NewDate(2026, time.November, 27)
	load(t, a, demo.Options{Date: &first, Crowd: 30})
	at, err := a.Store.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for e := range houseOf(t, a, "maison-paradis").Bookings() {
		if e.CreatedAt > at || e.EndedAt > at {
			t.Errorf("booking %s was made at %s and ended at %s, want both by %s", e.Reference, e.CreatedAt, e.EndedAt, at)
		}
		if !e.EndedAt.IsZero() {
			ended++
		}
	}
	if ended == 0 {
		t.Error("no booking has ended, want some that called off")
	}
}

func TestDemo(t *testing.T) { //nolint:tparallel // the parts look at one database, and the last one moves its clock
	t.Parallel()
	now := noon(2026, time.November, 27)
	a := open(t, t.TempDir(), now)
	start := time.Now()
	report := load(t, a, demo.Options{})
	if took := time.Since(start); took > 10*time.Second && !raceEnabled {
		t.Errorf("Load took %s, want less than 10 s", took)
	}
	if report.Kept || len(report.Restaurants) != 2 {
		t.Fatalf("Load = %+v", report)
	}

	t.Run("rooms", func(t *testing.T) {
		h := houseOf(t, a, "maison-paradis")
		if n, z := len(h.Floor.Tables()), len(h.Floor.Zones()); n != 60 || z != 4 {
			t.Errorf("%d tables in %d zones, want 60 in 4", n, z)
		}
		if len(h.Floor.Combinations()) != 1 || len(h.Floor.Edges()) < 20 {
			t.Errorf("%d combinations and %d edges", len(h.Floor.Combinations()), len(h.Floor.Edges()))
		}
		if h.Restaurant.Zone != "Europe/Paris" || h.Policy.Pacing != (seating.Pacing{}) {
			t.Errorf("zone %s, pacing %+v", h.Restaurant.Zone, h.Policy.Pacing)
		}
		other := houseOf(t, a, "juniper-rye")
		if n := len(other.Floor.Tables()); n != 18 || other.Restaurant.Zone == h.Restaurant.Zone {
			t.Errorf("the other has %d tables in %s", n, other.Restaurant.Zone)
		}
		mine, _ := control.Members(t.Context(), a, "maison-paradis")
		theirs, _ := control.Members(t.Context(), a, "juniper-rye")
		if len(mine) != 1 || len(theirs) != 1 || mine[0].User == theirs[0].User {
			t.Errorf("owners %v and %v", mine, theirs)
		}
	})

	t.Run("book", func(t *testing.T) {
		for _, slug := range []string{"maison-paradis", "juniper-rye"} {
			h := houseOf(t, a, slug)
			today := servicetime.DateIn(servicetime.InstantOf(*now), h.Calendar.Zone)
			count := map[seating.Status]int{}
			days := map[servicetime.Date]int{}
			for e := range h.Bookings() {
				count[e.Status]++
				days[e.ServiceDate]++
				if (e.Status == seating.Confirmed) != (len(e.Tables()) > 0) {
					t.Errorf("%s is %s with %d tables", e.Reference, e.Status, len(e.Tables()))
				}
				covers := 0
				for _, id := range e.Tables() {
					covers += h.Floor.Table(id).MaxCovers
				}
				if c := h.Floor.Declared(e.Tables()); c != nil {
					covers = c.MaxCovers
				}
				if len(e.Tables()) > 0 && (covers < e.Covers || covers-e.Covers > h.Policy.SlackBudget) {
					t.Errorf("%s of %d sits at %d seats", e.Reference, e.Covers, covers)
				}
				service, _, err := h.Calendar.Resolve(e.Date, e.Time, servicetime.AnyOffset)
				if err != nil || !service.Period.Overrun && e.Dining.End > service.Window.End {
					t.Errorf("%s at %s dines until %s (%v)", e.Reference, e.Time, e.Dining.End, err)
				}
			}
			if len(days) != demo.Days {
				t.Errorf("%s has bookings on %d days, want %d", slug, len(days), demo.Days)
			}
			for d := range demo.Days {
				if days[today.AddDays(d)] < 1 || days[today.AddDays(d)] < 20 && !raceEnabled {
					t.Errorf("%s has %d bookings on day %d", slug, days[today.AddDays(d)], d)
				}
			}
			if (count[seating.Confirmed] < 200 || count[seating.Pending] < 50) && !raceEnabled {
				t.Errorf("%s: %v", slug, count)
			}
		}
	})

	t.Run("verify", func(t *testing.T) {
		found, err := control.Verify(t.Context(), a, "")
		if err != nil || found.Findings() > 0 {
			t.Errorf("Verify = %+v, %v", found, err)
		}
		// Nothing was too large for the journal: the checkpoint is replayed to the end.
		for _, r := range report.Restaurants {
			d, err := a.Store.Dump(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range d.Journal {
				if e.Change == nil && e.Version > 0 {
					t.Errorf("%s: version %d is a reload", r.Slug, e.Version)
				}
			}
		}
	})

	t.Run("guests are fiction", func(t *testing.T) {
		doc, err := control.Export(t.Context(), a, "maison-paradis")
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range doc.Bookings {
			if b.Guest == nil || !strings.HasSuffix(b.Guest.Email, "@example.com") || !strings.HasPrefix(b.Guest.Phone, "+1-555-01") {
				t.Fatalf("%s: guest %+v", b.Reference, b.Guest)
			}
		}
	})

	t.Run("file", func(t *testing.T) { testFile(t, a) })
	t.Run("kept", func(t *testing.T) { testKept(t, a, now) })
}

func testFile(t *testing.T, a *control.App) {
	t.Helper()
	path := filepath.Join(t.TempDir(), demo.FileName)
	first, err := demo.WriteFile(t.Context(), a, path, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	good := func(f *demo.File) {
		t.Helper()
		seen := map[string]bool{}
		for _, r := range f.Restaurants {
			for role, secret := range map[seating.Role]string{
				seating.RoleOwner: r.Tokens.Owner, seating.RoleManager: r.Tokens.Manager, seating.RoleHost: r.Tokens.Host, seating.RoleServer: r.Tokens.Server,
			} {
				token, err := a.Store.TokenByHash(t.Context(), access.Hash(secret))
				if err != nil || token.Role != role || token.Restaurant != r.ID || seen[secret] {
					t.Errorf("token of %s is %+v, %v", role, token, err)
				}
				seen[secret] = true
			}
		}
	}
	good(first)
	again, err := demo.WriteFile(t.Context(), a, path, "http://127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	if again.Restaurants[0].Tokens != first.Restaurants[0].Tokens || again.BaseURL != "http://127.0.0.1:2" {
		t.Error("a second start changed the tokens, or kept the address")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	minted, err := demo.WriteFile(t.Context(), a, path, "http://127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	good(minted)
	if _, err := a.Store.TokenByHash(t.Context(), access.Hash(first.Restaurants[0].Tokens.Owner)); err == nil {
		t.Error("the token of the file that was lost is still good")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var shape map[string]any
	if err := json.Unmarshal(b, &shape); err != nil {
		t.Fatal(err)
	}
	keys := func(v any) string { return strings.Join(slices.Sorted(maps.Keys(v.(map[string]any))), " ") }
	r := shape["restaurants"].([]any)[0].(map[string]any)
	for what, pair := range map[string][2]string{
		"file":       {keys(shape), "baseUrl restaurants"},
		"restaurant": {keys(r), "bookings id slug tables tokens zone"},
		"tokens":     {keys(r["tokens"]), "host manager owner server"},
		"table":      {keys(r["tables"].([]any)[0]), "id maxCovers minCovers number zone"},
		"booking":    {keys(r["bookings"].([]any)[0]), "covers date id reference status time"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s has the fields %q, want %q", what, pair[0], pair[1])
		}
	}
}

func testKept(t *testing.T, a *control.App, now *time.Time) {
	t.Helper()
	before := houseOf(t, a, "maison-paradis").Epoch
	kept := func(days int, o demo.Options, want bool) {
		t.Helper()
		*now = noon(2026, time.November, 27).AddDate(0, 0, days)
		if report := load(t, a, o); report.Kept != want {
			t.Errorf("after %d days with %+v: Kept = %v, want %v", days, o, report.Kept, want)
		}
	}
	kept(0, demo.Options{}, true)
	kept(14, demo.Options{}, true)
	kept(3, demo.Options{Date: new(servicetime.NewDate(2026, time.November, 27))}, true)
	if houseOf(t, a, "maison-paradis").Epoch != before {
		t.Error("a kept demo has another epoch")
	}
	kept(3, demo.Options{Date: new(servicetime.NewDate(2026, time.November, 28)), Crowd: 12}, false) // covered, but not its first day
	kept(16, demo.Options{Crowd: 12}, false)
	if houseOf(t, a, "maison-paradis").Epoch == before {
		t.Error("a demo loaded afresh has the old epoch")
	}
	found, err := control.Verify(t.Context(), a, "")
	if err != nil || found.Findings() > 0 {
		t.Errorf("Verify = %+v, %v", found, err)
	}
}

func TestMain(m *testing.M) {
	seating.BugPanics = true
	os.Exit(m.Run())
}
