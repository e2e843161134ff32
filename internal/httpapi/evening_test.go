package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// bars are the bars of a table in a timeline.
func (a *answer) bars(number string) []map[string]any {
	a.t.Helper()
	for _, zone := range a.list("zones") {
		for _, table := range zone["tables"].([]any) {
			if t := table.(map[string]any); t["number"] == number {
				var bars []map[string]any
				for _, b := range t["bars"].([]any) {
					bars = append(bars, b.(map[string]any))
				}
				return bars
			}
		}
	}
	a.t.Fatalf("%s: no table %s in %s", a.what, number, a.raw)
	return nil
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	seated := s.book(v, 4, "19:00", func(r *CreateBookingRequest) {
		r.Tables, r.Guest = []UUID{UUID(v.tables["T2"])}, &planted
	})
	s.book(v, 2, "18:30", func(r *CreateBookingRequest) { r.Guest = &GuestRequest{Name: "Ann"} })
	held := s.book(v, 2, "20:00")
	hold := s.hold(v, held, "T1").text("hold", "id")
	got := s.do(http.MethodGet, v.path("/timeline"), host, nil).want(http.StatusOK)
	if got.text("date") != friday || len(got.list("periods")) != 2 {
		t.Errorf("GET /timeline without a date: %s with %d periods, want today's with 2", got.text("date"), len(got.list("periods")))
	}
	bars := got.bars("T2")
	if len(bars) != 1 || bars[0]["bookingId"] != seated || bars[0]["guestName"] != planted.Name || bars[0]["status"] != "confirmed" {
		t.Errorf("bars of T2 = %v, want the seated party with its name", bars)
	}
	if bars := got.bars("T1"); len(bars) != 1 || bars[0]["holdId"] != hold || bars[0]["heldBy"].(map[string]any)["name"] != "the host" || bars[0]["until"] == nil {
		t.Errorf("bars of T1 = %v, want the hold, by whom and until when", bars)
	}
	if u := got.list("unseated"); len(u) != 2 || u[0]["guest"].(map[string]any)["name"] != "Ann" {
		t.Errorf("unseated = %v, want Ann's first, then the one that holds", u)
	}
	if n := got.object("totals"); n["parties"] != 3.0 || n["covers"] != 8.0 {
		t.Errorf("totals = %v, want 3 parties with 8 covers", n)
	}
	for _, secret := range []string{planted.Phone, planted.Email, "marzipan"} {
		if strings.Contains(string(got.raw), secret) {
			t.Errorf("the timeline tells %q, which nobody needs there", secret)
		}
	}
	// P18: a table's timeline has only who sits at it
	one := s.do(http.MethodGet, v.path("/timeline?tableId="+v.tables["T2"]), host, nil).want(http.StatusOK)
	if len(one.list("zones")) != 1 || len(one.bars("T2")) != 1 || len(one.list("unseated")) != 0 || one.object("totals")["parties"] != 1.0 {
		t.Errorf("timeline of T2 = %s, want only its own", one.raw)
	}
	for query, status := range map[string]int{
		"tableId=" + s.two.tables["T2"]: http.StatusNotFound, "tableId=" + uuid.NewString(): http.StatusNotFound, "tableId=x": http.StatusBadRequest,
		"tableId=": http.StatusBadRequest, "date=x": http.StatusBadRequest, "date=9999-12-31": http.StatusBadRequest, "date=1970-01-01": http.StatusBadRequest,
		"format=pdf": http.StatusBadRequest, "format=": http.StatusBadRequest, "date=1971-01-01": http.StatusOK, "date=9998-12-31": http.StatusOK,
		"date=2031-07-01&format=json": http.StatusOK,
	} {
		s.do(http.MethodGet, v.path("/timeline?"+query), host, nil).want(status)
	}
}

