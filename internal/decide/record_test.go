package decide_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// lines are the history of the last change as subject:from>to, the IDs cut to
// their last digits.
func (s *stage) lines() []string {
	var all []string
	for _, l := range s.last.History {
		kind, id, _ := strings.Cut(l.Subject, ":")
		if strings.Contains(id, "-7000-") {
			kind += strings.TrimLeft(id[len(id)-4:], "0")
		}
		all = append(all, kind+":"+l.From+">"+l.To)
	}
	slices.Sort(all)
	return all
}

// due is the last change's due work: -1 and +1 an expiry of hold 1 dropped and
// put, with the kind before it where it is another: +late1, -close_day.
func (s *stage) due() []string {
	var all []string
	short := func(sign string, rows []house.DueRow) {
		for _, r := range rows {
			if (sign == "+") != (r.RunAt > 0) {
				s.t.Errorf("due row %s%+v: want a time when it is put, and none when it goes", sign, r)
			}
			what, id, _ := strings.Cut(r.Subject, ":")
			kind := strings.TrimPrefix(string(r.Kind), string(house.DueHoldExpiry))
			if of := map[house.DueKind]string{house.DueHoldExpiry: "hold", house.DueCloseDay: "day"}[r.Kind]; of != what && (of != "" || what != "booking") {
				s.t.Errorf("due row %s%+v is not of the right subject", sign, r)
			}
			if what == "day" {
				id = ""
			} else {
				id = strings.TrimLeft(id[len(id)-4:], "0")
			}
			all = append(all, sign+kind+id)
		}
	}
	short("-", s.last.Due.Drop)
	short("+", s.last.Due.Put)
	return all
}

