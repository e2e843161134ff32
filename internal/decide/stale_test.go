package decide_test

import (
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// context is what a screen saw, with what has been touched since.
type context struct {
	*stage
	seen    seating.Version
	touched []house.Touched
}

func (s *stage) sees() *context { return &context{stage: s, seen: s.h.Public()} }

// does lets somebody else act.
func (c *context) does(who seating.Actor, cmd decide.Command) {
	c.t.Helper()
	c.ok(who, cmd)
	if c.last != nil {
		c.touched = append(c.touched, house.TouchedBy(c.last))
	}
}

// judge decides with If-Match and takes nothing over.
func (c *context) judge(who seating.Actor, cmd decide.Command) decide.Decision {
	env := c.env(who)
	env.IfMatch, env.Touched = &c.seen, c.touched
	return decide.Decide(c.h, cmd, env)
}

func stale(d decide.Decision) bool {
	return d.Refusal != nil && d.Refusal.Code == seating.CodeStaleContext
}

// TestStale: what anna saw at 18:00, what happens meanwhile, and whether her
// choice of T2 (neighbours T1 and T3) for booking 1 (19:00-20:20) is still fresh.
func TestStale(t *testing.T) {
	policy := housetest.Policy()
	policy.Late.After = 20
	tests := []struct {
		name   string
		does   func(*context)
		stale  bool // disjoint
		strict bool
	}{
		{name: "nothing", does: func(*context) {}},
		{name: "V06 another booking at the table", does: func(c *context) { c.does(ben, assign(2, 2)) }, stale: true, strict: true},
		{name: "V10 a hold on the table", does: func(c *context) { c.does(ben, hold(1, 2, 2)) }, stale: true, strict: true},
		{name: "V06 another booking at a neighbour", does: func(c *context) { c.does(ben, assign(2, 1)) }, stale: true, strict: true},
		{name: "a hold at the other neighbour", does: func(c *context) { c.does(ben, hold(1, 2, 3)) }, stale: true, strict: true},
		{name: "another zone", does: func(c *context) { c.does(ben, assign(2, 7)) }, strict: true},
		{name: "the same table in another window", does: func(c *context) { c.does(ben, assign(4, 2)) }, strict: true},
		{name: "the booking itself", does: func(c *context) { c.does(ben, assign(1, 7)) }, stale: true, strict: true},
		{name: "a hold for the booking itself", does: func(c *context) { c.does(anna, hold(1, 1, 7)) }, stale: true, strict: true},
		{name: "V07 the floor, far away", does: func(c *context) {
			c.does(cleo, c.plan(func(p *decide.Plan) { p.Tables[7].Table.Active = false }))
		}, stale: true, strict: true},
		{name: "V08 one edge", does: func(c *context) {
			c.does(cleo, c.plan(func(p *decide.Plan) { p.Adjacencies = p.Adjacencies[1:] }))
		}, stale: true, strict: true},
		{name: "V08 a nested turn band", does: func(c *context) {
			periods := housetest.Periods()
			periods[1].Bands[1].Turn++
			c.does(cleo, decide.PutPeriods{Periods: periods})
		}, stale: true, strict: true},
		{name: "the policy", does: func(c *context) { c.does(cleo, decide.PutPolicy{Policy: policy}) }, stale: true, strict: true},
		{name: "a closure", does: func(c *context) {
			c.does(cleo, decide.PutClosures{Closures: []servicetime.Closure{{From: housetest.Friday.AddDays(9), To: housetest.Friday.AddDays(9)}}})
		}, stale: true, strict: true},
		{name: "released again", does: func(c *context) {
			c.does(ben, hold(1, 2, 2))
			c.does(ben, decide.ReleaseHold{Hold: housetest.Hold(1)})
		}, stale: true, strict: true},
		{name: "a booking without tables", does: func(c *context) { c.does(ben, create(30, 4, "19:00")) }, strict: true},
		{name: "a cancelled one with tables elsewhere", does: func(c *context) { c.does(ben, decide.Cancel{Booking: housetest.Booking(3)}) }, strict: true},
	}
	for _, tt := range tests {
		for _, mode := range []seating.ContextCheck{seating.ContextDisjoint, seating.ContextStrict} {
			t.Run(tt.name+", "+string(mode), func(t *testing.T) {
				s := evening(t, func(s *house.State) {
					s.Policy.ContextCheck = mode
					s.Tables[6].MinCovers = 1
				})
				policy.ContextCheck = mode
				s.ok(anna, hold(9, 1, 2)) // to be confirmed
				s.ok(anna, decide.ReleaseHold{Hold: housetest.Hold(9)})
				c := s.sees()
				tt.does(c)
				want := tt.stale
				if mode == seating.ContextStrict {
					want = tt.strict
				}
				for _, cmd := range []decide.Command{hold(10, 1, 2), assign(1, 2)} {
					d := c.judge(anna, cmd)
					if got := stale(d); got != want {
						t.Errorf("%s of T2 after %q = %v, want stale %v", cmd.Name(), tt.name, d.Refusal, want)
					}
					if want && (len(d.Refusal.Details.Changed) == 0 || d.Refusal.Details.Reason != "changed" ||
						d.Refusal.Details.Changed[0].Version.N <= c.seen.N || d.Refusal.Details.Changed[0].What == "") {
						t.Errorf("%s: details = %+v, want what changed since %v", cmd.Name(), d.Refusal.Details, c.seen)
					}
				}
				env := c.env(anna) // without If-Match nothing is stale
				if d := decide.Decide(c.h, hold(10, 1, 2), env); stale(d) {
					t.Errorf("hold without If-Match = %v", d.Refusal)
				}
			})
		}
	}
}

// TestStale_ALapseTouchesNothing: neither its sweep nor its record.
func TestStale_ALapseTouchesNothing(t *testing.T) {
	for _, mode := range []seating.ContextCheck{seating.ContextDisjoint, seating.ContextStrict} {
		s := evening(t, func(s *house.State) { s.Policy.ContextCheck = mode })
		r := s.ok(ben, hold(1, 2, 2))
		c := s.sees()
		s.now = r.Hold.ExpiresAt
		c.does(seating.System(), decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1)}})
		if len(c.touched) != 1 {
			t.Fatalf("touched = %v, want the lapse recorded", c.touched)
		}
		if d := c.judge(anna, hold(2, 1, 2)); d.Refusal != nil {
			t.Errorf("%s: hold after a lapse = %v, want granted", mode, d.Refusal)
		}
	}
}

