package decide

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// maxImport bounds the bookings of one import command.
const maxImport = 200

// maxPrincipal bounds the name of who made a booking, in bytes.
const maxPrincipal = 200

var (
	importedSources = []seating.Source{seating.SourceWeb, seating.SourcePhone, seating.SourceWalkIn, seating.SourceAPI, seating.SourceImport}
	importedWishes  = []seating.SeatingType{"", seating.SeatingStandard, seating.SeatingSofa, seating.SeatingBooth, seating.SeatingHighTop}
)

var importedReference = regexp.MustCompile(`^[0-9A-Z]{4,12}$`)

// Name implements Command.
func (ImportBookings) Name() string { return "import_bookings" }

func (c ImportBookings) decide(d *draft) (Result, *seating.Error) {
	if len(c.Bookings) > maxImport {
		return Result{}, seating.Invalid("/bookings", "at most %d at once", maxImport)
	}
	if err := c.openFrom(d); err != nil {
		return Result{}, err
	}
	taken, ids := map[string]bool{}, map[seating.BookingID]bool{}
	busy := map[seating.TableID][]servicetime.Window{}
	for i, in := range c.Bookings {
		err := d.importOne(in, taken, busy)
		if err == nil && ids[in.Booking.ID] {
			err = seating.Invalid("/id", "named twice")
		}
		ids[in.Booking.ID] = true
		if err != nil {
			for f := range err.Details.Fields {
				err.Details.Fields[f].Pointer = fmt.Sprintf("/bookings/%d%s", i, err.Details.Fields[f].Pointer)
			}
			err.Msg = fmt.Sprintf("booking %s: %s", in.Booking.Reference, err.Msg)
			return Result{}, err
		}
	}
	return Result{Count: len(c.Bookings)}, nil
}

// openFrom moves back to the first imported date while there is no booking yet.
func (c ImportBookings) openFrom(d *draft) *seating.Error {
	first := d.h.OpenFrom
	for _, in := range c.Bookings {
		first = min(first, in.Booking.ServiceDate)
	}
	if first == d.h.OpenFrom {
		return nil
	}
	if len(d.h.Days()) > 0 {
		return seating.Refuse(seating.CodeDayClosed, "The service of %s has been closed.", first)
	}
	d.rows.OpenFrom = &first
	d.changes(seating.AspectBookings)
	return nil
}

// importOne puts one booking as it was, with its occupancy up to its end.
func (d *draft) importOne(in Imported, taken map[string]bool, busy map[seating.TableID][]servicetime.Window) *seating.Error {
	b := in.Booking
	if err := seating.InvalidFields(importFaults(b, d.env.Now)); err != nil {
		return err
	}
	if taken[b.Reference] || d.h.HasReference(b.Reference) || d.h.Booking(b.ID) != nil {
		return seating.Invalid("/reference", "the reference %s is taken", b.Reference)
	}
	taken[b.Reference] = true
	if in.Since != 0 && !b.Window.Contains(in.Since) {
		return seating.Invalid("/tablesSince", "not within the window")
	}
	w := b.Window
	w.Start = max(w.Start, in.Since)
	if b.Status.Ended() {
		w.End = min(w.End, b.EndedAt)
	}
	tables := slices.Clone(in.Tables)
	slices.SortFunc(tables, seating.TableID.Compare)
	tables = slices.Compact(tables)
	if (b.Status == seating.Confirmed || b.Status == seating.CheckedIn) && len(tables) == 0 {
		return seating.Invalid("/tableIds", "a booking that is %s has tables", b.Status)
	}
	if b.Status == seating.Waitlisted && len(tables) > 0 {
		return seating.Invalid("/tableIds", "a booking that is waitlisted has no tables")
	}
	for _, id := range tables {
		if t := d.h.Floor.Table(id); t == nil || t.Retired {
			return seating.Invalid("/tableIds", "there is no table %s", id)
		}
		if w.Empty() {
			continue
		}
		for range d.h.Occupancy(id, w) {
			return seating.Refuse(seating.CodeAssignmentConflict, "%s is taken at that time.", d.h.Floor.Ref(id).Number)
		}
		if slices.ContainsFunc(busy[id], w.Overlaps) {
			return seating.Refuse(seating.CodeAssignmentConflict, "%s is taken twice at that time.", d.h.Floor.Ref(id).Number)
		}
		busy[id] = append(busy[id], w)
		d.rows.PutAllocations = append(d.rows.PutAllocations, bookingAllocation(b.ID, id, w))
	}
	if len(tables) == 0 {
		b.ChosenBy = ""
	}
	d.line(bookingSubject(b.ID), "", string(b.Status), "imported", "")
	d.event(seating.EventBookingCreated, seating.SeverityInfo, b.ID, seating.EventPayload{Window: b.Window, Status: b.Status, Reason: "imported"})
	if len(tables) > 0 && !w.Empty() {
		d.synced(b.ID, w, tables)
	}
	if !in.Guest.Empty() {
		d.guests = append(d.guests, house.GuestPut{Booking: b.ID, Guest: in.Guest})
	}
	d.put(b, tables...)
	return nil
}

