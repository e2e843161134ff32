package decide_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

var lateJob = decide.MarkLate{Booking: nine}

func releases(p *seating.Policy) { p.Late.Action = seating.LateRelease }

func TestMarkLate_FlagsOnce(t *testing.T) {
	s := living(t, nil)
	s.now = housetest.At("19:15")
	s.ok(seating.System(), lateJob)
	s.sits(9, seating.Confirmed, 1)
	if e := s.entry(9); e.LateAt != s.now {
		t.Errorf("lateAt = %v, want now", e.LateAt)
	}
	event := s.last.Events[0]
	if len(s.last.Events) != 1 || event.Type != seating.EventBookingLate || event.Severity != seating.SeverityNotice ||
		event.Payload.Minutes != 15 || !slices.Equal(event.Payload.Tables, housetest.Tables(1)) {
		t.Errorf("events = %+v, want booking.late, 15 minutes, at T1", s.last.Events)
	}
	if want := []string{"-late9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v", s.due(), want)
	}
	s.at("19:20").ok(server, decide.CheckIn{Booking: nine})
	s.ok(server, decide.UndoCheckIn{Booking: nine})
	if want := []string{"-overstay9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v: it is told once", s.due(), want)
	}
}

// TestMarkLate_ComesAgain: a party that is not late yet by the policy of now keeps
// its reminder, at its right time; one that has arrived loses it.
func TestMarkLate_ComesAgain(t *testing.T) {
	s := living(t, nil)
	s.now = housetest.At("19:15") - 1
	s.ok(seating.System(), lateJob)
	if want := []house.DueRow{{Subject: "booking:" + nine.String(), Kind: house.DueLate, RunAt: housetest.At("19:15")}}; !slices.Equal(s.last.Due.Put, want) || len(s.last.Events) > 0 || s.last.History[0].To != "due_moved" {
		t.Errorf("due work = %+v, want %+v and nobody told", s.last.Due, want)
	}
	s.ok(cleo, decide.PutPolicy{Policy: setting(s.h.Policy, func(p *seating.Policy) { p.Late.After = 30 })})
	s.at("19:20").ok(seating.System(), lateJob)
	if got := s.last.Due.Put; len(got) != 1 || got[0].RunAt != housetest.At("19:30") || !s.entry(9).LateAt.IsZero() {
		t.Errorf("due work = %+v, want 19:30", got)
	}
	s.ok(server, decide.Arrive{Booking: nine})
	if want := []string{"-late9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v with the arrival", s.due(), want)
	}
	s.at("19:40").nothing(seating.System(), lateJob)
}

func TestMarkLate_Releases(t *testing.T) {
	s := living(t, func(h *house.State) { releases(&h.Policy) }).at("19:15")
	s.ok(ben, hold(1, 9, 2))
	s.ok(seating.System(), lateJob)
	s.sits(9, seating.Waitlisted)
	if e := s.entry(9); e.Priority != 1 || e.LateAt != s.now || e.Hold != nil || e.ChosenBy != "" {
		t.Errorf("booking = %+v, want it waiting before others", e.Booking)
	}
	if p := s.payload(seating.EventBookingChanged); p.What != "waitlisted" || p.Reason != "late" || s.payload(seating.EventBookingLate).Status != seating.Confirmed || s.payload(seating.EventAssignmentCleared).Reason != "late" {
		t.Errorf("events = %+v", s.last.Events)
	}
	s.ok(anna, assign(1, 1))
	s.kept()

	s = in(t, seating.CheckedIn).at("19:20") // never one that sits
	s.later(seating.AspectPolicy, func(h *house.State) { releases(&h.Policy) })
	s.ok(seating.System(), lateJob)
	s.sits(9, seating.CheckedIn, 1)

	s = living(t, func(h *house.State) { releases(&h.Policy) }).at("19:10")
	s.ok(server, decide.Arrive{Booking: nine})
	s.at("19:30").ok(seating.System(), lateJob)
	s.sits(9, seating.Confirmed, 1) // it stands at the door
}

