package query_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// clocked is a house that does not change, at a time.
type clocked struct {
	houses
	at servicetime.Instant
}

func (c *clocked) Now() servicetime.Instant { return c.at }

// shelf serves the bookings of a house as a store would when the days are closed.
type shelf struct {
	store.Lists
	h   *house.House
	err error
}

func (b shelf) Bookings(_ context.Context, _ seating.RestaurantID, q store.BookingQuery) ([]store.BookingRow, error) {
	var rows []store.BookingRow
	for e := range b.h.Bookings() {
		row := query.RowOf(e)
		after := q.After == nil || row.Window.Start > q.After.Start || row.Window.Start == q.After.Start && row.ID.Compare(q.After.ID) > 0
		if q.From <= row.ServiceDate && row.ServiceDate <= q.To && after {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y store.BookingRow) int {
		return cmp.Or(cmp.Compare(x.Window.Start, y.Window.Start), x.ID.Compare(y.ID))
	})
	return rows[:min(len(rows), q.Limit)], b.err
}

func (b shelf) DayAllocations(_ context.Context, _ seating.RestaurantID, date servicetime.Date) ([]seating.Allocation, error) {
	var all []seating.Allocation
	for _, e := range b.h.Day(date).Entries() {
		all = append(all, e.Allocations...)
	}
	return all, b.err
}

// evening is Friday at 20:30 with a bit of everything.
func evening(t *testing.T, edit func(*house.State)) *house.House {
	t.Helper()
	return housetest.New(t, func(s *house.State) {
		last := func() *seating.Booking { return &s.Bookings[len(s.Bookings)-1] }
		// 1 sat down early at T1 and moved to T3 and T4 at 19:30
		housetest.Party(s, 1, 4, "19:00", 1)
		b := last()
		b.Status, b.CheckedInAt, b.ArrivedAt, b.PlannedStart, b.Window.Start = seating.CheckedIn, housetest.At("18:50"), housetest.At("18:45"), b.Window.Start, housetest.At("18:50")
		s.Allocations[len(s.Allocations)-1].Window = housetest.Window("18:50", "19:30")
		for _, n := range []int{3, 4} {
			s.Allocations = append(s.Allocations, seating.Allocation{
				Table: housetest.Table(n), Window: housetest.Window("19:30", "20:20"), Kind: seating.OwnedByBooking, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID),
			})
		}
		housetest.Party(s, 2, 2, "20:10", 5) // late
		housetest.Party(s, 3, 3, "20:45")    // without a table, holds T7
		s.Holds = append(s.Holds, seating.Hold{ID: housetest.Hold(1), Booking: housetest.Booking(3), Window: last().Window, ExpiresAt: housetest.At("20:33"), CreatedBy: "user:ann"})
		s.Allocations = append(s.Allocations, seating.Allocation{
			Table: housetest.Table(7), Window: last().Window, Kind: seating.OwnedByHold, Owner: seating.AnyID(housetest.Hold(1)), Claimant: seating.AnyID(housetest.Booking(3)),
		})
		housetest.Party(s, 4, 2, "21:00") // its hold has lapsed
		s.Holds = append(s.Holds, seating.Hold{ID: housetest.Hold(2), Booking: housetest.Booking(4), Window: last().Window, ExpiresAt: housetest.At("20:30"), CreatedBy: "user:ann"})
		s.Allocations = append(s.Allocations, seating.Allocation{
			Table: housetest.Table(8), Window: last().Window, Kind: seating.OwnedByHold, Owner: seating.AnyID(housetest.Hold(2)), Claimant: seating.AnyID(housetest.Booking(4)),
		})
		housetest.Party(s, 5, 6, "20:00")
		last().Status = seating.Cancelled
		for n, waits := range []struct {
			priority int
			made     string
		}{{0, "18:00"}, {3, "19:00"}, {3, "18:30"}} {
			housetest.Party(s, 6+n, 2, "20:30")
			b := last()
			b.Status, b.Priority, b.CreatedAt = seating.Waitlisted, waits.priority, housetest.At(waits.made)
		}
		// 9 is of the day before and sits at T6 until lunch
		housetest.Party(s, 9, 8, "11:00", 6)
		last().ServiceDate, last().Status = housetest.Friday.AddDays(-1), seating.Completed
		s.Blocks = []seating.Block{{ID: housetest.ID[seating.BlockID](1), Tables: housetest.Tables(2, 8), Window: housetest.Window("17:00", "23:59"), Reason: "wobbly"}}
		if edit != nil {
			edit(s)
		}
	})
}

