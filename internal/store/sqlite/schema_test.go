package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// plant makes a restaurant with a booking, a live hold and an ended one.
func plant(t *testing.T) (*testStore, *storetest.Seed) {
	t.Helper()
	clock := storetest.NewClock()
	s := open(t, storetest.Options{Now: clock.Now})
	d := storetest.Plant(t, s, clock, "one")
	b := d.Booking("B1", 0, 60)
	gone, live := d.Hold(b), d.Hold(b)
	d.Commit(d.Book(b, d.Tables[0]))
	d.Commit(d.TakeHold(gone, d.Tables[1]))
	d.Commit(d.Release(gone, seating.EndReleased, d.Tables[1]))
	d.Commit(d.TakeHold(live, d.Tables[1], d.Tables[2]))
	return s, d
}

// TestHandEdit runs the recipe of the README as it stands there.
func TestHandEdit(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(readme), "```sql\n")
	recipe, _, found := strings.Cut(recipe, "```")
	if !found {
		t.Fatal("README.md has no recipe")
	}
	s, d := plant(t)
	recipe = strings.ReplaceAll(recipe, "RESTAURANT-ID", d.ID().String())
	if _, err := s.raw.ExecContext(t.Context(), recipe); err != nil {
		t.Fatalf("the recipe = %v", err)
	}
	h := d.Load()
	if h.Version != d.House.Version+1 || h.Floor.Table(d.Tables[0]).MaxCovers != 6 || h.Revisions.Floor != h.Version || h.Head == d.House.Head {
		t.Errorf("after the recipe: version %d, covers %d, revisions %v", h.Version, h.Floor.Table(d.Tables[0]).MaxCovers, h.Revisions)
	}
	entries, err := s.Journal(t.Context(), d.ID(), d.House.Version, 10)
	if err != nil || len(entries) != 1 || entries[0].Change != nil || entries[0].Head != h.Head || entries[0].BaseHead != d.House.Head {
		t.Errorf("Journal = %+v, %v, want one reload that chains", entries, err)
	}
	lines, err := s.History(t.Context(), d.ID(), "restaurant", 0, 1)
	if err != nil || len(lines) != 1 || lines[0].Command != "touch" || lines[0].Version != h.Version {
		t.Errorf("History = %+v, %v, want the touch", lines, err)
	}
	// The next change goes on from there.
	d.House = h
	d.Commit(d.Change("next", house.Rows{}, seating.AspectPolicy))
	d.Same()
	// Without its first or its third statement it is refused.
	for _, cut := range []string{"UPDATE restaurant_state", "INSERT INTO journal"} {
		before, rest, _ := strings.Cut(recipe, cut)
		_, after, _ := strings.Cut(rest, ";")
		if _, err := s.raw.ExecContext(t.Context(), before+after); err == nil {
			t.Errorf("the recipe without %s was not refused", cut)
		}
		if _, err := s.raw.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
	d.Same()
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	before, schema := d.Dump(), schemaOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The last five hold nothing of what a restaurant is, and nothing was delivered yet: down and up on a loaded database keeps every row.
	for _, direction := range []store.Direction{store.Down, store.Down, store.Down, store.Down, store.Down, store.Up} {
		if _, err := sqlite.Migrate(t.Context(), s.path, direction); err != nil {
			t.Fatalf("Migrate(%s) = %v", direction, err)
		}
	}
	reopened := reopen(t, s.path, d)
	after, err := reopened.Dump(t.Context(), d.ID())
	if err != nil {
		t.Fatal(err)
	}
	before.Due = storetest.Backfilled(before) // the rows of the test have none; 007 brings it
	if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("after down and up (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(schema, schemaOf(t, s)); diff != "" {
		t.Errorf("schema after down and up (-before +after):\n%s", diff)
	}
	if err := reopened.Close(); err != nil {
		t.Fatal(err)
	}
	// All the way down nothing is left; up again it is the same schema.
	steps, err := sqlite.Migrate(t.Context(), s.path, store.Status)
	if err != nil || len(steps) != 9 || steps[0].Name != "001_create_directory.sql" {
		t.Fatalf("Migrate(status) = %v, %v", steps, err)
	}
	for range steps {
		if _, err := sqlite.Migrate(t.Context(), s.path, store.Down); err != nil {
			t.Fatalf("Migrate(down) = %v", err)
		}
	}
	if left := schemaOf(t, s); len(left) != 0 {
		t.Errorf("after all downs there is still %v", left)
	}
	steps, err = sqlite.Migrate(t.Context(), s.path, store.Up)
	if err != nil || !steps[len(steps)-1].Applied {
		t.Fatalf("Migrate(up) = %v, %v", steps, err)
	}
	if diff := cmp.Diff(schema, schemaOf(t, s)); diff != "" {
		t.Errorf("schema after all downs and ups (-before +after):\n%s", diff)
	}
}

func reopen(t *testing.T, path string, d *storetest.Seed) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: d.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// schemaOf reads what the migrations made, by name.
func schemaOf(t *testing.T, s *testStore) map[string]string {
	t.Helper()
	rows, err := s.raw.QueryContext(t.Context(), "SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	schema := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		schema[name] = text
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	s, _ := plant(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.raw.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), sqlite.Config{Path: s.path})
	if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("Open = %v, want ErrNewer that names the version", err)
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd ?name#%20.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: storetest.NewClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.Plant(t, s, storetest.NewClock(), "one")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, want 0600", filepath.Base(path+suffix), info.Mode())
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(t.TempDir(), "missing", "x.db"), t.TempDir(), garbage} {
		if s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); err == nil {
			t.Errorf("Open(%q) = nil", path)
			_ = s.Close()
		}
	}
}

// TestStraysAreTold spoils a database with the constraints off.
func TestStraysAreTold(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	o := storetest.Plant(t, s, d.Clock, "two")
	spoil := raw(t, s.path, "foreign_keys(0)")
	var drop strings.Builder
	for name := range schemaOf(t, s) {
		if trigger, ok := strings.CutPrefix(name, "trigger "); ok {
			fmt.Fprintf(&drop, "DROP TRIGGER %s;\n", trigger)
		}
	}
	exec := func(ctx context.Context, script string) {
		t.Helper()
		if _, err := spoil.ExecContext(ctx, script); err != nil {
			t.Fatal(err)
		}
	}
	exec(t.Context(), drop.String())
	if strays := d.Dump().Strays; len(strays) != 0 {
		t.Fatalf("Strays of a sound restaurant = %v", strays)
	}
	here := " WHERE restaurant_id = '" + d.ID().String() + "'"
	exec(t.Context(), "UPDATE allocations SET table_id = '"+o.Tables[0].String()+"'"+here+" AND owner_kind = 'booking'")
	exec(t.Context(), "UPDATE tables SET zone_id = '"+o.Zone.String()+"'"+here+" AND number = 'T6'")
	exec(t.Context(), "DELETE FROM allocations"+here+" AND owner_kind = 'hold'")
	strays := strings.Join(d.Dump().Strays, "\n")
	for _, want := range []string{
		"refers by table_id to " + o.Tables[0].String(), "tables " + d.Tables[5].String() + " refers by zone_id to " + o.Zone.String(), "has its anchor in no allocation",
	} {
		if !strings.Contains(strays, want) {
			t.Errorf("Strays = %s\nwant %q", strays, want)
		}
	}
	if found, err := s.Integrity(t.Context()); err != nil || len(found) == 0 {
		t.Errorf("Integrity = %v, %v, want the broken references", found, err)
	}
}