func TestMarkOverstay_ToldOnce(t *testing.T) {
	job := decide.MarkOverstay{Booking: nine}
	s := in(t, seating.CheckedIn)
	s.now = housetest.At("20:25") - 1
	s.ok(seating.System(), job)
	if got := s.last.Due.Put; len(got) != 1 || got[0].RunAt != housetest.At("20:25") || len(s.last.Events) > 0 {
		t.Errorf("due work = %+v, want it again at 20:25", got)
	}
	s.at("20:27").ok(seating.System(), job)
	event := s.last.Events[0]
	if len(s.last.Events) != 1 || event.Type != seating.EventBookingOverstaying || event.Severity != seating.SeverityWarning ||
		event.Payload.Minutes != 7 || !slices.Equal(event.Payload.Tables, housetest.Tables(1)) || s.entry(9).OverstayAt != s.now {
		t.Errorf("events = %+v, want booking.overstaying, 7 minutes, at T1", s.last.Events)
	}
	s.ok(server, decide.CheckOut{Booking: nine})
	s.ok(cleo, decide.Reopen{Booking: nine})
	if len(s.last.Due.Put) > 0 {
		t.Errorf("due work = %+v, want none: it is told once", s.last.Due.Put)
	}
}

func TestExpirePending(t *testing.T) {
	job := decide.ExpirePending{Booking: nine}
	s := in(t, seating.Pending)
	s.later(seating.AspectBookings, func(h *house.State) {
		edit(h, 9, func(b *seating.Booking) { b.Source, b.PendingUntil = seating.SourceWeb, housetest.At("19:15") })
	})
	s.ok(ben, hold(1, 9, 2))
	s.now = housetest.At("19:15") - 1
	s.ok(seating.System(), job)
	if got := s.last.Due.Put; len(got) != 1 || got[0].Kind != house.DuePending || got[0].RunAt != housetest.At("19:15") {
		t.Errorf("due work = %+v, want it again at 19:15", got)
	}
	s.now++
	s.ok(seating.System(), job)
	e := s.entry(9)
	if e.Status != seating.Cancelled || !e.PendingUntil.IsZero() || e.Hold != nil || s.payload(seating.EventBookingCancelled).Reason != "pending_expired" {
		t.Errorf("booking = %+v, events %+v", e.Booking, s.last.Events)
	}
	if want := []string{"-1", "-late9", "-pending_expiry9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v", s.due(), want)
	}
	s.ok(cleo, decide.Reinstate{Booking: nine}) // a person has decided: it waits for nobody
	if want := []string{"+late9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v", s.due(), want)
	}
}

// TestPendingUntil_IsForgotten by every step out of pending, and when the party is
// here: nobody cancels who stands at the door.
func TestPendingUntil_IsForgotten(t *testing.T) {
	for _, c := range []decide.Command{assign(9, 1), decide.MarkNoShow{Booking: nine}, decide.Cancel{Booking: nine}, decide.Wait{Booking: nine}, decide.Arrive{Booking: nine}} {
		s := in(t, seating.Pending)
		s.later(seating.AspectBookings, func(h *house.State) { edit(h, 9, func(b *seating.Booking) { b.PendingUntil = housetest.At("19:15") }) })
		s.ok(anna, c)
		if !s.entry(9).PendingUntil.IsZero() || !slices.Contains(s.due(), "-pending_expiry9") {
			t.Errorf("%s: pendingUntil = %v, due work %v", c.Name(), s.entry(9).PendingUntil, s.due())
		}
	}
}