// bars spells the bars of a timeline out, one line each.
func bars(h *house.House, t query.Timeline) []string {
	clock := func(i servicetime.Instant) string { return i.Time().In(h.Calendar.Zone).Format("15:04") }
	var lines []string
	for _, z := range t.Zones {
		for _, lane := range z.Tables {
			for _, b := range lane.Bars {
				words := []string{lane.Table.Number, string(b.Kind), clock(b.Window.Start) + "-" + clock(b.Window.End)}
				if b.Booking != nil {
					words = append(words, fmt.Sprintf("party %d", b.Booking.ID[15]))
				}
				for _, flag := range []struct {
					on   bool
					word string
				}{{b.Arrived, "arrived"}, {b.Late, "late"}, {b.Overstaying, "overstaying"}, {b.Early, "early"}, {b.Moved, "moved"}} {
					if flag.on {
						words = append(words, flag.word)
					}
				}
				if len(b.Together) > 1 {
					var numbers []string
					for _, id := range b.Together {
						numbers = append(numbers, h.Floor.Ref(id).Number)
					}
					words = append(words, strings.Join(numbers, "+"))
				}
				if b.Hold != nil {
					words = append(words, "by "+b.Hold.CreatedBy+" until "+clock(b.Hold.ExpiresAt))
				}
				if b.Block != nil {
					words = append(words, b.Block.Reason)
				}
				lines = append(lines, strings.Join(words, " "))
			}
		}
	}
	return lines
}

func timeline(t *testing.T, h *house.House, lists store.Lists, date servicetime.Date, table *seating.TableID, at servicetime.Instant) query.Timeline {
	t.Helper()
	r := query.New(&clocked{houses: houses{stale: h, proved: h}, at: at}, lists)
	got, err := r.Timeline(t.Context(), h, date, table)
	if err != nil {
		t.Fatalf("Timeline(%s) = %v", date, err)
	}
	return got
}

func TestTimelineShowsWhoSitsWhereWhen(t *testing.T) {
	t.Parallel()
	h := evening(t, nil)
	got := timeline(t, h, shelf{h: h, err: errors.New("an open day is read from memory")}, housetest.Friday, nil, housetest.At("20:30"))
	want := []string{
		"T1 booking 18:50-19:30 party 1 arrived early moved",
		"T2 block 17:00-23:59 T2+T8 wobbly",
		"T3 booking 19:30-20:20 party 1 arrived overstaying T3+T4",
		"T4 booking 19:30-20:20 party 1 arrived overstaying T3+T4",
		"T5 booking 20:10-21:30 party 2 late",
		"T6 booking 11:00-12:20 party 9",
		"T7 hold 20:45-22:05 party 3 by user:ann until 20:33",
		"T8 block 17:00-23:59 T2+T8 wobbly",
	}
	if d := gocmp.Diff(want, bars(h, got)); d != "" {
		t.Errorf("bars (-want +got):\n%s", d)
	}
	if len(got.Zones) != 2 || got.Zones[0].Zone.Name != "Main" || len(got.Zones[0].Tables) != 6 || len(got.Zones[1].Tables) != 2 {
		t.Errorf("zones = %+v, want Main with 6 tables, then Patio with 2", got.Zones)
	}
	if got.Window != housetest.Window("11:30", "23:30") || len(got.Services) != 2 {
		t.Errorf("window = %v with %d services, want lunch and dinner", got.Window, len(got.Services))
	}
	var unseated, waiting []byte
	for _, row := range got.Unseated {
		unseated = append(unseated, row.ID[15])
	}
	for i, w := range got.Waitlist {
		waiting = append(waiting, w.ID[15])
		if w.Position != i+1 {
			t.Errorf("position of party %d = %d, want %d", w.ID[15], w.Position, i+1)
		}
	}
	if !slices.Equal(unseated, []byte{3, 4}) || !slices.Equal(waiting, []byte{8, 7, 6}) {
		t.Errorf("unseated %v, waiting %v; want 3 and 4, and 8, 7, 6: by priority, then creation", unseated, waiting)
	}
	if w := got.Waitlist[0].Waited; w != 120 {
		t.Errorf("party 8 has waited %d minutes, want 120", w)
	}
	totals := query.Totals{
		Parties: 4, Covers: 11,
		ByStatus: []query.StatusTotal{{seating.Waitlisted, 3, 6}, {seating.Pending, 2, 5}, {seating.Confirmed, 1, 2}, {seating.CheckedIn, 1, 4}, {seating.Cancelled, 1, 6}},
		Arrivals: []query.Arrivals{{housetest.At("19:00"), 1, 4}, {housetest.At("20:00"), 1, 2}, {housetest.At("20:45"), 1, 3}, {housetest.At("21:00"), 1, 2}},
	}
	if d := gocmp.Diff(totals, got.Totals); d != "" {
		t.Errorf("totals (-want +got):\n%s", d)
	}
}

