package jobs

import (
	"time"

	"github.com/maitred/maitred/internal/store"
)

// RetryHorizon is for how long a client may repeat a request with its key, as the
// contract tells it. Source: docs/domain.md, receipts.
const RetryHorizon = 24 * time.Hour

const day = 24 * time.Hour

// Keep says for how long rows of a kind are kept.
type Keep struct {
	Kept          store.Kept
	For           time.Duration
	Versions      int64 // of a journal, whatever their age
	PerRestaurant bool  // pruned one restaurant at a time
}

// keeps is the one table. A receipt outlives every retry it may have to answer; an
// event that was given up outlives the one that arrived, so that who looks after a
// long week-end still finds what to redrive. Source: docs/operations.md, what is
// kept.
var keeps = []Keep{
	{Kept: store.KeptReceipts, For: 2 * RetryHorizon, PerRestaurant: true},
	{Kept: store.KeptEndedHolds, For: 30 * day, PerRestaurant: true},
	{Kept: store.KeptHistory, For: store.KeepHistory, PerRestaurant: true},
	{Kept: store.KeptJournal, For: day, Versions: 2000, PerRestaurant: true},
	{Kept: store.KeptDead, For: 90 * day},
	{Kept: store.KeptObserved, For: store.KeepObserved},
	{Kept: store.KeptDeliveries, For: 14 * day},
	{Kept: store.KeptOperations, For: 400 * day},
}

// Keeps lists how long what is kept.
func Keeps() []Keep { return append([]Keep{}, keeps...) }
