package line_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/verify"
)

// wild is a restaurant to which anybody may say anything, over several days. Beside
// the house it keeps the rows that a store would have, closed days' too.
type wild struct {
	t       *testing.T
	rand    *rand.Rand
	said    []string
	journal []store.Entry
	h       *house.House
	now     servicetime.Instant
	n       int
	ids     int // bookings, holds and blocks made or tried so far
	rows    map[seating.Allocation]bool
	books   map[seating.BookingID]seating.Booking
	due     map[house.DueRow]servicetime.Instant // by subject and kind
	ended   map[seating.HoldID]seating.EndedHold
	done    map[string]int
}

var wildPeople = []seating.Actor{housetest.Host("anna"), housetest.Host("ben"), housetest.Manager("cleo")}

// TestWild_TheInvariantsHoldWhateverComes gives commands that no model foretells:
// several dates, a dinner past midnight, plans, blocks and rules that change under
// the bookings, days that close, and every job at its time. After each the rows
// must show nothing wrong, and no job may find its work left to do.
func TestWild_TheInvariantsHoldWhateverComes(t *testing.T) {
	done := map[string]int{}
	games := 150
	if os.Getenv("MAITRED_SOAK") != "" {
		games = 5_000
	}
	for seed := range uint64(games) {
		w := &wild{
			t: t, rand: rand.New(rand.NewPCG(seed, 1)), now: housetest.At("17:30"), done: done,
			rows: map[seating.Allocation]bool{}, books: map[seating.BookingID]seating.Booking{},
			due: map[house.DueRow]servicetime.Instant{}, ended: map[seating.HoldID]seating.EndedHold{},
		}
		w.h = housetest.New(t, func(s *house.State) {
			s.OpenFrom = housetest.Friday
			late := &s.Periods[len(s.Periods)-1]
			late.End, late.LastSeating, late.Overrun = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0), w.pick(2) == 0
			s.Policy.SlackBudget, s.Policy.Hold.BudgetMax = 6, 100
			s.Policy.Late.Action = one(w, seating.LateFlag, seating.LateRelease)
			s.Policy.BufferBefore = one(w, servicetime.Minutes(0), 10)
		})
		for range 200 {
			w.step()
		}
	}
	if len(done) < 25 {
		t.Errorf("the games reach %d kinds of changes only: %v", len(done), done)
	}
	t.Log(done)
}

func (w *wild) pick(n int) int { return w.rand.IntN(n) }

func (w *wild) step() {
	who := wildPeople[w.pick(len(wildPeople))]
	if w.pick(8) == 0 {
		passes := []time.Duration{time.Microsecond, time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute}
		if w.pick(60) == 0 {
			passes = []time.Duration{9 * time.Hour}
		}
		w.now = w.now.Add(one(w, passes...))
		if w.pick(3) > 0 {
			w.jobs()
		}
		return
	}
	c := w.draw()
	if c == nil {
		return
	}
	if changed := w.do(who, c); changed && again(c) && w.do(who, c) {
		w.fail("%s %+v changes something when it is said again", c.Name(), c)
	}
}

// again tells the commands that do nothing when they are said twice.
func again(c decide.Command) bool {
	switch c.(type) {
	case decide.Arrive, decide.CheckIn, decide.UndoCheckIn, decide.CheckOut, decide.Reopen, decide.MarkNoShow, decide.UndoNoShow, decide.Reinstate,
		decide.Wait, decide.Unwait, decide.Cancel, decide.ChangeBooking, decide.Unassign, decide.RemoveBlock, decide.MarkReady, decide.CloseDay:
		return true
	}
	return false
}

// jobs does what is due, as servers do, until nothing is.
func (w *wild) jobs() {
	system := seating.System()
	for range 400 {
		var next *house.DueRow
		for row, at := range w.due {
			if at <= w.now && (next == nil || row.Subject < next.Subject || row.Subject == next.Subject && row.Kind < next.Kind) {
				next = &row
			}
		}
		if next == nil {
			return
		}
		w.do(system, w.job(*next))
		if at, ok := w.due[*next]; ok && at <= w.now {
			w.fail("%s of %s is still to be done at %v after it was done at %v", next.Kind, next.Subject, at, w.now)
		}
	}
	w.fail("the jobs find no end")
}

