package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

// realExamples are bodies of things that exist in the venue, for operations whose
// documented example names what does not.
func realExamples(v venue) map[string]any {
	pair := []any{v.tables["T1"], v.tables["T2"]}
	return map[string]any{
		"create-table": map[string]any{
			"number": "T12", "zoneId": v.zone(), "minCovers": 2, "maxCovers": 4, "movable": true, "category": "dining", "seatingType": "standard",
		},
		"put-adjacencies":  map[string]any{"adjacencies": []any{pair}},
		"put-combinations": map[string]any{"combinations": []any{map[string]any{"tableIds": pair, "minCovers": 2, "maxCovers": 6}}},
		"create-block": map[string]any{
			"tableIds": []any{v.tables["T1"]}, "start": "2026-11-28T09:00:00Z", "end": "2026-11-28T12:00:00Z", "reason": "repair",
		},
	}
}

func (v venue) zone() string { return v.floor["zones"].([]any)[0].(map[string]any)["id"].(string) }

func newBlock(v venue, start, end string, tables ...string) CreateBlockRequest {
	in := CreateBlockRequest{Start: friday + "T" + start + ":00Z", End: friday + "T" + end + ":00Z", Reason: "repair"}
	for _, n := range tables {
		in.Tables = append(in.Tables, UUID(v.tables[n]))
	}
	return in
}