// TestRecord is what each command leaves behind: events in order, a line per
// thing that happened, an expiry for each live hold, and guards.
func TestRecord(t *testing.T) {
	type want struct {
		events  []seating.EventType
		lines   []string
		due     []string
		guards  []house.GuardKind
		aspects []seating.Aspect
	}
	ev := func(e ...seating.EventType) []seating.EventType { return e }
	bookings, holds := seating.AspectBookings, seating.AspectHolds
	held := func(s *stage) { s.ok(anna, hold(1, 1, 1)) }
	lapse := func(s *stage) { held(s); s.now = s.entry(1).Hold.ExpiresAt }
	seats := func(s *stage) { s.ok(anna, assign(1, 1)) }
	sits := func(s *stage) { s.ok(anna, decide.CheckIn{Booking: housetest.Booking(3)}) }
	waits := func(s *stage) { s.ok(anna, decide.Wait{Booking: housetest.Booking(3)}) }
	both := func(s *stage) { seats(s); s.ok(anna, assign(2, 2)) }
	tests := []struct {
		name   string
		before func(*stage)
		who    seating.Actor
		do     decide.Command
		want   want
	}{
		{name: "create", who: anna, do: create(20, 4, "19:00"), want: want{
			ev(seating.EventBookingCreated), []string{"booking14:>pending"}, []string{"+late14"}, []house.GuardKind{house.GuardReference}, []seating.Aspect{bookings},
		}},
		{name: "create with tables", who: anna, do: create(20, 4, "19:00", 1), want: want{
			ev(seating.EventBookingCreated, seating.EventAssignmentSync, seating.EventBookingConfirmed),
			[]string{"booking14:>assigned", "booking14:>pending", "booking14:pending>confirmed"},
			[]string{"+late14"},
			[]house.GuardKind{house.GuardReference},
			[]seating.Aspect{bookings},
		}},
		{name: "hold", who: anna, do: hold(1, 1, 1), want: want{
			ev(seating.EventHoldCreated), []string{"booking1:>hold_live"}, []string{"+1"}, nil, []seating.Aspect{holds},
		}},
		{name: "hold replaced", before: held, who: anna, do: hold(2, 1, 1), want: want{
			ev(seating.EventHoldSuperseded, seating.EventHoldCreated),
			[]string{"booking1:>hold_live", "booking1:hold_live>hold_superseded"},
			[]string{"-1", "+2"},
			[]house.GuardKind{house.GuardBefore},
			[]seating.Aspect{holds},
		}},
		{name: "hold over a lapsed one", before: lapse, who: ben, do: hold(2, 2, 1), want: want{
			ev(seating.EventHoldExpired, seating.EventHoldCreated),
			[]string{"booking1:hold_live>hold_expired", "booking2:>hold_live"},
			[]string{"-1", "+2"},
			[]house.GuardKind{house.GuardHoldLapsed},
			[]seating.Aspect{holds},
		}},
		{name: "extend", before: held, who: anna, do: decide.ExtendHold{Hold: housetest.Hold(1), By: 400}, want: want{
			ev(seating.EventHoldExtended), []string{"booking1:hold_live>hold_extended"}, []string{"+1"}, []house.GuardKind{house.GuardHoldLive}, []seating.Aspect{holds},
		}},
		{name: "release", before: held, who: anna, do: decide.ReleaseHold{Hold: housetest.Hold(1)}, want: want{
			ev(seating.EventHoldReleased), []string{"booking1:hold_live>hold_released"}, []string{"-1"}, []house.GuardKind{house.GuardHoldLive}, []seating.Aspect{holds},
		}},
		{name: "release of a lapsed one", before: lapse, who: anna, do: decide.ReleaseHold{Hold: housetest.Hold(1)}, want: want{
			ev(seating.EventHoldExpired), []string{"booking1:hold_live>hold_expired"}, []string{"-1"}, []house.GuardKind{house.GuardHoldLapsed}, []seating.Aspect{holds},
		}},
		{name: "expire", before: lapse, who: seating.System(), do: decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1)}}, want: want{
			ev(seating.EventHoldExpired), []string{"booking1:hold_live>hold_expired"}, []string{"-1"}, []house.GuardKind{house.GuardHoldLapsed}, []seating.Aspect{holds},
		}},
		{name: "take over", before: held, who: cleo, do: decide.TakeOver{ID: housetest.Hold(2), Hold: housetest.Hold(1), Reason: "busy"}, want: want{
			ev(seating.EventHoldSuperseded, seating.EventHoldCreated),
			[]string{"booking1:>hold_live", "booking1:hold_live>hold_superseded"},
			[]string{"-1", "+2"},
			[]house.GuardKind{house.GuardHoldLive, house.GuardBefore},
			[]seating.Aspect{holds},
		}},
		{name: "confirm", before: held, who: anna, do: confirm(1), want: want{
			ev(seating.EventHoldConfirmed, seating.EventAssignmentSync, seating.EventBookingConfirmed),
			[]string{"booking1:>assigned", "booking1:hold_live>hold_confirmed", "booking1:pending>confirmed"},
			[]string{"-1"},
			[]house.GuardKind{house.GuardHoldLive},
			[]seating.Aspect{holds, bookings},
		}},
		{name: "assign", who: anna, do: assign(1, 1), want: want{
			ev(seating.EventAssignmentSync, seating.EventBookingConfirmed), []string{"booking1:>assigned", "booking1:pending>confirmed"}, nil, nil, []seating.Aspect{bookings},
		}},
		{name: "assign past the own hold", before: held, who: anna, do: assign(1, 2), want: want{
			ev(seating.EventHoldSuperseded, seating.EventAssignmentSync, seating.EventBookingConfirmed),
			[]string{"booking1:>assigned", "booking1:hold_live>hold_superseded", "booking1:pending>confirmed"},
			[]string{"-1"},
			nil,
			[]seating.Aspect{holds, bookings},
		}},
		{name: "move", before: seats, who: anna, do: assign(1, 2), want: want{
			ev(seating.EventAssignmentSync), []string{"booking1:>assigned"}, nil, nil, []seating.Aspect{bookings},
		}},
		{name: "unassign", before: seats, who: anna, do: unassign(1), want: want{
			ev(seating.EventAssignmentCleared, seating.EventBookingChanged), []string{"booking1:>unassigned", "booking1:confirmed>pending"}, nil, nil, []seating.Aspect{bookings},
		}},
		{name: "swap", before: both, who: anna, do: decide.Swap{A: housetest.Booking(1), B: housetest.Booking(2)}, want: want{
			ev(seating.EventAssignmentSync, seating.EventAssignmentSync), []string{"booking1:>assigned", "booking2:>assigned"}, nil, nil, []seating.Aspect{bookings},
		}},
		{name: "cancel", before: seats, who: anna, do: decide.Cancel{Booking: housetest.Booking(1), Reason: "ill"}, want: want{
			ev(seating.EventAssignmentCleared, seating.EventBookingCancelled), []string{"booking1:confirmed>cancelled"}, []string{"-late1"}, nil, []seating.Aspect{bookings},
		}},
		{name: "cancel with a hold", before: held, who: anna, do: decide.Cancel{Booking: housetest.Booking(1)}, want: want{
			ev(seating.EventHoldReleased, seating.EventBookingCancelled), []string{"booking1:hold_live>hold_released", "booking1:pending>cancelled"}, []string{"-1", "-late1"}, nil, []seating.Aspect{holds, bookings},
		}},
		{name: "arrive", who: anna, do: decide.Arrive{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventBookingChanged), []string{"booking3:>arrived"}, []string{"-late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "check in", who: anna, do: decide.CheckIn{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentSync, seating.EventBookingCheckedIn), []string{"booking3:confirmed>checked_in"}, []string{"-late3", "+overstay3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "undo check-in", before: sits, who: anna, do: decide.UndoCheckIn{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentSync, seating.EventBookingChanged), []string{"booking3:checked_in>confirmed"}, []string{"-overstay3", "+late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "check out", before: sits, who: anna, do: decide.CheckOut{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentCleared, seating.EventBookingCompleted), []string{"booking3:checked_in>completed"}, []string{"-overstay3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "reopen", before: func(s *stage) { sits(s); s.ok(anna, decide.CheckOut{Booking: housetest.Booking(3)}) }, who: cleo, do: decide.Reopen{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentSync, seating.EventBookingChanged), []string{"booking3:completed>checked_in"}, []string{"+overstay3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "no-show", who: anna, do: decide.MarkNoShow{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentCleared, seating.EventBookingNoShow), []string{"booking3:confirmed>no_show"}, []string{"-late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "undo no-show", before: func(s *stage) { s.ok(anna, decide.MarkNoShow{Booking: housetest.Booking(3)}) }, who: anna, do: decide.UndoNoShow{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentSync, seating.EventBookingChanged), []string{"booking3:no_show>confirmed"}, []string{"+late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "reinstate", before: func(s *stage) { s.ok(anna, decide.Cancel{Booking: housetest.Booking(3)}) }, who: cleo, do: decide.Reinstate{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventBookingChanged), []string{"booking3:cancelled>pending"}, []string{"+late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "wait", who: anna, do: decide.Wait{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventAssignmentCleared, seating.EventBookingChanged), []string{"booking3:confirmed>waitlisted"}, []string{"-late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "another place on the waitlist", before: waits, who: anna, do: decide.Wait{Booking: housetest.Booking(3), Priority: 4}, want: want{
			ev(seating.EventBookingChanged), []string{"booking3:>waitlist"}, nil, nil, []seating.Aspect{bookings},
		}},
		{name: "off the waitlist", before: waits, who: anna, do: decide.Unwait{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventBookingChanged), []string{"booking3:waitlisted>pending"}, []string{"+late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "late", before: func(s *stage) { s.now = housetest.At("19:15") }, who: seating.System(), do: decide.MarkLate{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventBookingLate), []string{"booking3:>late"}, []string{"-late3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "overstay", before: func(s *stage) { sits(s); s.now = housetest.At("20:25") }, who: seating.System(), do: decide.MarkOverstay{Booking: housetest.Booking(3)}, want: want{
			ev(seating.EventBookingOverstaying), []string{"booking3:>overstaying"}, []string{"-overstay3"}, nil, []seating.Aspect{bookings},
		}},
		{name: "put policy", who: cleo, do: decide.PutPolicy{Policy: setting(housetest.Policy(), func(p *seating.Policy) { p.MaxTables = 3 })}, want: want{
			ev(seating.EventPolicyChanged), []string{"policy:>changed"}, nil, nil, []seating.Aspect{seating.AspectPolicy},
		}},
		{name: "put periods", who: cleo, do: decide.PutPeriods{Periods: housetest.Periods()[:1]}, want: want{
			ev(seating.EventPolicyChanged), []string{"policy:>changed"}, nil, nil, []seating.Aspect{seating.AspectPolicy},
		}},
		{name: "import", who: seating.Operator(), do: imports(imported(20, seating.Confirmed, "12:00", 1)), want: want{
			ev(seating.EventBookingCreated, seating.EventAssignmentSync), []string{"booking14:>confirmed"}, []string{"+late14"}, nil, []seating.Aspect{bookings},
		}},
		{name: "rotate epoch", who: seating.Operator(), do: decide.RotateEpoch{Epoch: "next1"}, want: want{
			ev(seating.EventEpochRotated), []string{"restaurant:>epoch"}, nil, nil, []seating.Aspect{seating.AspectFloor, seating.AspectPolicy, bookings, holds},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, nil)
			if tt.before != nil {
				tt.before(s)
			}
			who := tt.who
			s.ok(who, tt.do)
			var guards []house.GuardKind
			for _, g := range s.last.Guards {
				guards = append(guards, g.Kind)
			}
			got := want{s.events(), s.lines(), s.due(), guards, s.last.Aspects}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s leaves (-want +got):\n%s", tt.do.Name(), diff)
			}
			if s.last.Actor.Principal != who.Principal || s.last.Command != tt.do.Name() || s.last.At != s.now || s.last.Now != s.now {
				t.Errorf("change = %s by %s at %v, want %s by %s now", s.last.Command, s.last.Actor.Principal, s.last.At, tt.do.Name(), who.Principal)
			}
			for _, e := range s.last.Events {
				if p := e.Payload; p.SchemaVersion != seating.EventSchemaVersion || p.Version != s.last.Public() || p.At != s.now || p.Booking != e.Booking || p.Restaurant != s.h.Restaurant.ID {
					t.Errorf("payload = %+v, want version, time and restaurant of the change", p)
				}
			}
		})
	}
}

// TestRecord_Access: a principal's rights are guarded at commit.
func TestRecord_AccessIsGuarded(t *testing.T) {
	s := evening(t, nil)
	who := anna
	who.Subject, who.Access = "user:anna", 7
	s.ok(who, assign(1, 1))
	if !slices.Contains(s.last.Guards, house.Guard{Kind: house.GuardAccess, Subject: "user:anna", Access: 7}) {
		t.Errorf("guards = %+v, want anna's access 7", s.last.Guards)
	}
	s.ok(anna, assign(2, 2))
	if len(s.last.Guards) != 0 {
		t.Errorf("guards = %+v, want none for an actor without a revision", s.last.Guards)
	}
}

// TestRecord_TimeNeverRunsBackwards in a restaurant, whatever the clock says.
func TestRecord_TimeNeverRunsBackwards(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	last := s.now
	s.now = s.now.Add(-time.Minute)
	s.ok(anna, assign(2, 2))
	if s.last.At != last || s.last.Now != s.now {
		t.Errorf("change at %v (now %v), want at %v (now %v)", s.last.At, s.last.Now, last, s.now)
	}
}

// secrets are planted wherever guest data and staff's free text may go in.
var secrets = []string{"Zelda Quux", "+44-555-0199", "zelda@quux.example", "allergic to nuts", "she is the owner's aunt"}

// TestT17_NoGuestDataInAChange: neither journal nor outbox, history, receipts or
// results carry what was planted; the guest and the note go to their own places.
func TestT17_NoGuestDataInAChange(t *testing.T) {
	guest := seating.Guest{Name: secrets[0], Phone: secrets[1], Email: secrets[2], Notes: secrets[3]}
	override := func(id seating.CheckID) *seating.Override {
		return &seating.Override{Checks: []seating.CheckID{id}, Reason: "regulars"}
	}
	with := func(n int, tables ...int) decide.CreateBooking {
		c := create(n, 2, "19:00", tables...)
		c.Guest, c.Note, c.Override = guest, secrets[4], override(seating.CheckSlack)
		return c
	}
	in := imported(30, seating.Confirmed, "12:00", 3)
	in.Guest = guest
	holds := hold(1, 20, 6)
	holds.Override, holds.Note = override(seating.CheckSlack), secrets[4]
	moves := assign(20, 6)
	moves.Override, moves.Note = override(seating.CheckSlack), secrets[4]
	s := evening(t, nil)
	guests, notes := 0, 0
	for _, c := range []decide.Command{
		with(20), with(21, 6),
		decide.Cancel{Booking: housetest.Booking(21)},
		holds,
		decide.ExtendHold{Hold: housetest.Hold(1), By: 300},
		confirm(1), assign(20, 5), moves,
		decide.Swap{A: housetest.Booking(20), B: housetest.Booking(3)},
		decide.Swap{A: housetest.Booking(3), B: housetest.Booking(20)},
		unassign(20), hold(2, 20, 5),
		decide.ReleaseHold{Hold: housetest.Hold(2)},
		decide.Arrive{Booking: housetest.Booking(20)},
		assign(20, 5),
		decide.CheckIn{Booking: housetest.Booking(20)},
		decide.UndoCheckIn{Booking: housetest.Booking(20)},
		decide.CheckIn{Booking: housetest.Booking(20)},
		decide.CheckOut{Booking: housetest.Booking(20)},
		decide.Reopen{Booking: housetest.Booking(20)},
		decide.MarkNoShow{Booking: housetest.Booking(20), Reason: "left"},
		decide.UndoNoShow{Booking: housetest.Booking(20)},
		decide.Wait{Booking: housetest.Booking(20), Priority: 2},
		decide.Unwait{Booking: housetest.Booking(20)},
		decide.Cancel{Booking: housetest.Booking(20)},
		decide.Reinstate{Booking: housetest.Booking(20)},
		decide.MarkLate{Booking: housetest.Booking(20)},
		decide.MarkOverstay{Booking: housetest.Booking(20)},
		decide.ExpirePending{Booking: housetest.Booking(20)},
		imports(in), s.plan(without(8)),
		decide.PutPolicy{Policy: setting(housetest.Policy(), func(p *seating.Policy) { p.MaxTables = 3 })},
		decide.PutPeriods{Periods: housetest.Periods()[:1]},
		decide.RotateEpoch{Epoch: "next1", Reason: "restored"},
	} {
		r, err := s.try(cleo, c)
		if err != nil && err.Code == seating.CodeSlackExceeded {
			continue // the way back of the swap wastes too much without the override
		}
		if err != nil {
			t.Fatalf("%s = %v, want granted", c.Name(), err)
		}
		told := map[string]any{"journal": s.last, "result": r, "house": s.h.State()}
		if s.last != nil { // the jobs have nothing to do here
			told["events"], told["history"], told["due"], told["guards"] = s.last.Events, s.last.History, s.last.Due, s.last.Guards
		}
		for what, v := range told {
			b, jsonErr := json.Marshal(v)
			if jsonErr != nil {
				t.Fatalf("%s: %v", c.Name(), jsonErr)
			}
			for _, secret := range secrets {
				if strings.Contains(string(b), secret) {
					t.Errorf("%s: the %s holds %q", c.Name(), what, secret)
				}
			}
		}
		if s.last == nil {
			continue
		}
		for _, g := range s.last.Guests {
			if g.Guest == guest {
				guests++
			}
		}
		for _, n := range s.last.Notes {
			if n.Text == secrets[4] && slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool { return l.Subject == n.Subject }) {
				notes++
			}
		}
	}
	if guests != 3 || notes < 4 {
		t.Errorf("%d guests and %d notes went to their own places, want 3 and 4", guests, notes)
	}
}

