package httpapi

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// ear keeps what an API tells.
type ear struct {
	mu   sync.Mutex
	told []store.Told
}

func (e *ear) tell(t store.Told) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, t)
}

// take returns what was told since the last time, having compared each with the
// table of events.
func (e *ear) take(t *testing.T) []store.Told {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	told := e.told
	e.told = nil
	for _, one := range told {
		if err := housetest.FitsTable(one.Event); err != nil {
			t.Error(err)
		}
		key, err := uuid.Parse(one.Key[len(store.ToldPrefix):])
		p := one.Event.Payload
		if err != nil || key.Version() != 7 || p.Restaurant != one.Restaurant || p.Version.N != one.Version || p.At.IsZero() || p.Booking != one.Event.Booking {
			t.Errorf("told %+v: want a key of its own, and the payload to be of the same restaurant, version and booking", one)
		}
	}
	return told
}

// listening gives the stack an API that tells, with other parts where edit says so.
func (s *stack) listening(edit func(*Deps)) *ear {
	s.t.Helper()
	e := &ear{}
	deps := s.deps
	deps.Registry, deps.Tell = prometheus.NewRegistry(), e.tell
	if edit != nil {
		edit(&deps)
	}
	api, err := New(deps)
	if err != nil {
		s.t.Fatal(err)
	}
	s.api = api
	return e
}

// said is what matters of an event in these tests.
type said struct {
	Type     seating.EventType
	Severity seating.Severity
	Command  string
	Code     seating.Code
	Reason   string
	Booking  string
	Tables   []string
}

func (s *stack) said(v venue, told []store.Told) (all []said) {
	for _, t := range told {
		p := t.Event.Payload
		one := said{Type: t.Event.Type, Severity: t.Event.Severity, Command: p.Command, Code: p.Code, Reason: p.Reason, Booking: p.Booking.String()}
		for _, id := range p.Tables {
			for number, of := range v.tables {
				if of == id.String() {
					one.Tables = append(one.Tables, number)
				}
			}
		}
		all = append(all, one)
	}
	return all
}

