package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

var webhookRewriteTests = []test{
	{"AnEndpointIsChangedAsItWasRead", anEndpointIsChangedAsItWasRead},
}

// Two who change one endpoint at the same time do not undo each other: the second
// is told, and nothing is written of what it wanted.
func anEndpointIsChangedAsItWasRead(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	id := d.endpoint()
	read := func() store.Webhook {
		t.Helper()
		w, err := e.Store.Endpoint(t.Context(), id)
		if err != nil {
			t.Fatalf("Endpoint = %v", err)
		}
		return w
	}
	change := func(w store.Webhook, url string) error {
		w.CreatedAt, w.Seen, w.ChangedAt, w.URL = 0, w.ChangedAt, w.ChangedAt.Add(time.Microsecond), url
		return e.Store.PutWebhook(t.Context(), w, d.told(seating.EventWebhookChanged))
	}
	told := func() int {
		n := 0
		for _, r := range queued(t, e.Store, store.SinkObservability) {
			if r.EventType == seating.EventWebhookChanged {
				n++
			}
		}
		return n
	}
	first := read()
	if err := change(first, "https://hooks.example/first"); err != nil {
		t.Fatalf("PutWebhook of what was read = %v", err)
	}
	before := told()
	if err := change(first, "https://hooks.example/second"); !errors.Is(err, store.ErrChanged) {
		t.Errorf("PutWebhook of what somebody changed since = %v, want ErrChanged", err)
	}
	if w := read(); w.URL != "https://hooks.example/first" || told() != before {
		t.Errorf("the endpoint leads to %s after %d events, want the first change alone and %d", w.URL, told(), before)
	}
	if err := change(read(), "https://hooks.example/third"); err != nil {
		t.Errorf("PutWebhook of what was read again = %v", err)
	}
	gone := first
	gone.ID = NewID[seating.EndpointID]()
	notFound(t, "PutWebhook of none", change(gone, gone.URL))
}
