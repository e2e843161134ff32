package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// room is a restaurant with some tables for four, and parties that all want to
// come at the same time.
type room struct {
	id, token string
	root      string   // of its routes
	tables    []string // ids
	day       string   // on which everybody comes
	begin     string   // version once everything was made
}

// newRoom makes the restaurant. Its policy keeps budget and lifetime of holds out
// of the way.
func newRoom(f *fleet, slug string, tables int) *room {
	f.t.Helper()
	var made struct {
		Restaurant struct {
			ID string `json:"id"`
		} `json:"restaurant"`
	}
	f.operate(&made, "restaurant", "create", "--slug", slug, "--name", "Chez "+slug, "--zone", "UTC", "--owner-email", slug+"@example.com", "--json")
	var token struct {
		Secret string `json:"token"`
	}
	f.operate(&token, "token", "create", slug, "--name", "crowd", "--role", "manager", "--hold-cap", "10000", "--json")
	r := &room{
		id: made.Restaurant.ID, token: token.Secret, root: "/v1/restaurants/" + made.Restaurant.ID,
		day: time.Now().UTC().AddDate(0, 0, 7).Format(time.DateOnly),
	}

	var plan struct {
		Floor struct {
			Tables []struct {
				ID string `json:"id"`
			} `json:"tables"`
		} `json:"floor"`
	}
	floor := map[string]any{"zones": []any{map[string]any{"id": "main", "name": "Main", "order": 0, "active": true}}, "adjacencies": []any{}, "combinations": []any{}}
	var list []any
	for i := range tables {
		list = append(list, map[string]any{
			"id": fmt.Sprint("t", i), "number": strconv.Itoa(i + 1), "minCovers": 1, "maxCovers": 4, "zoneId": "main", "movable": false,
			"category": "dining", "seatingType": "standard", "active": true, "ready": true,
		})
	}
	floor["tables"] = list
	r.put(f.hosts[0], "/floor", floor, &plan)
	for _, t := range plan.Floor.Tables {
		r.tables = append(r.tables, t.ID)
	}
	r.put(f.hosts[0], "/service-periods", map[string]any{"servicePeriods": []any{map[string]any{
		"name": "Dinner", "weekdays": []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "start": "17:00", "end": "23:00",
		"lastSeating": "22:00", "overrunAllowed": true, "turnBands": []any{map[string]any{"minutes": 90}},
	}}}, nil)
	var policy struct {
		Policy map[string]any `json:"policy"`
	}
	r.get(f.hosts[0], "/policy", &policy)
	policy.Policy["hold"] = map[string]any{"minTtlSeconds": 60, "defaultTtlSeconds": 600, "maxTtlSeconds": 600, "budgetMax": 100, "budgetWindowSeconds": 5}
	r.put(f.hosts[0], "/policy", policy.Policy, nil)
	r.begin = r.version(f.hosts[0])
	return r
}

// book makes a party for the one time that everybody wants.
func (r *room) book(t testing.TB, h *host, key string) (id string) {
	t.Helper()
	o := order{method: http.MethodPost, path: r.root + "/bookings", token: r.token, key: key, body: map[string]any{
		"covers": 4, "date": r.day, "time": "19:00", "guest": map[string]any{"name": key},
	}}
	a := h.ask(o, 20*time.Second)
	if !a.granted() {
		t.Fatalf("booking %s = %v", key, a)
	}
	return a.said.Booking.ID
}

// version is where the restaurant stands, as a server says.
func (r *room) version(h *host) string {
	h.t.Helper()
	a := h.ask(order{method: http.MethodGet, path: r.root + "/version", token: r.token}, 20*time.Second)
	if !a.granted() {
		h.t.Fatalf("version at server %s: %v", h.name, a)
	}
	return a.said.Version
}

// put replaces a document of the restaurant's configuration.
func (r *room) put(h *host, path string, body, out any) {
	h.t.Helper()
	r.must(h, order{method: http.MethodPut, path: r.root + path, token: r.token, body: body}, out)
}

func (r *room) get(h *host, path string, out any) {
	h.t.Helper()
	r.must(h, order{method: http.MethodGet, path: r.root + path, token: r.token}, out)
}

// must asks for what a server in peace grants.
func (r *room) must(h *host, o order, out any) {
	h.t.Helper()
	a := h.ask(o, 20*time.Second)
	if !a.granted() {
		h.t.Fatalf("%s %s = %v", o.method, o.path, a)
	}
	if out != nil {
		if err := json.Unmarshal(a.raw, out); err != nil {
			h.t.Fatalf("%s %s = %v: %v", o.method, o.path, a, err)
		}
	}
}

// told is who has each table, as a server tells it.
func (r *room) told(h *host) map[string]told {
	h.t.Helper()
	var bookings struct {
		Bookings []struct {
			ID       string   `json:"id"`
			TableIDs []string `json:"tableIds"`
		} `json:"bookings"`
		NextCursor string `json:"nextCursor"`
	}
	var holds struct {
		Holds []struct {
			ID        string   `json:"id"`
			BookingID string   `json:"bookingId"`
			TableIDs  []string `json:"tableIds"`
		} `json:"holds"`
	}
	at := map[string]told{}
	for cursor := ""; ; {
		r.get(h, "/bookings?limit=200&date="+r.day+cursor, &bookings)
		for _, b := range bookings.Bookings {
			for _, t := range b.TableIDs {
				if at[t].blocker != "" {
					h.t.Errorf("table %s is %s's and %s's", t, at[t].blocker, b.ID)
				}
				at[t] = told{blocker: b.ID, assigned: true}
			}
		}
		if bookings.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + bookings.NextCursor
		bookings.NextCursor = ""
	}
	r.get(h, "/holds", &holds)
	for _, b := range holds.Holds {
		for _, t := range b.TableIDs {
			if had := at[t]; had.blocker != "" && had.blocker != b.BookingID || had.hold != "" {
				h.t.Errorf("table %s is %v and held by %s", t, had, b.BookingID)
			}
			at[t] = told{blocker: b.BookingID, assigned: at[t].assigned, hold: b.ID}
		}
	}
	return at
}

// reached waits until a server knows a version.
func (r *room) reached(h *host, version string) {
	h.t.Helper()
	var a reply
	for range 20 { // each waits up to a second
		a = h.ask(order{method: http.MethodGet, path: r.root + "/version", token: r.token, least: version}, 20*time.Second)
		if a.granted() {
			return
		}
	}
	h.t.Fatalf("server %s does not reach %s: %v", h.name, version, a)
}
