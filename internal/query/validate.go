package query

import (
	"context"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Question asks whether a selection would do.
type Question struct {
	Tables           []seating.TableID
	RequireAdjacency bool
	Override         *seating.Override
	Seen             *seating.Version // the version the caller saw
}

// Moved says what changed since a caller looked.
type Moved struct {
	Reason  string // too_old: it is not known what changed
	Changed []seating.ChangedFact
}

// Validate judges a selection for a booking and changes nothing. What the caller
// saw being old is told beside the verdict, never a refusal.
func (r *Reader) Validate(ctx context.Context, h *house.House, e *house.Entry, principal string, q Question) (planner.Verdict, *Moved, error) {
	request := planner.RequestFor(e, principal, r.Now())
	request.RequireAdjacency, request.Override = q.RequireAdjacency, q.Override
	verdict := planner.Judge(h, request, q.Tables)
	if q.Seen == nil {
		return verdict, nil, nil
	}
	touched, tooOld, err := r.houses.Touched(ctx, h, *q.Seen)
	if err != nil {
		return verdict, nil, err
	}
	return verdict, movedBy(decide.Stale(h, *q.Seen, touched, tooOld, e.ID, q.Tables)), nil
}

// movedBy tells what a command would be refused with as news.
func movedBy(stale *seating.Error) *Moved {
	if stale == nil {
		return nil
	}
	return &Moved{Reason: stale.Details.Reason, Changed: stale.Details.Changed}
}
