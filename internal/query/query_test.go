package query_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

const (
	today = servicetime.Date(20784) // 2026-11-27
	me    = "token:me"
)

var (
	now    = servicetime.InstantOf(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	window = servicetime.Window{Start: now.Add(7 * time.Hour), End: now.Add(9 * time.Hour)}
)

func bookingID(n byte) seating.BookingID { return seating.BookingID{15: n} }
func tableID(n byte) seating.TableID     { return seating.TableID{15: n} }
func holdID(n byte) seating.HoldID       { return seating.HoldID{15: n} }

// floor of eight tables; what stands on each says its number's comment.
func full(t *testing.T) *house.House {
	t.Helper()
	s := house.State{
		Restaurant: seating.Restaurant{ID: seating.RestaurantID{1}, Zone: "UTC"}, Epoch: "e", Version: 9, OpenFrom: today,
		Policy: seating.DefaultPolicy(seating.DefaultHoldRules()),
		Zones:  []seating.Zone{{ID: seating.ZoneID{1}, Name: "in", Active: true}, {ID: seating.ZoneID{2}, Name: "out"}},
	}
	for n := byte(1); n <= 9; n++ {
		s.Tables = append(s.Tables, seating.Table{ID: tableID(n), Number: string('0' + n), Zone: seating.ZoneID{1}, MinCovers: 1, MaxCovers: 4, Movable: true, Active: true})
	}
	s.Tables[1].Active = false                                                                                                    // 2: inactive
	s.Tables[2].Zone = seating.ZoneID{2}                                                                                          // 3: in an inactive zone
	s.Tables[8].Retired = true                                                                                                    // 9: gone
	s.Blocks = []seating.Block{{ID: seating.BlockID{1}, Tables: []seating.TableID{tableID(4)}, Window: window, Reason: "broken"}} // 4
	for n := byte(1); n <= 4; n++ {
		s.Bookings = append(s.Bookings, seating.Booking{ID: bookingID(n), Reference: "REF" + string('0'+n), Covers: 2, ServiceDate: today, Window: window, Dining: window, Status: seating.Pending})
	}
	seat := func(table byte, kind seating.OwnerKind, owner seating.AnyID, booking byte) {
		s.Allocations = append(s.Allocations, seating.Allocation{Table: tableID(table), Window: window, Kind: kind, Owner: owner, Claimant: seating.AnyID(bookingID(booking))})
	}
	hold := func(n, booking, table byte, by string, until servicetime.Instant) {
		s.Holds = append(s.Holds, seating.Hold{ID: holdID(n), Booking: bookingID(booking), Window: window, ExpiresAt: until, CreatedBy: by})
		seat(table, seating.OwnedByHold, seating.AnyID(holdID(n)), booking)
	}
	seat(1, seating.OwnedByBooking, seating.AnyID(bookingID(1)), 1) // 1: ours
	seat(5, seating.OwnedByBooking, seating.AnyID(bookingID(2)), 2) // 5: another's
	hold(1, 1, 6, me, now.Add(time.Minute))                         // 6: held for us
	hold(3, 3, 7, "token:other", now.Add(2*time.Minute))            // 7: held for another
	hold(4, 4, 8, "token:other", now)                               // 8: lapsed at this instant
	h, err := house.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContextTellsEachTablesState(t *testing.T) {
	t.Parallel()
	h := full(t)
	c := query.ContextOf(h, h.Booking(bookingID(1)), me, now)
	got := map[string]query.TableState{}
	conflicts := map[string]seating.Blocker{}
	for _, x := range c.Tables {
		got[x.Number] = x.State
		if len(x.Conflicts) > 0 {
			conflicts[x.Number] = x.Conflicts[0]
		}
	}
	want := map[string]query.TableState{
		"1": query.TableOwn, "2": query.TableUnavailable, "3": query.TableUnavailable, "4": query.TableBlocked,
		"5": query.TableAssigned, "6": query.TableOwnHold, "7": query.TableHeld, "8": query.TableFree,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
	if b := conflicts["5"]; b.Reference != "REF2" || b.Window != window {
		t.Errorf("conflict of 5 = %+v, want REF2's", b)
	}
	if b := conflicts["7"]; b.HeldBy != "token:other" || b.Until != now.Add(2*time.Minute) || b.Hold != holdID(3) {
		t.Errorf("conflict of 7 = %+v, want who holds, until when", b)
	}
	if b := conflicts["4"]; b.Reason != "broken" {
		t.Errorf("conflict of 4 = %+v, want the block's reason", b)
	}
	if len(conflicts) != 3 {
		t.Errorf("conflicts = %v, want those of 4, 5 and 7 alone", conflicts)
	}
	if c.Hold == nil || c.Hold.ID != holdID(1) {
		t.Errorf("own hold = %+v, want 1", c.Hold)
	}
	if len(c.OtherHolds) != 1 || c.OtherHolds[0].ID != holdID(3) {
		t.Errorf("other holds = %+v, want 3, not the lapsed 4", c.OtherHolds)
	}
	if len(c.Suggestions) == 0 || len(c.Suggestions) > query.MaxSuggestions {
		t.Errorf("%d suggestions, want 1 to %d", len(c.Suggestions), query.MaxSuggestions)
	}
	for _, s := range c.Suggestions {
		for _, id := range s.Tables {
			if !slices.Contains([]seating.TableID{tableID(1), tableID(6), tableID(8)}, id) {
				t.Errorf("suggestion %v has a table that is not ours to take", s.Tables)
			}
		}
	}
}

func TestHoldsAreLiveAndByExpiry(t *testing.T) {
	t.Parallel()
	holds := query.Holds(full(t), now)
	if len(holds) != 2 || holds[0].ID != holdID(1) || holds[1].ID != holdID(3) {
		t.Errorf("Holds() = %+v, want 1 and 3", holds)
	}
}

// houses is a stale house and a proved one.
type houses struct {
	stale, proved *house.House
	proofs        int
	err           error
}

func (f *houses) Get(context.Context, seating.RestaurantID) (*house.House, error) {
	return f.stale, nil
}

func (f *houses) Proved(context.Context, seating.RestaurantID) (*house.House, error) {
	f.proofs++
	return f.proved, f.err
}

func (f *houses) AtLeast(context.Context, seating.RestaurantID, seating.Version) (*house.House, error) {
	return f.proved, nil
}

func (f *houses) Touched(context.Context, *house.House, seating.Version) ([]house.Touched, bool, error) {
	return nil, true, nil
}
func (f *houses) Now() servicetime.Instant { return now }

// lists answers from fields; what is not there is not found.
type lists struct {
	store.Lists
	row   *store.BookingRow
	ended *seating.EndedHold
	lines []store.HistoryLine
	err   error
}

func (l lists) Booking(context.Context, seating.RestaurantID, seating.BookingID) (store.BookingRow, error) {
	if l.err != nil {
		return store.BookingRow{}, l.err
	}
	if l.row == nil {
		return store.BookingRow{}, store.ErrNotFound
	}
	return *l.row, nil
}

func (l lists) EndedHold(context.Context, seating.RestaurantID, seating.HoldID) (seating.EndedHold, error) {
	if l.ended == nil {
		return seating.EndedHold{}, store.ErrNotFound
	}
	return *l.ended, nil
}

func (l lists) History(_ context.Context, _ seating.RestaurantID, _ string, before int64, limit int) ([]store.HistoryLine, error) {
	var found []store.HistoryLine
	for _, line := range l.lines {
		switch {
		case before > 0 && line.Version >= before:
		case len(found) < limit || line.Version == found[len(found)-1].Version:
			found = append(found, line)
		}
	}
	return found, nil
}

func empty(t *testing.T) *house.House {
	t.Helper()
	h, err := house.New(house.State{Restaurant: seating.Restaurant{Zone: "UTC"}, Epoch: "e", OpenFrom: today})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNotFoundIsSaidFromAProvedHouseOnly(t *testing.T) {
	t.Parallel()
	f := &houses{stale: empty(t), proved: full(t)}
	r := query.New(f, lists{})
	row, h, err := r.Booking(t.Context(), f.stale, bookingID(1))
	if err != nil || row.ID != bookingID(1) || h != f.proved || f.proofs != 1 {
		t.Errorf("Booking() of a stale house = %v, %v, want the proved house's", row.ID, err)
	}
	if _, _, err := r.Booking(t.Context(), f.proved, bookingID(1)); err != nil || f.proofs != 1 {
		t.Errorf("Booking() in memory proved %d times (%v), want no proof", f.proofs-1, err)
	}
	if _, _, err := r.Booking(t.Context(), f.stale, bookingID(77)); seating.CodeOf(err) != seating.CodeNotFound || f.proofs != 2 {
		t.Errorf("Booking() of nothing = %v after %d proofs, want NOT_FOUND after one more", err, f.proofs)
	}
	if hold, _, err := r.Hold(t.Context(), f.stale, holdID(3)); err != nil || hold.Status != query.HoldLive {
		t.Errorf("Hold() of a stale house = %v, %v, want live", hold.Status, err)
	}
	if hold, _, err := r.Hold(t.Context(), f.proved, holdID(4)); err != nil || hold.Status != query.HoldLapsed {
		t.Errorf("Hold() past its expiry = %v, %v, want lapsed", hold.Status, err)
	}
	if _, _, err := r.Hold(t.Context(), f.proved, holdID(77)); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("Hold() of nothing = %v, want NOT_FOUND", err)
	}
	f.err = seating.Refuse(seating.CodeUnavailable, "down")
	if _, _, err := r.Booking(t.Context(), f.stale, bookingID(77)); seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Booking() without a proof = %v, want UNAVAILABLE, never NOT_FOUND", err)
	}
}

func TestClosedDays(t *testing.T) {
	t.Parallel()
	f := &houses{stale: empty(t), proved: empty(t)}
	old := &store.BookingRow{Booking: seating.Booking{ID: bookingID(5), ServiceDate: today - 1}}
	r := query.New(f, lists{row: old, ended: &seating.EndedHold{Hold: seating.Hold{ID: holdID(5)}, How: seating.EndReleased, EndedBy: me}})
	if row, _, err := r.Booking(t.Context(), f.stale, bookingID(5)); err != nil || row.ID != bookingID(5) {
		t.Errorf("Booking() of a closed day = %v, %v", row.ID, err)
	}
	if _, _, err := r.Entry(t.Context(), f.stale, bookingID(5)); seating.CodeOf(err) != seating.CodeDayClosed {
		t.Errorf("Entry() of a closed day = %v, want DAY_CLOSED", err)
	}
	if hold, _, err := r.Hold(t.Context(), f.stale, holdID(5)); err != nil || hold.Status != "released" || hold.EndedBy != me {
		t.Errorf("Hold() that ended = %+v, %v", hold, err)
	}
	r = query.New(f, lists{err: store.ErrUnavailable})
	if _, _, err := r.Booking(t.Context(), f.stale, bookingID(5)); seating.CodeOf(err) != seating.CodeUnavailable || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Booking() with the store down = %v, want UNAVAILABLE with its cause", err)
	}
}

// A page of history never ends within the lines of one version: the next page
// begins below a version.
func TestHistoryPagesLoseNoLine(t *testing.T) {
	t.Parallel()
	var want []store.HistoryLine
	for v, n := range map[int64]int{9: 1, 8: 2, 7: 3, 5: 1, 4: 2, 2: 1} {
		for i := range n {
			want = append(want, store.HistoryLine{Version: v, Ordinal: i})
		}
	}
	slices.SortFunc(want, func(a, b store.HistoryLine) int {
		if a.Version != b.Version {
			return int(b.Version - a.Version)
		}
		return b.Ordinal - a.Ordinal
	})
	r := query.New(&houses{}, lists{lines: want})
	const longest = 3 // lines of one version
	for limit := 1; limit < 12; limit++ {
		var got []store.HistoryLine
		var before int64
		for {
			page, err := r.History(t.Context(), seating.RestaurantID{}, "booking:"+bookingID(1).String(), before, limit)
			if err != nil || len(page.Rows) > limit+longest-1 {
				t.Fatalf("History(limit %d) = %d lines, %v", limit, len(page.Rows), err)
			}
			got = append(got, page.Rows...)
			if page.Next == nil {
				break
			}
			before = *page.Next
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("history in pages of %d (-want +got):\n%s", limit, d)
		}
	}
}

func TestValidateTellsWhatMovedAndNeverRefuses(t *testing.T) {
	t.Parallel()
	h := full(t)
	r := query.New(&houses{}, lists{})
	e := h.Booking(bookingID(1))
	seen := seating.Version{Epoch: "e", N: 1}
	v, moved, err := r.Validate(t.Context(), h, e, me, query.Question{Tables: []seating.TableID{tableID(8)}, Seen: &seen})
	if err != nil || !hasAllChecks(v) || moved == nil || moved.Reason != "too_old" {
		t.Errorf("Validate() of an old context = %+v, moved %+v, %v, want a verdict and too_old", v, moved, err)
	}
	if _, moved, err = r.Validate(t.Context(), h, e, me, query.Question{Tables: []seating.TableID{tableID(8)}}); err != nil || moved != nil {
		t.Errorf("Validate() without a version = moved %+v, %v", moved, err)
	}
}

func hasAllChecks(v planner.Verdict) bool { return len(v.Checks) == len(seating.CheckIDs()) }