// Late and overstaying begin at their minute, not before.
func TestTimelineFlagsBeginOnTime(t *testing.T) {
	t.Parallel()
	h := evening(t, nil)
	late := h.Booking(housetest.Booking(2)).Dining.Start.Add(h.Policy.Late.After.Duration())
	over := housetest.At("20:25") // the window ended at 20:20
	for _, c := range []struct {
		at   servicetime.Instant
		flag string
		want bool
	}{{late - 1, "late", false}, {late, "late", true}, {over - 1, "overstaying", false}, {over, "overstaying", true}} {
		got := strings.Join(bars(h, timeline(t, h, shelf{h: h}, housetest.Friday, nil, c.at)), "\n")
		if strings.Contains(got, c.flag) != c.want {
			t.Errorf("at %s %s = %v, want %v:\n%s", c.at, c.flag, !c.want, c.want, got)
		}
	}
}

// A day looks the same before and after it was closed, but for holds, and its
// pages are put together.
func TestTimelineOfAClosedDay(t *testing.T) {
	t.Parallel()
	open := evening(t, nil)
	want := timeline(t, open, shelf{h: open}, housetest.Friday, nil, housetest.At("20:33"))
	closed := evening(t, func(s *house.State) {
		s.OpenFrom = housetest.Friday.AddDays(1)
		s.Bookings, s.Holds, s.Allocations = nil, nil, nil
	})
	got := timeline(t, closed, shelf{h: open}, housetest.Friday, nil, housetest.At("20:33"))
	if !got.Closed || want.Closed {
		t.Errorf("closed = %v and %v, want true and false", got.Closed, want.Closed)
	}
	if d := gocmp.Diff(want, got, cmpopts.IgnoreFields(query.Timeline{}, "Closed"), cmpopts.IgnoreUnexported(servicetime.Offset{})); d != "" {
		t.Errorf("the day after it was closed (-open +closed):\n%s", d)
	}
	r := query.New(&clocked{at: now}, shelf{h: open, err: store.ErrUnavailable})
	if _, err := r.Timeline(t.Context(), closed, housetest.Friday, nil); seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Timeline(closed day, store down) = %v, want UNAVAILABLE", err)
	}
}

func TestTimelineOfAClosedDayReadsEveryPage(t *testing.T) {
	t.Parallel()
	const parties = 450
	open := housetest.New(t, func(s *house.State) {
		for n := range parties {
			housetest.Party(s, 1+n, 2, "19:00")
		}
	})
	closed := housetest.New(t, func(s *house.State) { s.OpenFrom = housetest.Friday.AddDays(1) })
	got := timeline(t, closed, shelf{h: open}, housetest.Friday, nil, housetest.At("20:30"))
	if len(got.Bookings) != parties || len(got.Unseated) != parties {
		t.Errorf("%d bookings and %d without tables, want %d", len(got.Bookings), len(got.Unseated), parties)
	}
}

