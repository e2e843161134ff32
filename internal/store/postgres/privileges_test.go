package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// appRights are what a transaction of one restaurant may do; row-level security
// holds it to the rows of that restaurant. What is told of a change is not told
// otherwise afterwards: journal, history, receipts, checkpoints and events come
// and go, they do not change.
var appRights = map[string]string{
	"adjacencies":          "DELETE INSERT SELECT UPDATE",
	"allocations":          "DELETE INSERT SELECT UPDATE",
	"blocks":               "DELETE INSERT SELECT UPDATE",
	"bookings":             "DELETE INSERT SELECT UPDATE",
	"capacity_outbox":      "DELETE INSERT SELECT",
	"checkpoints":          "DELETE INSERT SELECT",
	"closures":             "DELETE INSERT SELECT UPDATE",
	"combination_tables":   "DELETE INSERT SELECT UPDATE",
	"combinations":         "DELETE INSERT SELECT UPDATE",
	"due_work":             "DELETE INSERT SELECT UPDATE",
	"ended_holds":          "DELETE INSERT SELECT UPDATE",
	"guest":                "DELETE INSERT SELECT UPDATE",
	"history":              "DELETE INSERT SELECT",
	"holds":                "DELETE INSERT SELECT UPDATE",
	"journal":              "DELETE INSERT SELECT",
	"members":              "DELETE INSERT SELECT UPDATE",
	"observability_events": "DELETE SELECT",
	"outbox_block":         "DELETE SELECT",
	"outbox_dead":          "DELETE SELECT",
	"policies":             "DELETE INSERT SELECT UPDATE",
	"receipts":             "DELETE INSERT SELECT",
	"restaurant_state":     "DELETE INSERT SELECT UPDATE",
	"restaurants":          "DELETE INSERT SELECT UPDATE",
	"service_periods":      "DELETE INSERT SELECT UPDATE",
	"staff_note":           "DELETE INSERT SELECT UPDATE",
	"tables":               "DELETE INSERT SELECT UPDATE",
	"tokens":               "DELETE INSERT SELECT UPDATE",
	"users":                "SELECT",
	"webhook_deliveries":   "DELETE SELECT",
	"webhook_endpoints":    "DELETE INSERT SELECT UPDATE",
	"zones":                "DELETE INSERT SELECT UPDATE",
}

// systemRights are what crosses restaurants. Each entry is an exception from the
// rule that the system sees nothing.
var systemRights = map[string]string{
	"capacity_outbox":      "DELETE INSERT SELECT UPDATE", // the worker delivers the events of all, notes its attempts, and tells of dead ones
	"due_work":             "SELECT",                      // jobs look for what is due; it names ids and times only
	"goose_db_version":     "SELECT",                      // as everyone
	"jobs":                 "INSERT SELECT UPDATE",        // who runs which job of the deployment
	"observability_events": "DELETE INSERT SELECT",        // where the worker moves events to, and how long they stay
	"operations":           "DELETE INSERT SELECT",        // what operators did, and how long that stays
	"operators":            "INSERT SELECT",               // who comes with an operator's secret; no name, hash or term is ever changed
	"outbox_block":         "DELETE INSERT SELECT UPDATE", // aggregates that wait behind an event that was refused
	"outbox_dead":          "DELETE INSERT SELECT UPDATE", // events that were given up
	"outbox_lane":          "DELETE INSERT SELECT UPDATE", // who serves which lane
	"outbox_sink":          "DELETE INSERT SELECT UPDATE", // the sinks of the deployment
	"outbox_worker":        "DELETE INSERT SELECT UPDATE", // the workers' leases
	"restaurant_state":     "SELECT",                      // versions and heads, to notice what moved
	"restaurants":          "SELECT",                      // the list for operators, and by slug
	"tokens":               "SELECT",                      // who comes with a secret is looked up in all
	"users":                "INSERT SELECT",               // a person is found by e-mail before it is a member
	"webhook_deliveries":   "DELETE INSERT SELECT",        // the worker logs its attempts, and how long that stays
	"webhook_endpoints":    "SELECT",                      // where the worker delivers to

	"operators.access_rev": "UPDATE", // a token is revoked
	"operators.revoked_at": "UPDATE",
}

