package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func (s *stack) patch(v venue, booking, body string, headers ...string) *answer {
	s.t.Helper()
	return s.do(http.MethodPatch, v.path("/bookings/"+booking), v.tokens[seating.RoleHost], body, headers...)
}

// G05: absent is not null, and null clears only where clearing means something.
func TestChangeBooking_AbsentIsNotNull(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	zone := v.floor["zones"].([]any)[0].(map[string]any)["id"].(string)
	id := s.book(v, 4, "19:00", func(r *CreateBookingRequest) {
		r.Tables, r.ZoneID, r.Seating, r.TurnMinutes = []UUID{UUID(v.tables["T2"])}, UUID(zone), seating.SeatingBooth, 100
	})
	got := s.patch(v, id, `{"covers":3}`).want(http.StatusOK)
	if got.at("booking", "covers") != 3.0 || got.text("booking", "zoneId") != zone || got.text("booking", "seatingPreference") != "booth" || got.at("booking", "turnMinutes") != 100.0 {
		t.Errorf("a change of covers = %s, want all else as it was", got.raw)
	}
	if got.text("assignment", "bookingId") != id || len(got.list("checks")) != 13 || got.text("version") == "" {
		t.Errorf("a change of covers = %s, want assignment, checks and version", got.raw)
	}
	got = s.patch(v, id, `{"zoneId":null,"seatingPreference":null}`).want(http.StatusOK)
	if got.at("booking", "zoneId") != nil || got.at("booking", "seatingPreference") != nil || got.at("booking", "turnMinutes") != 100.0 {
		t.Errorf("two nulls = %s, want no wishes, and the stay as it was", got.raw)
	}
	got = s.patch(v, id, `{"turnMinutes":null}`).want(http.StatusOK)
	if got.at("booking", "turnMinutes") != nil || got.text("booking", "window", "diningEnd") != "2026-11-27T20:30:00Z" {
		t.Errorf("turnMinutes null = %s, want the band's 90 minutes", got.raw)
	}
	for _, field := range []string{"covers", "date", "time", "utcOffset", "guest", "priority", "quotedMinutes", "tables", "override"} {
		refused := s.patch(v, id, `{"`+field+`":null}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := refused.pointers(); !slices.Equal(p, []string{"/" + field}) {
			t.Errorf("%s null: pointers = %v", field, p)
		}
	}
	refused := s.patch(v, id, `{"guest":{"name":null}}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := refused.pointers(); !slices.Equal(p, []string{"/guest/name"}) {
		t.Errorf("guest/name null: pointers = %v", p)
	}
	s.patch(v, id, `{"guest":{"phone":null,"email":null,"notes":null}}`).want(http.StatusOK)
	version := s.do(http.MethodGet, v.path("/version"), v.tokens[seating.RoleHost], nil).text("version")
	if got := s.patch(v, id, `{}`).want(http.StatusOK).text("version"); got != version {
		t.Errorf("nothing moved the version from %s to %s", version, got)
	}
}

// T04: a restaurant in the body is no field of a change.
func TestChangeBooking_RestaurantInTheBody(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	id := s.book(v, 4, "19:00")
	got := s.patch(v, id, `{"restaurantId":"`+s.two.id.String()+`"}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := got.pointers(); !slices.Equal(p, []string{"/restaurantId"}) {
		t.Errorf("pointers = %v, want /restaurantId", p)
	}
	s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleHost], nil).want(http.StatusOK)
	for body, want := range map[string]string{
		`{"covers":0}`: "/covers", `{"date":"2026-02-30"}`: "/date", `{"time":"24:00"}`: "/time", `{"time":"20:00","utcOffset":"+19:00"}`: "/utcOffset",
		`{"utcOffset":"+00:00"}`: "/utcOffset", `{"turnMinutes":0}`: "/turnMinutes", `{"turnMinutes":601}`: "/turnMinutes", `{"zoneId":""}`: "/zoneId",
		`{"zoneId":"00000000-0000-0000-0000-000000000000"}`: "/zoneId", `{"zoneId":"` + uuid.NewString() + `"}`: "/zoneId",
		`{"seatingPreference":"hammock"}`: "/seatingPreference", `{"tables":"shuffle"}`: "/tables", `{"priority":10}`: "/priority",
		`{"guest":{"name":" "}}`: "/guest/name", `{"guest":{"email":"nobody"}}`: "/guest/email", `{"guest":{"phone":""}}`: "/guest/phone",
		`{"override":{"checks":["conflict"],"reason":"x"}}`: "/override/checks/0", `{"status":"confirmed"}`: "/status",
	} {
		got := s.patch(v, id, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := got.pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("PATCH %s: pointers = %v, want %s", body, p, want)
		}
	}
}

// D13: a refused change leaves the seat; alternatives and hours are told.
func TestChangeBooking_RefusalChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	id := s.book(v, 4, "19:00", func(r *CreateBookingRequest) { r.Tables = []UUID{UUID(v.tables["T2"])} })
	s.book(v, 4, "20:45", func(r *CreateBookingRequest) { r.Tables = []UUID{UUID(v.tables["T2"])} })
	before := s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleHost], nil).want(http.StatusOK)
	busy := s.patch(v, id, `{"time":"20:00"}`).refused(http.StatusConflict, seating.CodeAssignmentConflict)
	if !strings.Contains(busy.text("detail"), "T2 busy 20:45–22:20 by booking") {
		t.Errorf("detail = %q, want who has T2, without a date", busy.text("detail"))
	}
	outside := s.patch(v, id, `{"time":"22:00"}`).refused(http.StatusUnprocessableEntity, seating.CodeOutsideServiceHours)
	if !strings.Contains(outside.text("detail"), "Friday 2026-11-27 has Lunch 11:30–17:00 (last seating 15:00), Dinner 17:00–23:30 (last seating 21:30)") {
		t.Errorf("detail = %q, want the day's services", outside.text("detail"))
	}
	service := outside.list("checks")[0]
	if hours, _ := service["hours"].([]any); len(hours) != 2 || hours[1].(map[string]any)["lastSeating"] != "2026-11-27T21:30:00Z" {
		t.Errorf("check = %v, want the services as operands", service)
	}
	s.patch(v, id, `{"covers":60,"tables":"replan"}`).refused(http.StatusConflict, seating.CodeNoTable)
	after := s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleHost], nil).want(http.StatusOK)
	if d := cmp.Diff(before.object("booking"), after.object("booking")); d != "" {
		t.Errorf("refused changes left (-before +after):\n%s", d)
	}
	moved := s.patch(v, id, `{"time":"20:00","tables":"replan"}`).want(http.StatusOK)
	if got := moved.at("booking", "tableIds").([]any); len(got) != 1 || got[0] != v.tables["T3"] || moved.text("booking", "time") != "20:00" {
		t.Errorf("replan = %s, want T3 at 20:00", moved.raw)
	}
	history := s.do(http.MethodGet, v.path("/bookings/"+id+"/history?limit=1"), v.tokens[seating.RoleHost], nil).want(http.StatusOK)
	if line := history.list("history")[0]; line["command"] != "change_booking" || line["to"] != "rescheduled" {
		t.Errorf("history = %v, want the change", line)
	}
}

// A change is bound to the version somebody saw of this booking, and to its key.
func TestChangeBooking_IfMatchAndKey(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id, other := s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	seen := `"` + s.do(http.MethodGet, v.path("/bookings/"+id), host, nil).text("version") + `"`
	s.patch(v, other, `{"covers":2}`).want(http.StatusOK)
	s.patch(v, id, `{"covers":3}`, headerIfMatch, seen).want(http.StatusOK)
	stale := s.patch(v, id, `{"covers":2}`, headerIfMatch, seen).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	if changed := stale.list("changed"); len(changed) != 1 || changed[0]["what"] != "change_booking" {
		t.Errorf("changed = %v, want the change of this booking", changed)
	}
	key := uuid.NewString()
	first := s.patch(v, id, `{"time":"20:00","zoneId":null}`, headerKey, key).want(http.StatusOK)
	again := s.patch(v, id, `{"zoneId":null,"time":"20:00"}`, headerKey, key).want(http.StatusOK)
	if again.header.Get(headerReplayed) != "true" || again.text("version") != first.text("version") {
		t.Errorf("the replay = %s, want the first answer", again.raw)
	}
	s.patch(v, id, `{"time":"20:00"}`, headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
	s.do(http.MethodPatch, v.path("/bookings/"+id), v.tokens[seating.RoleServer], `{"covers":2}`).refused(http.StatusForbidden, seating.CodeForbidden)
	s.patch(v, id, `{"covers":2,"override":{"checks":["slack"],"reason":"vip"}}`).refused(http.StatusForbidden, seating.CodeOverrideRequired)
}

// The request as a command: what is not there is nil, null is the zero value.
func TestChangeBookingRequest_Command(t *testing.T) {
	t.Parallel()
	read := func(body string) decide.ChangeBooking {
		t.Helper()
		var in ChangeBookingRequest
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatal(err)
		}
		cmd, err := in.command(seating.BookingID{1})
		if err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	empty, ann, number := "", "Ann", "+331"
	zone, kind, none, turn := seating.ZoneID{}, seating.SeatingType(""), servicetime.Minutes(0), servicetime.Minutes(90)
	for body, want := range map[string]decide.ChangeBooking{
		`{}`:                   {},
		`{"turnMinutes":90}`:   {Turn: &turn},
		`{"turnMinutes":null}`: {Turn: &none},
		`{"zoneId":null,"seatingPreference":null}`:      {ZoneWish: &zone, SeatingWish: &kind},
		`{"guest":{"phone":null,"name":" Ann "}}`:       {Guest: &seating.GuestPatch{Phone: &empty, Name: &ann}},
		`{"guest":{"phone":"+331 ","email":null}}`:      {Guest: &seating.GuestPatch{Phone: &number, Email: &empty}},
		`{"guest":{"notes":null},"tables":"keep"}`:      {Guest: &seating.GuestPatch{Notes: &empty}, Tables: decide.KeepTables},
		`{"quotedMinutes":90}`:                          {Quoted: &turn},
		`{"guest":{}}`:                                  {Guest: &seating.GuestPatch{}},
		`{"turnMinutes":90,"guest":{"email":null}}`:     {Turn: &turn, Guest: &seating.GuestPatch{Email: &empty}},
		`{"seatingPreference":null,"turnMinutes":null}`: {SeatingWish: &kind, Turn: &none},
	} {
		want.Booking = seating.BookingID{1}
		if d := cmp.Diff(want, read(body), cmp.AllowUnexported(servicetime.Offset{})); d != "" {
			t.Errorf("command of %s (-want +got):\n%s", body, d)
		}
	}
	// What is understood is written so that absence and null stay two requests.
	texts := map[string]bool{}
	for _, body := range []string{`{}`, `{"zoneId":null}`, `{"turnMinutes":null}`, `{"turnMinutes":1}`, `{"guest":{}}`, `{"guest":{"phone":null}}`} {
		var in ChangeBookingRequest
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatal(err)
		}
		text := jsonText(t, in)
		if text != body || texts[text] {
			t.Errorf("%s is written %s, want the same", body, text)
		}
		texts[text] = true
	}
}

// A party at the door sits after one request, and D30: by the checks of any.
func TestWalkIn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, server := s.one, s.one.tokens[seating.RoleServer]
	in := WalkInRequest{Covers: 2, Name: "Ann", Phone: "+331", Tables: []UUID{UUID(v.tables["T1"])}}
	key := uuid.NewString()
	got := s.do(http.MethodPost, v.path("/walk-ins"), server, in, headerKey, key).want(http.StatusCreated)
	if got.text("booking", "status") != "checked_in" || got.text("booking", "source") != "walk_in" || got.text("booking", "chosenBy") != "person" ||
		got.text("booking", "arrivedAt") != got.text("booking", "window", "start") || got.text("booking", "window", "start") != got.text("booking", "window", "diningStart") {
		t.Errorf("walk-in = %s, want checked in from now", got.raw)
	}
	if guest := got.object("booking", "guest"); guest["name"] != "Ann" || guest["phone"] != nil {
		t.Errorf("guest for a server = %v, want the name alone", guest)
	}
	again := s.do(http.MethodPost, v.path("/walk-ins"), server, in, headerKey, key).want(http.StatusCreated)
	if again.header.Get(headerReplayed) != "true" || again.text("booking", "id") != got.text("booking", "id") || again.object("booking", "guest")["name"] != "Ann" {
		t.Errorf("the replay = %s, want the same booking", again.raw)
	}
	s.do(http.MethodPost, v.path("/walk-ins"), server, in).refused(http.StatusConflict, seating.CodeAssignmentConflict)
	planned := s.do(http.MethodPost, v.path("/walk-ins"), server, WalkInRequest{Covers: 2}).want(http.StatusCreated)
	if planned.text("booking", "chosenBy") != "planner" || planned.at("booking", "tableIds").([]any)[0] != v.tables["T5"] {
		t.Errorf("walk-in without tables = %s, want T5 by the planner", planned.raw)
	}
	s.do(http.MethodPost, v.path("/walk-ins"), server, WalkInRequest{Covers: 90}).refused(http.StatusConflict, seating.CodeNoTable)
	override := &Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "vip"}
	s.do(http.MethodPost, v.path("/walk-ins"), server, WalkInRequest{Covers: 2, Override: override}).refused(http.StatusForbidden, seating.CodeOverrideRequired)
	for body, want := range map[string]string{
		`{"covers":0}`: "/covers", `{}`: "/covers", `{"covers":2,"phone":"+331"}`: "/name", `{"covers":2,"name":" "}`: "/name",
		`{"covers":2,"date":"2026-11-27"}`: "/date", `{"covers":2,"zoneId":"` + uuid.NewString() + `"}`: "/zoneId", `{"covers":2,"tableIds":["x"]}`: "/tableIds/0",
	} {
		refused := s.do(http.MethodPost, v.path("/walk-ins"), server, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := refused.pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("POST /walk-ins %s: pointers = %v, want %s", body, p, want)
		}
	}
}

// A booking is made for the waitlist, or with tables and still to be confirmed.
func TestCreateBooking_WaitlistAndTransition(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	waits := s.do(http.MethodPost, v.path("/bookings"), host, `{"covers":2,"date":"2026-11-27","time":"19:00","waitlist":{"priority":3,"quotedMinutes":20}}`).want(http.StatusCreated)
	if waits.text("booking", "status") != "waitlisted" || len(waits.list("booking", "tableIds")) != 0 {
		t.Errorf("waitlist = %s, want waitlisted", waits.raw)
	}
	pending := s.do(http.MethodPost, v.path("/bookings"), host, `{"covers":2,"date":"2026-11-27","time":"19:00","autoAssign":true,"transition":"none"}`).want(http.StatusCreated)
	if pending.text("booking", "status") != "pending" || len(pending.list("booking", "tableIds")) != 1 {
		t.Errorf("transition none = %s, want pending at a table", pending.raw)
	}
	for body, want := range map[string]string{
		`"waitlist":{},"autoAssign":true`: "/waitlist", `"waitlist":{"priority":10}`: "/waitlist/priority", `"waitlist":null`: "/waitlist",
		`"waitlist":{"quotedMinutes":601}`: "/waitlist/quotedMinutes", `"transition":"checked_in"`: "/transition", `"transition":"confirmed"`: "/transition",
	} {
		got := s.do(http.MethodPost, v.path("/bookings"), host, `{"covers":2,"date":"2026-11-27","time":"19:00",`+body+`}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := got.pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("POST /bookings with %s: pointers = %v, want %s", body, p, want)
		}
	}
}
