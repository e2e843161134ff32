package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

// within bounds how long any input may take. It is far above what they take, and
// far below what a quadratic parser would on a megabyte.
const within = 5 * time.Second

// hostile are bodies that no operation accepts.
func hostile() map[string]string {
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = `"019ac0de-0000-7000-8000-000000000001"`
	}
	keys := strings.Builder{}
	for i := range 20_000 {
		keys.WriteString(`"k` + itoa(i) + `":1,`)
	}
	return map[string]string{
		"empty": "", "space": "  ", "text": "hello", "null": "null", "number": "1", "string": `"x"`, "array": "[]",
		"two values": "{} {}", "trailing": "{},", "open": "{", "open string": `{"a`, "comment": "{/**/}", "single quotes": "{'a':1}",
		"not UTF-8": "{\"reason\":\"\xff\"}", "raw NUL": "{\"reason\":\"a\x00b\"}", "duplicate key": `{"reason":"a","reason":"b"}`,
		"nested duplicate": `{"override":{"reason":"a","reason":"b"}}`, "escaped duplicate": `{"a":1,"\u0061":2}`,
		"deep arrays": strings.Repeat("[", 100_000), "deep closed": strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"deep objects": strings.Repeat(`{"a":`, 20_000), "huge number": `{"covers":1e999}`, "long number": `{"covers":` + strings.Repeat("9", 100_000) + `}`,
		"unknown field": `{"surprise":1}`, "proto": `{"__proto__":{}}`, "wrong case": `{"TableIds":[],"Reason":"a","Covers":2}`,
		"10000 tables": `{"tableIds":[` + strings.Join(ids, ",") + `]}`, "20000 keys": "{" + keys.String() + `"z":1}`,
		"long key": `{"` + strings.Repeat("k", 100_000) + `":1}`, "BOM": "\ufeff{}",
		"too large": `{"reason":"` + strings.Repeat("a", 2<<20) + `"}`,
	}
}

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	object := s.book(v, 2, "19:00")
	for _, d := range s.documented() {
		if d.Body == nil {
			continue
		}
		owner := s.strongest(v, d.ID)
		for name, body := range hostile() {
			if name == "empty" && !d.Body.Required {
				s.do(d.method, d.at(v.id.String(), object), owner, body)
				continue
			}
			began := time.Now()
			got := s.do(d.method, d.at(v.id.String(), object), owner, body)
			if took := time.Since(began); took > within {
				t.Errorf("%s with %s took %v, want less than %v", d.ID, name, took, within)
			}
			if !slices.Contains([]int{400, 413, 422}, got.status) || got.body["code"] == nil {
				t.Errorf("%s with %s = %d %.300s, want 400, 413 or 422", d.ID, name, got.status, got.raw)
				continue
			}
			if len(got.pointers()) == 0 {
				t.Errorf("%s with %s = %.300s, want a pointer", d.ID, name, got.raw)
			}
			if len(got.raw) > 32<<10 {
				t.Errorf("%s with %s: the answer has %d bytes", d.ID, name, len(got.raw))
			}
		}
	}
}

// wrong are values by which each field of each example is replaced in turn.
var wrong = map[string]string{
	"null": `null`, "true": `true`, "false text": `"false"`, "number": `-1`, "fraction": `2.5`, "huge": `1e9`, "huger": `1e300`,
	"array": `[[]]`, "object": `{"x":1}`, "empty": `""`, "NUL": `"a\u0000b"`, "surrogate": `"\ud800"`, "newline": `"a\nb\u001b[2J"`,
	"long": `"` + strings.Repeat("é", 5000) + `"`, "wide": `[` + strings.Repeat(`"x",`, 6000) + `"x"]`,
}

