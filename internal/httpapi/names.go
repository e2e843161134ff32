package httpapi

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// names resolves principals to what people call them, for a moment from memory.
// A name is a courtesy: when the store cannot say, answers go out without.
type names struct {
	directory Directory
	now       func() time.Time
	logger    *slog.Logger

	mu   sync.Mutex
	rows map[nameKey]nameRow
}

// Directory is the part of store.Directory that answers need.
type Directory interface {
	Names(ctx context.Context, id seating.RestaurantID, subjects []string) (map[string]string, error)
	DropRestaurant(ctx context.Context, id seating.RestaurantID) error
}

var _ Directory = store.Directory(nil)

type nameKey struct {
	restaurant seating.RestaurantID
	subject    string
}

type nameRow struct {
	name  string
	until time.Time
}

const (
	nameFreshness = 5 * time.Second
	maxNames      = 10_000
)

func newNames(d Directory, now func() time.Time, logger *slog.Logger) *names {
	return &names{directory: d, now: now, logger: logger, rows: map[nameKey]nameRow{}}
}

// of returns the principals with their names, in a map by principal.
func (n *names) of(ctx context.Context, restaurant seating.RestaurantID, principals []string) map[string]Principal {
	known := make(map[string]Principal, len(principals))
	var missing []string
	now := n.now()
	n.mu.Lock()
	for _, p := range principals {
		subject := seating.SubjectOf(p)
		row, ok := n.rows[nameKey{restaurant, subject}]
		fresh := ok && now.Before(row.until)
		known[p] = Principal{Principal: p, Name: row.name}
		switch {
		case subject == "system":
			known[p] = Principal{Principal: p, Name: "maitred"}
		case subject == "operator":
			known[p] = Principal{Principal: p, Name: "operator"}
		case !fresh && !slices.Contains(missing, subject):
			missing = append(missing, subject)
		}
	}
	n.mu.Unlock()
	if len(missing) == 0 {
		return known
	}
	found, err := n.directory.Names(ctx, restaurant, missing)
	if err != nil {
		n.logger.LogAttrs(ctx, slog.LevelWarn, "names of principals could not be read", slog.Any("error", err))
		return known
	}
	n.keep(restaurant, missing, found, now.Add(nameFreshness))
	for p := range known {
		if name, ok := found[seating.SubjectOf(p)]; ok {
			known[p] = Principal{Principal: p, Name: name}
		}
	}
	return known
}

func (n *names) keep(restaurant seating.RestaurantID, subjects []string, found map[string]string, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.rows)+len(subjects) > maxNames {
		clear(n.rows)
	}
	for _, s := range subjects {
		n.rows[nameKey{restaurant, s}] = nameRow{name: found[s], until: until}
	}
}