func TestStale_ConfirmAndSwap(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 2))
	s.ok(anna, assign(2, 1))
	c := s.sees()
	if d := c.judge(anna, confirm(1)); d.Refusal != nil {
		t.Errorf("confirm on what it saw = %v, want granted", d.Refusal)
	}
	c.does(ben, assign(4, 3)) // another window
	if d := c.judge(anna, confirm(1)); d.Refusal != nil {
		t.Errorf("confirm after another window's change = %v, want granted", d.Refusal)
	}
	if d := c.judge(anna, decide.Swap{A: housetest.Booking(2), B: housetest.Booking(3)}); stale(d) {
		t.Errorf("swap = %v, want it judged", d.Refusal)
	}
	c.does(ben, decide.Cancel{Booking: housetest.Booking(2)})
	if d := c.judge(anna, confirm(1)); !stale(d) {
		t.Errorf("confirm after a neighbour's change = %v, want STALE_CONTEXT", d.Refusal)
	}
	if d := c.judge(anna, decide.Swap{A: housetest.Booking(3), B: housetest.Booking(2)}); d.Refusal == nil {
		t.Error("swap with a cancelled booking is granted")
	}
}

func TestStale_CancelOnlyWhenThatBookingChanged(t *testing.T) {
	s := evening(t, nil)
	c := s.sees()
	c.does(ben, assign(2, 2))
	c.does(cleo, decide.PutPolicy{Policy: setting(s.h.Policy, func(p *seating.Policy) { p.SlackBudget = 5 })})
	cancel := decide.Cancel{Booking: housetest.Booking(3)}
	c.does(cleo, s.plan(func(p *decide.Plan) { p.Zones[0].Zone.Name = "Salle" }))
	if d := c.judge(anna, cancel); d.Refusal != nil {
		t.Errorf("cancel after floor and policy changed = %v, want granted", d.Refusal)
	}
	s = evening(t, nil)
	c = s.sees()
	c.does(ben, assign(2, 2))
	c.does(ben, hold(1, 1, 3))
	if d := c.judge(anna, cancel); d.Refusal != nil {
		t.Errorf("cancel after others changed = %v, want granted", d.Refusal)
	}
	c.does(ben, assign(3, 5))
	if d := c.judge(anna, cancel); !stale(d) || d.Refusal.Details.Changed[0].What != "assign" {
		t.Errorf("cancel after its move = %v, want STALE_CONTEXT", d.Refusal)
	}
}