// replays decides, sends each change through JSON as the journal does, and keeps
// a second house made from the text alone.
type replays struct {
	pure
	again *house.House
}

func (r *replays) Do(who seating.Actor, c decide.Command) *seating.Error {
	r.n++
	env := decide.Env{Change: housetest.ID[seating.ChangeID](r.n), Now: r.now, Actor: who, Facts: decide.Facts{Ended: r.ended, Closed: r.gone}}
	d := decide.Decide(r.h, c, env)
	if twice := decide.Decide(r.h, c, env); !cmp.Equal(d, twice) {
		r.t.Fatalf("Decide(%s) is not deterministic:\n%s", c.Name(), cmp.Diff(d, twice))
	}
	if d.Change == nil {
		return d.Refusal
	}
	before, _ := json.Marshal(r.h.State())
	text, err := json.Marshal(d.Change)
	if err != nil {
		r.t.Fatalf("Marshal(%s): %v", c.Name(), err)
	}
	var read house.Change
	if err := json.Unmarshal(text, &read); err != nil {
		r.t.Fatalf("Unmarshal(%s): %v", c.Name(), err)
	}
	next, err := house.Apply(r.h, d.Change)
	if err != nil {
		r.t.Fatalf("Apply(%s): %v", c.Name(), err)
	}
	if after, _ := json.Marshal(r.h.State()); string(after) != string(before) {
		r.t.Fatalf("Apply(%s) altered the house it was given:\n%s", c.Name(), cmp.Diff(string(before), string(after)))
	}
	if r.again, err = house.Apply(r.again, &read); err != nil {
		r.t.Fatalf("Apply(journal of %s): %v", c.Name(), err)
	}
	if diff := cmp.Diff(next.State(), r.again.State()); diff != "" {
		r.t.Fatalf("%s replayed from %s differs (-decided +replayed):\n%s", c.Name(), text, diff)
	}
	r.remembers(d.Change, next)
	r.h = next
	return nil
}

