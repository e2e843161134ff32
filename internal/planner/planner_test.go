package planner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	m.Run()
}

const anna = "user:anna"

// checkCase is one line of a check's table: at 18:00 booking 1, a party of four
// from 19:00 to 20:20, asks for tables.
type checkCase struct {
	name   string
	edit   func(*house.State)
	ask    func(*planner.Request)
	tables []int
	want   seating.Check // ID left out; the zero value is ok
}

// asking builds the house and the request of a case.
func (c checkCase) asking(t *testing.T) (*house.House, planner.Request) {
	t.Helper()
	h := housetest.New(t, func(s *house.State) {
		housetest.Party(s, 1, 4, "19:00")
		if c.edit != nil {
			c.edit(s)
		}
	})
	r := planner.RequestFor(h.Booking(housetest.Booking(1)), anna, housetest.At("18:00"))
	if c.ask != nil {
		c.ask(&r)
	}
	return h, r
}

// run judges each case and compares the check of that ID, operands and all.
func run(t *testing.T, id seating.CheckID, cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, r := c.asking(t)
			got := find(planner.Judge(h, r, housetest.Tables(c.tables...)), id)
			want := c.want
			want.ID = id
			if want.Outcome == "" {
				want.Outcome = seating.OutcomeOK
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Judge(T%v): check %s differs (-want +got):\n%s", c.tables, id, diff)
			}
		})
	}
}

func find(v planner.Verdict, id seating.CheckID) seating.Check {
	for _, c := range v.Checks {
		if c.ID == id {
			return c
		}
	}
	return seating.Check{}
}

// party is the size of the party.
func party(n int) func(*planner.Request) {
	return func(r *planner.Request) { r.Covers = n }
}

// refs names tables T<n> as a check does.
func refs(ns ...int) []seating.TableRef {
	h, _ := house.New(housetest.State())
	return h.Floor.Refs(housetest.Tables(ns...))
}

func refusal(code seating.Code, message string) seating.Check {
	return seating.Check{Outcome: seating.OutcomeError, Code: code, Message: message}
}

func warning(code seating.Code, message string) seating.Check {
	return seating.Check{Outcome: seating.OutcomeWarning, Code: code, Message: message}
}

// with sets operands of a check.
func with(c seating.Check, set func(*seating.Check)) seating.Check {
	set(&c)
	return c
}

// block takes a table out of service on Friday. Its ID is no booking's.
func block(n int, start, end string, tables ...int) func(*house.State) {
	return func(s *house.State) {
		s.Blocks = append(s.Blocks, seating.Block{
			ID: housetest.ID[seating.BlockID](n + 1000), Tables: housetest.Tables(tables...), Window: housetest.Window(start, end), Reason: "wobbly",
		})
	}
}

// held puts hold n of a principal on a booking's tables until a time.
func held(s *house.State, n int, b seating.Booking, by, until string, tables ...int) {
	s.Holds = append(s.Holds, seating.Hold{
		ID: housetest.Hold(n), Booking: b.ID, Window: b.Window, ExpiresAt: housetest.At(until), HeldSince: housetest.At("17:58"),
		CreatedAt: housetest.At("17:58"), CreatedBy: by,
	})
	for _, id := range housetest.Tables(tables...) {
		s.Allocations = append(s.Allocations, seating.Allocation{
			Table: id, Window: b.Window, Kind: seating.OwnedByHold, Owner: seating.AnyID(housetest.Hold(n)), Claimant: seating.AnyID(b.ID),
		})
	}
}