// functionRights are the functions that roles call themselves. Every other is
// called by a trigger, which needs no right.
var functionRights = map[string][]string{
	"clock":   {"maitred_app", "maitred_system"},
	"tenant":  {"maitred_app", "maitred_system"}, // the policies of both call it
	"unbound": {"maitred_app"},                   // triggers ask it before they are called
	"micros":  {"maitred_app"},
	"expect":  {"maitred_app"},
	"advance": {"maitred_app"},
	"touch":   {"maitred_app"},
}

// aboveTheCaller are the functions that run with other rights than their
// caller's, and why. There are none.
var aboveTheCaller = map[string]string{}

// ofEveryone are the rights of PUBLIC, and why.
var ofEveryone = map[string]string{
	"maitred USAGE":           "a name can be resolved; what it names is granted one by one",
	"goose_db_version SELECT": "whoever serves has to see whether the schema is its own",
}

// TestGrants compares every grant there is in the schema with the lists above.
func TestGrants(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t).Connect(t)
	var want []string
	for table, rights := range appRights {
		want = append(want, spread("maitred_app", table, rights)...)
	}
	for table, rights := range systemRights {
		if table != "goose_db_version" {
			want = append(want, spread("maitred_system", table, rights)...)
		}
	}
	for name, roles := range functionRights {
		for _, role := range roles {
			want = append(want, fmt.Sprintf("%s %s EXECUTE", role, name))
		}
	}
	for right, reason := range ofEveryone {
		want = append(want, "PUBLIC "+right)
		if reason == "" {
			t.Errorf("the right of everyone to %s has no reason", right)
		}
	}
	slices.Sort(want)
	// Owners aside: what they own they may do everything with, and it is theirs by
	// TestOwners. A missing list is the default one.
	got := linesOf(t, admin, `
		SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, name, privilege_type || CASE WHEN is_grantable THEN ' and may grant it' ELSE '' END
		FROM (
			SELECT relname AS name, relowner AS owner, COALESCE(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
			FROM pg_class WHERE relnamespace = 'maitred'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
			UNION ALL
			SELECT relname || '.' || attname, relowner, attacl
			FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'maitred'::regnamespace AND attacl IS NOT NULL
			UNION ALL
			SELECT proname, proowner, COALESCE(proacl, acldefault('f', proowner)) FROM pg_proc WHERE pronamespace = 'maitred'::regnamespace
			UNION ALL
			SELECT nspname, nspowner, COALESCE(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = 'maitred'
			UNION ALL
			SELECT 'default of ' || defaclobjtype::text, defaclrole, defaclacl FROM pg_default_acl
		) AS o, aclexplode(acl) AS a
		WHERE grantee <> owner
		ORDER BY 1, 2, 3`)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-listed +there):\n%s", diff)
	}
}

func spread(role, object, rights string) []string {
	var lines []string
	for right := range strings.FieldsSeq(rights) {
		lines = append(lines, fmt.Sprintf("%s %s %s", role, object, right))
	}
	return lines
}

// TestOwners shows that nothing in the schema runs with more rights than its
// caller's, and that it all belongs to maitred_owner.
func TestOwners(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	admin := db.Connect(t)
	if above := above(t, admin); len(above) > 0 {
		t.Errorf("more rights than the caller's: %q", above)
	}
	if n := db.Count(t, "SELECT COUNT(*) FROM pg_proc WHERE pronamespace = 'maitred'::regnamespace"); n < 15 {
		t.Errorf("there are %d functions: the test looks in the wrong place", n)
	}
	if got := linesOf(t, admin, foreignOwners); len(got) > 0 {
		t.Errorf("not owned by maitred_owner: %q", got)
	}
	// Both find what they look for.
	db.Exec(t, `
		CREATE FUNCTION maitred.up() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
		ALTER FUNCTION maitred.up() OWNER TO maitred_owner;
		CREATE FUNCTION maitred.settings() RETURNS int LANGUAGE sql SET row_security = off AS 'SELECT 1';
		ALTER FUNCTION maitred.settings() OWNER TO maitred_owner;
		CREATE VIEW maitred.all_bookings AS SELECT id FROM maitred.bookings;
		ALTER VIEW maitred.all_bookings OWNER TO maitred_owner;
		CREATE RULE quiet AS ON DELETE TO maitred.bookings DO INSTEAD NOTHING;
		CREATE TABLE maitred.mine (n int)`)
	want := []string{"function settings sets something", "function up is security definer", "rule quiet of bookings", "view all_bookings looks with its owner's rights"}
	if diff := cmp.Diff(want, above(t, admin)); diff != "" {
		t.Errorf("what was found of what was added (-want +got):\n%s", diff)
	}
	if got := linesOf(t, admin, foreignOwners); !slices.Contains(got, "mine "+linesOf(t, admin, "SELECT current_user")[0]) {
		t.Errorf("not owned by maitred_owner = %q, want mine", got)
	}
}

