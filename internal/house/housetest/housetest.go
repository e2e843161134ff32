// Package housetest builds small houses for tests: a floor that fits on a page,
// two services a day, and bookings by hand. IDs are made from numbers, so that a
// failing test names the same things each time.
package housetest

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Paris is the zone of the house unless a test says otherwise.
const Paris = "Europe/Paris"

// Friday is the service date tests play on: no clock change is near.
var Friday = servicetime.NewDate(2026, time.November, 27)

// ID is the n-th ID of its kind.
func ID[I ~[16]byte](n int) I {
	var id I
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// At is the instant of a wall-clock time on Friday in Paris.
func At(clock string) servicetime.Instant {
	c, err := servicetime.ParseClock(clock)
	if err != nil {
		panic(err)
	}
	zone, err := servicetime.LoadZone(Paris)
	if err != nil {
		panic(err)
	}
	i, err := servicetime.Local(zone, Friday, c, servicetime.AnyOffset)
	if err != nil {
		panic(err)
	}
	return i
}

// Window is a window on Friday in Paris.
func Window(start, end string) servicetime.Window {
	return servicetime.Window{Start: At(start), End: At(end)}
}

// The zones of the floor.
var (
	Main  = ID[seating.ZoneID](1)
	Patio = ID[seating.ZoneID](2)
)

// Table is the ID of the table with that number, T1 to T8.
func Table(n int) seating.TableID { return ID[seating.TableID](n) }

// Tables are several.
func Tables(ns ...int) []seating.TableID {
	ids := make([]seating.TableID, len(ns))
	for i, n := range ns {
		ids[i] = Table(n)
	}
	return ids
}

// Booking is the n-th booking's ID.
func Booking(n int) seating.BookingID { return ID[seating.BookingID](n) }

// Hold is the n-th hold's ID.
func Hold(n int) seating.HoldID { return ID[seating.HoldID](n) }

// State is a house at version 0 with this floor: T1 to T4 seat two to four each
// and stand in a row in the zone Main; T5 seats one or two, T6 four to eight and
// is fixed, both in Main; T7 and T8 seat two to four and stand together on the
// Patio. T6 and T5 are a declared combination for six to ten. Lunch is
// 11:30-17:00, dinner 17:00-23:30, each day.
func State() house.State {
	table := func(n, low, high int, zone seating.ZoneID, movable bool) seating.Table {
		return seating.Table{
			ID: Table(n), Number: fmt.Sprintf("T%d", n), Zone: zone, MinCovers: low, MaxCovers: high, Movable: movable,
			Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true, Ready: true,
			Position: seating.Position{X: 100 * n, Y: 100, Shape: seating.ShapeSquare, W: 80, H: 80},
		}
	}
	return house.State{
		Restaurant: seating.Restaurant{ID: ID[seating.RestaurantID](1), Slug: "le-test", Name: "Le Test", Zone: Paris, Active: true},
		Epoch:      "test0",
		OpenFrom:   Friday.AddDays(-1),
		Zones: []seating.Zone{
			{ID: Main, Name: "Main", Order: 1, Active: true},
			{ID: Patio, Name: "Patio", Order: 2, Active: true},
		},
		Tables: []seating.Table{
			table(1, 2, 4, Main, true), table(2, 2, 4, Main, true), table(3, 2, 4, Main, true), table(4, 2, 4, Main, true),
			table(5, 1, 2, Main, true), table(6, 4, 8, Main, false), table(7, 2, 4, Patio, true), table(8, 2, 4, Patio, true),
		},
		Edges: []seating.Edge{
			seating.NewEdge(Table(1), Table(2)), seating.NewEdge(Table(2), Table(3)), seating.NewEdge(Table(3), Table(4)),
			seating.NewEdge(Table(7), Table(8)),
		},
		Combinations: []seating.Combination{{ID: ID[seating.CombinationID](1), Tables: Tables(5, 6), MinCovers: 6, MaxCovers: 10}},
		Policy:       Policy(),
		Periods:      Periods(),
	}
}

// Policy is the default one.
func Policy() seating.Policy { return seating.DefaultPolicy(seating.DefaultHoldRules()) }

// Periods are lunch and dinner of every day.
func Periods() []servicetime.Period {
	daily := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
	bands := func(more servicetime.Minutes) []servicetime.TurnBand {
		return []servicetime.TurnBand{{UpTo: 2, Turn: 60}, {UpTo: 4, Turn: 75}, {UpTo: 6, Turn: 85}, {Turn: more}}
	}
	clock := servicetime.NewClock
	return []servicetime.Period{
		{Name: "Lunch", Weekdays: daily, Start: clock(11, 30), End: clock(17, 0), LastSeating: clock(16, 0), Overrun: true, Bands: bands(85)},
		{Name: "Dinner", Weekdays: daily, Start: clock(17, 0), End: clock(23, 30), LastSeating: clock(22, 30), Bands: bands(90)},
	}
}

// New builds a house out of State after edit, which may be nil.
func New(t testing.TB, edit func(*house.State)) *house.House {
	t.Helper()
	s := State()
	if edit != nil {
		edit(&s)
	}
	h, err := house.New(s)
	if err != nil {
		t.Fatalf("house.New: %v", err)
	}
	return h
}

// Party adds the n-th booking to a state: covers at a time on Friday for its
// turn of 75 minutes and 5 minutes of buffer, confirmed at the tables, or pending
// without any.
func Party(s *house.State, n, covers int, at string, tables ...int) seating.Booking {
	start := At(at)
	c, _ := servicetime.ParseClock(at)
	b := seating.Booking{
		ID: Booking(n), Reference: seating.ReferenceFor(Booking(n), 0), Covers: covers, Date: Friday, Time: c, ServiceDate: Friday,
		Dining:    servicetime.Window{Start: start, End: start.Add(75 * time.Minute)},
		Window:    servicetime.Window{Start: start, End: start.Add(80 * time.Minute)},
		Status:    seating.Pending,
		Source:    seating.SourcePhone,
		CreatedAt: At("09:00"), CreatedBy: "user:someone",
	}
	if len(tables) > 0 {
		b.Status, b.ChosenBy = seating.Confirmed, seating.ChosenByPerson
	}
	s.Bookings = append(s.Bookings, b)
	for _, id := range Tables(tables...) {
		s.Allocations = append(s.Allocations, seating.Allocation{
			Table: id, Window: b.Window, Kind: seating.OwnedByBooking, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID),
		})
	}
	return b
}

// Host is a person who may do what hosts may, and take over besides.
func Host(name string) seating.Actor {
	return seating.Actor{
		Principal: "user:" + name, Kind: seating.ActorPerson, HoldCap: seating.PersonHoldCap,
		Caps: []seating.Capability{seating.CapSee, seating.CapSeat, seating.CapAssign, seating.CapBook},
	}
}

// Manager is a host with the capability override, who may configure.
func Manager(name string) seating.Actor {
	a := Host(name)
	a.Caps = append(a.Caps, seating.CapOverride, seating.CapCorrect, seating.CapConfigure)
	return a
}
