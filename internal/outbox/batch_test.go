package outbox

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
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
