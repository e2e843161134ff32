package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// FuzzBody sends bodies to every operation that takes one, through the whole
// handler: 4xx or a success, never a failure, and a refusal has the shape.
func FuzzBody(f *testing.F) {
	s := newStack(f)
	var takers []*operation
	for _, op := range s.api.operations {
		if op.body != nil {
			takers = append(takers, op)
		}
	}
	for name, body := range hostile() {
		if len(body) < 4096 && name != "" {
			f.Add(uint8(0), []byte(body))
		}
	}
	for i, op := range takers {
		example, err := plainValue(op.body.example)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), []byte(jsonText(f, example)))
	}
	booking := s.book(s.one, 2, "19:00")
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		s := *s
		s.t = t
		op := takers[int(which)%len(takers)]
		d := documented{path: op.path}
		got := s.do(op.method, d.at(s.one.id.String(), booking), s.strongest(s.one, op.id), string(body))
		if got.status >= 500 {
			t.Errorf("%s %q = %d %s", op.id, body, got.status, got.raw)
		}
		if got.status >= 400 && (got.body["code"] == nil || got.header.Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s %q = %d %s, want a problem", op.id, body, got.status, got.raw)
		}
	})
}

// FuzzHeaders sends headers of every kind to one operation.
func FuzzHeaders(f *testing.F) {
	s := newStack(f)
	for _, seed := range []string{"", "*", `"eone.1"`, `W/"eone.1"`, `"e.1","e.2"`, "eone.1", strings.Repeat("x", 300), "a b", "\x00", "é", `"eone.9223372036854775807"`} {
		f.Add(seed, seed, seed, seed, seed)
	}
	booking := s.book(s.one, 2, "19:00")
	f.Fuzz(func(t *testing.T, ifMatch, key, acting, least, authorization string) {
		s := *s
		s.t = t
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path := s.one.path("/bookings/" + booking)
			if method == http.MethodPost {
				path += "/cancel"
			}
			for _, auth := range []string{"Bearer " + s.one.tokens[seating.RoleServer], authorization} {
				req := httptest.NewRequest(method, path, strings.NewReader(`{}`))
				req.Header = http.Header{
					headerAuthorization: {auth}, headerIfMatch: {ifMatch}, headerKey: {key}, headerActingFor: {acting}, headerMinVersion: {least},
					"If-None-Match": {ifMatch}, "Content-Type": {"application/json"},
				}
				if got := s.send(req); got.status >= 500 && got.body["code"] != "BEHIND" {
					t.Errorf("%s with %v = %d %s", method, req.Header, got.status, got.raw)
				}
			}
		}
	})
}

func FuzzIfMatch(f *testing.F) {
	for _, seed := range []string{`"eone.1"`, `"a.0"`, `""`, `"`, `*`, `"a.01"`, `"a.9223372036854775808"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, refusal := parseIfMatch(s)
		if refusal == nil && tag(v) != s {
			t.Errorf("parseIfMatch(%q) = %s, which is written %s", s, v, tag(v))
		}
	})
}

func FuzzCursor(f *testing.F) {
	c := cursors{key: []byte("0123456789abcdef")}
	good, err := c.seal("list", store.BookingCursor{Date: 20000, Start: 1})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, good + "A", "A" + good[1:], "", "=", strings.Repeat("A", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var place store.BookingCursor
		if refusal := c.open("list", s, &place); refusal == nil && s != good {
			t.Errorf("open(%q) = %+v, want it refused: only %q was sealed", s, place, good)
		}
	})
}

func FuzzDocument(f *testing.F) {
	for _, body := range hostile() {
		if len(body) < 4096 {
			f.Add([]byte(body))
		}
	}
	f.Add([]byte(`{"a":[1,2.5,"x",true,{"b":null}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, refusal := readDocument(body)
		if refusal != nil {
			if refusal.Code != seating.CodeUnreadable || len(refusal.Details.Fields) != 1 {
				t.Errorf("readDocument(%q) = %v, want unreadable with one pointer", body, refusal)
			}
			return
		}
		// what was read can be written and read again, and is the same
		again, refusal := readDocument([]byte(jsonText(t, doc)))
		if refusal != nil || jsonText(t, again) != jsonText(t, doc) {
			t.Errorf("readDocument(%q) = %v, again %v %v", body, doc, again, refusal)
		}
	})
}
