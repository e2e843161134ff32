package decide_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// pure is the rules alone: Decide and Apply on a house in memory.
type pure struct {
	t     *rapid.T
	h     *house.House
	now   servicetime.Instant
	n     int
	ended map[seating.HoldID]seating.EndedHold
	due   map[house.DueRow]servicetime.Instant // due work by subject and kind
	acts  map[string]int                       // commands that changed a booking, of all games; nil: not counted
}

// remembers keeps what a store would keep beside the house.
func (p *pure) remembers(c *house.Change) {
	for _, e := range c.Rows.EndHolds {
		p.ended[e.ID] = e
	}
	if p.due == nil {
		p.due = map[house.DueRow]servicetime.Instant{}
	}
	for _, r := range c.Due.Drop {
		delete(p.due, house.DueRow{Subject: r.Subject, Kind: r.Kind})
	}
	for _, r := range c.Due.Put {
		p.due[house.DueRow{Subject: r.Subject, Kind: r.Kind}] = r.RunAt
	}
}

// reminded demands that the due work is what the bookings as they stand need, and
// no more: at its time, but for the late rule, which may have been another when it
// was written; and one close of day.
func (p *pure) reminded() {
	want := map[house.DueRow]servicetime.Instant{}
	for e := range p.h.Bookings() {
		for _, r := range house.BookingDue(e.Booking, p.h.Policy.Late) {
			key := house.DueRow{Subject: r.Subject, Kind: r.Kind}
			if want[key] = r.RunAt; r.Kind == house.DueLate {
				want[key] = p.due[key]
			}
		}
		if e.Hold != nil {
			want[house.DueRow{Subject: "hold:" + e.Hold.ID.String(), Kind: house.DueHoldExpiry}] = e.Hold.ExpiresAt
		}
		end := p.h.Calendar.DayEnd(e.ServiceDate).Add(6 * time.Hour)
		want[house.DueRow{Subject: "day:" + e.ServiceDate.String(), Kind: house.DueCloseDay}] = end
	}
	if diff := cmp.Diff(want, p.due, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("due work (-want +got):\n%s", diff)
	}
}

func (p *pure) House() *house.House     { return p.h }
func (p *pure) Advance(d time.Duration) { p.now = p.now.Add(d) }

// Check builds the house again from its rows: Apply must not have drifted.
func (p *pure) Check() {
	p.reminded()
	again, err := house.New(p.h.State())
	if err != nil {
		p.t.Fatalf("New(State()): %v", err)
	}
	if diff := cmp.Diff(p.h.State(), again.State()); diff != "" {
		p.t.Fatalf("New(State()) differs (-applied +built):\n%s", diff)
	}
	for _, t := range p.h.Floor.Tables() {
		slots := func(h *house.House) (all []seating.Allocation) {
			for s := range h.From(t.ID, 0) {
				all = append(all, s.Allocation)
			}
			return all
		}
		if diff := cmp.Diff(slots(p.h), slots(again)); diff != "" {
			p.t.Fatalf("occupancy of %s differs (-applied +built):\n%s", t.Number, diff)
		}
	}
}

func (p *pure) Do(who seating.Actor, c decide.Command) *seating.Error {
	p.n++
	d := decide.Decide(p.h, c, decide.Env{
		Change: housetest.ID[seating.ChangeID](p.n), Now: p.now, Actor: who, Facts: decide.Facts{Ended: p.ended},
	})
	if d.Change == nil {
		return d.Refusal
	}
	next, err := house.Apply(p.h, d.Change)
	if err != nil {
		p.t.Fatalf("Apply(%s): %v", c.Name(), err)
	}
	if len(d.Change.History) == 0 {
		p.t.Fatalf("%s leaves no line in the history", c.Name())
	}
	p.remembers(d.Change)
	if p.acts != nil && len(d.Change.Rows.PutBookings) > 0 {
		p.acts[c.Name()]++
	}
	p.h = next
	return nil
}

// TestModelPure plays 100 games of 200 commands: 20,000 steps.
func TestModelPure(t *testing.T) {
	total, acts := 0, map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		total += modeltest.Play(r, &pure{
			t: r, h: housetest.New(t, nil), now: modeltest.Start, ended: map[seating.HoldID]seating.EndedHold{}, acts: acts,
		}, 200)
	})
	if total < 2000 {
		t.Errorf("only %d commands were granted; the games do not reach far", total)
	}
	for _, step := range []decide.Command{
		decide.Arrive{},
		decide.CheckIn{},
		decide.UndoCheckIn{},
		decide.CheckOut{},
		decide.Reopen{},
		decide.MarkNoShow{},
		decide.UndoNoShow{},
		decide.Reinstate{},
		decide.Wait{},
		decide.Unwait{},
		decide.MarkLate{},
		decide.MarkOverstay{},
	} {
		if acts[step.Name()] < 3 {
			t.Errorf("%s changed a booking %d times; the games do not reach it", step.Name(), acts[step.Name()])
		}
	}
}
