package httpapi

import (
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Booking is a party at a time.
type Booking struct {
	ID          seating.BookingID   `json:"id" format:"uuid"`
	Reference   string              `json:"reference" doc:"Short and unambiguous, to say on the telephone." example:"B7KQ2M"`
	Covers      int                 `json:"covers"`
	Date        servicetime.Date    `json:"date" format:"date" doc:"On the calendar." example:"2026-11-27"`
	Time        servicetime.Clock   `json:"time" doc:"On the wall." example:"19:30"`
	ServiceDate servicetime.Date    `json:"serviceDate" format:"date" doc:"The date on which its service period opened."`
	Window      BookingWindow       `json:"window"`
	Status      seating.Status      `json:"status" enum:"waitlisted,pending,confirmed,checked_in,completed,cancelled,no_show"`
	Tables      []seating.TableID   `json:"tableIds"`
	ZoneID      seating.ZoneID      `json:"zoneId,omitzero" format:"uuid" doc:"The zone wished for."`
	Seating     seating.SeatingType `json:"seatingPreference,omitempty" doc:"The seating wished for."`
	TurnMinutes servicetime.Minutes `json:"turnMinutes,omitempty" doc:"A stay asked for by hand."`
	Source      seating.Source      `json:"source" enum:"web,phone,walk_in,api,import"`
	ArrivedAt   servicetime.Instant `json:"arrivedAt,omitempty" format:"date-time"`
	ChosenBy    seating.ChosenBy    `json:"chosenBy,omitempty" doc:"Who picked the tables." enum:"person,planner"`
	Guest       *Guest              `json:"guest,omitempty" doc:"As far as the caller may see it."`
	Version     seating.Version     `json:"version" doc:"At which the booking last changed."`

	CheckedInAt   servicetime.Instant `json:"checkedInAt,omitempty" format:"date-time"`
	EndedAt       servicetime.Instant `json:"endedAt,omitempty" format:"date-time" doc:"Completed, cancelled or a no-show since."`
	LateAt        servicetime.Instant `json:"lateAt,omitempty" format:"date-time" doc:"Noticed as late."`
	OverstayAt    servicetime.Instant `json:"overstayAt,omitempty" format:"date-time" doc:"Noticed as staying past its end."`
	PendingUntil  servicetime.Instant `json:"pendingUntil,omitempty" format:"date-time" doc:"Cancelled then, unless it is confirmed before."`
	Priority      int                 `json:"priority,omitempty" doc:"On the waitlist: 0 to 9, the highest first."`
	QuotedMinutes servicetime.Minutes `json:"quotedMinutes,omitempty" doc:"On the waitlist: the wait the party was told."`
}

// BookingWindow is the time a booking takes up its tables, and within it the time
// the party sits.
type BookingWindow struct {
	Start       servicetime.Instant `json:"start" format:"date-time"`
	End         servicetime.Instant `json:"end" format:"date-time"`
	DiningStart servicetime.Instant `json:"diningStart" format:"date-time"`
	DiningEnd   servicetime.Instant `json:"diningEnd" format:"date-time"`
}

// Guest is a booking's contact.
type Guest struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty" doc:"Only with the capability see_contact."`
	Email string `json:"email,omitempty" doc:"Only with the capability see_contact."`
	Notes string `json:"notes,omitempty"`
}

// GuestRequest is a guest as somebody tells it.
type GuestRequest struct {
	Name  string `json:"name" minLength:"1" maxLength:"120"`
	Phone string `json:"phone,omitempty" minLength:"1" maxLength:"40"`
	Email string `json:"email,omitempty" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+$" patternDescription:"an address with one @"`
	Notes string `json:"notes,omitempty" maxLength:"2000" format:"lines"`
}

// CreateBookingRequest is a party that wants to come.
type CreateBookingRequest struct {
	Covers      int                 `json:"covers" minimum:"1" maximum:"100"`
	Date        string              `json:"date" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" patternDescription:"a calendar date like 2026-11-27" example:"2026-11-27"`
	Time        string              `json:"time" pattern:"^[0-9]{2}:[0-9]{2}$" patternDescription:"a wall-clock time like 19:30" example:"19:30"`
	UTCOffset   string              `json:"utcOffset,omitempty" pattern:"^(Z|[+-][0-9]{2}:[0-9]{2})$" patternDescription:"an offset like +02:00" doc:"Says which of the two is meant when clocks go back."`
	Guest       *GuestRequest       `json:"guest,omitempty"`
	ZoneID      UUID                `json:"zoneId,omitempty" doc:"A wish."`
	Seating     seating.SeatingType `json:"seatingPreference,omitempty" enum:"standard,sofa,booth,high_top" doc:"A wish."`
	Source      seating.Source      `json:"source,omitempty" enum:"web,phone,walk_in,api" doc:"Default api."`
	Tables      []UUID              `json:"tableIds,omitempty" maxItems:"100" doc:"Seat the party here at once."`
	AutoAssign  bool                `json:"autoAssign,omitempty" doc:"Let the planner choose; implied by source web."`
	TurnMinutes int                 `json:"turnMinutes,omitempty" minimum:"1" maximum:"600" doc:"How long the party stays, when it is not the period's turn time."`
	Transition  string              `json:"transition,omitempty" enum:"confirmed,none" doc:"With tables: confirmed, the default, or none, which leaves the booking pending. One from the web that stays pending is cancelled after pendingMinutes."`
	Waitlist    *WaitingRequest     `json:"waitlist,omitempty" doc:"Put the party on the waitlist, without tables."`
	Override    *Override           `json:"override,omitempty"`
}