// A06, A07, A09: whatever stands in whatever field is told with its pointer, and
// is never a failure.
func TestWrongValuesInEveryField(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	object := s.book(v, 2, "19:00")
	for _, op := range s.api.operations {
		if op.body == nil {
			continue
		}
		example, err := plainValue(op.body.example)
		if err != nil {
			t.Fatal(err)
		}
		if op.id == "put-floor" { // of things that exist, so that the floor stays one
			example = map[string]any{
				"zones": v.floor["zones"], "tables": v.floor["tables"].([]any)[:2], "combinations": []any{},
				"adjacencies": v.floor["adjacencies"].([]any)[:1],
			}
		}
		if body, ok := realExamples(v)[op.id]; ok {
			example = body
		}
		d := documented{path: op.path}
		for pointer, body := range mutations(t, example) {
			got := s.do(op.method, d.at(v.id.String(), object), s.strongest(v, op.id), freshSlug(body))
			if got.status >= 500 || got.status == http.StatusBadRequest {
				t.Errorf("%s with %s = %d %.300s, want no 400 and no failure", op.id, pointer, got.status, got.raw)
			}
			if got.status == http.StatusUnprocessableEntity && got.body["code"] == "INVALID" {
				at, _, _ := strings.Cut(pointer, " ")
				ps := got.pointers()
				there := slices.ContainsFunc(ps, func(p string) bool { return strings.HasPrefix(p, at) || strings.HasPrefix(at, p) })
				// another id makes the references to it wrong, not itself
				if len(ps) == 0 || !there && !strings.HasSuffix(at, "/id") {
					t.Errorf("%s with %s: pointers = %v", op.id, pointer, ps)
				}
			}
		}
	}
}

