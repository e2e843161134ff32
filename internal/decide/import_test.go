package decide_test

import (
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// imported is booking n as it was elsewhere.
func imported(n int, status seating.Status, at string, tables ...int) decide.Imported {
	var s house.State
	b := housetest.Party(&s, n, 4, at, tables...)
	b.Status, b.Source = status, seating.SourceImport
	if status == seating.CheckedIn {
		b.CheckedInAt = b.Window.Start
	}
	if status.Ended() {
		b.EndedAt = b.Window.End
	}
	return decide.Imported{Booking: b, Tables: housetest.Tables(tables...), Guest: seating.Guest{Name: "Ada"}}
}

func imports(in ...decide.Imported) decide.ImportBookings { return decide.ImportBookings{Bookings: in} }

func TestImport_AsItWas(t *testing.T) {
	s := evening(t, nil)
	early := imported(21, seating.Completed, "12:00", 2)
	early.Booking.EndedAt = housetest.At("12:40")
	never := imported(22, seating.Cancelled, "12:00", 3)
	never.Booking.EndedAt = housetest.At("11:00")
	r := s.ok(seating.Operator(), imports(imported(20, seating.Confirmed, "19:00", 1, 2), early, never, imported(23, seating.Waitlisted, "19:00")))
	if r.Count != 4 || len(s.last.Guests) != 4 {
		t.Errorf("count = %d, guests %d, want 4", r.Count, len(s.last.Guests))
	}
	s.sits(20, seating.Confirmed, 1, 2)
	s.row(21, 2, housetest.Window("12:00", "12:40")) // until it left
	if e := s.entry(22); len(e.Allocations) != 0 || e.Window != never.Booking.Window {
		t.Errorf("booking 22 = %+v, want no rows: it ended before it began", e)
	}
	s.sits(23, seating.Waitlisted)
	s.refused(anna, assign(1, 1), seating.CodeAssignmentConflict)
}

func TestImport_Conflicts(t *testing.T) {
	s := evening(t, func(s *house.State) {
		s.Blocks = []seating.Block{{ID: housetest.ID[seating.BlockID](900), Tables: housetest.Tables(8), Window: housetest.Window("12:00", "13:00"), Reason: "wobbly"}}
	})
	s.ok(anna, hold(1, 1, 1))
	for name, in := range map[string]decide.ImportBookings{
		"an assignment":       imports(imported(20, seating.Confirmed, "20:00", 4)),
		"a hold":              imports(imported(20, seating.Confirmed, "19:00", 1)),
		"a block":             imports(imported(20, seating.Confirmed, "12:59", 8)),
		"another of the file": imports(imported(20, seating.Confirmed, "14:00", 2), imported(21, seating.Confirmed, "15:00", 2)),
	} {
		t.Run(name, func(t *testing.T) {
			twin := *s
			twin.t = t
			twin.refused(seating.Operator(), in, seating.CodeAssignmentConflict)
		})
	}
	s.ok(seating.Operator(), imports(
		imported(20, seating.Confirmed, "20:20", 4), imported(21, seating.Confirmed, "13:00", 8),
		imported(22, seating.Confirmed, "14:00", 2), imported(23, seating.Confirmed, "15:20", 2),
	))
}

func TestImport_Faults(t *testing.T) {
	edit := func(set func(*decide.Imported)) decide.Imported {
		in := imported(21, seating.Confirmed, "12:00", 1)
		set(&in)
		return in
	}
	waits := func(set func(in *decide.Imported)) decide.Imported {
		return edit(func(in *decide.Imported) { in.Booking.Status, in.Tables = seating.Waitlisted, nil; set(in) })
	}
	tests := []struct {
		name string
		give decide.Imported
		want string
	}{
		{"a reference twice in the file", edit(func(in *decide.Imported) {
			in.Booking.Reference = imported(20, seating.Pending, "12:00").Booking.Reference
		}), "/bookings/1/reference"},
		{"a reference of the book", edit(func(in *decide.Imported) { in.Booking.Reference = seating.ReferenceFor(housetest.Booking(1), 0) }), "/bookings/1/reference"},
		{"an id of the book", edit(func(in *decide.Imported) { in.Booking.ID = housetest.Booking(1) }), "/bookings/1/reference"},
		{"an id twice in the file", edit(func(in *decide.Imported) { in.Booking.ID = housetest.Booking(20) }), "/bookings/1/id"},
		{"no id", edit(func(in *decide.Imported) { in.Booking.ID = seating.BookingID{} }), "/bookings/1/id"},
		{"a reference in small letters", edit(func(in *decide.Imported) { in.Booking.Reference = "abcd" }), "/bookings/1/reference"},
		{"a reference of 3", edit(func(in *decide.Imported) { in.Booking.Reference = "ABC" }), "/bookings/1/reference"},
		{"a reference of 13", edit(func(in *decide.Imported) { in.Booking.Reference = "ABCDEFGHIJKLM" }), "/bookings/1/reference"},
		{"no covers", edit(func(in *decide.Imported) { in.Booking.Covers = 0 }), "/bookings/1/covers"},
		{"101 covers", edit(func(in *decide.Imported) { in.Booking.Covers = 101 }), "/bookings/1/covers"},
		{"dining outside its window", edit(func(in *decide.Imported) { in.Booking.Dining.Start-- }), "/bookings/1/window"},
		{"no dining", edit(func(in *decide.Imported) { in.Booking.Dining = servicetime.Window{} }), "/bookings/1/window"},
		{"a window of 841 min", edit(func(in *decide.Imported) { in.Booking.Window.End = in.Booking.Window.Start + 841*60*1e6 }), "/bookings/1/window"},
		{"no such state", edit(func(in *decide.Imported) { in.Booking.Status = "seated" }), "/bookings/1/status"},
		{"ended without an end", edit(func(in *decide.Imported) { in.Booking.Status = seating.NoShow }), "/bookings/1/endedAt"},
		{"an end without being over", edit(func(in *decide.Imported) { in.Booking.EndedAt = 1 }), "/bookings/1/endedAt"},
		{"checked in at no time", edit(func(in *decide.Imported) { in.Booking.Status = seating.CheckedIn }), "/bookings/1/checkedInAt"},
		{"a priority without waiting", edit(func(in *decide.Imported) { in.Booking.Priority = 1 }), "/bookings/1/priority"},
		{"a wait told without waiting", edit(func(in *decide.Imported) { in.Booking.Quoted = 1 }), "/bookings/1/quotedMinutes"},
		{"a priority of 10", waits(func(in *decide.Imported) { in.Booking.Priority = 10 }), "/bookings/1/priority"},
		{"a wait of 601", waits(func(in *decide.Imported) { in.Booking.Quoted = 601 }), "/bookings/1/quotedMinutes"},
		{"to be confirmed once it is", edit(func(in *decide.Imported) { in.Booking.PendingUntil = 1 }), "/bookings/1/pendingUntil"},
		{"early without sitting", edit(func(in *decide.Imported) { in.Booking.PlannedStart = in.Booking.Window.Start }), "/bookings/1/plannedStart"},
		{"late in the future", edit(func(in *decide.Imported) { in.Booking.LateAt = housetest.At("18:01") }), "/bookings/1/lateAt"},
		{"past its end without sitting", edit(func(in *decide.Imported) { in.Booking.OverstayAt = 1 }), "/bookings/1/overstayAt"},
		{"created by nobody", edit(func(in *decide.Imported) { in.Booking.CreatedBy = "" }), "/bookings/1/createdAt"},
		{"confirmed without tables", edit(func(in *decide.Imported) { in.Tables = nil }), "/bookings/1/tableIds"},
		{"a table of nobody", edit(func(in *decide.Imported) { in.Tables = housetest.Tables(99) }), "/bookings/1/tableIds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			evening(t, nil).fields(seating.Operator(), imports(imported(20, seating.Pending, "12:00"), tt.give), tt.want)
		})
	}
	for name, in := range map[string]decide.Imported{
		"as it is":          edit(func(*decide.Imported) {}),
		"late since now":    edit(func(in *decide.Imported) { in.Booking.LateAt = housetest.At("18:00") }),
		"9 and 600 minutes": waits(func(in *decide.Imported) { in.Booking.Priority, in.Booking.Quoted = 9, 600 }),
		"100 covers at T5":  edit(func(in *decide.Imported) { in.Booking.Covers, in.Tables = 100, housetest.Tables(5) }), // history is not judged
		"a window of 840":   edit(func(in *decide.Imported) { in.Booking.Window.End = in.Booking.Window.Start + 840*60*1e6 }),
		"a reference of 12": edit(func(in *decide.Imported) { in.Booking.Reference = "ABCDEFGHIJKL" }),
	} {
		t.Run(name, func(t *testing.T) {
			evening(t, nil).ok(seating.Operator(), imports(imported(20, seating.Pending, "12:00"), in))
		})
	}
	many := func(n int) decide.ImportBookings {
		var c decide.ImportBookings
		for i := range n {
			c.Bookings = append(c.Bookings, imported(1000+i, seating.Pending, "12:00"))
		}
		return c
	}
	evening(t, nil).fields(seating.Operator(), many(201), "/bookings")
	evening(t, nil).ok(seating.Operator(), many(200))
}

