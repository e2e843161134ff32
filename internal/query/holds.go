package query

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// HoldStatus says where a hold is in its life. An ended one says how it ended.
type HoldStatus string

// The states of a hold that has not ended; the others are seating.HoldEnd.
const (
	HoldLive   HoldStatus = "live"
	HoldLapsed HoldStatus = "lapsed"
)

// Hold is a hold of any state with its tables.
type Hold struct {
	seating.Hold
	Tables  []seating.TableID
	Status  HoldStatus
	EndedAt servicetime.Instant
	EndedBy string
}

// HoldOf is a hold that has not ended.
func HoldOf(e *house.Entry, now servicetime.Instant) Hold {
	return Hold{Hold: e.Hold.Hold, Tables: e.Hold.Tables(), Status: StatusOf(e.Hold.Hold, now)}
}

// StatusOf is live or lapsed.
func StatusOf(h seating.Hold, now servicetime.Instant) HoldStatus {
	if h.Live(now) {
		return HoldLive
	}
	return HoldLapsed
}

// Hold finds a hold, also one that is over. It returns NOT_FOUND from a proved
// house only.
func (r *Reader) Hold(ctx context.Context, h *house.House, hold seating.HoldID) (Hold, *house.House, error) {
	if e := h.Hold(hold); e != nil {
		return HoldOf(e, r.Now()), h, nil
	}
	h, err := r.houses.Proved(ctx, h.Restaurant.ID)
	if err != nil {
		return Hold{}, nil, err
	}
	if e := h.Hold(hold); e != nil {
		return HoldOf(e, r.Now()), h, nil
	}
	ended, err := r.lists.EndedHold(ctx, h.Restaurant.ID, hold)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Hold{}, h, NoHold()
	case err != nil:
		return Hold{}, h, failed("read hold "+hold.String(), err)
	}
	return Hold{Hold: ended.Hold, Tables: ended.Tables, Status: HoldStatus(ended.How), EndedAt: ended.EndedAt, EndedBy: ended.EndedBy}, h, nil
}

// Holds lists the live holds, the next to lapse first.
func Holds(h *house.House, now servicetime.Instant) []Hold {
	holds := []Hold{}
	for e := range h.Held() {
		if e.Hold.Live(now) {
			holds = append(holds, HoldOf(e, now))
		}
	}
	slices.SortFunc(holds, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(a.ExpiresAt, b.ExpiresAt), a.ID.Compare(b.ID))
	})
	return holds
}
