package backoffice

import (
	"context"
	"encoding/json"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// OperatorAction is something that an operator did.
type OperatorAction struct {
	ID         int64                `json:"id"`
	At         servicetime.Instant  `json:"at" format:"date-time"`
	Principal  string               `json:"principal" doc:"operator:<id>; operator, by the command line."`
	Action     string               `json:"action"`
	Restaurant seating.RestaurantID `json:"restaurantId,omitzero" format:"uuid"`
	Detail     map[string]any       `json:"detail" doc:"What the action was given: ids, codes, numbers, a reason."`
}

// ActionsPage is a page of what operators did, newest first. Next is the id to
// go on below; 0: there is no more.
type ActionsPage struct {
	Operations []OperatorAction `json:"operations"`
	Next       int64            `json:"next,omitempty"`
}

// Operations returns what operators did, newest first, below an id (0: from the
// newest).
func (o *Office) Operations(ctx context.Context, before int64, limit int) (ActionsPage, error) {
	limit, err := limited(limit)
	if err != nil {
		return ActionsPage{}, err
	}
	if before < 0 {
		return ActionsPage{}, seating.Invalid("before", "must be the id of an operation, not %d", before)
	}
	done, err := o.outbox.Operations(ctx, before, limit+1)
	if err != nil {
		return ActionsPage{}, err
	}
	page := ActionsPage{Operations: []OperatorAction{}}
	if len(done) > limit {
		done = done[:limit]
		page.Next = done[limit-1].ID
	}
	for _, d := range done {
		op := OperatorAction{ID: d.ID, At: d.At, Principal: d.Principal, Action: d.Action, Restaurant: d.Restaurant, Detail: map[string]any{}}
		if len(d.Detail) > 0 {
			if err := json.Unmarshal(d.Detail, &op.Detail); err != nil {
				return ActionsPage{}, seating.Bug("operation %d has a detail that is no object: %v", d.ID, err)
			}
		}
		page.Operations = append(page.Operations, op)
	}
	return page, nil
}
