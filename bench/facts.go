package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// fact is one event as every contender gets it: the same payload, read again where it
// arrives.
type fact struct {
	flow  flow
	order string // what it must not overtake: its booking
	event seating.EventPayload
	body  []byte
}

// flow is a restaurant with its one endpoint.
type flow struct {
	restaurant seating.RestaurantID
	endpoint   seating.EndpointID
}

func newID[I ~[16]byte]() I { return I(uuid.New()) }

// newFlows makes flows whose lanes are even: lanes come from random ids, and luck is not to
// be measured.
func newFlows(n int) []flow {
	all := make([]flow, n)
	for i := range all {
		all[i] = flowInLane(i % store.Lanes)
	}
	return all
}

// flowInLane makes a flow whose rows have that lane, for either sink.
func flowInLane(lane int) flow {
	f := flow{restaurant: newID[seating.RestaurantID](), endpoint: newID[seating.EndpointID]()}
	f.restaurant[15] = f.restaurant[15]&0xf0 | byte(lane)
	f.endpoint[15] = f.endpoint[15]&0xf0 | byte(lane)
	return f
}

// serial numbers facts within a run.
var serial struct {
	sync.Mutex
	n int64
}

func next() int64 {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return serial.n
}

// newFacts makes n events, in turn of the flows, each booking with so many of them.
func newFacts(n int, flows []flow, perBooking int) []fact {
	bookings := map[[2]int]seating.BookingID{}
	each := max(1, n/len(flows)/perBooking)
	all := make([]fact, n)
	for i := range all {
		f, b := i%len(flows), i/len(flows)%each
		id, ok := bookings[[2]int{f, b}]
		if !ok {
			id = newID[seating.BookingID]()
			bookings[[2]int{f, b}] = id
		}
		all[i] = newFact(flows[f], id)
	}
	return all
}

// newFact is a booking's tables being synchronised.
func newFact(f flow, booking seating.BookingID) fact {
	at := servicetime.InstantOf(now())
	e := seating.EventPayload{
		SchemaVersion: seating.EventSchemaVersion, Restaurant: f.restaurant, Version: seating.Version{Epoch: "e1", N: next()}, At: at,
		Actor:   seating.Actor{Principal: "user:" + booking.String(), Kind: seating.ActorPerson, Access: 1},
		Booking: booking, Tables: []seating.TableID{seating.TableID(booking), seating.TableID(f.endpoint)},
		Window: servicetime.Window{Start: at, End: at.Add(2 * time.Hour)}, Combined: true, Status: seating.Confirmed,
	}
	body, err := json.Marshal(e)
	if err != nil {
		panic(failure{err})
	}
	return fact{flow: f, order: booking.String(), event: e, body: body}
}

var outboxColumns = []string{
	"sink", "lane", "restaurant_id", "booking_id", "endpoint_id", "aggregate", "aggregate_seq", "event_type", "severity",
	"schema_version", "dedupe_key", "payload", "headers", "next_attempt_at", "created_at",
}

// outboxRow is a fact as a commit writes it.
func outboxRow(sink string, f fact) []any {
	at := now()
	lane, aggregate := store.Lane(seating.FlowID(f.flow.restaurant)), f.order
	key := fmt.Sprintf("%s/%d", f.event.Booking, f.event.Version.N)
	var endpoint any
	if sink == store.SinkWebhook {
		endpoint = f.flow.endpoint.String()
		lane, aggregate, key = store.Lane(seating.FlowID(f.flow.endpoint)), f.flow.endpoint.String()+"/"+aggregate, key+"/"+f.flow.endpoint.String()
	}
	return []any{
		sink, lane, f.flow.restaurant.String(), f.event.Booking.String(), endpoint, aggregate, f.event.Version.N, string(seating.EventAssignmentSync),
		string(seating.SeverityInfo), seating.EventSchemaVersion, key, string(f.body), `{"principal":"bench"}`, at, at,
	}
}

const insertOutbox = `INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq,
	event_type, severity, schema_version, dedupe_key, payload, headers, next_attempt_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

// copyOutbox puts all of them into the outbox in one transaction.
func (s *stage) copyOutbox(p *pgxpool.Pool, sink string, facts []fact) {
	_, err := p.CopyFrom(s.ctx, pgx.Identifier{"maitred", "capacity_outbox"}, outboxColumns,
		pgx.CopyFromSlice(len(facts), func(i int) ([]any, error) {
			row := outboxRow(sink, facts[i])
			for _, at := range []int{2, 3, 4} { // COPY is binary: ids as such
				if text, ok := row[at].(string); ok {
					row[at] = uuid.MustParse(text)
				}
			}
			return row, nil
		}))
	s.ok(err)
}
