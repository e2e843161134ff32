package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// NewID makes a fresh id.
func NewID[I ~[16]byte]() I { return I(uuid.Must(uuid.NewV7())) }

// Today is the service date of Opening; Yesterday is closed once OpenFrom is
// moved past it.
var (
	Today     = servicetime.NewDate(2026, time.November, 27)
	Yesterday = Today.AddDays(-1)
)

// Seed is a restaurant in a store, beside the house that the same changes make
// in memory. It is for one goroutine.
type Seed struct {
	T     testing.TB
	Store store.Store
	Clock *Clock
	House *house.House

	New    store.NewRestaurant
	Zone   seating.ZoneID
	Tables []seating.TableID // T1 … T6, sorted by id
	Actor  seating.Actor     // the owner
}

// NewRestaurant spells out a restaurant to be made.
func NewRestaurant(slug string) store.NewRestaurant {
	id := NewID[seating.RestaurantID]()
	return store.NewRestaurant{
		State: house.State{
			Restaurant: seating.Restaurant{ID: id, Slug: slug, Name: "Chez " + slug, Zone: "Europe/London", Active: true},
			Epoch:      "e" + slug[len(slug)-1:],
			OpenFrom:   Yesterday,
			Policy:     seating.DefaultPolicy(seating.DefaultHoldRules()),
		},
		Owner: store.Member{Restaurant: id, User: NewID[seating.UserID](), Email: "owner@" + slug + ".example", Name: "Olive Owner", Role: seating.RoleOwner},
		Token: store.Token{
			ID: NewID[seating.TokenID](), Restaurant: id, Name: "till", Role: seating.RoleManager,
			Hash: sha256.Sum256([]byte(slug)), HoldCap: seating.TokenHoldCap,
		},
		At: Opening,
	}
}

// Plant makes a restaurant with a zone and six tables of four.
func Plant(t testing.TB, s store.Store, clock *Clock, slug string) *Seed {
	t.Helper()
	d := &Seed{T: t, Store: s, Clock: clock, New: NewRestaurant(slug), Zone: NewID[seating.ZoneID]()}
	if err := s.CreateRestaurant(t.Context(), d.New); err != nil {
		t.Fatalf("CreateRestaurant(%s) = %v", slug, err)
	}
	principal := seating.UserPrincipal(d.New.Owner.User)
	d.Actor = seating.Actor{Principal: principal, Kind: seating.ActorPerson, Access: 1, Subject: principal}
	d.House = d.Load()
	rows := house.Rows{PutZones: []seating.Zone{{ID: d.Zone, Name: "Main", Active: true}}}
	for i := range 6 {
		table := Table(d.Zone, fmt.Sprintf("T%d", i+1))
		d.Tables = append(d.Tables, table.ID)
		rows.PutTables = append(rows.PutTables, table)
	}
	d.Commit(d.Change("plan_floor", rows, seating.AspectFloor))
	return d
}

// Table is a table of four in a zone.
func Table(zone seating.ZoneID, number string) seating.Table {
	return seating.Table{
		ID: NewID[seating.TableID](), Number: number, Zone: zone, MinCovers: 1, MaxCovers: 4, Movable: true,
		Category: seating.CategoryDining, Seating: seating.SeatingStandard,
		Position: seating.Position{X: 10, Y: 20, Rotation: 90, Shape: seating.ShapeRound, W: 80, H: 80}, Active: true, Ready: true,
	}
}

// Load reads the house.
func (d *Seed) Load() *house.House {
	d.T.Helper()
	h, _, err := d.Store.Load(d.T.Context(), d.ID())
	if err != nil {
		d.T.Fatalf("Load = %v", err)
	}
	return h
}

// ID of the restaurant.
func (d *Seed) ID() seating.RestaurantID { return d.New.State.Restaurant.ID }

// Change spells out a change on the house as it is now.
func (d *Seed) Change(command string, rows house.Rows, aspects ...seating.Aspect) *house.Change {
	return ChangeOn(d.House, d.Actor, d.Clock.Instant(), command, rows, aspects...)
}

