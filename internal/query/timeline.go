package query

import (
	"cmp"
	"context"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Timeline is a service date as people look at it: who sits where, when.
type Timeline struct {
	Date     servicetime.Date
	Closed   bool                  // the day has been closed for good
	Window   servicetime.Window    // the services and every booking of the date
	Services []servicetime.Service // none on a day on which nothing is served
	Zones    []ZoneLanes
	Bookings []store.BookingRow // of the service date, in any state, by start
	Unseated []store.BookingRow // those of them that are expected and have no table
	Waitlist []Waiting
	Totals   Totals
}

// ZoneLanes are the tables of a zone, by number.
type ZoneLanes struct {
	Zone   seating.Zone
	Tables []Lane
}

// Lane is what stands on one table, by start.
type Lane struct {
	Table seating.Table
	Bars  []Bar
}

// Bar is one stretch of a table that somebody has. Its window is the whole
// stretch, also where it reaches beyond the day's.
type Bar struct {
	Kind     seating.OwnerKind
	Window   servicetime.Window
	Together []seating.TableID // the tables of the stretch, this one too, by number; of a hold: all it holds

	Booking     *store.BookingRow // of a booking or a hold
	Arrived     bool
	Late        bool // expected, not here, and past the minutes the policy gives
	Overstaying bool
	Early       bool // sat down before the planned start
	Moved       bool // the party has moved on to other tables

	Hold  *seating.Hold
	Block *seating.Block
}

// Totals count the bookings of the service date.
type Totals struct {
	Parties  int // those that come, or came
	Covers   int
	ByStatus []StatusTotal // in the order of the states, without those that nobody is in
	Arrivals []Arrivals    // by time, without quarters in which nobody arrives
}

// StatusTotal counts one state.
type StatusTotal struct {
	Status  seating.Status
	Parties int
	Covers  int
}

// Arrivals are the parties that arrive in a quarter of an hour, as pacing counts
// them: who was cancelled, did not come or waits does not arrive.
type Arrivals struct {
	Start   servicetime.Instant
	Parties int
	Covers  int
}

// Stay is a booking with its allocations, from memory or from the store.
type Stay struct {
	store.BookingRow
	Allocations []seating.Allocation
}

// Timeline shows a service date. Open days come from memory, closed ones from
// the store. Whoever is of the day before or after and reaches into it is there
// as well (failure catalogue P04). With a table, only what stands on it and who
// sits at it (P18).
func (r *Reader) Timeline(ctx context.Context, h *house.House, date servicetime.Date, table *seating.TableID) (Timeline, error) {
	if table != nil && h.Floor.Table(*table) == nil {
		return Timeline{}, seating.Refuse(seating.CodeNotFound, "there is no such table")
	}
	var stays []Stay
	for d := date.AddDays(-1); d <= date.AddDays(1); d++ {
		of, err := r.stays(ctx, h, d)
		if err != nil {
			return Timeline{}, err
		}
		stays = append(stays, of...)
	}
	return TimelineOf(h, date, stays, table, r.Now()), nil
}

// stays reads the bookings of one service date with where they sat.
func (r *Reader) stays(ctx context.Context, h *house.House, date servicetime.Date) ([]Stay, error) {
	var stays []Stay
	if date >= h.OpenFrom {
		for _, e := range h.Day(date).Entries() {
			stays = append(stays, Stay{BookingRow: RowOf(e), Allocations: e.Allocations})
		}
		return stays, nil
	}
	place := map[seating.AnyID]int{}
	q := store.BookingQuery{From: date, To: date, Limit: pageOfBookings}
	for {
		page, err := r.Bookings(ctx, h.Restaurant.ID, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			place[seating.AnyID(row.ID)] = len(stays)
			stays = append(stays, Stay{BookingRow: row})
		}
		if page.Next == nil {
			break
		}
		q.After = page.Next
	}
	if len(stays) == 0 {
		return nil, nil
	}
	allocations, err := r.lists.DayAllocations(ctx, h.Restaurant.ID, date)
	if err != nil {
		return nil, failed("read the tables of "+date.String(), err)
	}
	for _, a := range allocations {
		if i, ok := place[a.Claimant]; ok {
			stays[i].Allocations = append(stays[i].Allocations, a)
		}
	}
	return stays, nil
}

// pageOfBookings is how many bookings are read at once where all are wanted.
const pageOfBookings = 200

// TimelineOf makes the timeline of a service date out of the stays of that date
// and its neighbours.
func TimelineOf(h *house.House, date servicetime.Date, stays []Stay, table *seating.TableID, now servicetime.Instant) Timeline {
	t := Timeline{Date: date, Closed: date < h.OpenFrom, Services: h.Calendar.Services(date), Unseated: []store.BookingRow{}}
	for i := range stays {
		if s := &stays[i]; s.ServiceDate == date {
			t.Window = t.Window.Hull(s.Window)
			if table == nil || s.sitsAt(*table) {
				t.Bookings = append(t.Bookings, s.BookingRow)
			}
		}
	}
	for _, s := range t.Services {
		t.Window = t.Window.Hull(s.Window)
	}
	if t.Window.Empty() {
		t.Window = calendarDay(h.Calendar, date)
	}
	slices.SortFunc(t.Bookings, func(a, b store.BookingRow) int {
		return cmp.Or(cmp.Compare(a.Dining.Start, b.Dining.Start), a.ID.Compare(b.ID))
	})
	for _, row := range t.Bookings {
		if len(row.Tables) == 0 && expected(row.Booking) {
			t.Unseated = append(t.Unseated, row)
		}
	}
	t.Waitlist = Waitlist(t.Bookings, now)
	t.Totals = totalsOf(t.Bookings)
	t.Zones = lanes(h, barsOf(h, t.Window, stays, now), table)
	return t
}

func (s *Stay) sitsAt(table seating.TableID) bool {
	return slices.ContainsFunc(s.Allocations, func(a seating.Allocation) bool { return a.Table == table })
}

// calendarDay is the date from midnight to midnight, however long that is.
func calendarDay(c servicetime.Calendar, date servicetime.Date) servicetime.Window {
	bare := servicetime.Calendar{Zone: c.Zone}
	return servicetime.Window{Start: bare.DayEnd(date.AddDays(-1)), End: bare.DayEnd(date)}
}

// expected is a party that has not sat down yet and is not waiting.
func expected(b seating.Booking) bool {
	return b.Status == seating.Pending || b.Status == seating.Confirmed
}

// Late reports whether a party should be here by now and is not.
func Late(b seating.Booking, rule seating.LateRule, now servicetime.Instant) bool {
	from, expected := house.LateFrom(b, rule)
	return expected && now >= from
}

// Overstaying reports whether a party sits past the end of its window, and the
// grace after it.
func Overstaying(b seating.Booking, now servicetime.Instant) bool {
	from, sits := house.OverstaysFrom(b)
	return sits && now >= from
}

// barsOf are the bars that meet the window, by table.
func barsOf(h *house.House, window servicetime.Window, stays []Stay, now servicetime.Instant) map[seating.TableID][]Bar {
	bars := map[seating.TableID][]Bar{}
	put := func(table seating.TableID, b Bar) {
		if b.Window.Overlaps(window) {
			bars[table] = append(bars[table], b)
		}
	}
	for i := range stays {
		s := &stays[i]
		last := servicetime.Instant(0)
		for _, a := range s.Allocations {
			last = max(last, a.Window.End)
		}
		for _, a := range s.Allocations {
			put(a.Table, Bar{
				Kind: seating.OwnedByBooking, Window: a.Window, Together: together(h, s.Allocations, a.Window), Booking: &s.BookingRow,
				Arrived: !s.ArrivedAt.IsZero(), Late: Late(s.Booking, h.Policy.Late, now), Overstaying: Overstaying(s.Booking, now) && a.Window.End == last,
				Early: !s.PlannedStart.IsZero() && a.Window.Start < s.PlannedStart, Moved: a.Window.End < last,
			})
		}
	}
	for e := range h.Held() {
		if !e.Hold.Live(now) {
			continue
		}
		row := RowOf(e)
		for _, a := range e.Hold.Allocations {
			put(a.Table, Bar{
				Kind: seating.OwnedByHold, Window: a.Window, Together: byNumber(h, e.Hold.Tables()), Booking: &row, Hold: &e.Hold.Hold,
				Arrived: !e.ArrivedAt.IsZero(), Late: Late(e.Booking, h.Policy.Late, now),
			})
		}
	}
	blocks := h.Floor.Blocks()
	for i := range blocks {
		for _, table := range blocks[i].Tables {
			put(table, Bar{Kind: seating.OwnedByBlock, Window: blocks[i].Window, Together: byNumber(h, blocks[i].Tables), Block: &blocks[i]})
		}
	}
	for _, of := range bars {
		slices.SortFunc(of, func(a, b Bar) int {
			return cmp.Or(cmp.Compare(a.Window.Start, b.Window.Start), cmp.Compare(a.Window.End, b.Window.End), cmp.Compare(a.Kind, b.Kind))
		})
	}
	return bars
}

// together are the tables a party has in exactly this window.
func together(h *house.House, allocations []seating.Allocation, w servicetime.Window) []seating.TableID {
	var ids []seating.TableID
	for _, a := range allocations {
		if a.Window == w {
			ids = append(ids, a.Table)
		}
	}
	return byNumber(h, ids)
}

func byNumber(h *house.House, ids []seating.TableID) []seating.TableID {
	refs := h.Floor.Refs(ids)
	sorted := make([]seating.TableID, len(refs))
	for i, ref := range refs {
		sorted[i] = ref.ID
	}
	return sorted
}

// lanes are the zones in their order with their tables: those in use, and
// retired ones that somebody sat at. A zone that is gone is shown without a name.
func lanes(h *house.House, bars map[seating.TableID][]Bar, table *seating.TableID) []ZoneLanes {
	var tables []seating.Table
	for _, t := range h.Floor.Tables() {
		tables = append(tables, *t)
	}
	for id := range bars {
		if t := h.Floor.Table(id); t != nil && t.Retired {
			tables = append(tables, *t)
		}
	}
	if table != nil {
		tables = []seating.Table{*h.Floor.Table(*table)}
	}
	slices.SortFunc(tables, func(a, b seating.Table) int {
		return cmp.Or(house.CompareNumbers(a.Number, b.Number), a.ID.Compare(b.ID))
	})
	zones := []ZoneLanes{}
	for _, t := range tables {
		i := slices.IndexFunc(zones, func(z ZoneLanes) bool { return z.Zone.ID == t.Zone })
		if i < 0 {
			zone := seating.Zone{ID: t.Zone}
			if z := h.Floor.Zone(t.Zone); z != nil {
				zone = *z
			}
			i, zones = len(zones), append(zones, ZoneLanes{Zone: zone})
		}
		zones[i].Tables = append(zones[i].Tables, Lane{Table: t, Bars: bars[t.ID]})
	}
	slices.SortFunc(zones, func(a, b ZoneLanes) int {
		return cmp.Or(cmp.Compare(a.Zone.Order, b.Zone.Order), cmp.Compare(a.Zone.Name, b.Zone.Name), a.Zone.ID.Compare(b.Zone.ID))
	})
	return zones
}

// quarter is the stretch in which arrivals are counted together.
const quarter = servicetime.Instant(15 * 60 * 1_000_000)

func totalsOf(rows []store.BookingRow) Totals {
	t := Totals{ByStatus: []StatusTotal{}, Arrivals: []Arrivals{}}
	for _, s := range seating.Statuses() {
		of := StatusTotal{Status: s}
		for _, row := range rows {
			if row.Status == s {
				of.Parties++
				of.Covers += row.Covers
			}
		}
		if of.Parties > 0 {
			t.ByStatus = append(t.ByStatus, of)
		}
	}
	for _, row := range rows { // by start
		if row.Status == seating.Cancelled || row.Status == seating.NoShow || row.Status == seating.Waitlisted {
			continue
		}
		t.Parties++
		t.Covers += row.Covers
		start := row.Dining.Start - row.Dining.Start%quarter
		if n := len(t.Arrivals); n == 0 || t.Arrivals[n-1].Start != start {
			t.Arrivals = append(t.Arrivals, Arrivals{Start: start})
		}
		at := &t.Arrivals[len(t.Arrivals)-1]
		at.Parties++
		at.Covers += row.Covers
	}
	return t
}
