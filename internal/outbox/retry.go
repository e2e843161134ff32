package outbox

import (
	"time"

	"github.com/maitred/maitred/internal/store"
)

// When a row is tried again, and when no more. Source: docs/domain.md, deliveries.
const (
	retryFirst    = 250 * time.Millisecond
	retryLast     = 10 * time.Minute
	retryAttempts = 25
	retryFor      = 72 * time.Hour
	handoversMost = 3
	unknownWait   = time.Minute
)

// backoff is the wait after a failure that followed so many before: full jitter,
// so that what failed together does not come back together.
func backoff(attempts int, random func(time.Duration) time.Duration) time.Duration {
	return part(doubled(retryFirst, attempts, retryLast), random)
}

// spent is what a wait adds to the time for which a row has been failing. The gap
// to the next attempt is charged when it begins, and for no more than the longest
// wait there is: what comes on top is no attempt that failed, but a circuit that
// was open or a worker that was away.
func spent(wait time.Duration) time.Duration { return min(wait, retryLast) }

// exhausted reports whether a row that has just failed is given up: it was tried
// often, and for long. Neither alone is a reason: a short outage takes many
// attempts, a long one few.
func exhausted(row store.OutboxRow) bool {
	return row.Attempts+1 >= retryAttempts && row.FailedFor >= retryFor
}

// doubled is first × 2^n, at most last.
func doubled(first time.Duration, n int, last time.Duration) time.Duration {
	d := first
	for ; n > 0 && d < last; n-- {
		d *= 2
	}
	return min(d, last)
}

// part is a random part of a duration; random need not take a zero.
func part(d time.Duration, random func(time.Duration) time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return random(d)
}