func TestEveningSheet(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	evil := GuestRequest{Name: `<script>alert(1)</script>`, Phone: "+1", Notes: "a < b & \"c\"\nsecond line"}
	id := s.book(v, 4, "19:00", func(r *CreateBookingRequest) {
		r.Tables, r.Guest = []UUID{UUID(v.tables["T2"])}, &evil
	})
	reference := s.do(http.MethodGet, v.path("/bookings/"+id), host, nil).text("booking", "reference")
	s.book(v, 2, "18:30", func(r *CreateBookingRequest) { r.Guest = &GuestRequest{Name: "Ann"} })
	got := s.do(http.MethodGet, v.path("/timeline?format=print"), host, nil).want(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.header.Get(name), want)
		}
	}
	policy := got.header.Values("Content-Security-Policy")
	if len(policy) != 1 || !strings.HasPrefix(policy[0], "default-src 'none'; style-src 'unsafe-inline'") {
		t.Errorf("Content-Security-Policy = %q, want nothing but the page's own style", policy)
	}
	page := string(got.raw)
	for _, want := range []string{
		`<html lang="en">`, "Friday 27 November 2026", "<caption>Dinner, 17:00–23:30, last seating 21:30</caption>", "<caption>Expected, without a table</caption>",
		`<th scope="col" class="time">Time</th>`, "&lt;script&gt;alert(1)&lt;/script&gt;", "a &lt; b &amp; &#34;c&#34;\nsecond line", reference,
		"2 parties, 6 covers",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the evening sheet lacks %q:\n%s", want, page)
		}
	}
	for _, unwanted := range []string{"<script", "http:", "https:", "url(", "@import", "+1<"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the evening sheet contains %q: it must need nothing else, and no phone number", unwanted)
		}
	}
	if early, late := strings.Index(page, "Ann"), strings.Index(page, "&lt;script"); early > late {
		t.Error("the sheet lists 19:00 before 18:30")
	}
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	got := s.do(http.MethodGet, v.path("/availability?date="+friday+"&covers=9"), host, nil).want(http.StatusOK)
	slots := got.list("slots")
	if len(slots) != 15+19 {
		t.Errorf("%d slots, want the 15 of lunch and the 19 of dinner", len(slots))
	}
	at := func(slots []map[string]any, clock string) map[string]any {
		t.Helper()
		i := slices.IndexFunc(slots, func(x map[string]any) bool { return x["time"] == clock })
		if i < 0 {
			t.Fatalf("no slot at %s", clock)
		}
		return slots[i]
	}
	slot := at(slots, "19:00")
	if slot["available"] != true || slot["combined"] != true || len(slot["tables"].([]any)) != 2 || slot["utcOffset"] != "+00:00" {
		t.Errorf("slot at 19:00 for nine = %v, want T2 and T3 combined", slot)
	}
	if past := at(slots, "11:45"); past["available"] != false || past["reason"] != "past" {
		t.Errorf("slot at 11:45 = %v, want past", past)
	}
	// what is told can be booked, and is gone then
	made := s.do(http.MethodPost, v.path("/bookings"), host, CreateBookingRequest{
		Covers: 9, Date: slot["date"].(string), Time: slot["time"].(string), UTCOffset: slot["utcOffset"].(string), AutoAssign: true,
	}).want(http.StatusCreated)
	if n := len(made.list("assignment", "tableIds")); n != 2 {
		t.Errorf("the booking of the slot has %d tables, want 2", n)
	}
	again := s.do(http.MethodGet, v.path("/availability?date="+friday+"&covers=9"), host, nil).want(http.StatusOK).list("slots")
	if full := at(again, "19:00"); full["available"] != false || full["reason"] != "full" || len(full["tables"].([]any)) != 0 {
		t.Errorf("the slot after it was booked = %v, want full", full)
	}
	zone := v.floor["zones"].([]any)[0].(map[string]any)["id"].(string)
	for query, status := range map[string]int{
		"covers=2": http.StatusBadRequest, "date=" + friday: http.StatusBadRequest, "date=" + friday + "&covers=0": http.StatusBadRequest,
		"date=" + friday + "&covers=101": http.StatusBadRequest, "date=" + friday + "&covers=02": http.StatusBadRequest, "date=" + friday + "&covers=2&turnMinutes=601": http.StatusBadRequest,
		"date=" + friday + "&covers=2&seatingPreference=bench": http.StatusBadRequest, "date=" + friday + "&covers=2&zoneId=x": http.StatusBadRequest,
		"date=" + friday + "&covers=2&zoneId=" + uuid.NewString(): http.StatusNotFound, "date=" + friday + "&covers=100&turnMinutes=600&seatingPreference=sofa&zoneId=" + zone: http.StatusOK,
	} {
		s.do(http.MethodGet, v.path("/availability?"+query), host, nil).want(status)
	}
	// somebody else's zone is none
	theirs := s.two.floor["zones"].([]any)[0].(map[string]any)["id"].(string)
	s.do(http.MethodGet, v.path("/availability?date="+friday+"&covers=2&zoneId="+theirs), host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodPut, v.path("/closures"), v.tokens[seating.RoleOwner], Closures{Closures: []Closure{{From: friday, To: friday, Reason: "x"}}}).want(http.StatusOK)
	closed := s.do(http.MethodGet, v.path("/availability?date="+friday+"&covers=2"), host, nil).want(http.StatusOK)
	if d := cmp.Diff([]any{[]any{}, "closed"}, []any{closed.at("slots"), closed.at("reason")}); d != "" {
		t.Errorf("availability of a closed date (-want +got):\n%s", d)
	}
}