// CancelRequest says why a booking is cancelled.
type CancelRequest struct {
	Reason string `json:"reason,omitempty" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like guest_called" example:"guest_called"`
}

// BookingAnswer is one booking.
type BookingAnswer struct {
	Booking Booking `json:"booking"`
	Stamp
}

// CreatedAnswer is a booking that was made. NoTable is there when tables were to
// be chosen and none was found.
type CreatedAnswer struct {
	Booking    Booking         `json:"booking"`
	Assignment *Assignment     `json:"assignment,omitempty"`
	NoTable    *decide.NoTable `json:"noTable,omitempty"`
	Checks     []Check         `json:"checks,omitempty"`
	Stamp
}

// BookingsAnswer is one page of bookings.
type BookingsAnswer struct {
	Bookings   []Booking `json:"bookings"`
	NextCursor string    `json:"nextCursor,omitempty" doc:"Continues the list; absent on the last page."`
	Stamp
}

// HistoryAnswer is one page of a booking's history, newest first.
type HistoryAnswer struct {
	History    []HistoryLine `json:"history"`
	NextCursor string        `json:"nextCursor,omitempty" doc:"Continues the list; absent on the last page."`
	Stamp
}

// HistoryLine is one thing that happened.
type HistoryLine struct {
	Version seating.Version     `json:"version"`
	At      servicetime.Instant `json:"at" format:"date-time"`
	Actor   Principal           `json:"actor"`
	Command string              `json:"command" example:"confirm"`
	Subject string              `json:"subject,omitempty" doc:"What it happened to." example:"booking:019ac0de-0000-7000-8000-000000000012"`
	Summary string              `json:"summary,omitempty" doc:"What happened, in words; for people, it may be worded anew." example:"moved from T1 to T4"`
	From    string              `json:"from,omitempty"`
	To      string              `json:"to,omitempty"`
	Reason  string              `json:"reason,omitempty"`
	Detail  any                 `json:"detail,omitempty" doc:"Ids and codes."`
	Note    string              `json:"note,omitempty" doc:"Staff's free text."`
}

// bookingOf shows a booking. Versions within an epoch are one sequence, so the
// booking's own number is told with the current one.
func bookingOf(row store.BookingRow, epoch string) Booking {
	b := row.Booking
	return Booking{
		ID: b.ID, Reference: b.Reference, Covers: b.Covers, Date: b.Date, Time: b.Time, ServiceDate: b.ServiceDate,
		Window: BookingWindow{Start: b.Window.Start, End: b.Window.End, DiningStart: b.Dining.Start, DiningEnd: b.Dining.End},
		Status: b.Status, Tables: list(row.Tables), ZoneID: b.ZoneWish, Seating: b.SeatingWish, TurnMinutes: b.Turn,
		Source: b.Source, ArrivedAt: b.ArrivedAt, ChosenBy: b.ChosenBy, Version: seating.Version{Epoch: epoch, N: b.Version},
		CheckedInAt: b.CheckedInAt, EndedAt: b.EndedAt, LateAt: b.LateAt, OverstayAt: b.OverstayAt,
		PendingUntil: b.PendingUntil, Priority: b.Priority, QuotedMinutes: b.Quoted,
	}
}

func decidedBooking(b *decide.Booking, v seating.Version) Booking {
	return bookingOf(store.BookingRow{Booking: b.Booking, Tables: b.Tables}, v.Epoch)
}

// guestFor shows what the actor may see of a guest; nil when that is nothing.
func guestFor(actor seating.Actor, g seating.Guest) *Guest {
	if !actor.Can(seating.CapSee) {
		return nil
	}
	w := Guest{Name: g.Name, Notes: g.Notes}
	if actor.Can(seating.CapSeeContact) {
		w.Phone, w.Email = g.Phone, g.Email
	}
	if w == (Guest{}) {
		return nil
	}
	return &w
}
