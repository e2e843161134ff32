package postgres_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// TestMigrationsOfBothStoresCarryTheSameNames compares the folders.
func TestMigrationsOfBothStoresCarryTheSameNames(t *testing.T) {
	t.Parallel()
	here, there := migrationNames(t, "migrations"), migrationNames(t, "../sqlite/migrations")
	if len(here) < 6 {
		t.Fatalf("there are %d migrations: the test looks in the wrong place", len(here))
	}
	if diff := cmp.Diff(there, here); diff != "" {
		t.Errorf("migrations (-sqlite +postgres):\n%s", diff)
	}
	for _, name := range here {
		text, found := postgres.Script(name)
		up, down, both := strings.Cut(text, "-- +goose Down")
		if !found || !both || !strings.Contains(up, "-- +goose Up") || strings.TrimSpace(down) == "" {
			t.Errorf("%s is not a migration up and down", name)
		}
	}
}

func migrationNames(t *testing.T, folder string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// migrated migrates and must not fail.
func migrated(t *testing.T, address string, direction store.Direction) []store.Migration {
	t.Helper()
	steps, err := postgres.Migrate(t.Context(), address, direction)
	if err != nil {
		t.Fatalf("Migrate(%s) = %v", direction, err)
	}
	return steps
}

// appliedOf counts the migrations that are applied, which must be the first ones.
func appliedOf(t *testing.T, steps []store.Migration) int {
	t.Helper()
	n := 0
	for n < len(steps) && steps[n].Applied {
		n++
	}
	if slices.ContainsFunc(steps[n:], func(m store.Migration) bool { return m.Applied }) {
		t.Errorf("applied are %+v, want a run from the first", steps)
	}
	return n
}

// catalogue is everything the migrations make, spelled out: two databases with the
// same catalogue behave the same. The list of applied migrations is not part of it.
func catalogue(t *testing.T, db *pgtest.DB) []string {
	t.Helper()
	return linesOf(t, dial(t, db.Admin), `
		WITH here AS (SELECT oid AS ns FROM pg_namespace WHERE nspname = 'maitred'),
		relations AS (SELECT c.* FROM pg_class AS c JOIN here ON c.relnamespace = ns WHERE relname NOT LIKE 'goose\_db\_version%')
		SELECT 'schema', pg_get_userbyid(nspowner), `+sorted("nspacl")+` FROM pg_namespace JOIN here ON oid = ns
		UNION ALL
		SELECT 'relation ' || relname, relkind::text || ' ' || pg_get_userbyid(relowner) || ' ' || relpersistence::text,
			concat_ws(' ', relrowsecurity, relforcerowsecurity, relreplident, array_to_string(reloptions, ','), `+sorted("relacl")+`) FROM relations
		UNION ALL
		SELECT 'column ' || relname || '.' || row_number() OVER (PARTITION BY r.oid ORDER BY attnum), attname::text, concat_ws(' ', format_type(atttypid, atttypmod),
			CASE WHEN attnotnull THEN 'NOT NULL' END, attidentity, attgenerated, attcollation::regcollation, pg_get_expr(adbin, adrelid), `+sorted("attacl")+`)
		FROM relations AS r JOIN pg_attribute ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
		WHERE relkind <> 'i'
		UNION ALL
		SELECT 'constraint ' || relname || '.' || conname, pg_get_constraintdef(c.oid), concat_ws(' ', condeferrable, condeferred, convalidated)
		FROM pg_constraint AS c JOIN relations AS r ON r.oid = conrelid
		UNION ALL
		SELECT 'index ' || relname, pg_get_indexdef(indexrelid), concat_ws(' ', indisvalid, indisunique, indisprimary, indisexclusion, indimmediate)
		FROM pg_index JOIN relations AS r ON r.oid = indexrelid
		UNION ALL
		SELECT 'trigger ' || relname || '.' || tgname, pg_get_triggerdef(g.oid), tgenabled::text FROM pg_trigger AS g JOIN relations AS r ON r.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL
		SELECT 'policy ' || relname || '.' || polname, concat_ws(' ', polcmd, polpermissive, (SELECT string_agg(pg_get_userbyid(o), ',' ORDER BY o) FROM unnest(polroles) AS o)),
			concat_ws(' CHECK ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy JOIN relations AS r ON r.oid = polrelid
		UNION ALL
		SELECT 'rule ' || relname || '.' || rulename, pg_get_ruledef(w.oid), '' FROM pg_rewrite AS w JOIN relations AS r ON r.oid = ev_class
		UNION ALL
		SELECT 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid), pg_get_userbyid(proowner) || ' ' || `+sorted("proacl")+` FROM pg_proc AS p JOIN here ON pronamespace = ns WHERE prokind <> 'a'
		UNION ALL
		SELECT 'type ' || typname, typtype::text, pg_get_userbyid(typowner) FROM pg_type JOIN here ON typnamespace = ns WHERE typname !~ '^_?goose_db_version'
		UNION ALL
		SELECT 'statistics ' || stxname, '', '' FROM pg_statistic_ext JOIN here ON stxnamespace = ns
		UNION ALL
		SELECT 'operator ' || oprname, '', '' FROM pg_operator JOIN here ON oprnamespace = ns
		UNION ALL
		SELECT 'default grants of ' || defaclobjtype::text, '', `+sorted("defaclacl")+` FROM pg_default_acl
		UNION ALL
		SELECT 'event trigger ' || evtname, '', '' FROM pg_event_trigger
		UNION ALL
		SELECT 'publication ' || pubname, '', '' FROM pg_publication
		ORDER BY 1, 2, 3`)
}

// sorted spells out a list of grants in order; a missing list is another thing
// than an empty one.
func sorted(acl string) string {
	return fmt.Sprintf("COALESCE((SELECT '{' || string_agg(a::text, ',' ORDER BY a::text) || '}' FROM unnest(%s) AS a), CASE WHEN %[1]s IS NULL THEN 'default' ELSE '{}' END)", acl)
}

// goTo is goose on the files of this folder, as the owner: the way to stop on the
// way up.
func goTo(t *testing.T, db *pgtest.DB) *goose.Provider {
	t.Helper()
	cfg, err := pgx.ParseConfig(db.Admin)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["role"] = "maitred_owner"
	pool := stdlib.OpenDB(*cfg)
	t.Cleanup(func() { _ = pool.Close() })
	table, err := database.NewStore(database.DialectPostgres, "maitred.goose_db_version")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider("", pool, os.DirFS("migrations"), goose.WithStore(table), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// found makes what the migrations stand on, as an operator does from the script.
func found(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if _, err := dial(t, db.Admin).PgConn().Exec(t.Context(), postgres.FoundationScript()).ReadAll(); err != nil {
		t.Fatalf("the script of the foundation = %v", err)
	}
}

// TestEachMigrationIsUndoneExactly goes up a step at a time and down again: each
// step down must lead to exactly the catalogue that the step up came from.
func TestEachMigrationIsUndoneExactly(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	found(t, db)
	p := goTo(t, db)
	names := migrationNames(t, "migrations")
	levels := [][]string{catalogue(t, db)}
	for n, name := range names {
		if got := appliedOf(t, migrated(t, db.Admin, store.Status)); got != n {
			t.Errorf("before %s Migrate(status) has %d applied, want %d", name, got, n)
		}
		if _, err := p.UpByOne(t.Context()); err != nil {
			t.Fatalf("%s up = %v", name, err)
		}
		levels = append(levels, catalogue(t, db))
		if cmp.Equal(levels[n], levels[n+1]) {
			t.Errorf("the catalogue does not show %s", name)
		}
	}
	for n := range slices.Backward(names) {
		if got := appliedOf(t, migrated(t, db.Admin, store.Down)); got != n {
			t.Errorf("Migrate(down) of %s has %d applied, want %d", names[n], got, n)
		}
		if diff := cmp.Diff(levels[n], catalogue(t, db)); diff != "" {
			t.Errorf("%s down is not the inverse of its up (-before +after):\n%s", names[n], diff)
		}
	}
	// Nothing is left, and nothing more goes down.
	if got := catalogue(t, db); len(got) != 1 || !strings.HasPrefix(got[0], "schema ") {
		t.Errorf("all the way down there are still %q", got)
	}
	if got := appliedOf(t, migrated(t, db.Admin, store.Down)); got != 0 {
		t.Errorf("Migrate(down) at the bottom has %d applied", got)
	}
	steps := migrated(t, db.Admin, store.Up)
	if got := appliedOf(t, steps); got != len(names) || steps[0].Name != names[0] {
		t.Errorf("Migrate(up) = %+v, want all of %q", steps, names)
	}
	if diff := cmp.Diff(levels[len(names)], catalogue(t, db)); diff != "" {
		t.Errorf("up again is another catalogue (-before +after):\n%s", diff)
	}
	if got := appliedOf(t, migrated(t, db.Admin, store.Up)); got != len(names) {
		t.Errorf("Migrate(up) twice has %d applied", got)
	}
}

// remembered are the columns that 007_remember_steps.sql adds to bookings; what
// they hold goes with them.
var remembered = []string{"left_tables", "planned_starts_at", "priority", "quoted_minutes", "pending_until", "late_at", "overstay_at"}

// delivered are the columns that 009_deliver_events.sql adds to the tables of the
// outbox. The tables it brings, and its sink, go with it.
var delivered = []string{"endpoint_id", "flow", "handovers", "failed_for", "handed"}

// outlasting are the rows that are there below 009 as well.
func outlasting(t *testing.T, n *neighbours) []string {
	t.Helper()
	return slices.DeleteFunc(everything(t, n.admin, slices.Concat(remembered, delivered)...), func(line string) bool {
		return strings.Contains(line, `"sink": "webhook"`)
	})
}

// TestMigrationsKeepALoadedDatabaseEqual takes migrations back under a store that
// is open, as far as no rows are lost, and brings them again.
func TestMigrationsKeepALoadedDatabaseEqual(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	n := settle(t, db)
	all := len(migrationNames(t, "migrations"))
	for _, table := range []string{"operators", "webhook_endpoints", "webhook_deliveries", "observability_events", "outbox_block"} {
		db.Exec(t, "DELETE FROM "+table) // 008 and 009 bring them, so they go with every step down
	}
	for _, c := range []struct {
		down  int
		empty []string // tables that go, and must hold nothing
	}{
		{down: 1},
		{down: 2},
		{down: 3},
		{down: 4},
		{down: 5},
		{down: 6, empty: []string{"capacity_outbox", "outbox_block", "outbox_dead"}},
	} {
		for _, table := range c.empty {
			db.Exec(t, "DELETE FROM "+table)
		}
		rows, kept, before := everything(t, n.admin), outlasting(t, n), catalogue(t, db)
		for range c.down {
			migrated(t, db.Admin, store.Down)
		}
		if diff := cmp.Diff(kept, outlasting(t, n)); diff != "" && c.empty == nil {
			t.Errorf("rows after %d down (-before +after):\n%s", c.down, diff)
		}
		if cmp.Equal(before, catalogue(t, db)) {
			t.Errorf("the catalogue does not show %d down", c.down)
		}
		if got := appliedOf(t, migrated(t, db.Admin, store.Up)); got != all {
			t.Fatalf("Migrate(up) has %d applied, want %d", got, all)
		}
		if diff := cmp.Diff(rows, everything(t, n.admin)); diff != "" {
			t.Errorf("rows after %d down and up (-before +after):\n%s", c.down, diff)
		}
		if diff := cmp.Diff(before, catalogue(t, db)); diff != "" {
			t.Errorf("catalogue after %d down and up (-before +after):\n%s", c.down, diff)
		}
	}
	// From end to end: what was held before is confirmed after, and what is new is
	// held and confirmed, by the store that was open and by one that comes now.
	a := n.a
	waiting := a.House.Hold(n.holdA.ID).Booking
	a.Commit(a.Confirm(waiting, n.holdA, a.Tables[1], a.Tables[2]))
	a.Same()
	a.Store = reopen(t, db, postgres.Config{MaxConns: 1})
	b := a.Booking("AFTER", 120, 180)
	a.Commit(a.Book(b))
	h := a.Hold(b)
	a.Commit(a.TakeHold(h, a.Tables[1]))
	a.Commit(a.Confirm(b, h, a.Tables[1]))
	a.Same()
	if found, err := n.store.Integrity(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("Integrity = %q, %v", found, err)
	}
}

// TestConcurrentMigrations: whoever begins at the same time as others finds the
// schema there in the end, made once.
func TestConcurrentMigrations(t *testing.T) {
	t.Parallel()
	// A server of its own, where the roles are missing as well.
	cluster := pgtest.Start(t, pgtest.Options{})
	db := cluster.Empty(t)
	const callers = 4
	var wg sync.WaitGroup
	errs := make([]error, callers)
	steps := make([][]store.Migration, callers)
	for i := range callers {
		wg.Go(func() { steps[i], errs[i] = postgres.Migrate(t.Context(), db.Admin, store.Up) })
	}
	wg.Wait()
	all := len(migrationNames(t, "migrations"))
	for i := range callers {
		if errs[i] != nil {
			t.Errorf("Migrate(up), one of %d at once = %v", callers, errs[i])
		} else if got := appliedOf(t, steps[i]); got != all {
			t.Errorf("Migrate(up), one of %d at once, has %d applied, want %d", callers, got, all)
		}
	}
	if n := db.Count(t, "SELECT COUNT(*) FROM maitred.goose_db_version WHERE version_id > 0"); n != int64(all) {
		t.Errorf("%d migrations are noted, want %d", n, all)
	}
	// The schema is the one that a single caller makes.
	alone := cluster.Empty(t)
	migrated(t, alone.Admin, store.Up)
	if diff := cmp.Diff(catalogue(t, alone), catalogue(t, db)); diff != "" {
		t.Errorf("catalogue (-alone +at once):\n%s", diff)
	}
}

// as is the address of a database for another login.
func as(t *testing.T, address, login string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(login, "secret")
	return u.String()
}

// TestWhoMayMigrate goes through the logins there are on a hosted server, where
// nobody is a superuser.
func TestWhoMayMigrate(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Options{})
	all := len(migrationNames(t, "migrations"))
	db := cluster.Empty(t)
	db.Exec(t, fmt.Sprintf(`
		CREATE ROLE hosted LOGIN CREATEROLE PASSWORD 'secret';
		CREATE ROLE stranger LOGIN PASSWORD 'secret';
		ALTER DATABASE %s OWNER TO hosted`, db.Name))

	// The serving login has no right to, and says so before it changes anything.
	refused := func(who, address string) {
		t.Helper()
		before := catalogue(t, db)
		_, err := postgres.Migrate(t.Context(), address, store.Up)
		if err == nil || !strings.Contains(err.Error(), "42501") || !strings.Contains(err.Error(), "migrate") {
			t.Errorf("Migrate(up) as %s = %v, want a refusal for want of rights", who, err)
		}
		if diff := cmp.Diff(before, catalogue(t, db)); diff != "" {
			t.Errorf("a refused migration as %s left something behind (-before +after):\n%s", who, diff)
		}
	}
	refused("a login without rights", as(t, db.Admin, "stranger"))

	// The owner of the database, who may make roles, needs nobody's help.
	if got := appliedOf(t, migrated(t, as(t, db.Admin, "hosted"), store.Up)); got != all {
		t.Errorf("Migrate(up) as the owner of the database has %d applied, want %d", got, all)
	}
	elsewhere := cluster.Empty(t)
	migrated(t, elsewhere.Admin, store.Up)
	if diff := cmp.Diff(catalogue(t, elsewhere), catalogue(t, db)); diff != "" {
		t.Errorf("catalogue (-made by a superuser +by the owner of the database):\n%s", diff)
	}
	// It also makes the login that serves, as docs/operations.md says.
	hosted := dial(t, as(t, db.Admin, "hosted"))
	if _, err := hosted.Exec(t.Context(), "CREATE ROLE server LOGIN NOINHERIT PASSWORD 'secret'; GRANT maitred_app, maitred_system TO server", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Errorf("make the login that serves = %v", err)
	}
	clock := storetest.NewClock()
	db.FakeClock(t)(clock.Now())
	storetest.Plant(t, reopen(t, db, postgres.Config{URL: as(t, db.Admin, "server")}), clock, "one").Same()

	// The login that serves sees what is applied, and can change nothing of it.
	db.Join(t)
	if got := appliedOf(t, migrated(t, db.URL, store.Status)); got != all {
		t.Errorf("Migrate(status) as the serving login has %d applied, want %d", got, all)
	}
	reopen(t, db, postgres.Config{})
	refused("the serving login", db.URL)
	if _, err := postgres.Migrate(t.Context(), db.URL, store.Down); err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("Migrate(down) as the serving login = %v, want a refusal for want of rights", err)
	}

	// A plain member of the owner goes down and up, without being able to make
	// roles, schemas or extensions.
	db.Exec(t, "CREATE ROLE keeper LOGIN PASSWORD 'secret'; GRANT maitred_owner TO keeper")
	before := catalogue(t, db)
	if got := appliedOf(t, migrated(t, as(t, db.Admin, "keeper"), store.Down)); got != all-1 {
		t.Errorf("Migrate(down) as a member of the owner has %d applied, want %d", got, all-1)
	}
	if got := appliedOf(t, migrated(t, as(t, db.Admin, "keeper"), store.Up)); got != all {
		t.Errorf("Migrate(up) as a member of the owner has %d applied, want %d", got, all)
	}
	if diff := cmp.Diff(before, catalogue(t, db)); diff != "" {
		t.Errorf("catalogue after a member of the owner went down and up (-before +after):\n%s", diff)
	}
	if n := db.Count(t, "SELECT COUNT(*) FROM pg_auth_members WHERE member = 'keeper'::regrole"); n != 1 {
		t.Errorf("the member of the owner is now a member of %d roles", n)
	}
}

// TestOpenWantsItsOwnSchema shows what a binary says to a schema that is not
// its own.
func TestOpenWantsItsOwnSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(t *testing.T) *pgtest.DB
		want error
	}{
		{"empty", func(t *testing.T) *pgtest.DB { t.Helper(); return pgtest.Empty(t) }, postgres.ErrBehind},
		{"only the foundation", func(t *testing.T) *pgtest.DB {
			t.Helper()
			db := pgtest.Empty(t)
			found(t, db)
			return db
		}, postgres.ErrBehind},
		{"the last migration taken back", func(t *testing.T) *pgtest.DB {
			t.Helper()
			db := pgtest.Database(t)
			migrated(t, db.Admin, store.Down)
			return db
		}, postgres.ErrBehind},
		{"all taken back", func(t *testing.T) *pgtest.DB {
			t.Helper()
			db := pgtest.Database(t)
			for range migrationNames(t, "migrations") {
				migrated(t, db.Admin, store.Down)
			}
			return db
		}, postgres.ErrBehind},
		{"one more than is known", func(t *testing.T) *pgtest.DB {
			t.Helper()
			db := pgtest.Database(t)
			db.Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) SELECT MAX(version_id) + 1, true FROM goose_db_version")
			return db
		}, postgres.ErrNewer},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := c.make(t)
			s, err := postgres.Open(t.Context(), postgres.Config{URL: db.URL, MaxConns: 1})
			if err == nil {
				_ = s.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("Open = %v, want %v", err, c.want)
			}
			for _, d := range []store.Direction{store.Status, store.Up, store.Down} {
				_, err := postgres.Migrate(t.Context(), db.Admin, d)
				if newer := errors.Is(c.want, postgres.ErrNewer); newer != errors.Is(err, postgres.ErrNewer) || !newer && err != nil {
					t.Errorf("Migrate(%s) = %v", d, err)
				}
			}
		})
	}
	t.Run("its own", func(t *testing.T) {
		t.Parallel()
		reopen(t, pgtest.Database(t), postgres.Config{MaxConns: 1})
	})
}