// What is refused is told once, in the restaurant, with the operands; what is
// granted, or only tried, is not.
func TestTold_WhatIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	e := s.listening(nil)
	v := s.one
	manager, host, server, owner := v.tokens[seating.RoleManager], v.tokens[seating.RoleHost], v.tokens[seating.RoleServer], v.tokens[seating.RoleOwner]
	one, two, three := s.book(v, 4, "19:00"), s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	hold := s.hold(v, one, "T2").text("hold", "id")
	s.do(http.MethodPut, v.path("/bookings/"+two+"/assignment"), host, s.tables(v, "T3")).want(http.StatusOK)
	held := s.hold(v, three, "T4").text("hold", "id")
	if told := e.take(t); len(told) != 0 {
		t.Fatalf("told %v of what was granted", told)
	}
	patch := func(table string, body map[string]any) {
		t.Helper()
		s.do(http.MethodPatch, v.path("/tables/"+v.tables[table]), owner, body).want(http.StatusOK)
	}
	conflict, drift, denied := seating.EventConflict, seating.EventPolicyDrift, seating.EventAccessDenied
	for _, tt := range []struct {
		name   string
		do     func()
		want   []said
		window bool
	}{
		{"a hold in the way", func() {
			s.do(http.MethodPut, v.path("/bookings/"+two+"/assignment"), manager, s.tables(v, "T2")).refused(http.StatusConflict, seating.CodeHoldConflict)
		}, []said{{conflict, seating.SeverityNotice, "assign", seating.CodeHoldConflict, "", two, []string{"T2"}}}, true},
		{"an assignment in the way", func() {
			s.do(http.MethodPost, v.path("/bookings/"+one+"/holds"), host, s.tables(v, "T3")).refused(http.StatusConflict, seating.CodeAssignmentConflict)
		}, []said{{conflict, seating.SeverityNotice, "hold", seating.CodeAssignmentConflict, "", one, []string{"T3"}}}, true},
		{"a conflict of a booking to be", func() {
			s.do(http.MethodPost, v.path("/bookings"), host, CreateBookingRequest{
				Covers: 4, Date: friday, Time: "19:00", Source: seating.SourcePhone, Tables: []UUID{UUID(v.tables["T3"])},
			}).refused(http.StatusConflict, seating.CodeAssignmentConflict)
		}, []said{{conflict, seating.SeverityNotice, "create_booking", seating.CodeAssignmentConflict, "", "", []string{"T3"}}}, false},
		{"too few seats", func() {
			s.do(http.MethodPut, v.path("/bookings/"+two+"/assignment"), host, s.tables(v, "T5")).refused(http.StatusUnprocessableEntity, seating.CodeCapacityInsufficient)
		}, nil, false},
		{"no such booking", func() {
			s.do(http.MethodGet, v.path("/bookings/"+uuid.NewString()), host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
		}, nil, false},
		{"the rules changed", func() {
			patch("T2", map[string]any{"maxCovers": 3})
			s.do(http.MethodPost, v.path("/holds/"+hold+"/confirm"), host, "{}").refused(http.StatusConflict, seating.CodePolicyDrift)
		}, []said{{drift, seating.SeverityNotice, "confirm", seating.CodePolicyDrift, "capacity", one, nil}}, true},
		{"a table is gone", func() {
			patch("T4", map[string]any{"active": false})
			s.do(http.MethodPost, v.path("/holds/"+held+"/confirm"), host, "{}").refused(http.StatusConflict, seating.CodeTableDrift)
		}, []said{{drift, seating.SeverityNotice, "confirm", seating.CodeTableDrift, "available", three, []string{"T4"}}}, true},
		{"a capability", func() {
			s.do(http.MethodPut, v.path("/floor"), server, v.floor).refused(http.StatusForbidden, seating.CodeForbidden)
		}, []said{{denied, seating.SeverityWarning, "put-floor", seating.CodeForbidden, "configure", "", nil}}, false},
		{"an override", func() {
			body := s.tables(v, "T3")
			body["override"] = Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "squeeze"}
			s.do(http.MethodPost, v.path("/bookings/"+one+"/validate"), host, body).refused(http.StatusForbidden, seating.CodeOverrideRequired)
		}, []said{{denied, seating.SeverityWarning, "validate-selection", seating.CodeOverrideRequired, "override", "", nil}}, false},
		{"another restaurant", func() {
			s.do(http.MethodGet, s.two.path("/bookings"), host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
		}, []said{{denied, seating.SeverityWarning, "list-bookings", seating.CodeNotFound, "foreign_restaurant", "", nil}}, false},
		{"a restaurant that is none", func() {
			s.do(http.MethodGet, "/v1/restaurants/"+uuid.NewString()+"/bookings", host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
		}, []said{{denied, seating.SeverityWarning, "list-bookings", seating.CodeNotFound, "foreign_restaurant", "", nil}}, false},
		{"an id that is none", func() {
			s.do(http.MethodGet, "/v1/restaurants/chez/bookings", host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
		}, nil, false},
		{"an operators' route", func() {
			s.do(http.MethodPost, "/v1/restaurants", owner, "{}").refused(http.StatusForbidden, seating.CodeForbidden)
		}, []said{{denied, seating.SeverityWarning, "create-restaurant", seating.CodeForbidden, "operator", "", nil}}, false},
		{"an operator at a restaurant", func() {
			s.do(http.MethodGet, v.path("/bookings"), s.operator, nil).refused(http.StatusNotFound, seating.CodeNotFound)
		}, nil, false},
		{"nobody", func() {
			s.do(http.MethodGet, v.path("/bookings"), "", nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
		}, nil, false},
	} {
		tt.do()
		told := e.take(t)
		if diff := cmp.Diff(tt.want, s.said(v, told)); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", tt.name, diff)
		}
		for _, one := range told {
			if one.Restaurant != v.id || one.Event.Payload.Actor.Kind != seating.ActorToken || one.Event.Payload.Window.Empty() == tt.window {
				t.Errorf("%s: told %+v; want it in the caller's own restaurant, of the caller, with a window: %v", tt.name, one, tt.window)
			}
		}
	}
}

// One question in ten is told, of each restaurant, whatever was found.
func TestTold_OneQuestionInTen(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	e := s.listening(nil)
	picks := []int{3, 9, 0}
	s.api.sampled.pick = func(int) int { n := picks[0]; picks = picks[1:]; return n }
	v := s.one
	id := s.book(v, 4, "19:00")
	for i := range 30 {
		table := []string{"T2", "T1"}[i%2]
		s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), v.tokens[seating.RoleHost], s.tables(v, table)).want(http.StatusOK)
		want := map[int][]said{
			3:  {{seating.EventValidate, seating.SeverityInfo, "validate-selection", seating.CodeCapacityInsufficient, "", id, []string{"T1"}}},
			19: {{seating.EventValidate, seating.SeverityInfo, "validate-selection", seating.CodeCapacityInsufficient, "", id, []string{"T1"}}},
			20: {{seating.EventValidate, seating.SeverityDebug, "validate-selection", "", "", id, []string{"T2"}}},
		}[i]
		if diff := cmp.Diff(want, s.said(v, e.take(t))); diff != "" {
			t.Errorf("question %d: told (-want +got):\n%s", i, diff)
		}
	}
}