// ChangeOn spells out a change on a house.
func ChangeOn(h *house.House, actor seating.Actor, now servicetime.Instant, command string, rows house.Rows, aspects ...seating.Aspect) *house.Change {
	return &house.Change{
		ID: NewID[seating.ChangeID](), Restaurant: h.Restaurant.ID, Epoch: h.Epoch, Base: h.Version, BaseHead: h.Head,
		Actor: actor, Command: command, At: max(now, h.LastAt), Now: now, Rows: rows, Aspects: aspects,
		History: []house.HistoryRow{{Subject: "restaurant", To: command}},
	}
}

// Batch of changes of this restaurant.
func (d *Seed) Batch(changes ...*house.Change) store.Batch {
	return store.Batch{Restaurant: d.ID(), Changes: changes}
}

// Commit commits changes that must be taken, and applies them in memory.
func (d *Seed) Commit(changes ...*house.Change) store.Committed {
	d.T.Helper()
	next := d.House
	for _, c := range changes {
		var err error
		if next, err = house.Apply(next, c); err != nil {
			d.T.Fatalf("Apply(%s) = %v", c.Command, err)
		}
	}
	done, err := d.Store.Commit(d.T.Context(), d.Batch(changes...))
	if err != nil {
		d.T.Fatalf("Commit(%s) = %v", changes[0].Command, err)
	}
	d.House = next
	return done
}

// Refused commits a change that must be refused, checks that nothing was
// written, and returns the error.
func (d *Seed) Refused(changes ...*house.Change) error {
	d.T.Helper()
	before := d.Dump()
	_, err := d.Store.Commit(d.T.Context(), d.Batch(changes...))
	if err == nil {
		d.T.Fatalf("Commit(%s) = nil, want a refusal", changes[0].Command)
	}
	d.Unchanged(before)
	return err
}

// Dump reads everything stored of the restaurant.
func (d *Seed) Dump() *store.Dump {
	d.T.Helper()
	dump, err := d.Store.Dump(d.T.Context(), d.ID())
	if err != nil {
		d.T.Fatalf("Dump = %v", err)
	}
	return dump
}

// Unchanged fails when anything is stored otherwise than in the dump.
func (d *Seed) Unchanged(before *store.Dump) {
	d.T.Helper()
	after := d.Dump()
	after.Now, after.EventsFrom = before.Now, before.EventsFrom
	if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); diff != "" {
		d.T.Errorf("a refused write left something behind (-before +after):\n%s", diff)
	}
}

// Same fails when the stored house is not the one in memory.
func (d *Seed) Same() {
	d.T.Helper()
	SameHouse(d.T, d.Load(), d.House)
}

// SameHouse fails when two houses differ.
func SameHouse(t testing.TB, got, want *house.House) {
	t.Helper()
	if diff := cmp.Diff(want.State(), got.State(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the stored house differs (-applied +stored):\n%s", diff)
	}
}

// At is an instant some minutes after Opening.
func At(minutes int) servicetime.Instant { return Opening.Add(time.Duration(minutes) * time.Minute) }

// Booking is a party of four, from and to minutes after Opening.
func (d *Seed) Booking(reference string, from, to int) seating.Booking {
	w := servicetime.Window{Start: At(from), End: At(to)}
	return seating.Booking{
		ID: NewID[seating.BookingID](), Reference: reference, Covers: 4, Date: Today, Time: servicetime.NewClock(17, 0), ServiceDate: Today,
		Window: w, Dining: w, Status: seating.Pending, Source: seating.SourcePhone,
		CreatedAt: d.Clock.Instant(), CreatedBy: d.Actor.Principal, Version: d.House.Version + 1,
	}
}

// Assigned are the allocations of a booking's own at tables.
func Assigned(b seating.Booking, tables ...seating.TableID) []seating.Allocation {
	var as []seating.Allocation
	for _, t := range tables {
		as = append(as, seating.Allocation{Table: t, Window: b.Window, Kind: seating.OwnedByBooking, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID)})
	}
	return as
}