// P18: a table's timeline has nobody who never had it.
func TestTimelineOfATable(t *testing.T) {
	t.Parallel()
	h := evening(t, nil)
	one := housetest.Table(1)
	got := timeline(t, h, shelf{h: h}, housetest.Friday, &one, housetest.At("20:30"))
	if len(got.Bookings) != 1 || got.Bookings[0].ID != housetest.Booking(1) || len(got.Unseated)+len(got.Waitlist) != 0 || got.Totals.Covers != 4 {
		t.Errorf("timeline of T1 = %+v, want party 1, who left it, and nobody else", got)
	}
	if d := gocmp.Diff([]string{"T1 booking 18:50-19:30 party 1 arrived early moved"}, bars(h, got)); d != "" {
		t.Errorf("bars of T1 (-want +got):\n%s", d)
	}
	nobody := housetest.Table(99)
	r := query.New(&clocked{at: now}, shelf{h: h})
	if _, err := r.Timeline(t.Context(), h, housetest.Friday, &nobody); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("Timeline(unknown table) = %v, want NOT_FOUND", err)
	}
}

// A retired table is shown where it has a past, in a zone that may be gone.
func TestTimelineKeepsRetiredTables(t *testing.T) {
	t.Parallel()
	h := evening(t, func(s *house.State) {
		for _, n := range []int{0, 1} { // T1 has a past; T2 only a block
			s.Tables[n].Retired, s.Tables[n].Zone = true, housetest.ID[seating.ZoneID](9)
		}
		s.Edges, s.Blocks = nil, nil
	})
	got := timeline(t, h, shelf{h: h}, housetest.Friday, nil, housetest.At("20:30"))
	var gone []string
	for _, z := range got.Zones {
		if z.Zone.Name == "" {
			for _, lane := range z.Tables {
				gone = append(gone, lane.Table.Number)
			}
		}
	}
	if !slices.Equal(gone, []string{"T1"}) {
		t.Errorf("tables of zones that are gone = %v, want T1", gone)
	}
}

// A day without services is the calendar's, however long clocks make it.
func TestTimelineOfADayWithoutServices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, date, start, end string
	}{
		{"Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}, // begins at 01:00
		{"America/Sao_Paulo", "2019-02-16", "2019-02-16T02:00:00Z", "2019-02-17T03:00:00Z"}, // has 23:00 twice
		{"America/Sao_Paulo", "2026-02-16", "2026-02-16T03:00:00Z", "2026-02-17T03:00:00Z"},
		{"Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00Z", "2026-03-29T18:30:00Z"},
		{"Pacific/Auckland", "2026-04-05", "2026-04-04T11:00:00Z", "2026-04-05T12:00:00Z"},
		{"Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00Z", "2026-09-27T11:00:00Z"},
	} {
		date, err := servicetime.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		h := housetest.New(t, func(s *house.State) {
			s.Restaurant.Zone, s.Periods, s.OpenFrom = c.zone, nil, date.AddDays(-1)
		})
		got := timeline(t, h, shelf{h: h}, date, nil, now)
		if got.Window.Start.String() != c.start || got.Window.End.String() != c.end {
			t.Errorf("%s in %s: window %s to %s, want %s to %s", c.date, c.zone, got.Window.Start, got.Window.End, c.start, c.end)
		}
	}
}