// The sample is even: of each ten one, at each place as often, also when two
// restaurants ask in turn.
func TestSampler_IsEven(t *testing.T) {
	t.Parallel()
	s := newSampler()
	places := [2][sampleOf]int{}
	const tens = 2000
	for range tens {
		taken := [2]int{}
		for place := range sampleOf {
			for of, id := range []seating.RestaurantID{{1}, {2}} {
				if s.take(id) {
					taken[of]++
					places[of][place]++
				}
			}
		}
		if taken != [2]int{1, 1} {
			t.Fatalf("of ten questions each %v were taken, want one each", taken)
		}
	}
	for of := range places {
		for place, n := range places[of] {
			// 200 expected, standard deviation 13.4.
			if n < 120 || n > 280 {
				t.Errorf("restaurant %d: place %d was taken %d times in %d tens", of, place, n, tens)
			}
		}
	}
}

// A command that is given twice, because the caller's rights moved, is told once.
func TestTold_OnceHoweverOftenItWasTried(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	tries := 0
	e := s.listening(func(d *Deps) {
		d.Lines = linesFunc(func(context.Context, line.Request) (line.Answer, error) {
			tries++
			refusal := seating.Refuse(seating.CodeHoldConflict, "Somebody holds it.")
			refusal.Details.Moved = tries == 1
			return line.Answer{}, refusal
		})
	})
	v := s.one
	s.do(http.MethodPut, v.path("/bookings/"+uuid.NewString()+"/assignment"), v.tokens[seating.RoleHost], s.tables(v, "T1")).refused(http.StatusConflict, seating.CodeHoldConflict)
	if told := e.take(t); tries != 2 || len(told) != 1 {
		t.Errorf("%d tries were told %d times, want 2 and once", tries, len(told))
	}
}

type linesFunc func(context.Context, line.Request) (line.Answer, error)

func (f linesFunc) Do(ctx context.Context, r line.Request) (line.Answer, error) { return f(ctx, r) }

// What is told costs no question of the store where the house is in memory, and the
// answer has been written when it is told.
func TestTold_AfterTheAnswerAndFromMemory(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	houses := &countedHouses{Houses: s.houses}
	s.listening(func(d *Deps) { d.Houses = houses })
	var order []string
	tell := s.api.tell
	s.api.tell = func(t store.Told) { order = append(order, "told"); tell(t) }
	w := &orderly{header: http.Header{}, wrote: func() { order = append(order, "answered") }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, v.path("/floor"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+v.tokens[seating.RoleServer])
	s.api.ServeHTTP(w, req)
	if order = slices.Compact(order); !slices.Equal(order, []string{"answered", "told"}) {
		t.Errorf("order = %v, want the answer first, and told once", order)
	}
	if houses.asked != 0 {
		t.Errorf("%d houses were asked for, want none: it is in memory", houses.asked)
	}
}

// countedHouses counts questions that may go to the store.
type countedHouses struct {
	Houses
	asked int
}

func (h *countedHouses) Get(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	h.asked++
	return h.Houses.Get(ctx, id)
}

// orderly tells when an answer is written.
type orderly struct {
	header http.Header
	wrote  func()
}

func (o *orderly) Header() http.Header         { return o.header }
func (o *orderly) WriteHeader(int)             { o.wrote() }
func (o *orderly) Write(b []byte) (int, error) { o.wrote(); return len(b), nil }

// A store that stands still keeps no refusal waiting: where there is no house yet,
// the event is given up.
func TestTold_NeverWaitsForAStoreThatStandsStill(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	e := s.listening(func(d *Deps) { d.Houses = stuckHouses{s.houses} })
	began := time.Now()
	s.do(http.MethodPut, s.one.path("/floor"), s.one.tokens[seating.RoleServer], nil).refused(http.StatusForbidden, seating.CodeForbidden)
	if took := time.Since(began); took > maxCall/2 {
		t.Errorf("the refusal took %v, want about %v", took, tellLoad)
	}
	if told := e.take(t); len(told) != 0 {
		t.Errorf("told %+v without a house", told)
	}
}

// stuckHouses has no house, and gets none while anybody waits.
type stuckHouses struct{ Houses }

func (stuckHouses) Known(seating.RestaurantID) *house.House { return nil }

func (stuckHouses) Get(ctx context.Context, _ seating.RestaurantID) (*house.House, error) {
	<-ctx.Done()
	return nil, query.NoBooking()
}
