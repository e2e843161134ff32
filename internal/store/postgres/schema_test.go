package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// plant makes a restaurant with a booking, a live hold and an ended one.
func plant(t *testing.T) (*testStore, *storetest.Seed) {
	t.Helper()
	s, seeds := stage(t, "one")
	d := seeds[0]
	b := d.Booking("B1", 0, 60)
	gone, live := d.Hold(b), d.Hold(b)
	d.Commit(d.Book(b, d.Tables[0]))
	d.Commit(d.TakeHold(gone, d.Tables[1]))
	d.Commit(d.Release(gone, seating.EndReleased, d.Tables[1]))
	d.Commit(d.TakeHold(live, d.Tables[1], d.Tables[2]))
	return s, d
}

// words are the rows of a query that answers with one text, sorted.
func words(t *testing.T, s *testStore, query string) []string {
	t.Helper()
	rows, err := s.raw.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestBothStoresHaveTheSameNames: migrations, tables and columns are called the
// same, so that one page describes both.
func TestBothStoresHaveTheSameNames(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../sqlite/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("the other store's migrations = %v, %v", files, err)
	}
	table := regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \(\n(.*?)^\)`)
	column := regexp.MustCompile(`(?m)^ {4}([a-z_]+) +(?:TEXT|INTEGER|BLOB|REAL|ANY)\b`)
	dropped := regexp.MustCompile(`(?m)^DROP TABLE (\w+);`)
	addition := regexp.MustCompile(`(?m)^ALTER TABLE (\w+) ADD COLUMN (\w+) `)
	var columns []string
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, gone := range dropped.FindAllStringSubmatch(up, -1) { // to be made anew
			columns = slices.DeleteFunc(columns, func(c string) bool { return strings.HasPrefix(c, gone[1]+".") })
		}
		for _, found := range table.FindAllStringSubmatch(up, -1) {
			for _, c := range column.FindAllStringSubmatch(found[2], -1) {
				columns = append(columns, found[1]+"."+c[1])
			}
		}
		for _, added := range addition.FindAllStringSubmatch(up, -1) {
			columns = append(columns, added[1]+"."+added[2])
		}
		if _, ok := postgres.Script(filepath.Base(path)); !ok {
			t.Errorf("there is no migration %s here", filepath.Base(path))
		}
	}
	own, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(own) != len(files) {
		t.Errorf("there are %d migrations here and %d there, %v", len(own), len(files), err)
	}
	slices.Sort(columns)
	got := words(t, open(t, storetest.Options{}), `
		SELECT c.table_name || '.' || c.column_name
		FROM information_schema.columns AS c
		WHERE c.table_schema = 'maitred' AND c.table_name <> 'goose_db_version'`)
	if diff := cmp.Diff(columns, got); diff != "" {
		t.Errorf("tables and columns (-there +here):\n%s", diff)
	}
}

// TestEveryKeyNamesTheRestaurant: no reference can point at another restaurant's
// row, and no key but those of the deployment as a whole spans restaurants.
func TestEveryKeyNamesTheRestaurant(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{})
	const keys = `
		SELECT format('%s %s (%s)', k.conrelid::regclass, k.contype, (
			SELECT string_agg(a.attname, ', ' ORDER BY c.n)
			FROM unnest(k.conkey) WITH ORDINALITY AS c (attnum, n)
			JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.attnum))
		FROM pg_constraint AS k
		WHERE k.connamespace = 'maitred'::regnamespace
			AND k.contype IN ('p', 'u')
			AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attname = 'restaurant_id')
			AND (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) <> 'restaurant_id'`
	want := []string{
		"capacity_outbox p (id)", "capacity_outbox u (sink, dedupe_key)", // the queue is one
		"observability_events p (dedupe_key)", "operations p (id)",
		"outbox_block p (sink, flow, aggregate)", // a flow is of one restaurant
		"outbox_dead p (id)", "outbox_dead u (sink, dedupe_key)",
		"tokens u (hash)",                                       // a secret names its restaurant
		"webhook_deliveries p (id)", "webhook_endpoints p (id)", // the worker finds them by the row it has
	}
	if diff := cmp.Diff(want, words(t, s, keys)); diff != "" {
		t.Errorf("keys that do not begin with the restaurant (-want +got):\n%s", diff)
	}
	const references = `
		SELECT format('%s: %s', k.conrelid::regclass, pg_get_constraintdef(k.oid))
		FROM pg_constraint AS k
		WHERE k.connamespace = 'maitred'::regnamespace
			AND k.contype = 'f'
			AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attname = 'restaurant_id')
			AND pg_get_constraintdef(k.oid) !~ '^FOREIGN KEY \(restaurant_id, .*REFERENCES \w+\(restaurant_id, '
			AND pg_get_constraintdef(k.oid) !~ '^FOREIGN KEY \(restaurant_id\) REFERENCES restaurants\(id\)'`
	want = []string{"members: FOREIGN KEY (user_id) REFERENCES users(id)"} // a person may work in several
	if diff := cmp.Diff(want, words(t, s, references)); diff != "" {
		t.Errorf("references that do not name the restaurant (-want +got):\n%s", diff)
	}
	if n, err := s.RawCount(t.Context(), "SELECT COUNT(*) FROM pg_constraint WHERE connamespace = 'maitred'::regnamespace AND contype = 'f'"); err != nil || n < 30 {
		t.Errorf("there are %d references, %v: the test looks at nothing", n, err)
	}
}

// TestHandEdit runs the recipe of the README as it stands there, with the role it
// names and as a superuser.
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
	for _, role := range []string{"maitred_owner", "NONE"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			s, d := plant(t)
			recipe := strings.ReplaceAll(recipe, "RESTAURANT-ID", d.ID().String())
			if err := s.RawSQL(t.Context(), "SET ROLE "+role); err != nil {
				t.Fatal(err)
			}
			if err := s.RawSQL(t.Context(), recipe); err != nil {
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
			if err != nil || len(lines) != 1 || lines[0].Command != "touch" || lines[0].Version != h.Version || lines[0].Reason != "corrected_covers" {
				t.Errorf("History = %+v, %v, want the touch with its reason", lines, err)
			}
			// The next change goes on from there.
			d.House = h
			d.Commit(d.Change("next", house.Rows{}, seating.AspectPolicy))
			d.Same()
			// Without the touch it is refused.
			before, rest, _ := strings.Cut(recipe, "SELECT maitred.touch")
			_, after, _ := strings.Cut(rest, ";")
			if err := s.RawSQL(t.Context(), before+after); err == nil {
				t.Error("the recipe without the touch was not refused")
			}
			if err := s.RawSQL(t.Context(), "ROLLBACK"); err != nil {
				t.Fatal(err)
			}
			d.Same()
		})
	}
}

// schemaOf reads what the migrations made, but for the clock, which tests replace.
func schemaOf(t *testing.T, s *testStore) []string {
	t.Helper()
	return words(t, s, `
		SELECT format('column %s.%s %s %s %s', c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default)
		FROM information_schema.columns AS c
		WHERE c.table_schema = 'maitred' AND c.table_name <> 'goose_db_version'
		UNION ALL
		SELECT format('constraint %s %s %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
		FROM pg_constraint AS k
		WHERE k.connamespace = 'maitred'::regnamespace AND k.conrelid <> 'maitred.goose_db_version'::regclass
		UNION ALL
		SELECT format('index %s', i.indexdef)
		FROM pg_indexes AS i
		WHERE i.schemaname = 'maitred' AND i.tablename <> 'goose_db_version'
		UNION ALL
		SELECT format('trigger %s', pg_get_triggerdef(g.oid))
		FROM pg_trigger AS g
		JOIN pg_class AS r ON r.oid = g.tgrelid
		WHERE r.relnamespace = 'maitred'::regnamespace AND NOT g.tgisinternal
		UNION ALL
		SELECT format('function %s %s', p.proacl, pg_get_functiondef(p.oid))
		FROM pg_proc AS p
		WHERE p.pronamespace = 'maitred'::regnamespace AND p.proname <> 'clock'
		UNION ALL
		SELECT format('policy %s %s %s %s %s %s', p.tablename, p.policyname, p.roles, p.cmd, p.qual, p.with_check)
		FROM pg_policies AS p
		WHERE p.schemaname = 'maitred'
		UNION ALL
		SELECT format('table %s %s %s %s %s', r.relname, r.relacl, r.relrowsecurity, r.relforcerowsecurity, r.reloptions)
		FROM pg_class AS r
		WHERE r.relnamespace = 'maitred'::regnamespace AND r.relkind = 'r' AND r.relname <> 'goose_db_version'`)
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	before, schema := d.Dump(), schemaOf(t, s)
	if len(schema) < 300 {
		t.Fatalf("the schema has %d parts: the test looks at nothing", len(schema))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The last three hold no rows of a restaurant: down and up on a loaded database keeps every one.
	for _, direction := range []store.Direction{store.Down, store.Down, store.Down, store.Up} {
		if _, err := postgres.Migrate(t.Context(), s.db.Admin, direction); err != nil {
			t.Fatalf("Migrate(%s) = %v", direction, err)
		}
	}
	again := reopen(t, s.db, postgres.Config{})
	after, err := again.Dump(t.Context(), d.ID())
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
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	// All the way down nothing is left; up again it is the same schema.
	steps, err := postgres.Migrate(t.Context(), s.db.Admin, store.Status)
	if err != nil || len(steps) < 6 || steps[0].Name != "001_create_directory.sql" || !steps[len(steps)-1].Applied {
		t.Fatalf("Migrate(status) = %v, %v", steps, err)
	}
	for range steps {
		if _, err := postgres.Migrate(t.Context(), s.db.Admin, store.Down); err != nil {
			t.Fatalf("Migrate(down) = %v", err)
		}
	}
	if left := schemaOf(t, s); len(left) != 0 {
		t.Errorf("after all downs there is still %v", left)
	}
	steps, err = postgres.Migrate(t.Context(), s.db.Admin, store.Up)
	if err != nil || !steps[len(steps)-1].Applied {
		t.Fatalf("Migrate(up) = %v, %v", steps, err)
	}
	if diff := cmp.Diff(schema, schemaOf(t, s)); diff != "" {
		t.Errorf("schema after all downs and ups (-before +after):\n%s", diff)
	}
}

func TestOpenRefusesAnotherSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	refused := func(want error, word string) {
		t.Helper()
		s, err := postgres.Open(t.Context(), postgres.Config{URL: db.URL})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), word) {
			t.Errorf("Open = %v, want %v that names %s", err, want, word)
		}
		if err == nil {
			_ = s.Close()
		}
	}
	db.Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	refused(postgres.ErrNewer, "99")
	db.Exec(t, "DELETE FROM goose_db_version WHERE version_id = 99")
	steps, err := postgres.Migrate(t.Context(), db.Admin, store.Down)
	if err != nil {
		t.Fatalf("Migrate(down) = %v", err)
	}
	refused(postgres.ErrBehind, steps[len(steps)-1].Name)
	db = pgtest.Empty(t)
	refused(postgres.ErrBehind, "none")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://maitred:secret@127.0.0.1:1/house?sslmode=disable", "postgres://maitred:secret@127.0.0.1:notaport/house", "host=127.0.0.1 port=1 password=secret user=",
	} {
		s, err := postgres.Open(t.Context(), postgres.Config{URL: address})
		if err == nil {
			_ = s.Close()
			t.Errorf("Open(%s) = nil", address)
			continue
		}
		for _, word := range []string{"secret", "127.0.0.1", "house"} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("Open = %v, want it without %s", err, word)
			}
		}
	}
}

// TestStraysAreTold spoils a database with the constraints off.
func TestStraysAreTold(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	o := storetest.Plant(t, s, d.Clock, "two")
	if strays := d.Dump().Strays; len(strays) != 0 {
		t.Fatalf("Strays of a sound restaurant = %v", strays)
	}
	here := " WHERE restaurant_id = '" + d.ID().String() + "'"
	nobody := storetest.NewID[seating.BookingID]().String()
	if err := s.RawSQL(t.Context(), "SET session_replication_role = replica;"+
		"UPDATE allocations SET table_id = '"+o.Tables[0].String()+"'"+here+" AND owner_kind = 'booking';"+
		"UPDATE tables SET zone_id = '"+o.Zone.String()+"'"+here+" AND number = 'T6';"+
		"UPDATE ended_holds SET booking_id = '"+nobody+"'"+here+";"+
		"DELETE FROM allocations"+here+" AND owner_kind = 'hold'"); err != nil {
		t.Fatal(err)
	}
	strays := strings.Join(d.Dump().Strays, "\n")
	for _, want := range []string{
		"refers by table_id to " + o.Tables[0].String(), "tables " + d.Tables[5].String() + " refers by zone_id to " + o.Zone.String(),
		"refers by booking_id to " + nobody, "has its anchor in no allocation",
	} {
		if !strings.Contains(strays, want) {
			t.Errorf("Strays = %s\nwant %q", strays, want)
		}
	}
	if strays := o.Dump().Strays; len(strays) != 0 {
		t.Errorf("Strays of the other restaurant = %v", strays)
	}
}

// TestIntegrityTellsWhatIsSwitchedOff: each guard of the schema, taken away and
// put back.
func TestIntegrityTellsWhatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	found := func() string {
		t.Helper()
		list, err := s.Integrity(t.Context())
		if err != nil {
			t.Fatalf("Integrity = %v", err)
		}
		return strings.Join(list, "\n")
	}
	for _, c := range []struct{ off, on, want string }{
		{"ALTER TABLE allocations DISABLE TRIGGER versioned", "ALTER TABLE allocations ENABLE TRIGGER versioned", "the trigger versioned of maitred.allocations is disabled"},
		{"ALTER TABLE holds DISABLE TRIGGER ALL", "ALTER TABLE holds ENABLE TRIGGER ALL", `of maitred.holds is disabled`},
		{"ALTER TABLE journal ENABLE REPLICA TRIGGER journal_stands", "ALTER TABLE journal ENABLE TRIGGER journal_stands", "the trigger journal_stands of maitred.journal is disabled"},
		{
			"ALTER TABLE bookings ADD CONSTRAINT few CHECK (covers < 4) NOT VALID", "ALTER TABLE bookings DROP CONSTRAINT few",
			"the constraint few of maitred.bookings is not validated",
		},
		{"ALTER TABLE guest DISABLE ROW LEVEL SECURITY", "ALTER TABLE guest ENABLE ROW LEVEL SECURITY", "maitred.guest are not held apart by restaurant: row-level security is disabled, forced"},
		{"ALTER TABLE tokens NO FORCE ROW LEVEL SECURITY", "ALTER TABLE tokens FORCE ROW LEVEL SECURITY", "maitred.tokens are not held apart by restaurant: row-level security is enabled, not forced"},
		{
			"CREATE TABLE maitred.extra (restaurant_id uuid); ALTER TABLE maitred.extra ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", "DROP TABLE maitred.extra",
			"maitred.extra are not held apart by restaurant: row-level security is enabled, forced, with 0 policies",
		},
		{"ALTER TABLE restaurants DISABLE ROW LEVEL SECURITY", "ALTER TABLE restaurants ENABLE ROW LEVEL SECURITY", "maitred.restaurants are not held apart"},
		{
			"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'maitred.bookings_day'::regclass", "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'maitred.bookings_day'::regclass",
			"the index maitred.bookings_day of maitred.bookings is not valid",
		},
	} {
		if err := s.RawSQL(t.Context(), c.off); err != nil {
			t.Fatal(err)
		}
		if got := found(); !strings.Contains(got, c.want) {
			t.Errorf("after %s Integrity = %q, want %q", c.off, got, c.want)
		}
		if err := s.RawSQL(t.Context(), c.on); err != nil {
			t.Fatal(err)
		}
		if got := found(); got != "" {
			t.Errorf("after %s Integrity = %q, want nothing", c.on, got)
		}
	}
	d.Same()
}