// P04 over clock changes: a service past midnight belongs to the evening it began
// in, its window is what the wall says, and its bars are on that day's timeline
// and, where they reach into it, on the next one's.
func TestTimelineOfANightOverAClockChange(t *testing.T) {
	t.Parallel()
	weekdays := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
	night := servicetime.Period{
		Name: "Night", Weekdays: weekdays, Start: servicetime.NewClock(22, 0), End: servicetime.NewClock(4, 0), LastSeating: servicetime.NewClock(3, 0), Overrun: true,
		Bands: []servicetime.TurnBand{{Turn: 60}},
	}
	breakfast := night
	breakfast.Name, breakfast.Start, breakfast.End, breakfast.LastSeating = "Breakfast", servicetime.NewClock(4, 0), servicetime.NewClock(10, 0), servicetime.NewClock(9, 0)
	for _, c := range []struct {
		zone, date, start, end, party, on string // the party comes at 03:30 on the wall
	}{
		{"Europe/Paris", "2026-03-28", "2026-03-28T03:00:00Z", "2026-03-29T02:00:00Z", "2026-03-29T01:30:00Z", "+02:00"},
		{"Europe/Paris", "2026-10-24", "2026-10-24T02:00:00Z", "2026-10-25T03:00:00Z", "2026-10-25T02:30:00Z", "+01:00"},
		{"America/Sao_Paulo", "2018-11-03", "2018-11-03T07:00:00Z", "2018-11-04T06:00:00Z", "2018-11-04T05:30:00Z", "-02:00"},
		{"America/Sao_Paulo", "2019-02-16", "2019-02-16T06:00:00Z", "2019-02-17T07:00:00Z", "2019-02-17T06:30:00Z", "-03:00"},
		{"Asia/Kolkata", "2026-03-28", "2026-03-27T22:30:00Z", "2026-03-28T22:30:00Z", "2026-03-28T22:00:00Z", "+05:30"},
		{"Pacific/Auckland", "2026-04-04", "2026-04-03T15:00:00Z", "2026-04-04T16:00:00Z", "2026-04-04T15:30:00Z", "+12:00"},
		{"Pacific/Auckland", "2026-09-26", "2026-09-25T16:00:00Z", "2026-09-26T15:00:00Z", "2026-09-26T14:30:00Z", "+13:00"},
	} {
		date, err := servicetime.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		start, err := servicetime.ParseInstant(c.party)
		if err != nil {
			t.Fatal(err)
		}
		h := housetest.New(t, func(s *house.State) {
			s.Restaurant.Zone, s.Periods, s.OpenFrom = c.zone, []servicetime.Period{night, breakfast}, date.AddDays(-1)
			housetest.Party(s, 1, 2, "19:00", 5)
			b := &s.Bookings[0]
			b.Date, b.Time, b.ServiceDate = date.AddDays(1), servicetime.NewClock(3, 30), date
			b.Dining = servicetime.Window{Start: start, End: start.Add(time.Hour)} // past the start of breakfast
			b.Window = b.Dining
			s.Allocations[0].Window = b.Window
		})
		got := timeline(t, h, shelf{h: h}, date, nil, start)
		// the party stays past the end of the night
		if got.Window.Start.String() != c.start || got.Window.End != start.Add(time.Hour) || len(got.Services) != 2 || got.Services[1].Window.End.String() != c.end {
			t.Errorf("%s in %s: %s to %s, services %v; want from %s, the night until %s", c.date, c.zone, got.Window.Start, got.Window.End, got.Services, c.start, c.end)
		}
		if d := gocmp.Diff([]query.Arrivals{{Start: start, Parties: 1, Covers: 2}}, got.Totals.Arrivals); d != "" {
			t.Errorf("%s in %s: arrivals (-want +got):\n%s", c.date, c.zone, d)
		}
		if _, clock, offset := servicetime.LocalOf(got.Totals.Arrivals[0].Start, h.Calendar.Zone); clock.String() != "03:30" || offset.String() != c.on {
			t.Errorf("%s in %s: the party comes at %s%s, want 03:30%s", c.date, c.zone, clock, offset, c.on)
		}
		next := timeline(t, h, shelf{h: h}, date.AddDays(1), nil, start)
		if len(bars(h, got)) != 1 || len(bars(h, next)) != 1 || len(next.Bookings) != 0 || next.Totals.Parties != 0 {
			t.Errorf("%s in %s: bars %v, the day after %v with %d bookings; want the bar on both and the booking on the first",
				c.date, c.zone, bars(h, got), bars(h, next), len(next.Bookings))
		}
	}
}