func (w *wild) job(row house.DueRow) decide.Command {
	_, id, _ := strings.Cut(row.Subject, ":")
	booking, _ := seating.ParseID[seating.BookingID](id)
	switch row.Kind {
	case house.DueHoldExpiry:
		h, _ := seating.ParseID[seating.HoldID](id)
		return decide.ExpireHolds{Holds: []seating.HoldID{h}}
	case house.DueCloseDay:
		d, _ := servicetime.ParseDate(id)
		return decide.CloseDay{Date: d}
	case house.DueLate:
		return decide.MarkLate{Booking: booking}
	case house.DueOverstay:
		return decide.MarkOverstay{Booking: booking}
	case house.DuePending:
		return decide.ExpirePending{Booking: booking}
	}
	w.fail("there is work of the kind %q", row.Kind)
	return nil
}

func (w *wild) do(who seating.Actor, c decide.Command) bool {
	w.n++
	d := decide.Decide(w.h, c, decide.Env{Change: housetest.ID[seating.ChangeID](w.n), Now: w.now, Actor: who, Facts: decide.Facts{Ended: w.ended}})
	if d.Change == nil {
		if d.Refusal != nil && (d.Refusal.Code == seating.CodeInternal || d.Refusal.Msg == "") {
			w.fail("%s %+v = %v", c.Name(), c, d.Refusal)
		}
		return false
	}
	next, err := house.Apply(w.h, d.Change)
	if err != nil {
		w.fail("Apply(%s %+v): %v", c.Name(), c, err)
	}
	w.done[c.Name()]++
	w.said = append(w.said, fmt.Sprintf("%s %s %s %s", w.now, who.Principal, c.Name(), spell(c)))
	w.h = next
	w.keep(d.Change)
	w.journal = append(w.journal, store.Entry{Version: d.Change.Version(), Change: d.Change})
	for _, f := range verify.Check(w.dump()) {
		if f.Invariant <= 4 || f.Invariant == 9 {
			w.fail("after %s %s by %s: %s", c.Name(), spell(c), who.Principal, f)
		}
	}
	return true
}

// keep writes the rows of a change in the order in which a store does.
func (w *wild) keep(c *house.Change) {
	for _, a := range c.Rows.DropAllocations {
		if !w.rows[a] {
			w.fail("%s drops %+v, which is not there", c.Command, a)
		}
		delete(w.rows, a)
	}
	for _, id := range c.Rows.Reown {
		for a := range w.rows {
			if a.Kind == seating.OwnedByHold && a.Owner == seating.AnyID(id) {
				delete(w.rows, a)
				a.Kind, a.Owner = seating.OwnedByBooking, a.Claimant
				w.rows[a] = true
			}
		}
	}
	for _, e := range c.Rows.EndHolds {
		w.ended[e.ID] = e
	}
	for _, b := range c.Rows.PutBookings {
		w.books[b.ID] = b
	}
	for _, a := range c.Rows.PutAllocations {
		w.rows[a] = true
	}
	for _, r := range c.Due.Drop {
		delete(w.due, house.DueRow{Subject: r.Subject, Kind: r.Kind})
	}
	for _, r := range c.Due.Put {
		w.due[house.DueRow{Subject: r.Subject, Kind: r.Kind}] = r.RunAt
	}
}

func (w *wild) dump() *store.Dump {
	d := &store.Dump{State: w.h.State(), Now: w.now, Journal: w.journal}
	for a := range w.rows {
		d.Occupancy = append(d.Occupancy, a)
	}
	for _, b := range d.State.Blocks {
		for _, t := range b.Tables {
			d.Occupancy = append(d.Occupancy, seating.Allocation{Table: t, Window: b.Window, Kind: seating.OwnedByBlock, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID)})
		}
	}
	slices.SortFunc(d.Occupancy, house.CompareAllocations)
	for id, b := range w.books {
		if w.h.Booking(id) == nil {
			d.Past = append(d.Past, b)
		}
	}
	d.TableCounts = map[seating.HoldID]int{}
	for _, h := range d.State.Holds {
		for a := range w.rows {
			if a.Owner == seating.AnyID(h.ID) {
				d.TableCounts[h.ID]++
			}
		}
	}
	for row, at := range w.due {
		row.RunAt = at
		d.Due = append(d.Due, row)
	}
	slices.SortFunc(d.Due, func(a, b house.DueRow) int {
		if a.Subject < b.Subject {
			return -1
		}
		return 1
	})
	return d
}

