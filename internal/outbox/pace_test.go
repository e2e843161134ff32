package outbox

import (
	"context"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// A look at one flow found nothing in the middle of a sweep that finds plenty: the
// sweep goes on at once. A sweep from the beginning keeps its distance.
func TestASweepThatGoesOnDoesNotWait(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795798800, 0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := New(Config{Name: "w", Now: func() time.Time { return now }})
	d := newCounterDesk(w, &tenure{ctx: ctx, end: cancel}, &counter{sink: idleSink{}, crowd: newCrowd(64)})
	d.lanes[3] = &lane{Claim: store.Claim{Lane: 3, Token: 1}, ctx: ctx, cancel: cancel}
	d.pace = pace{began: now, little: true, misses: 1}

	behind := store.FlowRef{Lane: 3, Flow: seating.FlowID{1}}
	d.agenda.going, d.agenda.from = true, behind
	if l, wait := d.look(now); !l.sweep || l.from != behind {
		t.Errorf("look = %+v, %s; want the sweep to go on behind %v", l, wait, behind)
	}
	d.agenda.forget()
	d.agenda.sweep()
	if l, wait := d.look(now); !l.nothing() || wait != 2*w.c.Gap {
		t.Errorf("look = %+v, %s; want nothing for %s", l, wait, 2*w.c.Gap)
	}
}

type idleSink struct{}

func (idleSink) Name() string { return store.SinkWebhook }

func (idleSink) Deliver(_ context.Context, batch []Item) []Result { return make([]Result, len(batch)) }
