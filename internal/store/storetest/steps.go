package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// stepTests say that a booking remembers what its steps back need, wherever it is
// read.
var stepTests = []test{
	{"ABookingRemembersItsSteps", aBookingRemembersItsSteps},
	{"ABookingOfAClosedDayRemembersItsSteps", aBookingOfAClosedDayRemembersItsSteps},
	{"WhatABookingForgetsIsGone", whatABookingForgetsIsGone},
	{"TwoBookingsOfOneChangeRememberTheirOwn", twoBookingsRememberTheirOwn},
}

// remembering gives a booking a value in every field that its steps leave.
func remembering(b seating.Booking, tables ...seating.TableID) seating.Booking {
	b.Left = slices.SortedFunc(slices.Values(tables), seating.TableID.Compare)
	b.ArrivedAt, b.CheckedInAt, b.EndedAt = At(1), At(2), At(3)
	b.PlannedStart, b.PendingUntil, b.LateAt, b.OverstayAt = At(4)+1, At(5)+2, At(6)+3, At(7)+4
	b.Priority, b.Quoted = 9, 600
	return b
}

// reads compares a booking with what every read of open days tells of it.
func (d *Seed) reads(want seating.Booking) {
	d.T.Helper()
	same := func(read string, got seating.Booking) {
		d.T.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			d.T.Errorf("%s (-put +read):\n%s", read, diff)
		}
	}
	if e := d.Load().Booking(want.ID); e == nil {
		d.T.Error("Load does not have it")
	} else {
		same("Load", e.Booking)
	}
	for _, b := range d.Dump().State.Bookings {
		if b.ID == want.ID {
			same("Dump", b)
		}
	}
	d.lists(want)
	d.Same()
}

// lists compares a booking with what the lists tell of it.
func (d *Seed) lists(want seating.Booking) {
	d.T.Helper()
	row, err := d.Store.Booking(d.T.Context(), d.ID(), want.ID)
	if diff := cmp.Diff(want, row.Booking, cmpopts.EquateEmpty()); err != nil || diff != "" {
		d.T.Errorf("Booking = %v (-put +read):\n%s", err, diff)
	}
	rows, err := d.Store.Bookings(d.T.Context(), d.ID(), store.BookingQuery{From: want.ServiceDate, To: want.ServiceDate, Text: want.Reference, Limit: 2})
	if err != nil || len(rows) != 1 {
		d.T.Fatalf("Bookings = %v, %v, want one", rows, err)
	}
	if diff := cmp.Diff(want, rows[0].Booking, cmpopts.EquateEmpty()); diff != "" {
		d.T.Errorf("Bookings (-put +read):\n%s", diff)
	}
}

func aBookingRemembersItsSteps(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	d.Commit(d.Book(b))
	d.reads(b) // nothing yet
	full := remembering(b, d.Tables[1], d.Tables[0])
	full.Status, full.Version = seating.Completed, d.House.Version+1
	d.Commit(d.Change("check_out", house.Rows{PutBookings: []seating.Booking{full}}, seating.AspectBookings))
	d.reads(full)
	replayEqualsLoad(t, d)
}

func aBookingOfAClosedDayRemembersItsSteps(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := remembering(d.Booking("OLD", -24*60, -23*60), d.Tables[0])
	b.ServiceDate, b.Date, b.Status = Yesterday, Yesterday, seating.NoShow
	today := Today
	d.Commit(d.Book(b))
	d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}, seating.AspectBookings))
	if diff := cmp.Diff([]seating.Booking{b}, d.Dump().Past); diff != "" {
		t.Errorf("Dump's closed days (-put +read):\n%s", diff)
	}
	d.lists(b)
}

func whatABookingForgetsIsGone(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	plain := d.Booking("B1", 0, 60)
	d.Commit(d.Book(remembering(plain, d.Tables[2])))
	d.Commit(d.Change("reopen", house.Rows{PutBookings: []seating.Booking{plain}}, seating.AspectBookings))
	d.reads(plain)
	replayEqualsLoad(t, d)
}

// twoBookingsRememberTheirOwn: one of them nothing, in either order.
func twoBookingsRememberTheirOwn(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	one, two := remembering(d.Booking("B1", 0, 60), d.Tables[0]), d.Booking("B2", 0, 60)
	three := remembering(d.Booking("B3", 0, 60), d.Tables[1], d.Tables[2])
	three.Priority, three.Quoted, three.LateAt = 1, 15, 0
	d.Commit(d.Change("put", house.Rows{PutBookings: []seating.Booking{one, two, three}}, seating.AspectBookings))
	for _, b := range []seating.Booking{one, two, three} {
		d.reads(b)
	}
}