func TestBoundsOfABooking(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	for body, want := range map[string]string{
		`{"covers":0,"date":"2026-11-27","time":"19:00"}`:                                                                  "/covers",
		`{"covers":-1,"date":"2026-11-27","time":"19:00"}`:                                                                 "/covers",
		`{"covers":101,"date":"2026-11-27","time":"19:00"}`:                                                                "/covers",
		`{"covers":1e9,"date":"2026-11-27","time":"19:00"}`:                                                                "/covers",
		`{"covers":2.5,"date":"2026-11-27","time":"19:00"}`:                                                                "/covers",
		`{"covers":"2","date":"2026-11-27","time":"19:00"}`:                                                                "/covers",
		`{"covers":null,"date":"2026-11-27","time":"19:00"}`:                                                               "/covers",
		`{"date":"2026-11-27","time":"19:00"}`:                                                                             "/covers",
		`{"covers":2,"date":"2026-02-30","time":"19:00"}`:                                                                  "/date",
		`{"covers":2,"date":"2026-11-27","time":"24:00"}`:                                                                  "/time",
		`{"covers":2,"date":"2026-11-27","time":"7pm"}`:                                                                    "/time",
		`{"covers":2,"date":"2026-11-27","time":"19:00","utcOffset":"+19:00"}`:                                             "/utcOffset",
		`{"covers":2,"date":"2026-11-27","time":"19:00","autoAssign":"false"}`:                                             "/autoAssign",
		`{"covers":2,"date":"2026-11-27","time":"19:00","autoAssign":0}`:                                                   "/autoAssign",
		`{"covers":2,"date":"2026-11-27","time":"19:00","turnMinutes":43200}`:                                              "/turnMinutes",
		`{"covers":2,"date":"2026-11-27","time":"19:00","tableIds":["x"]}`:                                                 "/tableIds/0",
		`{"covers":2,"date":"2026-11-27","time":"19:00","tableIds":["00000000-0000-0000-0000-000000000000"]}`:              "/tableIds/0",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"` + strings.Repeat("n", 121) + `"}}`:              "/guest/name",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"a\u0007"}}`:                                       "/guest/name",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"a","email":"a@b@c"}}`:                             "/guest/email",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"a","email":"nobody"}}`:                            "/guest/email",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"a","phone":"` + strings.Repeat("1", 41) + `"}}`:   "/guest/phone",
		`{"covers":2,"date":"2026-11-27","time":"19:00","guest":{"name":"a","notes":"` + strings.Repeat("é", 2001) + `"}}`: "/guest/notes",
		`{"covers":2,"date":"2026-11-27","time":"19:00","a/b~c":1}`:                                                        "/a~1b~0c",
		`{"covers":2,"date":"2026-11-27","time":"19:00","override":{"checks":["conflict"],"reason":"x"}}`:                  "/override/checks/0",
		`{"covers":2,"date":"2026-11-27","time":"19:00","source":"import"}`:                                                "/source",
	} {
		got := s.do(http.MethodPost, v.path("/bookings"), host, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := got.pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("POST /bookings %.120s: pointers = %v, want %s", body, p, want)
		}
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings"), host, nil).list("bookings")); n != 0 {
		t.Errorf("%d bookings were made, want none", n)
	}
	// whole numbers are whole however they are written
	s.do(http.MethodPost, v.path("/bookings"), host, `{"covers":2e0,"date":"2026-11-27","time":"19:00"}`).want(http.StatusCreated)
}

// A01, A04: repeated and unknown parameters and headers, and ranges without end.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	good, err := s.api.cursors.seal("get-floor", 1)
	if err != nil {
		t.Fatal(err)
	}
	for query, pointer := range map[string]string{
		"date=2026-11-27&date=2026-11-28": "date", "limit=1&limit=2": "limit", "surprise=1": "surprise", "Date=2026-11-27": "Date",
		"limit=0": "limit", "limit=201": "limit", "limit=1e9": "limit", "limit=-1": "limit", "limit=abc": "limit", "limit=": "limit", "limit=+7": "limit", "limit=007": "",
		"from=1900-01-01&to=2999-01-01": "from", "from=1970-01-01&to=2999-01-01": "to", "from=2026-11-27": "to", "to=2026-11-27": "from", "from=2026-11-28&to=2026-11-27": "to",
		"date=2026-11-27&from=2026-11-27": "date", "date=yesterday": "date", "date=": "date", "status=": "status", "status=gone": "status", "status=pending,pending": "status",
		"q=" + strings.Repeat("a", 101): "q", "q=%00": "q", "q=%ff": "q", "cursor=x": "cursor", "cursor=" + good: "cursor",
		"cursor=" + strings.Repeat("A", 5000): "cursor", "%zz=1": "query", "a;b=1": "query",
	} {
		got := s.do(http.MethodGet, v.path("/bookings?"+query), host, nil)
		if pointer == "" {
			got.want(http.StatusOK)
			continue
		}
		got.refused(http.StatusBadRequest, seating.CodeUnreadable)
		if p := got.pointers(); !slices.Equal(p, []string{pointer}) {
			t.Errorf("GET /bookings?%.60s: pointers = %v, want %s", query, p, pointer)
		}
		if d := got.text("detail"); strings.ContainsAny(d, "[]") {
			t.Errorf("GET /bookings?%.60s: detail = %q, want words, not a list of Go", query, d)
		}
	}
	s.do(http.MethodDelete, v.path("/bookings/"+uuid.NewString()+"/assignment?tableId=x"), host, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	s.do(http.MethodDelete, v.path("/bookings/"+uuid.NewString()+"/assignment?tableId=&tableId="), host, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
}

func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := s.book(v, 4, "19:00")
	path := v.path("/bookings/" + id + "/holds")
	for _, x := range []struct{ header, value string }{
		{headerKey, strings.Repeat("k", 201)},
		{headerKey, strings.Repeat("k", 10<<10)},
		{headerKey, "a b"},
		{headerKey, "é"},
		{headerKey, "a\x7f"},
		{headerActingFor, strings.Repeat("k", 65)},
		{headerActingFor, "a b"},
		{headerActingFor, "é"},
		{headerIfMatch, "*"},
		{headerIfMatch, `W/"eone.1"`},
		{headerIfMatch, "eone.1"},
		{headerIfMatch, `"eone.1","eone.2"`},
		{headerIfMatch, `"eone.01"`},
		{headerIfMatch, `"eone.-1"`},
		{headerIfMatch, `""`},
		{headerIfMatch, `"`},
		{headerIfMatch, `"eone.99999999999999999999"`},
		{headerIfMatch, `"` + strings.Repeat("e", 200) + `.1"`},
		{headerMinVersion, "7"},
		{headerMinVersion, `"eone.1"`},
	} {
		got := s.do(http.MethodPost, path, host, s.tables(v, "T2"), x.header, x.value).refused(http.StatusBadRequest, seating.CodeUnreadable)
		if p := got.pointers(); !slices.Equal(p, []string{x.header}) {
			t.Errorf("%s %.40q: pointers = %v, want %s", x.header, x.value, p, x.header)
		}
		if d := got.text("detail"); strings.Count(d, x.header) != 1 {
			t.Errorf("%s %.40q: detail = %q, want the header's name once", x.header, x.value, d)
		}
	}
	for header, values := range map[string][]string{
		headerAuthorization: {"Bearer " + host, "Bearer " + host}, headerKey: {"a", "a"}, headerIfMatch: {`"eone.1"`, `"eone.1"`},
		headerMinVersion: {"eone.1", "eone.1"}, headerActingFor: {"a", "b"}, "Content-Type": {"application/json", "application/json"},
	} {
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{}`))
		req.Header.Set(headerAuthorization, "Bearer "+host)
		req.Header.Set(headerKey, "a")
		req.Header[http.CanonicalHeaderKey(header)] = values
		got := s.send(req)
		got.refused(http.StatusBadRequest, seating.CodeUnreadable)
		if p := got.pointers(); !slices.Equal(p, []string{header}) {
			t.Errorf("%s twice: pointers = %v, want %s", header, p, header)
		}
	}
	for _, ct := range []string{"", "text/plain", "application/xml", "multipart/form-data", "application/json; charset=latin1", "application/json;;"} {
		s.do(http.MethodPost, path, host, s.tables(v, "T2"), "Content-Type", ct).refused(http.StatusUnsupportedMediaType, seating.CodeUnreadable)
	}
	// If-Match where it says nothing is refused rather than ignored
	s.do(http.MethodPost, v.path("/bookings"), host, `{}`, headerIfMatch, `"eone.1"`).refused(http.StatusBadRequest, seating.CodeUnreadable)
	// a body where none belongs
	s.do(http.MethodDelete, v.path("/holds/"+uuid.NewString()), host, `{"a":1}`).refused(http.StatusBadRequest, seating.CodeUnreadable)
	s.do(http.MethodDelete, v.path("/holds/"+uuid.NewString()), host, `{}`).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodDelete, v.path("/holds/"+uuid.NewString()), host, strings.Repeat(" ", 1000)).refused(http.StatusRequestEntityTooLarge, seating.CodeTooLarge)
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	pad := func(n int) string { return "{}" + strings.Repeat(" ", n-2) }
	for _, x := range []struct {
		path   string
		bytes  int
		status int
	}{
		{"/policy", maxBody, 422}, {"/policy", maxBody + 1, 413}, {"/floor", maxFloor, 422}, {"/floor", maxFloor + 1, 413},
	} {
		s.do(http.MethodPut, v.path(x.path), owner, pad(x.bytes)).want(x.status)
	}
}

func TestCursorsAreOfOneListAndOneRestaurant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	var id string
	for range 3 {
		id = s.book(v, 2, "19:00")
	}
	cursor := s.do(http.MethodGet, v.path("/bookings?limit=1"), host, nil).text("nextCursor")
	s.do(http.MethodGet, v.path("/bookings?limit=2&cursor="+cursor), host, nil).want(http.StatusOK)
	for what, path := range map[string]string{
		"other filter": v.path("/bookings?status=pending&cursor=" + cursor), "other day": v.path("/bookings?date=2026-11-28&cursor=" + cursor),
		"other list": v.path("/bookings/" + id + "/history?cursor=" + cursor), "cut": v.path("/bookings?cursor=" + cursor[:len(cursor)-2]),
		"changed": v.path("/bookings?cursor=" + url.QueryEscape("A"+cursor[1:])), "padded": v.path("/bookings?cursor=" + cursor + "%3D"),
	} {
		if what == "changed" && cursor[0] == 'A' {
			continue
		}
		s.do(http.MethodGet, path, host, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	}
	s.do(http.MethodGet, s.two.path("/bookings?cursor="+cursor), s.two.tokens[seating.RoleHost], nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
}