// TestJournal_RoundTrip: games replayed from their journal; the house a change is
// applied to never alters; the same question has the same answer.
func TestJournal_RoundTrip(t *testing.T) {
	games := 0
	rapid.Check(t, func(t2 *rapid.T) {
		if games++; games > 12 {
			return // a game is long; 12 of them reach every command
		}
		h := housetest.New(t, nil)
		modeltest.Play(t2, &replays{pure: pure{t: t2, h: h, now: modeltest.Start, ended: map[seating.HoldID]seating.EndedHold{}}, again: h}, 80)
	})
}

// TestJournal_SettingsRoundTrip: the settings, set and emptied again, replay.
func TestJournal_SettingsRoundTrip(t *testing.T) {
	s := evening(t, nil)
	again := s.h
	closures := []servicetime.Closure{{From: housetest.Friday.AddDays(5), To: housetest.Friday.AddDays(6), Reason: "leak"}}
	special := housetest.Friday.AddDays(9)
	periods := append(housetest.Periods(), housetest.Periods()[0])
	periods[2].Name, periods[2].Weekdays, periods[2].Date = "Brunch", nil, &special
	for _, step := range []func() decide.Command{
		func() decide.Command { return decide.PutClosures{Closures: closures} },
		func() decide.Command { return decide.PutClosures{} },
		func() decide.Command { return decide.PutPeriods{Periods: periods} },
		func() decide.Command { return decide.PutPeriods{} },
		func() decide.Command { return decide.PutPeriods{Periods: periods} },
		func() decide.Command {
			return decide.PutPolicy{Policy: setting(s.h.Policy, func(p *seating.Policy) { p.SlackBudget = 0 })}
		},
		func() decide.Command { return s.plan(without(8)) },
		func() decide.Command {
			return s.plan(func(p *decide.Plan) { p.Zones, p.Tables[6].Zone = p.Zones[:1], p.Zones[0].Ref })
		},
		func() decide.Command { return imports(imported(30, seating.Confirmed, "12:00", 1)) },
		func() decide.Command { return decide.RotateEpoch{Epoch: "next1"} },
		func() decide.Command { return decide.CloseDay{Date: housetest.Friday.AddDays(-1)} },
	} {
		c := step()
		s.ok(cleo, c)
		text, err := json.Marshal(s.last)
		if err != nil {
			t.Fatal(err)
		}
		var read house.Change
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if again, err = house.Apply(again, &read); err != nil {
			t.Fatalf("Apply(journal of %s): %v", c.Name(), err)
		}
		if diff := cmp.Diff(s.h.State(), again.State()); diff != "" {
			t.Errorf("%s replayed from %s differs (-decided +replayed):\n%s", c.Name(), text, diff)
		}
	}
}
