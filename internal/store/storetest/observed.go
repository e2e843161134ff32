package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// observedTests say what the observability sink keeps and shows, and how what no
// change made gets there.
var observedTests = []test{
	{"EventsAreListedNewestFirst", eventsAreListed},
	{"EventsAreFoundByWhatIsAsked", eventsAreFound},
	{"EventsOfAnotherRestaurantAreNotSeen", eventsOfAnother},
	{"WhatIsToldWithoutAChangeIsQueued", toldIsQueued},
	{"TheDumpHasEventsOfChangesWhereverTheyAre", dumpHasEvents},
}

// moves moves all that waits for observability.
func (e Env) moves(t *testing.T) {
	t.Helper()
	w := e.worker(t, store.SinkObservability)
	w.beats()
	for {
		moved, err := e.Store.Move(t.Context(), store.Move{Worker: w.name, Claims: w.claims(store.SinkObservability), Limit: 1000, PerFlow: 1000})
		if err != nil {
			t.Fatalf("Move = %v", err)
		}
		if len(moved.Rows) == 0 {
			break
		}
	}
	if err := e.Store.GiveUp(t.Context(), w.name, nil); err != nil {
		t.Fatalf("GiveUp = %v", err)
	}
}

func eventKeys(events []store.ObservedEvent) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Key)
	}
	return all
}

func eventsAreListed(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	var want []string
	for _, b := range parties(5) {
		want = append(want, d.happens(b, seating.EventBookingCreated, seating.EventBookingConfirmed)...)
	}
	slices.Reverse(want)
	e.moves(t)
	var got []string
	for before := int64(0); ; {
		page, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), store.ObservedQuery{Before: before, Limit: 3})
		if err != nil {
			t.Fatalf("ObservabilityEvents = %v", err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, eventKeys(page)...)
		before = page[len(page)-1].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events in pages of three (-want +got):\n%s", diff)
	}
}

func eventsAreFound(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := parties(2)
	for i, party := range b {
		d.happens(party, seating.EventBookingCreated)
		e.Clock.Advance(time.Second)
		if i == 0 {
			warning := d.told(seating.EventAccessDenied)
			warning.Event.Severity = seating.SeverityWarning
			if err := e.Store.Record(t.Context(), []store.Told{warning}); err != nil {
				t.Fatalf("Record = %v", err)
			}
		}
		d.happens(party, seating.EventBookingConfirmed)
		e.Clock.Advance(time.Second)
	}
	e.moves(t)
	all, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), store.ObservedQuery{Limit: 100})
	if err != nil || len(all) != 5 {
		t.Fatalf("ObservabilityEvents = %d, %v, want five", len(all), err)
	}
	find := func(q store.ObservedQuery, want func(store.ObservedEvent) bool) {
		t.Helper()
		q.Limit = 100
		got, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), q)
		var expect []store.ObservedEvent
		for _, event := range all {
			if want(event) {
				expect = append(expect, event)
			}
		}
		if diff := cmp.Diff(expect, got); err != nil || diff != "" || len(expect) == 0 || len(expect) == len(all) {
			t.Errorf("ObservabilityEvents(%+v) = %v, %d of %d (-want +got):\n%s", q, err, len(expect), len(all), diff)
		}
	}
	find(store.ObservedQuery{Types: []seating.EventType{seating.EventBookingConfirmed}}, func(e store.ObservedEvent) bool { return e.Type == seating.EventBookingConfirmed })
	find(store.ObservedQuery{Types: []seating.EventType{seating.EventAccessDenied, seating.EventBookingCreated}},
		func(e store.ObservedEvent) bool { return e.Type != seating.EventBookingConfirmed })
	find(store.ObservedQuery{Severity: []seating.Severity{seating.SeverityWarning, seating.SeverityError}}, func(e store.ObservedEvent) bool { return e.Source == "access" })
	find(store.ObservedQuery{Booking: b[0]}, func(e store.ObservedEvent) bool { return e.Booking == b[0] })
	from, to := Opening.Add(time.Second), Opening.Add(3*time.Second)
	find(store.ObservedQuery{From: from}, func(e store.ObservedEvent) bool { return e.CreatedAt >= from })
	find(store.ObservedQuery{To: to}, func(e store.ObservedEvent) bool { return e.CreatedAt < to })
	find(store.ObservedQuery{From: from, To: to, Booking: b[1]}, func(e store.ObservedEvent) bool { return e.CreatedAt >= from && e.CreatedAt < to && e.Booking == b[1] })
}