// booking draws one that is there, most often of an open day.
func (w *wild) booking() seating.BookingID {
	var ids []seating.BookingID
	for e := range w.h.Bookings() {
		ids = append(ids, e.ID)
	}
	if len(ids) == 0 || w.pick(20) == 0 {
		return housetest.Booking(1 + w.pick(20))
	}
	return one(w, ids...)
}

func (w *wild) tables() []seating.TableID {
	return housetest.Tables(one(w, [][]int{{1}, {1}, {2}, {2}, {1, 2}, {3}, {2, 3}, {5}, {5, 6}, {6}}...)...)
}

func (w *wild) when() (servicetime.Date, servicetime.Clock) {
	local := w.now.Time().In(w.h.Calendar.Zone).Add(time.Duration(w.pick(9)) * 15 * time.Minute).Truncate(15 * time.Minute)
	if w.pick(6) == 0 {
		local = local.AddDate(0, 0, 1)
	}
	return servicetime.NewDate(local.Year(), local.Month(), local.Day()), servicetime.NewClock(local.Hour(), local.Minute())
}

func one[T any](w *wild, of ...T) T { return of[w.pick(len(of))] }

// fail tells what was said before, and ends the test.
func (w *wild) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(w.said[max(0, len(w.said)-40):], "\n"))
}

func spell(c decide.Command) string {
	text, _ := json.Marshal(c)
	return strings.ReplaceAll(string(text), "00000000-0000-7000-8000-0000000", "")
}

