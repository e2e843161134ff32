package httpapi

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

// seated makes a booking of four at a table for dinner.
func (s *stack) seated(v venue, clock, table string) string {
	s.t.Helper()
	return s.book(v, 4, clock, func(r *CreateBookingRequest) { r.Tables = []UUID{UUID(v.tables[table])} })
}

// step takes a step of a booking's life.
func (s *stack) step(v venue, role seating.Role, booking, step string, body any, headers ...string) *answer {
	s.t.Helper()
	return s.do(http.MethodPost, v.path("/bookings/"+booking+"/"+step), v.tokens[role], body, headers...)
}

// TestLifeOfABooking walks every step there and back, with a body and without.
func TestLifeOfABooking(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	id := s.seated(v, "19:00", "T2")
	want := func(a *answer, status string, present, absent []string) {
		t.Helper()
		a.want(http.StatusOK)
		if got := a.text("booking", "status"); got != status {
			t.Errorf("%s: status = %s, want %s", a.what, got, status)
		}
		for _, f := range present {
			if a.at("booking", f) == nil {
				t.Errorf("%s: no %s in %s", a.what, f, a.raw)
			}
		}
		for _, f := range append(absent, "leftTables", "plannedStart") {
			if x := a.at("booking", f); x != nil {
				t.Errorf("%s: %s = %v, want none", a.what, f, x)
			}
		}
		if over := slices.Contains([]string{"completed", "cancelled", "no_show", "pending", "waitlisted"}, status); over != (a.at("assignment") == nil) {
			t.Errorf("%s: assignment = %v, status %s", a.what, a.at("assignment"), status)
		}
		read := s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleServer], nil).want(http.StatusOK)
		if d := cmp.Diff(a.object("booking"), read.object("booking")); d != "" {
			t.Errorf("%s: what is read differs (-answer +read):\n%s", a.what, d)
		}
	}
	server, manager, host := seating.RoleServer, seating.RoleManager, seating.RoleHost
	want(s.step(v, server, id, "arrived", nil), "confirmed", []string{"arrivedAt"}, []string{"checkedInAt"})
	early := s.step(v, server, id, "check-in", "{}")
	want(early, "checked_in", []string{"arrivedAt", "checkedInAt"}, []string{"endedAt"})
	if early.text("booking", "window", "start") >= early.text("booking", "window", "diningStart") {
		t.Errorf("check-in at noon: window = %v, want it from now", early.object("booking", "window"))
	}
	want(s.step(v, server, id, "undo-check-in", nil), "confirmed", []string{"arrivedAt"}, []string{"checkedInAt"})
	want(s.step(v, server, id, "check-in", nil), "checked_in", nil, nil)
	want(s.step(v, server, id, "check-out", nil), "completed", []string{"endedAt"}, nil)
	want(s.step(v, manager, id, "reopen", nil), "checked_in", []string{"checkedInAt"}, []string{"endedAt"})
	s.step(v, server, id, "no-show", NoShowRequest{}).refused(http.StatusForbidden, seating.CodeForbidden)
	want(s.step(v, manager, id, "no-show", NoShowRequest{Reason: "left_at_once"}), "no_show", []string{"endedAt"}, nil)
	undone := s.step(v, server, id, "undo-no-show", nil)
	want(undone, "confirmed", []string{"arrivedAt", "checkedInAt"}, []string{"endedAt"})
	if undone.at("seat") != "restored" {
		t.Errorf("undo-no-show: seat = %v, want restored", undone.at("seat"))
	}
	want(s.step(v, host, id, "waitlist", WaitRequest{Priority: 3, QuotedMinutes: 25}), "waitlisted", []string{"priority", "quotedMinutes"}, nil)
	want(s.do(http.MethodDelete, v.path("/bookings/"+id+"/waitlist"), v.tokens[host], nil), "pending", nil, []string{"priority", "quotedMinutes"})
	s.step(v, host, id, "cancel", nil).want(http.StatusOK)
	want(s.step(v, manager, id, "reinstate", nil), "pending", nil, []string{"endedAt"})
	refused := s.step(v, manager, id, "reopen", nil).refused(http.StatusConflict, seating.CodeBookingState)
	if refused.text("currentStatus") != "pending" {
		t.Errorf("reopen of a pending booking = %s, want the current status", refused.raw)
	}
	s.step(v, server, id, "check-in", nil).refused(http.StatusUnprocessableEntity, seating.CodeTablesRequired)
	invalid := s.step(v, host, id, "waitlist", `{"priority":10,"quotedMinutes":601}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := invalid.pointers(); !slices.Equal(p, []string{"/priority", "/quotedMinutes"}) {
		t.Errorf("waitlist out of bounds: pointers = %v", p)
	}
}

// TestStepsAreTakenOnce: a key that is sent again gets the first answer, whatever
// has happened since; a step that has happened changes nothing without one.
func TestStepsAreTakenOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	id, key := s.seated(v, "19:00", "T2"), uuid.NewString()
	first := s.step(v, seating.RoleServer, id, "check-in", nil, headerKey, key).want(http.StatusOK)
	again := s.step(v, seating.RoleServer, id, "check-in", nil, headerKey, "").want(http.StatusOK)
	if again.text("version") != first.text("version") || again.header.Get(headerReplayed) != "" {
		t.Errorf("checking in twice = %s, want nothing to happen after %s", again.raw, first.raw)
	}
	s.step(v, seating.RoleServer, id, "check-out", nil).want(http.StatusOK)
	replay := s.step(v, seating.RoleServer, id, "check-in", nil, headerKey, key).want(http.StatusOK)
	if replay.header.Get(headerReplayed) != "true" || replay.text("booking", "status") != "checked_in" {
		t.Errorf("replayed check-in = %s, want the first answer", replay.raw)
	}
	s.step(v, seating.RoleServer, id, "check-out", nil, headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
	seen := `"` + first.text("version") + `"`
	s.step(v, seating.RoleManager, id, "reopen", nil, headerIfMatch, seen).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	s.step(v, seating.RoleServer, id, "check-out", nil, headerIfMatch, seen).want(http.StatusOK) // it has happened
}

// TestStepsTellWhoIsInTheWay: early at a table that is taken, at a table where the
// party before has not left, back to a table that was sold again.
func TestStepsTellWhoIsInTheWay(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, server := s.one, seating.RoleServer
	before, id := s.seated(v, "12:15", "T2"), s.seated(v, "13:50", "T2") // until 13:45
	s.step(v, server, before, "check-in", nil).want(http.StatusOK)
	early := s.step(v, server, id, "check-in", nil).want(http.StatusOK)
	if c := early.list("checks"); len(c) != 1 || c[0]["outcome"] != "warning" || c[0]["blockers"].([]any)[0].(map[string]any)["bookingId"] != before {
		t.Errorf("early check-in = %s, want a warning of the party before", early.raw)
	}
	s.step(v, server, id, "undo-check-in", nil).want(http.StatusOK)
	s.clock.advance(110 * time.Minute)
	occupied := s.step(v, server, id, "check-in", nil).refused(http.StatusUnprocessableEntity, seating.CodeTableOccupied)
	if b := occupied.list("blockers"); len(b) != 1 || b[0]["bookingId"] != before {
		t.Errorf("TABLE_OCCUPIED = %s, want the party before", occupied.raw)
	}
	s.step(v, server, before, "undo-check-in", nil).refused(http.StatusForbidden, seating.CodeForbidden) // long ago
	s.step(v, server, before, "check-out", nil).want(http.StatusOK)
	s.step(v, server, id, "no-show", nil).want(http.StatusOK)
	rival := s.seated(v, "14:00", "T2")
	undone := s.step(v, server, id, "undo-no-show", nil).want(http.StatusOK)
	if undone.at("seat") != "unavailable" || undone.text("booking", "status") != "pending" || undone.at("assignment") != nil {
		t.Errorf("undo-no-show = %s, want pending, unavailable", undone.raw)
	}
	if got := s.do(http.MethodGet, v.path("/bookings/"+rival), v.tokens[server], nil).text("booking", "status"); got != "confirmed" {
		t.Errorf("the rival is %s, want confirmed", got)
	}
}