// TestSettingUp walks through a floor: each thing made, changed, listed and gone.
func TestSettingUp(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss, server := s.one, s.one.tokens[seating.RoleManager], s.one.tokens[seating.RoleServer]
	zone := s.do(http.MethodPost, v.path("/zones"), boss, `{"name":"Terrace"}`).want(http.StatusCreated)
	if zone.at("zone", "active") != true || zone.at("zone", "order") != 0.0 || zone.text("version") == "" || zone.header.Get("ETag") != "" {
		t.Errorf("new zone = %s, want it active, of order 0, and no ETag", zone.raw)
	}
	zoneID := zone.text("zone", "id")
	s.do(http.MethodPost, v.path("/zones"), boss, `{"name":"tERRACE"}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	made := s.do(http.MethodPost, v.path("/tables"), boss, map[string]any{
		"number": "T9", "zoneId": zoneID, "minCovers": 1, "maxCovers": 4, "movable": true, "category": "patio", "seatingType": "standard",
	}).want(http.StatusCreated)
	table := made.text("table", "id")
	if made.at("table", "active") != true || made.at("table", "ready") != true || made.object("table", "position")["w"] != 80.0 {
		t.Errorf("new table = %s, want it active and ready, of 80 cm", made.raw)
	}

	// G05: what is left out stays, and null is no way to say that.
	changed := s.do(http.MethodPatch, v.path("/tables/"+table), boss, `{"maxCovers":6,"active":false}`).want(http.StatusOK)
	want := made.object("table")
	want["maxCovers"], want["active"] = 6.0, false
	if d := cmp.Diff(want, changed.object("table")); d != "" {
		t.Errorf("PATCH of a table (-want +got):\n%s", d)
	}
	null := s.do(http.MethodPatch, v.path("/tables/"+table), boss, `{"number":null}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := null.pointers(); !slices.Equal(p, []string{"/number"}) {
		t.Errorf("number null: pointers = %v, want /number", p)
	}
	for _, body := range []any{"{}", nil} {
		if got := s.do(http.MethodPatch, v.path("/tables/"+table), boss, body).want(http.StatusOK); got.text("version") != changed.text("version") {
			t.Errorf("an empty PATCH = %s, want nothing changed", got.raw)
		}
	}
	s.do(http.MethodPatch, v.path("/zones/"+zoneID), boss, `{"order":7}`).want(http.StatusOK)
	if got := s.do(http.MethodGet, v.path("/zones"), server, nil).want(http.StatusOK).list("zones"); len(got) != 2 {
		t.Errorf("zones = %v, want two", got)
	}

	s.do(http.MethodPost, v.path("/tables/"+table+"/ready"), server, `{"ready":false}`).want(http.StatusOK)
	s.do(http.MethodPost, v.path("/tables/"+table+"/ready"), server, `{}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	listed := s.do(http.MethodGet, v.path("/tables"), server, nil).want(http.StatusOK)
	if got := listed.list("tables"); len(got) != 7 || got[6]["ready"] != false {
		t.Errorf("tables = %v, want seven, T9 not ready", got)
	}
	tagged := s.do(http.MethodGet, v.path("/tables"), server, nil, headerIfNoneMatch, listed.header.Get("ETag"))
	tagged.want(http.StatusNotModified)

	// What was read can be put back, and changes nothing.
	for path, field := range map[string]string{"/adjacencies": "adjacencies", "/combinations": "combinations"} {
		got := s.do(http.MethodGet, v.path(path), server, nil).want(http.StatusOK)
		back := s.do(http.MethodPut, v.path(path), boss, map[string]any{field: got.at(field)}).want(http.StatusOK)
		if d := cmp.Diff(got.at(field), back.at(field)); d != "" || back.text("version") != got.text("version") {
			t.Errorf("PUT %s of what was read changed something: %s", path, d)
		}
	}
	pairs := [][]string{{v.tables["T1"], table}}
	if got := s.do(http.MethodPut, v.path("/adjacencies"), boss, map[string]any{"adjacencies": pairs}).want(http.StatusOK).at("adjacencies"); len(got.([]any)) != 1 {
		t.Errorf("adjacencies = %v, want one", got)
	}
	three := map[string]any{"adjacencies": [][]string{{table, table, table}}}
	s.do(http.MethodPut, v.path("/adjacencies"), boss, three).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	set := map[string]any{"combinations": []any{map[string]any{"tableIds": []string{table, v.tables["T1"]}, "minCovers": 2, "maxCovers": 9}}}
	s.do(http.MethodPut, v.path("/combinations"), boss, set).want(http.StatusOK)

	s.do(http.MethodDelete, v.path("/zones/"+zoneID), boss, nil).refused(http.StatusConflict, seating.CodeTableInUse)
	s.do(http.MethodDelete, v.path("/tables/"+table), boss, nil).want(http.StatusOK)
	s.do(http.MethodDelete, v.path("/tables/"+table), boss, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	floor := s.do(http.MethodGet, v.path("/floor"), server, nil).want(http.StatusOK).object("floor")
	if len(floor["adjacencies"].([]any)) != 0 || len(floor["combinations"].([]any)) != 0 {
		t.Errorf("floor = %v, want nothing joined to a table that is gone", floor)
	}
	s.do(http.MethodDelete, v.path("/zones/"+zoneID), boss, nil).want(http.StatusOK)
}

func TestBlocksOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	id := s.book(v, 4, "19:00")
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), boss, s.tables(v, "T2")).want(http.StatusOK)
	// D28: whoever stands in the way is named, and nothing is stored
	refused := s.do(http.MethodPost, v.path("/blocks"), boss, newBlock(v, "18:00", "22:00", "T2", "T3")).refused(http.StatusConflict, seating.CodeAssignmentConflict)
	if b := refused.list("blockers"); len(b) != 1 || b[0]["bookingId"] != id {
		t.Errorf("blockers = %v, want the booking", b)
	}
	other := s.book(v, 4, "19:00")
	hold := s.hold(v, other, "T3").text("hold", "id")
	held := s.do(http.MethodPost, v.path("/blocks"), boss, newBlock(v, "18:00", "22:00", "T3")).refused(http.StatusConflict, seating.CodeHoldConflict)
	if b := held.list("blockers"); len(b) != 1 || b[0]["holdId"] != hold || b[0]["heldBy"].(map[string]any)["name"] != "the host" {
		t.Errorf("blockers = %v, want the host's hold", b)
	}
	in := newBlock(v, "18:00", "22:00", "T4", "T5")
	in.Note = "the painter"
	made := s.do(http.MethodPost, v.path("/blocks"), boss, in).want(http.StatusCreated)
	block := made.text("block", "id")
	if strings.Contains(string(made.raw), "painter") {
		t.Errorf("new block = %s, want the note kept apart", made.raw)
	}
	// D29: never two at one time
	s.do(http.MethodPost, v.path("/blocks"), boss, newBlock(v, "21:00", "23:00", "T5")).refused(http.StatusConflict, seating.CodeAssignmentConflict)
	inverted := s.do(http.MethodPost, v.path("/blocks"), boss, newBlock(v, "22:00", "21:00", "T6")).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := inverted.pointers(); !slices.Equal(p, []string{"/end"}) {
		t.Errorf("an inverted block: pointers = %v, want /end", p)
	}
	bad := newBlock(v, "18:00", "22:00", "T6")
	bad.Start, bad.End = "tomorrow", "2026-11-27"
	if p := s.do(http.MethodPost, v.path("/blocks"), boss, bad).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{"/start", "/end"}) {
		t.Errorf("no instants: pointers = %v, want /start and /end", p)
	}
	s.do(http.MethodPatch, v.path("/blocks/"+block), boss, map[string]any{"end": friday + "T20:00:00Z"}).want(http.StatusOK)
	s.do(http.MethodPatch, v.path("/blocks/"+block), boss, map[string]any{"tableIds": []string{v.tables["T5"]}, "start": friday + "T17:00:00Z", "reason": "cleaning"}).want(http.StatusOK)
	next := newBlock(v, "20:00", "23:30", "T5")
	next.End = "2026-11-28T00:30:00Z"
	s.do(http.MethodPost, v.path("/blocks"), boss, next).want(http.StatusCreated)
	for query, n := range map[string]int{
		"": 2, "?from=2026-11-27": 2, "?to=2026-11-27": 2, "?from=2026-11-28": 1, "?from=2026-11-29": 0, "?to=2026-11-26": 0, "?from=2026-11-27&to=2026-11-28": 2,
	} {
		got := s.do(http.MethodGet, v.path("/blocks"+query), v.tokens[seating.RoleServer], nil).want(http.StatusOK).list("blocks")
		if len(got) != n || n == 2 && got[0]["id"] != block {
			t.Errorf("GET /blocks%s = %v, want %d by start", query, got, n)
		}
	}
	for query, at := range map[string]string{"?from=2026-11-28&to=2026-11-27": "from", "?to=soon": "to", "?from=": "from"} {
		if p := s.do(http.MethodGet, v.path("/blocks"+query), boss, nil).refused(http.StatusBadRequest, seating.CodeUnreadable).pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("GET /blocks%s: pointers = %v, want %s", query, p, at)
		}
	}
	s.do(http.MethodDelete, v.path("/blocks/"+block), boss, nil).want(http.StatusOK)
	s.do(http.MethodDelete, v.path("/blocks/"+block), boss, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	if got := s.do(http.MethodGet, v.path("/floor"), boss, nil).list("blocks"); len(got) != 1 {
		t.Errorf("blocks = %v, want one", got)
	}
}

// TestForeignThingsOfAFloor: another restaurant's and one that does not exist are
// the same 404 in a path, and the same fault in a body.
func TestForeignThingsOfAFloor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	mine, theirs, boss := s.one, s.two, s.one.tokens[seating.RoleManager]
	block := s.do(http.MethodPost, theirs.path("/blocks"), theirs.tokens[seating.RoleManager], newBlock(theirs, "18:00", "22:00", "T5")).want(http.StatusCreated).text("block", "id")
	random := uuid.NewString()
	for _, x := range []struct {
		method, path, foreign string
		body                  any
	}{
		{"PATCH", "/zones/", theirs.zone(), `{"order":3}`},
		{"DELETE", "/zones/", theirs.zone(), nil},
		{"PATCH", "/tables/", theirs.tables["T1"], `{"active":false}`},
		{"DELETE", "/tables/", theirs.tables["T1"], nil},
		{"PATCH", "/blocks/", block, `{"reason":"cleaning"}`},
		{"DELETE", "/blocks/", block, nil},
	} {
		bodies := []string{}
		for _, id := range []string{x.foreign, random} {
			got := s.do(x.method, mine.path(x.path+id), boss, x.body).refused(http.StatusNotFound, seating.CodeNotFound)
			delete(got.body, "serverNow")
			bodies = append(bodies, jsonText(t, got.body))
			s.do(x.method, mine.path(x.path+id+"?dryRun=true"), boss, x.body).refused(http.StatusNotFound, seating.CodeNotFound)
		}
		if bodies[0] != bodies[1] {
			t.Errorf("%s %s: foreign %s, random %s: want the same", x.method, x.path, bodies[0], bodies[1])
		}
	}
	s.do(http.MethodPost, mine.path("/tables/"+theirs.tables["T1"]+"/ready"), boss, `{"ready":true}`).refused(http.StatusNotFound, seating.CodeNotFound)
	foreign := theirs.tables["T1"]
	for path, body := range map[string]any{
		"/tables":       map[string]any{"number": "T12", "zoneId": theirs.zone(), "minCovers": 1, "maxCovers": 2, "movable": true, "category": "bar", "seatingType": "standard"},
		"/blocks":       newBlock(theirs, "18:00", "22:00", "T1"),
		"/adjacencies":  map[string]any{"adjacencies": [][]string{{mine.tables["T1"], foreign}}},
		"/combinations": map[string]any{"combinations": []any{map[string]any{"tableIds": []string{mine.tables["T1"], foreign}, "minCovers": 2, "maxCovers": 3}}},
	} {
		method := http.MethodPost
		if path == "/adjacencies" || path == "/combinations" {
			method = http.MethodPut
		}
		s.do(method, mine.path(path), boss, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	}
}

// TestOneKeyMakesOneThing: a repeated request answers the first thing, and a key of
// one table is not one of another.
func TestOneKeyMakesOneThing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	for _, path := range []string{"/zones", "/tables", "/blocks"} {
		body := any(`{"name":"Terrace"}`)
		if path != "/zones" {
			body = realExamples(v)["create-"+path[1:len(path)-1]]
		}
		key := uuid.NewString()
		first := s.do(http.MethodPost, v.path(path), boss, body, headerKey, key).want(http.StatusCreated)
		again := s.do(http.MethodPost, v.path(path+"?dryRun=false"), boss, body, headerKey, key).want(http.StatusCreated)
		delete(first.body, "serverNow")
		delete(again.body, "serverNow")
		if d := cmp.Diff(first.body, again.body); d != "" || again.header.Get(headerReplayed) != "true" {
			t.Errorf("POST %s again (-first +again):\n%s", path, d)
		}
	}
	key := uuid.NewString()
	s.do(http.MethodPatch, v.path("/tables/"+v.tables["T1"]), boss, `{"active":false}`, headerKey, key).want(http.StatusOK)
	s.do(http.MethodPatch, v.path("/tables/"+v.tables["T2"]), boss, `{"active":false}`, headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
}

// TestG03_StaleSetUp: whoever saw an older floor is told so; the ready flag makes
// nothing old.
func TestG03_StaleSetUp(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	id := s.book(v, 4, "19:00")
	seen := `"` + s.do(http.MethodGet, v.path("/floor"), boss, nil).text("version") + `"`
	s.do(http.MethodPost, v.path("/tables/"+v.tables["T2"]+"/ready"), boss, `{"ready":false}`).want(http.StatusOK)
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), boss, s.tables(v, "T2"), headerIfMatch, seen).want(http.StatusOK)
	s.do(http.MethodPatch, v.path("/tables/"+v.tables["T1"]), boss, `{"movable":false}`, headerIfMatch, seen).want(http.StatusOK)
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/zones", `{"name":"Terrace"}`},
		{"PATCH", "/zones/" + v.zone(), `{"order":5}`},
		{"DELETE", "/zones/" + v.zone(), nil},
		{"POST", "/tables", realExamples(v)["create-table"]},
		{"PATCH", "/tables/" + v.tables["T3"], `{"movable":false}`},
		{"DELETE", "/tables/" + v.tables["T6"], nil},
		{"POST", "/tables/" + v.tables["T3"] + "/ready", `{"ready":false}`},
		{"PUT", "/adjacencies", `{"adjacencies":[]}`},
		{"PUT", "/combinations", `{"combinations":[]}`},
		{"POST", "/blocks", realExamples(v)["create-block"]},
		{"PUT", "/floor", v.floor},
	} {
		s.do(x.method, v.path(x.path), boss, x.body, headerIfMatch, seen).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	}
	// the restaurant goes with the policy
	s.do(http.MethodPatch, v.path(""), boss, `{"name":"Nous"}`, headerIfMatch, seen).want(http.StatusOK)
	s.do(http.MethodPatch, v.path(""), boss, `{"name":"Vous"}`, headerIfMatch, seen).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
}

func TestChangeTheRestaurant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	got := s.do(http.MethodPatch, v.path(""), boss, `{"name":"Chez Nous"}`).want(http.StatusOK)
	if r := got.object("restaurant"); r["name"] != "Chez Nous" || r["zone"] != "Europe/London" || r["active"] != true || r["slug"] != v.slug {
		t.Errorf("restaurant = %v, want only the name changed", r)
	}
	s.book(v, 4, "19:00")
	for body, at := range map[string]string{`{"zone":"Europe/Atlantis"}`: "/zone", `{"zone":"Europe/Paris"}`: "/zone", `{"name":" x"}`: "/name", `{"slug":"new"}`: "/slug"} {
		if p := s.do(http.MethodPatch, v.path(""), boss, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("PATCH %s: pointers = %v, want %s", body, p, at)
		}
	}
	s.do(http.MethodPatch, v.path(""), boss, `{"active":false}`).want(http.StatusOK)
	in := CreateBookingRequest{Covers: 2, Date: friday, Time: "19:00"}
	s.do(http.MethodPost, v.path("/bookings"), boss, in).refused(http.StatusUnprocessableEntity, seating.CodeClosed)
	s.do(http.MethodPatch, v.path(""), boss, `{"active":true}`).want(http.StatusOK)
	s.do(http.MethodPost, v.path("/bookings"), boss, in).want(http.StatusCreated)
}

func TestDeleteTheRestaurant(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id := s.book(v, 4, "19:00")
	s.do(http.MethodDelete, v.path("?confirm="+v.slug), v.tokens[seating.RoleManager], nil).refused(http.StatusForbidden, seating.CodeForbidden)
	for _, query := range []string{"", "?confirm=", "?confirm=" + s.two.slug, "?confirm=" + strings.ToUpper(v.slug), "?confirm=" + v.slug + "&dryRun=true"} {
		s.do(http.MethodDelete, v.path(query), owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	}
	s.do(http.MethodGet, v.path("/bookings/"+id), owner, nil).want(http.StatusOK)
	gone := s.do(http.MethodDelete, v.path("?confirm="+v.slug), owner, nil).want(http.StatusNoContent)
	if len(gone.raw) != 0 {
		t.Errorf("DELETE answers %q, want nothing", gone.raw)
	}
	// Still known to this process for a second, the token finds nothing.
	s.do(http.MethodGet, v.path(""), owner, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodPost, v.path("/zones"), owner, `{"name":"Terrace"}`).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodDelete, v.path("?confirm="+v.slug), owner, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	s.clock.advance(2 * time.Second)
	s.do(http.MethodGet, v.path(""), owner, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodGet, s.two.path("/floor"), s.two.tokens[seating.RoleOwner], nil).want(http.StatusOK)
}

// TestDeleteTheRestaurant_RevokedOwner: the rights of a second ago are not enough.
func TestDeleteTheRestaurant_RevokedOwner(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	s.do(http.MethodGet, v.path(""), owner, nil).want(http.StatusOK)
	if err := s.store.RevokeToken(t.Context(), v.id, v.ids[seating.RoleOwner]); err != nil {
		t.Fatal(err)
	}
	s.do(http.MethodDelete, v.path("?confirm="+v.slug), owner, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodGet, v.path("/floor"), v.tokens[seating.RoleManager], nil).want(http.StatusOK)
}