func (w *wild) draw() decide.Command {
	of := w.booking()
	fresh := func() int { w.ids++; return w.ids }
	covers := func() int { return one(w, 1, 2, 2, 3, 4, 4, 6, 8) }
	turn := func() servicetime.Minutes {
		return servicetime.Minutes(one(w, []int{0, 0, 1, 45, 120, 600}...))
	}
	transition := func() decide.Transition {
		return one(w, []decide.Transition{"", "", decide.ToCheckedIn, decide.ToCheckedIn, decide.ToNone, decide.ToConfirmed}...)
	}
	reason := &seating.Override{Checks: []seating.CheckID{seating.CheckService, seating.CheckSlack, seating.CheckPacing, seating.CheckMinimum}, Reason: "vip"}
	override := func() *seating.Override {
		if w.pick(3) == 0 {
			return reason
		}
		return nil
	}
	switch w.pick(46) {
	case 0, 1, 2, 34, 35, 36:
		date, clock := w.when()
		c := decide.CreateBooking{ID: housetest.Booking(fresh()), Covers: covers(), Date: date, Time: clock, Source: seating.SourcePhone, Turn: turn(), Override: override()}
		switch w.pick(4) {
		case 0:
			c.Tables, c.Transition = w.tables(), one(w, []decide.Transition{"", decide.ToNone}...)
		case 1:
			c.Source, c.Guest.Phone, c.Transition = seating.SourceWeb, "1", one(w, []decide.Transition{"", decide.ToNone}...)
		case 2:
			c.Waitlist, c.Priority = true, w.pick(10)
		}
		return c
	case 3:
		c := decide.WalkIn{ID: housetest.Booking(fresh()), Covers: covers(), Turn: turn(), Override: override()}
		if w.pick(2) == 0 {
			c.Tables = w.tables()
		}
		return c
	case 4, 5, 6:
		return decide.MakeHold{ID: housetest.Hold(fresh()), Booking: of, Tables: w.tables(), Override: override()}
	case 7, 37, 38, 39:
		for e := range w.held() {
			return decide.ConfirmHold{Hold: e.Hold.ID, Transition: transition()}
		}
		return nil
	case 8:
		for e := range w.held() {
			return decide.TakeOver{ID: housetest.Hold(fresh()), Hold: e.Hold.ID, Reason: "busy"}
		}
		return nil
	case 9, 10, 11:
		return decide.Assign{Booking: of, Tables: w.tables(), Transition: transition(), Override: override()}
	case 12:
		return decide.Unassign{Booking: of, Table: one(w, []seating.TableID{{}, housetest.Table(1), housetest.Table(2)}...)}
	case 13, 40, 41, 42:
		return decide.Swap{A: of, B: w.booking()}
	case 14, 15, 16, 17:
		c := decide.ChangeBooking{Booking: of, Tables: one(w, []decide.TableMode{"", decide.KeepTables, decide.ReplanTables}...), Override: override()}
		if w.pick(2) == 0 {
			c.Covers = new(covers())
		}
		if w.pick(2) == 0 {
			c.Turn = new(turn())
		}
		if w.pick(2) == 0 {
			date, clock := w.when()
			c.Date, c.Time = &date, &clock
		}
		return c
	case 18:
		return decide.Arrive{Booking: of}
	case 19, 20, 43, 44, 45:
		return decide.CheckIn{Booking: of}
	case 21:
		return decide.UndoCheckIn{Booking: of}
	case 22:
		return decide.CheckOut{Booking: of}
	case 23, 24:
		return decide.Reopen{Booking: of}
	case 25:
		return decide.MarkNoShow{Booking: of}
	case 26:
		return decide.UndoNoShow{Booking: of}
	case 27:
		return decide.Cancel{Booking: of}
	case 28:
		return decide.Reinstate{Booking: of}
	case 29:
		if w.pick(3) == 0 {
			return decide.Unwait{Booking: of}
		}
		return decide.Wait{Booking: of, Priority: w.pick(10)}
	case 30:
		blocks := w.h.Floor.Blocks()
		end := w.now.Add(time.Duration(1+w.pick(5)) * time.Hour)
		start := w.now.Add(time.Duration(w.pick(3)) * 30 * time.Minute)
		switch {
		case len(blocks) == 0 || w.pick(3) == 0:
			return decide.CreateBlock{ID: housetest.ID[seating.BlockID](fresh()), Tables: w.tables(), Window: servicetime.Window{Start: start, End: end}, Reason: "leak"}
		case w.pick(2) == 0:
			return decide.RemoveBlock{ID: blocks[w.pick(len(blocks))].ID}
		default:
			return decide.ChangeBlock{ID: blocks[w.pick(len(blocks))].ID, End: &end, Start: &start}
		}
	case 31:
		if w.pick(3) > 0 {
			return nil
		}
		switch w.pick(3) {
		case 0:
			return decide.RemoveTable{ID: housetest.Table(1 + w.pick(8))}
		case 1:
			return decide.ChangeTable{ID: housetest.Table(1 + w.pick(8)), Active: new(w.pick(3) > 0), MaxCovers: new(4 + w.pick(5))}
		default:
			return decide.CreateTable{ID: housetest.ID[seating.TableID](1000 + fresh()), Table: seating.Table{Number: "N" + housetest.Booking(w.ids).String(), Zone: housetest.Main, MinCovers: 1, MaxCovers: 4, Movable: true, Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true, Position: seating.Position{Shape: seating.ShapeSquare, W: 80, H: 80}}}
		}
	case 32:
		if w.pick(3) > 0 {
			return nil
		}
		p := w.h.Policy
		p.BufferAfter = servicetime.Minutes(w.pick(3) * 10)
		p.Late.After = servicetime.Minutes(1 + w.pick(60))
		p.Late.Action = one(w, []seating.LateAction{seating.LateRelease, seating.LateFlag}...)
		return decide.PutPolicy{Policy: p}
	default:
		if w.pick(3) > 0 {
			return nil
		}
		periods := housetest.Periods()
		last := &periods[len(periods)-1]
		if w.pick(2) == 0 {
			last.End, last.LastSeating = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0)
		}
		last.Overrun = true
		return decide.PutPeriods{Periods: periods}
	}
}

// held runs through the bookings with a hold, from one that is drawn.
func (w *wild) held() iter.Seq[*house.Entry] {
	all := slices.Collect(w.h.Held())
	if len(all) == 0 {
		return slices.Values(all)
	}
	return slices.Values(all[w.pick(len(all)):])
}