func TestStale_TooOldAndOtherEpoch(t *testing.T) {
	s := evening(t, nil)
	commands := []decide.Command{
		hold(1, 1, 2), assign(1, 2), decide.Cancel{Booking: housetest.Booking(1)}, unassign(3),
	}
	for _, cmd := range commands {
		env := s.env(anna)
		env.IfMatch = &seating.Version{Epoch: s.h.Epoch}
		if d := decide.Decide(s.h, cmd, env); d.Refusal != nil {
			t.Errorf("%s on the current version = %v, want granted", cmd.Name(), d.Refusal)
		}
		env.TooOld = true
		if d := decide.Decide(s.h, cmd, env); !stale(d) || d.Refusal.Details.Reason != "too_old" {
			t.Errorf("%s too old = %v, want STALE_CONTEXT too_old", cmd.Name(), d.Refusal)
		}
		env.TooOld = false
		env.IfMatch = &seating.Version{Epoch: "other0"}
		if d := decide.Decide(s.h, cmd, env); !stale(d) || d.Refusal.Details.Reason != "too_old" {
			t.Errorf("%s of another epoch = %v, want STALE_CONTEXT too_old", cmd.Name(), d.Refusal)
		}
	}
}

// TestG03_StaleSave: settings are compared by the revision of their aspect, which
// is known for ever.
func TestG03_StaleSave(t *testing.T) {
	policy := setting(housetest.Policy(), func(p *seating.Policy) { p.SlackBudget = 5 })
	saves := map[seating.Aspect][]func(*stage) decide.Command{
		seating.AspectFloor: {func(s *stage) decide.Command { return s.plan(without(8)) }},
		seating.AspectPolicy: {
			func(*stage) decide.Command { return decide.PutPolicy{Policy: policy} },
			func(*stage) decide.Command { return decide.PutPeriods{Periods: housetest.Periods()[:1]} },
			func(*stage) decide.Command {
				return decide.PutClosures{Closures: []servicetime.Closure{{From: 30000, To: 30000}}}
			},
		},
	}
	for aspect, list := range saves {
		for _, save := range list {
			for other, meanwhile := range map[seating.Aspect]func(*context){
				seating.AspectBookings: func(c *context) { c.does(ben, assign(2, 2)) },
				seating.AspectHolds:    func(c *context) { c.does(ben, hold(1, 2, 2)) },
				seating.AspectFloor: func(c *context) {
					c.does(cleo, c.plan(func(p *decide.Plan) { p.Zones[0].Zone.Name = "Salle" }))
				},
				seating.AspectPolicy: func(c *context) {
					c.does(cleo, decide.PutPolicy{Policy: setting(c.h.Policy, func(p *seating.Policy) { p.MaxTables = 3 })})
				},
			} {
				c := evening(t, nil).sees()
				meanwhile(c)
				cmd := save(c.stage)
				for _, known := range []bool{true, false} {
					env := c.env(cleo)
					env.IfMatch, env.TooOld = &c.seen, !known
					if known {
						env.Touched = c.touched
					}
					if d := decide.Decide(c.h, cmd, env); stale(d) != (aspect == other) {
						t.Errorf("%s after a change of %s (touches known %v) = %v, want stale %v", cmd.Name(), other, known, d.Refusal, aspect == other)
					}
				}
				env := c.env(cleo)
				env.IfMatch = &seating.Version{Epoch: "other0", N: 99}
				if d := decide.Decide(c.h, cmd, env); !stale(d) {
					t.Errorf("%s of another epoch = %v, want STALE_CONTEXT", cmd.Name(), d.Refusal)
				}
			}
		}
	}
	if !slices.Contains([]string{"test0"}, evening(t, nil).h.Epoch) {
		t.Error("the stage's epoch is not the one the tests speak of")
	}
}
