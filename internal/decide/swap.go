package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (Swap) Name() string { return "swap" }

// decide exchanges the tables of two bookings. Each is judged at the other's
// tables as if the other had left them.
func (c Swap) decide(d *draft) (Result, *seating.Error) {
	if c.A == c.B {
		return Result{}, seating.Invalid("/b", "two different bookings are swapped")
	}
	a, err := d.booking(c.A)
	if err != nil {
		return Result{}, err
	}
	b, err := d.booking(c.B)
	if err != nil {
		return Result{}, err
	}
	tablesA, tablesB := a.Tables(), b.Tables()
	for _, e := range []*house.Entry{a, b} {
		if e.Status.Ended() {
			return Result{}, wrongState(e, "Its tables are history.")
		}
		if len(e.Tables()) == 0 {
			return Result{}, wrongState(e, "It has no tables to swap.")
		}
		if err := d.fresh(e.ID, slices.Concat(tablesA, tablesB)); err != nil {
			return Result{}, err
		}
	}
	va, vb := d.judgeSwap(a, b, tablesB), d.judgeSwap(b, a, tablesA)
	for _, v := range []planner.Verdict{va, vb} {
		if err := verdict(v.Checks); err != nil {
			return Result{}, err
		}
	}
	for _, e := range []*house.Entry{a, b} {
		d.endOwnHold(e, seating.EndSuperseded, "swapped")
	}
	leftA, leftB := planner.Remaining(a.Window, d.env.Now), planner.Remaining(b.Window, d.env.Now)
	d.sweep(tablesB, leftA, a.ID, b.ID)
	d.sweep(tablesA, leftB, a.ID, b.ID)
	d.seatAt(a, leftA, tablesB)
	d.seatAt(b, leftB, tablesA)
	first := d.assigned(a, a.Booking, tablesB, a.Status, seating.ChosenByPerson)
	second := d.assigned(b, b.Booking, tablesA, b.Status, seating.ChosenByPerson)
	first.Other, first.Swapped = second.Booking, second.Assignment
	return first, nil
}

func (d *draft) judgeSwap(e, with *house.Entry, tables []seating.TableID) planner.Verdict {
	r := planner.RequestFor(e, d.env.Actor.Principal, d.env.Now)
	r.With = with.ID
	return planner.Judge(d.h, r, tables)
}
