package outbox

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// What may be delivered together comes together: a receiver that can take many at
// once is not kept from it. Rows of one booking may not, however near they are.
func TestASinkIsGivenWhatMayGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ids := slices.Concat(s.hook(1, 1, 1, 3), s.hook(1, 1, 10, 20))
		var sizes []int
		s.start("a", func(c *Config) {
			good := c.Sinks[0]
			c.Sinks = []Sink{sinkFunc(func(ctx context.Context, batch []Item) []Result {
				sizes = append(sizes, len(batch))
				return good.Deliver(ctx, batch)
			})}
		})
		s.empty(time.Minute)
		s.right(ids)
		if want := []int{10, 10, 1, 1, 1}; !slices.Equal(sizes, want) {
			t.Errorf("five rows of one booking and two of each of nine came in batches of %v, want %v", sizes, want)
		}
	})
}

// A sink that stops after the third of ten has delivered three: the seven come
// again, and the three do not.
func TestWhatASinkDoesNotAnswerForComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ids := s.hook(1, 1, 10, 10)
		calls := 0
		s.start("a", func(c *Config) {
			good := c.Sinks[0]
			c.Sinks = []Sink{sinkFunc(func(ctx context.Context, batch []Item) []Result {
				if calls++; calls == 1 {
					batch = batch[:3]
				}
				return good.Deliver(ctx, batch)
			})}
		})
		wait(t.Context(), 100*time.Millisecond)
		if s.left() != 7 {
			t.Errorf("%d rows wait after three of ten were delivered, want seven", s.left())
		}
		s.empty(time.Minute)
		s.right(ids)
		if s.again() != 0 {
			t.Errorf("%d rows were delivered twice", s.again())
		}
	})
}

// Rows of twenty flows are known, of which one exchange can take five: the others
// do not wait until somebody happens to look for them again.
func TestNoFlowIsForgottenForWantOfRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var ids []int64
		for e := range 20 {
			ids = append(ids, s.hook(e, e, 100, 350)...)
		}
		s.start("a", func(c *Config) { c.Poll = time.Hour })
		if took := s.empty(2 * time.Hour); took > 5*time.Second {
			t.Errorf("7,000 rows at 1 ms took %s", took)
		}
		s.right(ids)
	})
}

// What the limit cuts off is the last flow in the order in which flows are read,
// whatever the order in which their rows come.
func TestCutOff(t *testing.T) {
	rows := func(flows ...int) (list []store.OutboxRow) {
		for i, n := range flows {
			list = append(list, store.OutboxRow{ID: int64(i + 1), Flow: flow(n)})
		}
		return list
	}
	named := []store.FlowRef{{Flow: flow(3)}, {Flow: flow(1)}, {Flow: flow(2)}}
	for name, x := range map[string]struct {
		turn store.Turn
		rows []store.OutboxRow
		want seating.FlowID
	}{
		"nothing":          {store.Turn{Flows: named, Limit: 3}, nil, seating.FlowID{}},
		"fewer":            {store.Turn{Flows: named, Limit: 4}, rows(1, 1, 3), seating.FlowID{}},
		"the last named":   {store.Turn{Flows: named, Limit: 3}, rows(1, 2, 3), flow(2)},
		"one in between":   {store.Turn{Flows: named, Limit: 3}, rows(1, 3, 3), flow(1)},
		"the last of all":  {store.Turn{Sweep: true, Limit: 3}, rows(1, 2, 3), flow(3)},
		"of a sweep's own": {store.Turn{Flows: named, Sweep: true, Limit: 2}, rows(2, 4), flow(4)},
	} {
		if got := cutOff(x.turn, x.rows); got != x.want {
			t.Errorf("%s: %v is cut off, want %v", name, got, x.want)
		}
	}
	rest := unread(look{flows: named}, rows(1, 1, 3))
	if len(rest.flows) != 1 || rest.flows[0].Flow != flow(2) || rest.sweep {
		t.Errorf("unread = %+v, want the second alone", rest)
	}
}