// Hold of a booking for three minutes from now.
func (d *Seed) Hold(b seating.Booking) seating.Hold {
	now := d.Clock.Instant()
	return seating.Hold{
		ID: NewID[seating.HoldID](), Booking: b.ID, Window: b.Window, ExpiresAt: now.Add(3 * time.Minute), HeldSince: now,
		CreatedAt: now, CreatedBy: d.Actor.Principal, Made: d.House.Version + 1,
	}
}

// Held are the allocations of a hold at tables.
func Held(h seating.Hold, tables ...seating.TableID) []seating.Allocation {
	var as []seating.Allocation
	for _, t := range tables {
		as = append(as, seating.Allocation{Table: t, Window: h.Window, Kind: seating.OwnedByHold, Owner: seating.AnyID(h.ID), Claimant: seating.AnyID(h.Booking)})
	}
	return as
}

// Book is a change that makes a booking at tables; none leaves it pending.
func (d *Seed) Book(b seating.Booking, tables ...seating.TableID) *house.Change {
	c := d.Change("create_booking", house.Rows{PutBookings: []seating.Booking{b}, PutAllocations: Assigned(b, tables...)}, seating.AspectBookings)
	c.History = []house.HistoryRow{{Subject: "booking:" + b.ID.String(), To: string(b.Status)}}
	c.Events = []seating.Event{{
		Type: seating.EventBookingCreated, Severity: seating.SeverityInfo, Booking: b.ID,
		Payload: seating.EventPayload{SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: c.Public(), At: c.At, Actor: c.Actor, Booking: b.ID},
	}}
	return c
}

// TakeHold is a change that holds tables for a booking, with its due work and
// the count against the budget.
func (d *Seed) TakeHold(h seating.Hold, tables ...seating.TableID) *house.Change {
	c := d.Change("hold", house.Rows{
		PutHolds: []seating.Hold{h}, PutAllocations: Held(h, tables...),
		Grants: []house.GrantPut{{Booking: h.Booking, Grant: seating.Grant{Principal: h.CreatedBy, At: h.CreatedAt, Hold: h.ID}}},
	}, seating.AspectHolds)
	subject := "hold:" + h.ID.String()
	c.Due.Put = []house.DueRow{{Subject: subject, Kind: house.DueHoldExpiry, RunAt: h.ExpiresAt}}
	c.History = []house.HistoryRow{{Subject: subject, To: "held"}}
	return c
}

// Ended is the record of a hold that ends now.
func (d *Seed) Ended(h seating.Hold, how seating.HoldEnd, tables ...seating.TableID) seating.EndedHold {
	tables = slices.Clone(tables)
	slices.SortFunc(tables, seating.TableID.Compare)
	return seating.EndedHold{Hold: h, Tables: tables, How: how, EndedAt: d.Clock.Instant(), EndedBy: d.Actor.Principal}
}

// Release is a change that ends a hold and frees its tables.
func (d *Seed) Release(h seating.Hold, how seating.HoldEnd, tables ...seating.TableID) *house.Change {
	c := d.Change("release", house.Rows{
		DropAllocations: Held(h, tables...), EndHolds: []seating.EndedHold{d.Ended(h, how, tables...)},
	}, seating.AspectHolds)
	c.Due.Drop = []house.DueRow{{Subject: "hold:" + h.ID.String()}}
	return c
}

// Confirm is a change that gives a hold's tables to its booking.
func (d *Seed) Confirm(b seating.Booking, h seating.Hold, tables ...seating.TableID) *house.Change {
	b.Status, b.Version = seating.Confirmed, d.House.Version+1
	c := d.Change("confirm", house.Rows{
		Reown: []seating.HoldID{h.ID}, EndHolds: []seating.EndedHold{d.Ended(h, seating.EndConfirmed, tables...)},
		PutBookings: []seating.Booking{b},
	}, seating.AspectBookings, seating.AspectHolds)
	c.Guards = []house.Guard{{Kind: house.GuardHoldLive, Hold: h.ID}}
	return c
}
