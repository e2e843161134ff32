package decide_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// pure is the rules alone: Decide and Apply on a house in memory.
type pure struct {
	t     *rapid.T
	h     *house.House
	now   servicetime.Instant
	n     int
	ended map[seating.HoldID]seating.EndedHold
}

func (p *pure) House() *house.House     { return p.h }
func (p *pure) Advance(d time.Duration) { p.now = p.now.Add(d) }

// Check builds the house again from its rows: Apply must not have drifted.
func (p *pure) Check() {
	again, err := house.New(p.h.State())
	if err != nil {
		p.t.Fatalf("New(State()): %v", err)
	}
	if diff := cmp.Diff(p.h.State(), again.State()); diff != "" {
		p.t.Fatalf("New(State()) differs (-applied +built):\n%s", diff)
	}
	for _, t := range p.h.Floor.Tables() {
		slots := func(h *house.House) (all []seating.Allocation) {
			for s := range h.From(t.ID, 0) {
				all = append(all, s.Allocation)
			}
			return all
		}
		if diff := cmp.Diff(slots(p.h), slots(again)); diff != "" {
			p.t.Fatalf("occupancy of %s differs (-applied +built):\n%s", t.Number, diff)
		}
	}
}

func (p *pure) Do(who seating.Actor, c decide.Command) *seating.Error {
	p.n++
	d := decide.Decide(p.h, c, decide.Env{
		Change: housetest.ID[seating.ChangeID](p.n), Now: p.now, Actor: who, Facts: decide.Facts{Ended: p.ended},
	})
	if d.Change == nil {
		return d.Refusal
	}
	next, err := house.Apply(p.h, d.Change)
	if err != nil {
		p.t.Fatalf("Apply(%s): %v", c.Name(), err)
	}
	for _, e := range d.Change.Rows.EndHolds {
		p.ended[e.ID] = e
	}
	p.h = next
	return nil
}

// TestModelPure plays 100 games of 200 commands: 20,000 steps.
func TestModelPure(t *testing.T) {
	total := 0
	rapid.Check(t, func(r *rapid.T) {
		total += modeltest.Play(r, &pure{
			t: r, h: housetest.New(t, nil), now: modeltest.Start, ended: map[seating.HoldID]seating.EndedHold{},
		}, 200)
	})
	if total < 2000 {
		t.Errorf("only %d commands were granted; the games do not reach far", total)
	}
}