// TestAFailedMigrationIsNotThereAtAll lets the fourth of six fail at its end.
func TestAFailedMigrationIsNotThereAtAll(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	found(t, db)
	p := goTo(t, db)
	if _, err := p.UpTo(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	third := catalogue(t, db)
	for range 3 {
		migrated(t, db.Admin, store.Down)
	}
	const inTheWay = "CREATE TABLE maitred.outbox_dead (n int)"
	db.Exec(t, inTheWay)
	steps, err := postgres.Migrate(t.Context(), db.Admin, store.Up)
	if err == nil || !strings.Contains(err.Error(), "version:4") || !strings.Contains(err.Error(), "42P07") {
		t.Errorf("Migrate(up) = %v, want that 004 fails", err)
	}
	if got := appliedOf(t, steps); got != 3 {
		t.Errorf("Migrate(up) that failed at the fourth says %d are applied, want 3", got)
	}
	if got := appliedOf(t, migrated(t, db.Admin, store.Status)); got != 3 {
		t.Errorf("Migrate(status) has %d applied, want 3", got)
	}
	db.Join(t)
	if _, err := postgres.Open(t.Context(), postgres.Config{URL: db.URL, MaxConns: 1}); !errors.Is(err, postgres.ErrBehind) {
		t.Errorf("Open with three applied = %v, want ErrBehind", err)
	}
	db.Exec(t, "DROP TABLE maitred.outbox_dead")
	if diff := cmp.Diff(third, catalogue(t, db)); diff != "" {
		t.Errorf("a failed migration left something behind (-third +after):\n%s", diff)
	}
	if got := appliedOf(t, migrated(t, db.Admin, store.Up)); got != len(steps) {
		t.Errorf("Migrate(up) with the way free has %d applied, want %d", got, len(steps))
	}
	if _, err := postgres.Migrate(t.Context(), db.Admin, "sideways"); err == nil {
		t.Error("Migrate(sideways) = nil")
	}
}