// foreignOwners lists what belongs to somebody else, the superuser above all.
const foreignOwners = `
	SELECT name, pg_get_userbyid(owner)
	FROM (
		SELECT relname AS name, relowner AS owner FROM pg_class WHERE relnamespace = 'maitred'::regnamespace
		UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = 'maitred'::regnamespace
		UNION ALL SELECT typname, typowner FROM pg_type WHERE typnamespace = 'maitred'::regnamespace
		UNION ALL SELECT oprname, oprowner FROM pg_operator WHERE oprnamespace = 'maitred'::regnamespace
		UNION ALL SELECT nspname, nspowner FROM pg_namespace WHERE nspname = 'maitred') AS o
	WHERE owner <> 'maitred_owner'::regrole
	ORDER BY 1`

// above lists the functions, views and rules that have more rights than their
// caller, or could have, but for those that may.
func above(t *testing.T, admin *pgx.Conn) []string {
	t.Helper()
	found := linesOf(t, admin, `
		SELECT 'function', proname, 'is security definer' FROM pg_proc WHERE pronamespace = 'maitred'::regnamespace AND prosecdef
		UNION ALL
		SELECT 'function', proname, 'sets something' FROM pg_proc WHERE pronamespace = 'maitred'::regnamespace AND proconfig IS NOT NULL
		UNION ALL
		SELECT 'function', proname, 'is written in ' || lanname FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
		WHERE pronamespace = 'maitred'::regnamespace AND lanname NOT IN ('sql', 'plpgsql')
		UNION ALL
		SELECT 'view', relname, 'looks with its owner''s rights' FROM pg_class
		WHERE relnamespace = 'maitred'::regnamespace AND (relkind = 'm' OR relkind = 'v' AND NOT COALESCE('security_invoker=true' = ANY(reloptions), false))
		UNION ALL
		SELECT 'rule', rulename, 'of ' || relname FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
		WHERE relnamespace = 'maitred'::regnamespace AND relkind <> 'v'
		ORDER BY 1, 2, 3`)
	return slices.DeleteFunc(found, func(line string) bool { return aboveTheCaller[line] != "" })
}

// TestRoles shows that none of the roles is more than a bundle of rights.
func TestRoles(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t).Connect(t)
	want := []string{
		"maitred_app nothing else", "maitred_owner nothing else", "maitred_system nothing else",
	}
	got := linesOf(t, admin, `
		SELECT rolname, CASE WHEN rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolconfig IS NOT NULL
			THEN 'more' ELSE 'nothing else' END
		FROM pg_roles WHERE rolname LIKE 'maitred\_%' AND rolname IN ('maitred_owner', 'maitred_app', 'maitred_system') ORDER BY 1`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if of := linesOf(t, admin, `
		SELECT m.member::regrole::text, 'is a member of', m.roleid::regrole::text FROM pg_auth_members AS m
		WHERE m.member IN ('maitred_owner'::regrole, 'maitred_app'::regrole, 'maitred_system'::regrole)`); len(of) > 0 {
		t.Errorf("%q, want none to be a member of any", of)
	}
	for _, role := range []string{"maitred_app", "maitred_system", pgtest.Login, "maitred_owner"} {
		var create bool
		if err := admin.QueryRow(t.Context(), "SELECT has_schema_privilege($1, 'maitred', 'CREATE')", role).Scan(&create); err != nil {
			t.Fatal(err)
		}
		if create != (role == "maitred_owner") {
			t.Errorf("%s may create in the schema: %v", role, create)
		}
	}
}