func eventsOfAnother(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	b := NewID[seating.BookingID]()
	d.happens(b, seating.EventBookingCreated)
	e.moves(t)
	for _, q := range []store.ObservedQuery{{}, {Booking: b}, {Types: []seating.EventType{seating.EventBookingCreated}}} {
		q.Limit = 10
		if got, err := e.Store.ObservabilityEvents(t.Context(), o.ID(), q); err != nil || len(got) != 0 {
			t.Errorf("ObservabilityEvents(%+v) of another = %+v, %v, want none", q, got, err)
		}
		if got, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), q); err != nil || len(got) != 1 {
			t.Errorf("ObservabilityEvents(%+v) of its own = %+v, %v, want one", q, got, err)
		}
	}
}

func toldIsQueued(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	d.endpoint() // which is not told
	base := len(queued(t, e.Store, store.SinkObservability))
	b := NewID[seating.BookingID]()
	first, second, foreign, nobody := d.told(seating.EventConflict), d.told(seating.EventValidate), o.told(seating.EventAccessDenied), d.told(seating.EventConflict)
	first.Event.Booking, first.Version = b, 7
	nobody.Restaurant = NewID[seating.RestaurantID]()
	if err := e.Store.Record(t.Context(), []store.Told{first, nobody, foreign, second}); err != nil {
		t.Fatalf("Record = %v", err)
	}
	rows := queued(t, e.Store, store.SinkObservability)[base:]
	if diff := cmp.Diff([]string{first.Key, foreign.Key, second.Key}, keys(rows)); diff != "" {
		t.Fatalf("queued (-want +got):\n%s", diff)
	}
	want := store.OutboxRow{
		ID: rows[0].ID, Sink: store.SinkObservability, Lane: laneOf(d.ID()), Flow: seating.FlowID(d.ID()), Restaurant: d.ID(), Booking: b, Aggregate: b.String(),
		AggregateSeq: 7, EventType: seating.EventConflict, Severity: seating.SeverityNotice, SchemaVersion: 1, DedupeKey: first.Key,
		Payload: rows[0].Payload, Headers: rows[0].Headers, NextAttemptAt: Opening, CreatedAt: Opening,
	}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
	if rows[1].Restaurant != o.ID() || rows[1].Flow != seating.FlowID(o.ID()) || rows[2].Aggregate != d.ID().String() {
		t.Errorf("the others are %+v and %+v", rows[1], rows[2])
	}
	// The same again, after a lost answer, is told once.
	if err := e.Store.Record(t.Context(), []store.Told{first, foreign}); err != nil {
		t.Fatalf("Record again = %v", err)
	}
	// One that cannot be written takes the others of its call with it.
	bad, good := d.told(seating.EventConflict), d.told(seating.EventConflict)
	bad.Event.Severity = "loud"
	if err := e.Store.Record(t.Context(), []store.Told{good, bad}); err == nil {
		t.Errorf("Record with an unknown severity = nil, want an error")
	}
	if err := e.Store.Record(t.Context(), nil); err != nil {
		t.Errorf("Record(nothing) = %v", err)
	}
	if again := queued(t, e.Store, store.SinkObservability)[base:]; len(again) != 3 {
		t.Errorf("%d events wait, want three still", len(again))
	}
	if hooks := queued(t, e.Store, store.SinkWebhook); len(hooks) != 0 {
		t.Errorf("endpoints are told: %+v", hooks)
	}
}

// dumpHasEvents: nothing of a change is missing, whether it waits, arrived or was
// given up, and what no change made is not there.
func dumpHasEvents(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	d.endpoint()
	want := map[string]int64{}
	happen := func() {
		for _, key := range d.happens(NewID[seating.BookingID](), seating.EventBookingCreated, seating.EventBookingConfirmed) {
			want[key] = d.House.Version
		}
		if err := e.Store.Record(t.Context(), []store.Told{d.told(seating.EventConflict)}); err != nil {
			t.Fatalf("Record = %v", err)
		}
		o.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	}
	same := func(when string) {
		t.Helper()
		dump := d.Dump()
		if diff := cmp.Diff(want, dump.Outbox); diff != "" {
			t.Errorf("events of changes %s (-want +got):\n%s", when, diff)
		}
		if dump.EventsFrom > Opening {
			t.Errorf("events are kept from %s on, none can have been pruned before %s", dump.EventsFrom, Opening)
		}
	}
	happen()
	same("that wait")
	e.moves(t)
	same("that arrived")
	happen()
	same("that wait and that arrived")
	w := e.worker(t)
	w.beats()
	for _, row := range w.sweep(store.SinkObservability, 100) {
		if row.EventType == seating.EventBookingCreated {
			w.dies(store.CauseRefused, row)
		}
	}
	same("of which one is dead")
	w.dies(store.CauseGone, w.sweep(store.SinkWebhook, 100)...)
	same("beside dead ones of webhooks")
}