// TestDue_FollowsTheBooking: what the commands of an evening leave of due work.
func TestDue_FollowsTheBooking(t *testing.T) {
	s := living(t, nil)
	for _, step := range []struct {
		at   string
		do   decide.Command
		want []string
	}{
		{"18:00", unassign(9), nil}, // pending, and as late at the same time
		{"18:00", assign(9, 1), nil},
		{"18:10", decide.Wait{Booking: nine}, []string{"-late9"}},
		{"18:11", decide.Unwait{Booking: nine}, []string{"+late9"}},
		{"18:12", assign(9, 1), nil},
		{"18:50", decide.CheckIn{Booking: nine}, []string{"-late9", "+overstay9"}},
		{"18:55", assign(9, 2), nil}, // moved; its end is the same
		{"18:56", decide.UndoCheckIn{Booking: nine}, []string{"-overstay9", "+late9"}},
		{"18:57", decide.MarkNoShow{Booking: nine}, []string{"-late9"}},
		{"18:58", decide.UndoNoShow{Booking: nine}, []string{"+late9"}},
		{"18:59", decide.Arrive{Booking: nine}, []string{"-late9"}},
		{"19:00", decide.CheckIn{Booking: nine}, []string{"+overstay9"}},
		{"19:30", decide.CheckOut{Booking: nine}, []string{"-overstay9"}},
		{"19:31", decide.Reopen{Booking: nine}, []string{"+overstay9"}},
		{"19:32", decide.CheckOut{Booking: nine}, []string{"-overstay9"}},
	} {
		s.at(step.at).ok(cleo, step.do)
		if got := s.due(); !slices.Equal(got, step.want) {
			t.Errorf("%s at %s: due work = %v, want %v", step.do.Name(), step.at, got, step.want)
		}
	}
}

// TestDue_CloseOfDay is written with the first booking of a date and with no other.
func TestDue_CloseOfDay(t *testing.T) {
	closing := housetest.At("23:59").Add(time.Minute + 6*time.Hour)
	row := func(date servicetime.Date, at servicetime.Instant) house.DueRow {
		return house.DueRow{Subject: "day:" + date.String(), Kind: house.DueCloseDay, RunAt: at}
	}
	closes := func(s *stage) (rows []house.DueRow) {
		for _, r := range s.last.Due.Put {
			if r.Kind == house.DueCloseDay {
				rows = append(rows, r)
			}
		}
		return rows
	}
	s := evening(t, func(h *house.State) { h.Bookings, h.Allocations = nil, nil })
	s.ok(anna, create(20, 2, "19:00"))
	if diff := gocmp.Diff([]house.DueRow{row(housetest.Friday, closing)}, closes(s)); diff != "" {
		t.Errorf("the day's first booking (-want +got):\n%s", diff)
	}
	s.ok(anna, create(21, 2, "19:00"))
	if got := closes(s); len(got) > 0 {
		t.Errorf("the second booking puts %+v, want nothing", got)
	}
	s.ok(anna, onDay(create(22, 2, "20:00"), 1))
	if diff := gocmp.Diff([]house.DueRow{row(housetest.Friday.AddDays(1), closing.Add(24*time.Hour))}, closes(s)); diff != "" {
		t.Errorf("Saturday's first booking (-want +got):\n%s", diff)
	}

	// An import of several dates, one of which could be closed already: that one
	// stays open for what follows.
	i := evening(t, func(h *house.State) { h.Bookings, h.Allocations = nil, nil; h.OpenFrom = housetest.Friday.AddDays(-9) })
	ago := func(n, days int) decide.Imported {
		in := imported(n, seating.Completed, "12:00")
		b := &in.Booking
		b.Date, b.ServiceDate = b.Date.AddDays(-days), b.ServiceDate.AddDays(-days)
		for _, at := range []*servicetime.Instant{&b.Window.Start, &b.Window.End, &b.Dining.Start, &b.Dining.End, &b.EndedAt} {
			*at = at.Add(-time.Duration(days) * 24 * time.Hour)
		}
		return in
	}
	i.ok(seating.Operator(), imports(ago(30, 0), ago(31, 0), ago(32, 2), ago(33, 2)))
	want := []house.DueRow{row(housetest.Friday, closing), row(housetest.Friday.AddDays(-2), i.now.Add(time.Hour))}
	if diff := gocmp.Diff(want, i.last.Due.Put); diff != "" {
		t.Errorf("an import of bookings that are over puts (-want +got):\n%s", diff)
	}
}

