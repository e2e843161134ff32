package query

import (
	"context"
	"fmt"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Trial is a command that is tried and not done.
type Trial struct {
	Command decide.Command
	Actor   seating.Actor
	Seen    *seating.Version // the version the caller saw; nil: none
	Change  seating.ChangeID // what the change would be called
}

// Tried is what a command would do.
type Tried struct {
	House     *house.House // it was tried on
	Changes   bool
	Breaks    []decide.Break
	Truncated bool
}

// DryRun decides a command on a proved house in memory and tells what would stand
// against the rules then. Nothing is written and nobody is told. A refusal is the
// one the command would meet.
func (r *Reader) DryRun(ctx context.Context, id seating.RestaurantID, t Trial) (Tried, error) {
	h, err := r.houses.Proved(ctx, id)
	if err != nil {
		return Tried{}, err
	}
	env := decide.Env{Change: t.Change, Now: r.Now(), Actor: t.Actor, IfMatch: t.Seen}
	if t.Seen != nil {
		if env.Touched, env.TooOld, err = r.houses.Touched(ctx, h, *t.Seen); err != nil {
			return Tried{}, err
		}
	}
	d := decide.Decide(h, t.Command, env)
	switch {
	case d.Refusal != nil:
		return Tried{}, d.Refusal
	case d.Change == nil:
		return Tried{House: h}, nil
	}
	after, err := house.Apply(h, d.Change)
	if err != nil {
		return Tried{}, fmt.Errorf("try %s: %w", t.Command.Name(), err)
	}
	breaks, truncated := decide.Impact(h, after, env.Now)
	return Tried{House: h, Changes: true, Breaks: breaks, Truncated: truncated}, nil
}
