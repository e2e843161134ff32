package query_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// book is a list of bookings in order, as a store pages through it.
type book struct {
	lists
	rows []store.BookingRow
}

func (b book) Bookings(_ context.Context, _ seating.RestaurantID, q store.BookingQuery) ([]store.BookingRow, error) {
	var page []store.BookingRow
	for _, r := range b.rows {
		after := q.After == nil || r.ServiceDate > q.After.Date ||
			r.ServiceDate == q.After.Date && (r.Window.Start > q.After.Start || r.Window.Start == q.After.Start && r.ID.Compare(q.After.ID) > 0)
		if after && len(page) < q.Limit {
			page = append(page, r)
		}
	}
	return page, b.err
}

// Pages lose no booking and repeat none, also where many start at once, and the
// last page says that it is the last.
func TestBookingPagesLoseNoBooking(t *testing.T) {
	t.Parallel()
	var want []store.BookingRow
	for n := range byte(9) { // three dates, each with three at one time
		want = append(want, store.BookingRow{Booking: seating.Booking{ID: bookingID(n + 1), ServiceDate: today + servicetime.Date(n/3), Window: window}})
	}
	r := query.New(&houses{}, book{rows: want})
	for limit := 1; limit <= 10; limit++ {
		var got []store.BookingRow
		q := store.BookingQuery{Limit: limit}
		pages := 0
		for {
			page, err := r.Bookings(t.Context(), seating.RestaurantID{}, q)
			if err != nil || len(page.Rows) > limit || len(page.Rows) == 0 || pages > 9 {
				t.Fatalf("Bookings(limit %d) = %d rows, %v on page %d", limit, len(page.Rows), err, pages)
			}
			got = append(got, page.Rows...)
			pages++
			if page.Next == nil {
				break
			}
			q.After = page.Next
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("bookings in pages of %d (-want +got):\n%s", limit, d)
		}
		if want := (9 + limit - 1) / limit; pages != want {
			t.Errorf("bookings in pages of %d = %d pages, want %d", limit, pages, want)
		}
	}
	r = query.New(&houses{}, book{lists: lists{err: store.ErrUnavailable}})
	if page, err := r.Bookings(t.Context(), seating.RestaurantID{}, store.BookingQuery{Limit: 1}); seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Bookings() with the store down = %+v, %v, want UNAVAILABLE, never an empty list", page, err)
	}
}

func TestAStoreThatRanOutOfTimeIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{store.ErrUnavailable, context.DeadlineExceeded, context.Canceled} {
		f := &houses{stale: empty(t), proved: empty(t)}
		_, _, err := query.New(f, lists{err: cause}).Booking(t.Context(), f.stale, bookingID(5))
		if seating.CodeOf(err) != seating.CodeUnavailable {
			t.Errorf("Booking() with %v = %v, want UNAVAILABLE", cause, err)
		}
	}
}

func TestHouseOfAVersionWaitsForIt(t *testing.T) {
	t.Parallel()
	f := &houses{stale: empty(t), proved: full(t)}
	r := query.New(f, lists{})
	if h, err := r.House(t.Context(), seating.RestaurantID{}, nil); err != nil || h != f.stale {
		t.Errorf("House(nil) = %v, %v, want the newest known", h, err)
	}
	if h, err := r.House(t.Context(), seating.RestaurantID{}, &seating.Version{Epoch: "e", N: 9}); err != nil || h != f.proved {
		t.Errorf("House(e.9) = %v, %v, want the one that has reached it", h, err)
	}
}

// The context is all that a screen knows of the floor.
func TestContextHasTheWholeFloor(t *testing.T) {
	t.Parallel()
	h, err := house.New(withEdges(full(t).State()))
	if err != nil {
		t.Fatal(err)
	}
	c := query.ContextOf(h, h.Booking(bookingID(1)), me, now)
	if d := cmp.Diff(h.Floor.Zones(), c.Zones); d != "" || len(c.Zones) != 2 {
		t.Errorf("zones (-want +got):\n%s", d)
	}
	if d := cmp.Diff(h.Floor.Edges(), c.Edges); d != "" || len(c.Edges) != 2 {
		t.Errorf("edges (-want +got):\n%s", d)
	}
	if d := cmp.Diff(h.Floor.Combinations(), c.Combinations); d != "" || len(c.Combinations) != 1 {
		t.Errorf("combinations (-want +got):\n%s", d)
	}
	if c.Policy != h.Policy || c.Revisions != h.Revisions || c.Revisions.Floor != 3 {
		t.Errorf("ContextOf() = policy %+v, revisions %+v, want the house's", c.Policy, c.Revisions)
	}
	if row := c.Booking; row.ID != bookingID(1) || !slices.Equal(row.Tables, []seating.TableID{tableID(1)}) {
		t.Errorf("ContextOf() = booking %v at %v, want 1 at table 1", row.ID, row.Tables)
	}
	if len(c.Tables) != 8 {
		t.Fatalf("ContextOf() = %d tables, want 8: a retired one is on no plan", len(c.Tables))
	}
	for _, x := range c.Tables {
		if want := h.Floor.Neighbours(x.ID); !slices.Equal(x.Neighbours, want) {
			t.Errorf("neighbours of %s = %v, want %v", x.Number, x.Neighbours, want)
		}
		for _, b := range x.Conflicts {
			if b.Table.ID != x.ID || b.Table.Number != x.Number || b.Window != window {
				t.Errorf("conflict of %s = %+v, want it to name the table", x.Number, b)
			}
			if want := map[string]seating.OwnerKind{"4": seating.OwnedByBlock, "5": seating.OwnedByBooking, "7": seating.OwnedByHold}[x.Number]; b.Kind != want {
				t.Errorf("conflict of %s = %s, want %s", x.Number, b.Kind, want)
			}
		}
	}
	if c.Hold == nil || !slices.Equal(c.Hold.Tables, []seating.TableID{tableID(6)}) || c.Hold.Status != query.HoldLive {
		t.Errorf("own hold = %+v, want live at table 6", c.Hold)
	}
}