// TestCloseDay_DueWork: closing a day removes the reminders of every date it
// closes, with or without bookings, and of the bookings it ends. A job that comes
// too early is told when, one that comes too late that it need not.
func TestCloseDay_DueWork(t *testing.T) {
	s := in(t, seating.CheckedIn)
	friday := decide.CloseDay{Date: housetest.Friday}
	s.at("23:00").ok(seating.System(), friday)
	closing := housetest.At("23:59").Add(time.Minute + 6*time.Hour)
	want := []house.DueRow{{Subject: "day:" + housetest.Friday.String(), Kind: house.DueCloseDay, RunAt: closing}}
	if !slices.Equal(s.last.Due.Put, want) || len(s.last.Events) > 0 || s.h.OpenFrom > housetest.Friday {
		t.Errorf("too early: %+v, want it again at 06:00", s.last.Due)
	}
	s.fields(cleo, friday, "/date")
	s.now = closing
	s.ok(seating.System(), friday)
	var days []string
	for _, r := range s.last.Due.Drop {
		if r.Kind == house.DueCloseDay {
			days = append(days, r.Subject)
		}
	}
	if want := []string{"day:2026-11-26", "day:2026-11-27"}; !slices.Equal(days, want) {
		t.Errorf("dates forgotten = %v, want %v", days, want)
	}
	for _, gone := range []string{"-overstay9", "-late1", "-late2", "-late3", "-late4"} {
		if !slices.Contains(s.due(), gone) {
			t.Errorf("due work = %v, want %s in it", s.due(), gone)
		}
	}
	s.nothing(cleo, friday)
	s.nothing(seating.System(), friday)
}

// TestStepsBack_RoundTrips: a step and its way back leave the booking and its rows
// as they were, whenever they are taken.
func TestStepsBack_RoundTrips(t *testing.T) {
	type trip struct {
		name      string
		from      seating.Status
		there     decide.Command
		back      decide.Command
		soonest   int // minutes after 18:00 between which the step is taken
		latest    int
		forgotten func(*seating.Booking) // what is known more after the way back
	}
	trips := []trip{
		{"check-in", seating.Confirmed, decide.CheckIn{Booking: nine}, decide.UndoCheckIn{Booking: nine}, 1, 139, nil},
		{"check-out", seating.CheckedIn, decide.CheckOut{Booking: nine}, decide.Reopen{Booking: nine}, 61, 300, nil},
		{"no-show", seating.Confirmed, decide.MarkNoShow{Booking: nine}, decide.UndoNoShow{Booking: nine}, 0, 124, nil},
		{"cancel", seating.Pending, decide.Cancel{Booking: nine}, decide.Reinstate{Booking: nine}, 0, 124, func(b *seating.Booking) { b.ChosenBy = "" }},
		{"wait", seating.Pending, decide.Wait{Booking: nine, Priority: 4, Quoted: 10}, decide.Unwait{Booking: nine}, 0, 300, nil},
	}
	rapid.Check(t, func(r *rapid.T) {
		tr := rapid.SampledFrom(trips).Draw(r, "trip")
		s := living(t, nil)
		arrives := rapid.Bool().Draw(r, "arrives")
		if arrives {
			s.ok(server, decide.Arrive{Booking: nine})
		}
		if tr.from == seating.Pending {
			s.ok(anna, unassign(9))
		}
		if tr.from == seating.CheckedIn {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 60).Draw(r, "checked in at")) * time.Minute)
			s.ok(server, decide.CheckIn{Booking: nine})
			if rapid.Bool().Draw(r, "moves") {
				s.now = s.now.Add(time.Minute)
				s.ok(anna, assign(9, 2))
			}
		}
		start := housetest.At("18:00").Add(time.Duration(rapid.IntRange(tr.soonest, tr.latest).Draw(r, "at")) * time.Minute)
		s.now = max(s.now, start)
		before, rows := s.entry(9).Booking, slices.Clone(s.entry(9).Allocations)
		s.ok(cleo, tr.there)
		s.kept()
		s.now = s.now.Add(time.Duration(rapid.IntRange(0, 15*60).Draw(r, "seconds")) * time.Second)
		s.ok(cleo, tr.back)
		s.kept()
		after := s.entry(9)
		before.Version = after.Version
		if tr.forgotten != nil {
			tr.forgotten(&before)
		}
		if diff := gocmp.Diff(before, after.Booking); diff != "" {
			r.Fatalf("%s and back (-before +after):\n%s", tr.name, diff)
		}
		if diff := gocmp.Diff(rows, after.Allocations); diff != "" {
			r.Fatalf("%s and back: rows (-before +after):\n%s", tr.name, diff)
		}
	})
}