// TestImport_OpenFrom: the book opens with its first imported day while it is
// empty, and never afterwards.
func TestImport_OpenFrom(t *testing.T) {
	old := func(n int) decide.Imported {
		in := imported(n, seating.Pending, "12:00")
		in.Booking.ServiceDate = housetest.Friday.AddDays(-10)
		return in
	}
	s := evening(t, func(s *house.State) { s.Bookings, s.Allocations = nil, nil })
	s.ok(seating.Operator(), imports(old(20), imported(21, seating.Pending, "12:00")))
	if got, want := s.h.OpenFrom, housetest.Friday.AddDays(-10); got != want {
		t.Errorf("openFrom = %s, want %s", got, want)
	}
	if s.h.Booking(housetest.Booking(20)) == nil {
		t.Error("the first imported booking is not there")
	}
	full := evening(t, nil)
	full.refused(seating.Operator(), imports(old(20)), seating.CodeDayClosed)
	full.ok(seating.Operator(), imports(imported(20, seating.Pending, "12:00")))
	if got, want := full.h.OpenFrom, housetest.Friday.AddDays(-1); got != want {
		t.Errorf("openFrom = %s, want %s", got, want)
	}
	if !slices.Contains(s.last.Aspects, seating.AspectBookings) {
		t.Errorf("aspects = %v, want bookings", s.last.Aspects)
	}
}
