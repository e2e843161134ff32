package outbox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Pager tells somebody of parties that are late. It is all there is to a further
// sink: a name, and a result for each item of a batch.
type Pager struct {
	Page func(ctx context.Context, key, text string) error
}

// Name is what its rows are written under.
func (Pager) Name() string { return "pager" }

var errBusy = errors.New("the line is busy")

// Deliver pages each item. The same item comes again after a crash, so whoever is
// paged gets its key and can drop what came before.
func (p Pager) Deliver(ctx context.Context, batch []outbox.Item) []outbox.Result {
	results := make([]outbox.Result, len(batch))
	for i, item := range batch {
		if item.Row.EventType != seating.EventBookingLate {
			results[i].Outcome = outbox.Delivered // nothing to say
			continue
		}
		text := fmt.Sprintf("%d minutes late", item.Event.Minutes)
		switch err := p.Page(ctx, item.Row.DedupeKey, text); {
		case err == nil:
			results[i].Outcome = outbox.Delivered
		case errors.Is(err, errBusy):
			results[i].Err = err // the zero outcome: to be tried again
		default:
			results[i] = outbox.Result{Outcome: outbox.Dead, Err: err}
		}
	}
	return results
}

// A further sink, called as the worker calls it.
func ExampleSink() {
	var sink outbox.Sink = Pager{Page: func(_ context.Context, key, text string) error {
		fmt.Println(key, text)
		return nil
	}}
	results := sink.Deliver(context.Background(), []outbox.Item{{
		Row:   store.OutboxRow{DedupeKey: "0199/0", EventType: seating.EventBookingLate},
		Event: seating.EventPayload{Minutes: 20},
	}})
	fmt.Println(results[0].Outcome)
	// Output:
	// 0199/0 20 minutes late
	// delivered
}
