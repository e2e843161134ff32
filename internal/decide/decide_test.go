package decide_test

import (
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	modeltest.Soak(20)
	m.Run()
}

// stage plays commands on a house, as a line does, with a clock by hand.
type stage struct {
	t     *testing.T
	h     *house.House
	now   servicetime.Instant
	n     int
	ended map[seating.HoldID]seating.EndedHold
	last  *house.Change
}

// evening is a stage at 18:00 with bookings 1 (4 covers, 19:00, pending), 2 (4,
// 19:00, pending), 3 (2, 19:00, confirmed at T4) and 4 (4, 20:30, pending).
func evening(t *testing.T, edit func(*house.State)) *stage {
	t.Helper()
	h := housetest.New(t, func(s *house.State) {
		housetest.Party(s, 1, 4, "19:00")
		housetest.Party(s, 2, 4, "19:00")
		housetest.Party(s, 3, 2, "19:00", 4)
		housetest.Party(s, 4, 4, "20:30")
		if edit != nil {
			edit(s)
		}
	})
	return &stage{t: t, h: h, now: housetest.At("18:00"), ended: map[seating.HoldID]seating.EndedHold{}}
}

func (s *stage) env(who seating.Actor) decide.Env {
	s.n++
	return decide.Env{Change: housetest.ID[seating.ChangeID](s.n), Now: s.now, Actor: who, Facts: decide.Facts{Ended: s.ended}}
}

// try decides and applies; it returns the refusal, nil when granted.
func (s *stage) try(who seating.Actor, c decide.Command) (decide.Result, *seating.Error) {
	s.t.Helper()
	return s.play(s.env(who), c)
}

func (s *stage) play(env decide.Env, c decide.Command) (decide.Result, *seating.Error) {
	s.t.Helper()
	d := decide.Decide(s.h, c, env)
	s.last = d.Change
	if d.Change == nil {
		return d.Result, d.Refusal
	}
	next, err := house.Apply(s.h, d.Change)
	if err != nil {
		s.t.Fatalf("Apply(%s): %v", c.Name(), err)
	}
	if len(d.Change.History) == 0 {
		s.t.Errorf("%s leaves no line in the history", c.Name())
	}
	toldAsListed(s.t, d.Change)
	for _, e := range d.Change.Rows.EndHolds {
		s.ended[e.ID] = e
	}
	s.h = next
	return d.Result, nil
}

// ok demands that the command is granted.
func (s *stage) ok(who seating.Actor, c decide.Command) decide.Result {
	s.t.Helper()
	r, err := s.try(who, c)
	if err != nil {
		s.t.Fatalf("%s = %v, want granted", c.Name(), err)
	}
	return r
}

// refused demands that the command is refused with the code and changes nothing.
func (s *stage) refused(who seating.Actor, c decide.Command, want seating.Code) *seating.Error {
	s.t.Helper()
	before := s.h
	_, err := s.try(who, c)
	if err == nil {
		s.t.Fatalf("%s = granted, want %s", c.Name(), want)
	}
	if err.Code != want {
		s.t.Fatalf("%s = %v, want %s", c.Name(), err, want)
	}
	if s.h != before {
		s.t.Fatalf("%s changed the house although it was refused", c.Name())
	}
	return err
}

// nothing demands that the command is granted and changes nothing.
func (s *stage) nothing(who seating.Actor, c decide.Command) decide.Result {
	s.t.Helper()
	r := s.ok(who, c)
	if s.last != nil {
		s.t.Fatalf("%s made change %+v, want none", c.Name(), s.last.Rows)
	}
	return r
}

// busy are the numbers of the tables with an allocation of the booking or its
// hold, live or not.
func (s *stage) events() []seating.EventType {
	if s.last == nil {
		return nil
	}
	var types []seating.EventType
	for _, e := range s.last.Events {
		types = append(types, e.Type)
	}
	return types
}

var (
	anna = housetest.Host("anna")
	ben  = housetest.Host("ben")
	cleo = housetest.Manager("cleo")
)

func hold(id, booking int, tables ...int) decide.MakeHold {
	return decide.MakeHold{ID: housetest.Hold(id), Booking: housetest.Booking(booking), Tables: housetest.Tables(tables...)}
}
