package sqlite_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// planOf is how SQLite goes about a query.
func planOf(t *testing.T, s *testStore, query string) string {
	t.Helper()
	nothing := make([]any, 14) // for the parameters; a plan does not look at them
	rows, err := s.raw.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, nothing...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// TestOverlapLooksAtOneRow: each look-up of the overlap triggers goes down the
// key to the last row of a kind and sorts nothing, so a long history costs
// nothing.
func TestOverlapLooksAtOneRow(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{Now: storetest.NewClock().Now})
	lookups := regexp.MustCompile(`(?s)SELECT a\.ends_at.*?LIMIT 1`)
	row := regexp.MustCompile(`\b(new|old)\.\w+`)
	for _, event := range []string{"insert", "update"} {
		found := lookups.FindAllString(schemaOf(t, s)["trigger allocations_overlap_"+event], -1)
		if len(found) != 3 {
			t.Errorf("the trigger of %s has %d look-ups, want one for each owner kind", event, len(found))
		}
		for _, query := range found {
			plan := planOf(t, s, row.ReplaceAllString(query, "'x'"))
			if want := "SEARCH a USING PRIMARY KEY (restaurant_id=? AND table_id=? AND owner_kind=? AND starts_at<?)"; plan != want {
				t.Errorf("plan of %s\n= %s\nwant %s", query, plan, want)
			}
		}
	}
}

// TestRowsAreFoundByIndex: none of these may walk through all allocations or
// bookings of a restaurant.
func TestRowsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{Now: storetest.NewClock().Now})
	const here = " FROM allocations WHERE restaurant_id = 'r' AND "
	for query, want := range map[string]string{
		// What the references to holds and blocks look for when one goes.
		"SELECT 1" + here + "hold_id = 'h' AND claimant = 'b'":                 "allocations_hold (restaurant_id=? AND hold_id=?)",
		"SELECT 1" + here + "block_id = 'b' AND starts_at = 1 AND ends_at = 2": "allocations_block (restaurant_id=? AND block_id=?)",
		sqlite.Queries()["ReownAllocations"]:                                   "allocations_hold (restaurant_id=? AND hold_id=?)",
		sqlite.Queries()["AnchorHold"]:                                         "allocations_hold (restaurant_id=? AND hold_id=?)",
		sqlite.Queries()["LoadAllocations"]:                                    "SEARCH b USING COVERING INDEX bookings_day (restaurant_id=? AND service_date>?)\nSEARCH a USING COVERING INDEX allocations_claimant (restaurant_id=? AND claimant=?)",
		sqlite.Queries()["LoadBookings"]:                                       "bookings_day (restaurant_id=? AND service_date>?)",
		sqlite.Queries()["OneBooking"]:                                         "SEARCH a USING COVERING INDEX allocations_claimant (restaurant_id=? AND claimant=? AND owner_kind=?",
		sqlite.Queries()["ListBookings"]:                                       "SEARCH b USING INDEX bookings_day (restaurant_id=? AND service_date>? AND service_date<?)",
		sqlite.Queries()["Due"]:                                                "due_work_run (kind=? AND run_at<?)",
		sqlite.Queries()["HistoryOfSubject"]:                                   "history_subject (restaurant_id=? AND subject=? AND version<?)",
		sqlite.Queries()["ReferenceTaken"]:                                     "(restaurant_id=? AND reference=?)",
	} {
		if plan := planOf(t, s, query); !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("plan of %s\n= %s\nwant %s, and nothing sorted", query, plan, want)
		}
	}
}

// TestADayAndANoteAreFoundByIndex: the tables of a day booking by booking, which
// then are sorted; and of the notes each by the key of its line.
func TestADayAndANoteAreFoundByIndex(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{Now: storetest.NewClock().Now})
	for name, want := range map[string][]string{
		"DayAllocations": {
			"SEARCH b USING COVERING INDEX bookings_day (restaurant_id=? AND service_date=?)",
			"SEARCH a USING COVERING INDEX allocations_claimant (restaurant_id=? AND claimant=? AND owner_kind=?)",
		},
		"EraseGuests": {"SEARCH guest USING PRIMARY KEY (restaurant_id=? AND booking_id=?)"},
		"EraseNotes":  {"SEARCH staff_note USING PRIMARY KEY (restaurant_id=?)", "SEARCH h USING PRIMARY KEY (restaurant_id=? AND version=? AND ordinal=?)"},
	} {
		plan := planOf(t, s, sqlite.Queries()[name])
		for _, step := range want {
			if !strings.Contains(plan, step) {
				t.Errorf("plan of %s\n= %s\nwant %s", name, plan, step)
			}
		}
	}
}