// unprotected lists the tables whose rows are not held apart by restaurant, and
// why. A table must have row-level security, enabled and forced, and a policy for
// maitred_app that is bound to the tenant and nothing else, and for everyone
// none; or be one of those on which maitred_app has no right at all.
func unprotected(t *testing.T, admin *pgx.Conn) []string {
	t.Helper()
	rows, err := admin.Query(t.Context(), `
		SELECT r.relname::text, r.relrowsecurity, r.relforcerowsecurity,
			has_table_privilege('maitred_app', r.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'),
			COALESCE((SELECT array_agg(COALESCE(pg_get_expr(p.polqual, p.polrelid), 'true') ||
					CASE WHEN p.polwithcheck IS NULL THEN '' ELSE ' WITH CHECK ' || pg_get_expr(p.polwithcheck, p.polrelid) END)
				FROM pg_policy AS p
				WHERE p.polrelid = r.oid AND p.polpermissive
					AND (p.polroles && ARRAY[0::oid, 'maitred_app'::regrole] )), '{}')
		FROM pg_class AS r
		WHERE r.relnamespace = 'maitred'::regnamespace AND r.relkind IN ('r', 'p', 'f')
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	type guarded struct {
		Name            string
		Enabled, Forced bool
		App             bool
		Policies        []string
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[guarded])
	if err != nil {
		t.Fatal(err)
	}
	bound := map[string]string{
		"restaurants": "(id = ( SELECT maitred.tenant() AS tenant))", // the row is the restaurant
		// A person may work in several: whoever is a member here is seen here.
		"users": `(EXISTS ( SELECT FROM maitred.members m WHERE ((m.restaurant_id = ( SELECT maitred.tenant() AS tenant)) AND (m.user_id = users.id))))`,
	}
	var found []string
	for _, g := range all {
		if rightless[g.Name] != "" {
			if g.App && g.Name != "goose_db_version" {
				found = append(found, g.Name+": maitred_app has a right on it")
			}
			continue
		}
		want := bound[g.Name]
		if want == "" {
			want = "(restaurant_id = ( SELECT maitred.tenant() AS tenant))"
		}
		if !g.Enabled {
			found = append(found, g.Name+": row-level security is not enabled")
		}
		if !g.Forced {
			found = append(found, g.Name+": row-level security is not forced")
		}
		if len(g.Policies) == 0 {
			found = append(found, g.Name+": there is no policy for maitred_app")
		}
		for _, p := range g.Policies {
			if strings.Join(strings.Fields(p), " ") != want {
				found = append(found, g.Name+": a policy for maitred_app is not bound to the tenant: "+p)
			}
		}
	}
	return found
}

// TestEveryTableIsProtected fails when a migration adds a table of restaurants
// without protecting it, and shows that it would.
func TestEveryTableIsProtected(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	admin := dial(t, db.Admin) // names are told in full
	if found := unprotected(t, admin); len(found) > 0 {
		t.Errorf("unprotected: %q", found)
	}
	const tenant = "(restaurant_id = (SELECT maitred.tenant()))"
	for _, c := range []struct{ sql, want string }{
		{"FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING " + tenant, "fresh: row-level security is not enabled"},
		{"ENABLE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING " + tenant, "fresh: row-level security is not forced"},
		{"ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY all_rows ON maitred.fresh TO maitred_owner USING (true)", "fresh: there is no policy for maitred_app"},
		{"ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING (true)", "fresh: a policy for maitred_app is not bound to the tenant: true"},
		{"ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING " + tenant + "; CREATE POLICY open ON maitred.fresh FOR SELECT USING (true)", "fresh: a policy for maitred_app is not bound to the tenant: true"},
		{"ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING " + tenant + " WITH CHECK (true)", "fresh: a policy for maitred_app is not bound to the tenant: (restaurant_id = ( SELECT maitred.tenant() AS tenant)) WITH CHECK true"},
		{"ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON maitred.fresh TO maitred_app USING " + tenant, ""},
	} {
		db.Exec(t, "CREATE TABLE maitred.fresh (restaurant_id uuid NOT NULL, n int); ALTER TABLE maitred.fresh "+c.sql)
		if got := strings.Join(unprotected(t, admin), "; "); got != c.want {
			t.Errorf("%s\n\tunprotected = %q, want %q", c.sql, got, c.want)
		}
		db.Exec(t, "DROP TABLE maitred.fresh")
	}
	db.Exec(t, "GRANT SELECT ON maitred.outbox_lane TO maitred_app")
	if got := strings.Join(unprotected(t, admin), "; "); got != "outbox_lane: maitred_app has a right on it" {
		t.Errorf("a right on a table of the deployment: unprotected = %q", got)
	}
}

// TestRefusalsSayNothingOfOthers provokes each kind of refusal that names rows as
// restaurant A, and looks for rows of B in what is said.
func TestRefusalsSayNothingOfOthers(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	tx := m.begin(t, mode{open: true}, "maitred_app", m.mine)
	defer m.end(t, tx)
	a, b := m.n.a, m.n.b
	seats := "INSERT INTO maitred.allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, booking_id) " +
		"SELECT '" + m.mine + "', $1, starts_at, ends_at, 'booking', $2, $2, $2 FROM maitred.bookings WHERE reference = 'SEATED'"
	for _, c := range []struct {
		name, sql, code string
		args            []any
	}{
		{"an overlap", seats, "23P01", []any{a.Tables[1].String(), m.n.holdA.ID.String()}},
		// Whether it is taken or not, the other's table is none of A's.
		{"a table of the other's that is taken", seats, "23503", []any{b.Tables[1].String(), m.n.holdA.Booking.String()}},
		{"a table of the other's that is free", seats, "23503", []any{b.Tables[4].String(), m.n.holdA.Booking.String()}},
		{"a key", "INSERT INTO maitred.zones SELECT restaurant_id, id, 'x', 'x', sort_order, active FROM maitred.zones", "23505", nil},
		{"a name that another restaurant has", "UPDATE maitred.restaurants SET slug = $1", "23505", []any{b.New.State.Restaurant.Slug}},
		{"a check", "UPDATE maitred.tables SET min_covers = 0", "23514", nil},
		{"a missing value", "UPDATE maitred.tables SET number = NULL", "23502", nil},
		{"a policy", "UPDATE maitred.zones SET restaurant_id = $1", "42501", []any{m.theirs}},
		{"a right", "SELECT FROM maitred.outbox_worker", "42501", nil},
	} {
		sub, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = sub.Exec(t.Context(), c.sql, c.args...)
		pg := refusal(t, err)
		if pg.Code != c.code {
			t.Errorf("%s = %v, want %s", c.name, err, c.code)
		}
		said := pg.Message + " " + pg.Detail + " " + pg.Hint + " " + pg.Where
		if strings.Contains(pg.Detail, "Failing row") || strings.Contains(pg.Detail, "=(") {
			t.Errorf("%s: DETAIL shows a row: %s", c.name, pg.Detail)
		}
		for _, line := range m.before {
			for word := range strings.FieldsSeq(strings.NewReplacer(`"`, " ", ",", " ", "}", " ").Replace(line)) {
				if len(word) == 36 && strings.Count(word, "-") == 4 && strings.Contains(said, word) && !slices.Contains(argsOf(c.args), word) {
					t.Errorf("%s: an id of the other restaurant is told: %s", c.name, said)
				}
			}
		}
		if err := sub.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// A superuser, who sees all rows, is told: it is the role that keeps it back.
	own := m.n.admin
	_, err := own.Exec(t.Context(), "INSERT INTO maitred.users SELECT * FROM maitred.users LIMIT 1")
	if pg := refusal(t, err); !strings.Contains(pg.Detail, "=(") {
		t.Errorf("the superuser's refusal has no detail: %v", err)
	}
}

func argsOf(args []any) []string {
	var list []string
	for _, a := range args {
		list = append(list, fmt.Sprint(a))
	}
	return list
}