func withEdges(s house.State) house.State {
	s.Revisions = seating.Revisions{Floor: 3, Policy: 2}
	s.Edges = []seating.Edge{seating.NewEdge(tableID(1), tableID(2)), seating.NewEdge(tableID(2), tableID(5))}
	s.Combinations = []seating.Combination{{ID: seating.CombinationID{1}, Tables: []seating.TableID{tableID(1), tableID(5)}, MinCovers: 3, MaxCovers: 8}}
	return s
}

// A hold of another booking later that evening, at an end that touches, is not
// in this booking's way.
func TestContextLeavesOutHoldsOfOtherTimes(t *testing.T) {
	t.Parallel()
	s := full(t).State()
	for i := range s.Holds {
		if s.Holds[i].ID == holdID(3) {
			s.Holds[i].Window = servicetime.Window{Start: window.End, End: window.End.Add(time.Hour)}
		}
	}
	h, err := house.New(s)
	if err != nil {
		t.Fatal(err)
	}
	if c := query.ContextOf(h, h.Booking(bookingID(1)), me, now); len(c.OtherHolds) != 0 {
		t.Errorf("other holds = %+v, want none", c.OtherHolds)
	}
}

func TestContextOfAnEndedBookingSuggestsNothing(t *testing.T) {
	t.Parallel()
	s := full(t).State()
	s.Bookings[1].Status, s.Bookings[1].EndedAt = seating.Cancelled, now
	h, err := house.New(s)
	if err != nil {
		t.Fatal(err)
	}
	if c := query.ContextOf(h, h.Booking(bookingID(2)), me, now); len(c.Suggestions) != 0 {
		t.Errorf("suggestions for a cancelled booking = %+v, want none", c.Suggestions)
	}
}

// moved is a house of which it is known what was touched.
type moved struct {
	*houses
	touched []house.Touched
}

func (m moved) Touched(context.Context, *house.House, seating.Version) ([]house.Touched, bool, error) {
	return m.touched, false, m.err
}

func TestValidateAsksWhatTheHoldWouldAsk(t *testing.T) {
	t.Parallel()
	h, err := house.New(withEdges(full(t).State()))
	if err != nil {
		t.Fatal(err)
	}
	e := h.Booking(bookingID(1))
	f := &houses{}
	r := query.New(moved{houses: f, touched: []house.Touched{
		{Version: seating.Version{Epoch: "e", N: 8}, Command: "hold", Touch: house.Touch{Tables: []seating.TableID{tableID(7)}, Window: window}},
		{Version: seating.Version{Epoch: "e", N: 9}, Command: "assign", Touch: house.Touch{Tables: []seating.TableID{tableID(8)}, Window: window}},
	}}, lists{})
	apart := query.Question{Tables: []seating.TableID{tableID(6), tableID(8)}, RequireAdjacency: true}
	outcome := func(q query.Question, c seating.CheckID) seating.Check {
		t.Helper()
		v, _, err := r.Validate(t.Context(), h, e, me, q)
		if err != nil {
			t.Fatalf("Validate() = %v", err)
		}
		return v.Checks[slices.IndexFunc(v.Checks, func(x seating.Check) bool { return x.ID == c })]
	}
	if got := outcome(apart, seating.CheckAdjacency); got.Outcome != seating.OutcomeError {
		t.Errorf("Validate(tables apart, adjacency required) = %+v, want an error", got)
	}
	apart.RequireAdjacency = false
	apart.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "regulars"}
	if got := outcome(apart, seating.CheckSlack); !got.Overridden || got.Outcome != seating.OutcomeWarning {
		t.Errorf("Validate(6 seats too many, slack overridden) = %+v, want an overridden warning", got)
	}
	seen := seating.Version{Epoch: "e", N: 7}
	_, m, err := r.Validate(t.Context(), h, e, me, query.Question{Tables: []seating.TableID{tableID(8)}, Seen: &seen})
	if err != nil || m == nil || m.Reason != "changed" || len(m.Changed) != 1 || m.Changed[0].What != "assign" {
		t.Errorf("Validate() of a context that moved = %+v, %v, want the assignment at table 8 alone", m, err)
	}
	f.err = seating.Refuse(seating.CodeUnavailable, "down")
	if _, _, err := r.Validate(t.Context(), h, e, me, query.Question{Seen: &seen}); seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Validate() with the store down = %v, want UNAVAILABLE", err)
	}
}
