package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// How long a worker waits before it asks a queue again that did not answer.
const (
	againFirst = 100 * time.Millisecond
	againLast  = 10 * time.Second
)

// outage is the time for which questions are not answered, each kind by itself: a
// queue may answer one and refuse another. It is logged once when it begins and once
// when it ends, by whoever notices.
type outage struct {
	logger *slog.Logger
	now    func() time.Time
	random func(time.Duration) time.Duration

	mu    sync.Mutex
	kinds map[string]*unanswered
}

// unanswered is how often a question was asked in vain, and since when.
type unanswered struct {
	n     int
	since time.Time
	err   error
}

// noted notes whether a question was answered. After an error it returns how long to
// wait, longer from time to time, with jitter. What the end of ctx broke off is no
// error of the queue.
func (o *outage) noted(ctx context.Context, question string, err error) (wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	u := o.kinds[question]
	switch {
	case err == nil && u == nil:
		return 0
	case err == nil:
		o.logger.InfoContext(ctx, "the outbox answers again", slog.String("question", question), slog.Duration("after", o.now().Sub(u.since)))
		delete(o.kinds, question)
		return 0
	case ctx.Err() != nil:
		return againFirst
	}
	if u == nil {
		u = &unanswered{since: o.now()}
		if o.kinds == nil {
			o.kinds = map[string]*unanswered{}
		}
		o.kinds[question] = u
		o.logger.ErrorContext(ctx, "the outbox does not answer", slog.String("question", question), slog.Any("error", err))
	}
	u.n++
	u.err = err
	most := doubled(againFirst, u.n-1, againLast)
	return most/2 + part(most/2, o.random)
}

// lasting is the longest outage, and its error; nil: there is none.
func (o *outage) lasting() (lasts time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, u := range o.kinds {
		if d := o.now().Sub(u.since); err == nil || d > lasts {
			lasts, err = d, u.err
		}
	}
	return lasts, err
}