func TestWaitlistWithoutAnybody(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	s.book(v, 2, "19:00")
	got := s.do(http.MethodGet, v.path("/waitlist"), host, nil).want(http.StatusOK)
	if l := got.list("waitlist"); len(l) != 0 || got.text("date") != friday {
		t.Errorf("waitlist = %s, want an empty one of today", got.raw)
	}
	s.do(http.MethodGet, v.path("/waitlist?date=tomorrow"), host, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
}

// The waitlist is by priority, then by when a booking was made; a list for paper
// and the timeline have the same order.
func TestWaitlistInOrder(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	day, err := servicetime.ParseDate(friday)
	if err != nil {
		t.Fatal(err)
	}
	now := servicetime.InstantOf(s.clock.now())
	var imported []decide.Imported
	for i, w := range []struct {
		priority int
		ago      time.Duration
	}{{0, 3 * time.Hour}, {2, time.Hour}, {2, 2 * time.Hour}} {
		start := now.Add(8 * time.Hour)
		window := servicetime.Window{Start: start, End: start.Add(time.Hour)}
		imported = append(imported, decide.Imported{
			Guest: seating.Guest{Name: "Guest " + itoa(i), Phone: "1"},
			Booking: seating.Booking{
				ID: newUUID(), Reference: "WAIT" + itoa(i), Covers: 2, Date: day, Time: servicetime.NewClock(20, 0), ServiceDate: day, Window: window, Dining: window,
				Status: seating.Waitlisted, Priority: w.priority, Quoted: 30, Source: seating.SourceImport, CreatedAt: now.Add(-w.ago), CreatedBy: "operator",
			},
		})
	}
	if _, err := s.lines.Do(t.Context(), line.Request{Restaurant: v.id, Command: decide.ImportBookings{Bookings: imported}, Actor: seating.System()}); err != nil {
		t.Fatal(err)
	}
	s.book(v, 2, "19:00")
	list := s.do(http.MethodGet, v.path("/waitlist?date="+friday), host, nil).want(http.StatusOK)
	for what, waiting := range map[string][]map[string]any{
		"waitlist": list.list("waitlist"), "timeline": s.do(http.MethodGet, v.path("/timeline"), host, nil).want(http.StatusOK).list("waitlist"),
	} {
		var got []string
		for i, w := range waiting {
			guest := w["booking"].(map[string]any)["guest"].(map[string]any)
			got = append(got, guest["name"].(string))
			if w["position"] != float64(i+1) || w["quotedMinutes"] != 30.0 || w["wantedTime"] != "20:00" || guest["phone"] != nil {
				t.Errorf("%s, place %d = %v", what, i+1, w)
			}
		}
		if d := cmp.Diff([]string{"Guest 2", "Guest 1", "Guest 0"}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	page := string(s.do(http.MethodGet, v.path("/timeline?format=print"), host, nil).want(http.StatusOK).raw)
	_, waitlist, found := strings.Cut(page, "<caption>Waitlist</caption>")
	if first, last := strings.Index(waitlist, "Guest 2"), strings.Index(waitlist, "Guest 0"); !found || first < 0 || last < first || !strings.Contains(waitlist, "30 min") {
		t.Errorf("the evening sheet's waitlist is not in order: %s", waitlist)
	}
}
