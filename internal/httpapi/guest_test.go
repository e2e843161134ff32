package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

var planted = GuestRequest{Name: "Zebedee Quux", Phone: "+99 555 0199", Email: "zq@secret.example", Notes: "allergic to\nmarzipan-7"}

func TestGuestIsShownByTheRightsOfNow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	key := uuid.NewString()
	in := CreateBookingRequest{Covers: 2, Date: friday, Time: "19:00", Source: seating.SourceWeb, Guest: &planted}
	made := s.do(http.MethodPost, v.path("/bookings"), v.tokens[seating.RoleHost], in, headerKey, key).want(http.StatusCreated)
	id := made.text("booking", "id")
	again := s.do(http.MethodPost, v.path("/bookings"), v.tokens[seating.RoleHost], in, headerKey, key).want(http.StatusCreated)
	for what, got := range map[string]map[string]any{
		"created": made.object("booking", "guest"), "replayed": again.object("booking", "guest"),
		"read": s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleHost], nil).want(http.StatusOK).object("booking", "guest"),
	} {
		if got["name"] != planted.Name || got["phone"] != planted.Phone || got["email"] != planted.Email || got["notes"] != planted.Notes {
			t.Errorf("%s guest for a host = %v, want all of it", what, got)
		}
	}
	server := s.do(http.MethodGet, v.path("/bookings/"+id), v.tokens[seating.RoleServer], nil).want(http.StatusOK).object("booking", "guest")
	if len(server) != 2 || server["name"] != planted.Name || server["notes"] != planted.Notes {
		t.Errorf("guest for a server = %v, want name and notes only", server)
	}
	list := s.do(http.MethodGet, v.path("/bookings?q=ZEBEDEE"), v.tokens[seating.RoleServer], nil).want(http.StatusOK)
	if b := list.list("bookings"); len(b) != 1 || len(b[0]["guest"].(map[string]any)) != 2 {
		t.Errorf("list for a server = %s, want one with name and notes only", list.raw)
	}
	// A08: metacharacters of searches are literal
	for _, q := range []string{"%25", "_", "%5C", "'", "%22", "Zeb%25dee"} {
		if b := s.do(http.MethodGet, v.path("/bookings?q="+q), v.tokens[seating.RoleServer], nil).want(http.StatusOK).list("bookings"); len(b) != 0 {
			t.Errorf("GET /bookings?q=%s: %d bookings, want none", q, len(b))
		}
	}
	context := s.do(http.MethodGet, v.path("/bookings/"+id+"/assignment-context"), v.tokens[seating.RoleOwner], nil).want(http.StatusOK)
	held := s.hold(v, s.book(v, 2, "19:00"), "T5")
	for _, a := range []*answer{context, held, s.do(http.MethodGet, v.path("/bookings/"+id+"/history"), v.tokens[seating.RoleOwner], nil)} {
		wantNoGuest(t, a.what, string(a.raw))
	}
}

func wantNoGuest(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range []string{"Zebedee", "Quux", "555 0199", "zq@secret", "marzipan"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s contains the guest's %q: %.400s", where, secret, text)
		}
	}
}

func TestWebBookingNeedsAContact(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, guest := range []*GuestRequest{nil, {Name: "Ann"}} {
		got := s.do(http.MethodPost, s.one.path("/bookings"), s.one.tokens[seating.RoleHost], CreateBookingRequest{
			Covers: 2, Date: friday, Time: "19:00", Source: seating.SourceWeb, Guest: guest,
		}).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := got.pointers(); len(p) != 1 || p[0] != "/guest" {
			t.Errorf("web without contact: pointers = %v, want /guest", p)
		}
	}
}

// T17: a whole scenario with planted guest data and the tokens leaves neither in
// the log, failures included.
func TestLogHasNoGuestsAndNoTokens(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	in := CreateBookingRequest{Covers: 2, Date: friday, Time: "19:00", Source: seating.SourceWeb, Guest: &planted, Tables: []UUID{UUID(v.tables["T1"])}}
	id := s.do(http.MethodPost, v.path("/bookings"), host, in).want(http.StatusCreated).text("booking", "id")
	s.do(http.MethodPost, v.path("/bookings"), host, in).refused(http.StatusConflict, seating.CodeAssignmentConflict)
	s.do(http.MethodGet, v.path("/bookings?q=Zebedee"), host, nil).want(http.StatusOK)
	s.do(http.MethodPost, v.path("/bookings"), host, `{"guest":{"name":"Zebedee Quux","phone":1}}`).want(http.StatusUnprocessableEntity)
	s.do(http.MethodPost, v.path("/bookings"), host, `{"guest":{"name":"Zebedee Quux"`).want(http.StatusBadRequest)
	s.do(http.MethodPost, v.path("/bookings/"+id+"/cancel"), host, "{}").want(http.StatusOK)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/bookings?q=Zebedee", "/bookings/" + id, "/bookings/" + uuid.NewString()} {
		failed := s.do(http.MethodGet, v.path(path), host, nil)
		if failed.status < 500 {
			t.Errorf("GET %s with a closed store = %d, want a failure", path, failed.status)
		}
		for _, leak := range []string{"sql", "SELECT", "database", "closed", ".db"} {
			if strings.Contains(string(failed.raw), leak) { // T06
				t.Errorf("GET %s: the answer %s leaks %q", path, failed.raw, leak)
			}
		}
	}
	failed := s.do(http.MethodPost, v.path("/bookings"), host, in)
	if failed.status < 500 {
		t.Errorf("POST /bookings with a closed store = %d, want a failure", failed.status)
	}
	log := s.log.String()
	if !strings.Contains(log, "request failed") {
		t.Errorf("the failures are not in the log: %s", log)
	}
	wantNoGuest(t, "the log", log)
	for role, token := range v.tokens {
		if strings.Contains(log, token) {
			t.Errorf("the log contains the token of the %s", role)
		}
	}
}