// importFaults refuses what no booking can be, and no row of one.
func importFaults(b seating.Booking, now servicetime.Instant) []seating.Field {
	var fields []seating.Field
	fault := func(bad bool, pointer, message string) {
		if bad {
			fields = append(fields, seating.Field{Pointer: pointer, Message: message})
		}
	}
	fault(b.ID.IsZero(), "/id", "needed")
	fault(!importedReference.MatchString(b.Reference), "/reference", "4 to 12 capital letters and digits")
	fault(b.Covers < 1 || b.Covers > seating.MaxPartyCovers, "/covers", "a party has 1 to 100 covers")
	fault(b.Dining.Empty() || !b.Dining.Within(b.Window), "/window", "dining lies within the window")
	longest := servicetime.MaxTurn + 2*servicetime.MaxBuffer
	start := b.Window.Start
	if !b.CheckedInAt.IsZero() { // an early check-in moved it, however far
		start = max(start, b.Dining.Start.Add(-servicetime.MaxBuffer.Duration()))
	}
	fault(b.Window.End.Sub(start) > longest.Duration(), "/window", "too long")
	fault(b.Turn < 0 || b.Turn > servicetime.MaxTurn, "/turnMinutes", "a stay lasts 1 to 600 minutes; 0 is the band's")
	fault(!slices.Contains(seating.Statuses(), b.Status), "/status", "not a state of a booking")
	fault(b.Status.Ended() == b.EndedAt.IsZero(), "/endedAt", "set exactly when the booking has ended")
	fault(b.EndedAt > now, "/endedAt", "is in the future")
	fault(b.Status == seating.CheckedIn && b.CheckedInAt.IsZero(), "/checkedInAt", "needed for a checked-in booking")
	waits, sat := b.Status == seating.Waitlisted, b.Status == seating.CheckedIn || b.Status.Ended()
	fault(b.Priority < 0 || b.Priority > mostPriority || b.Priority > 0 && !waits, "/priority", "0 to 9, of a waitlisted booking")
	fault(b.Quoted < 0 || b.Quoted > mostQuoted || b.Quoted > 0 && !waits, "/quotedMinutes", "0 to 600, of a waitlisted booking")
	fault(!b.PendingUntil.IsZero() && b.Status != seating.Pending, "/pendingUntil", "only of a pending booking")
	fault(!b.PlannedStart.IsZero() && (!sat || !b.Window.Contains(b.PlannedStart)), "/plannedStart", "within the window, of a party that sat down early")
	fault(b.LateAt > now, "/lateAt", "is in the future")
	fault(b.OverstayAt > now || !b.OverstayAt.IsZero() && !sat, "/overstayAt", "in the past, of a party that sat down")
	fault(b.CreatedAt.IsZero() || b.CreatedBy == "", "/createdAt", "needed")
	fault(len(b.CreatedBy) > maxPrincipal, "/createdBy", "at most 200 bytes")
	fault(!slices.Contains(importedSources, b.Source), "/source", "one of web, phone, walk_in, api, import")
	fault(!slices.Contains(importedWishes, b.SeatingWish), "/seatingPreference", "one of standard, sofa, booth, high_top")
	fault(!slices.Contains([]seating.ChosenBy{"", seating.ChosenByPerson, seating.ChosenByPlanner}, b.ChosenBy), "/chosenBy", "person or planner")
	return fields
}
