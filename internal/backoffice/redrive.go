package backoffice

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Redrive selects dead rows to bring back. Empty fields select all.
type Redrive struct {
	Sink       string               `json:"sink,omitempty"`
	Type       seating.EventType    `json:"type,omitempty"`
	Restaurant seating.RestaurantID `json:"restaurantId,omitzero"`
	Cause      string               `json:"cause,omitempty"`
	Since      servicetime.Instant  `json:"since,omitempty" format:"date-time"` // of death
	Rate       string               `json:"rate,omitempty"`                     // "100/s"; "": DefaultRate
	Limit      int                  `json:"limit,omitempty"`                    // 0: MaxRedrive
	DryRun     bool                 `json:"dryRun,omitempty"`
}

// DefaultRate is how fast rows that are brought back become due.
const DefaultRate = "100/s"

// Redriven counts the rows that came back.
type Redriven struct {
	Rows   int64 `json:"rows" doc:"Brought back, oldest first; with dryRun, that would be."`
	Left   int64 `json:"left" doc:"That match too and are over the limit."`
	DryRun bool  `json:"dryRun,omitempty"`
}

// Redrive brings dead rows back, at a rate, so that a receiver that has recovered
// is not run over.
func (o *Office) Redrive(ctx context.Context, principal string, r Redrive) (Redriven, error) {
	if r.Rate == "" {
		r.Rate = DefaultRate
	}
	if r.Limit == 0 {
		r.Limit = MaxRedrive
	}
	gap, err := ParseRate(r.Rate)
	err = first(known("sink", r.Sink, store.Sinks()), plain("type", string(r.Type)), known("cause", r.Cause, causes), err)
	if err == nil && (r.Limit < 1 || r.Limit > MaxRedrive) {
		err = seating.Invalid("limit", "must be a whole number from 1 to %d, not %d", MaxRedrive, r.Limit)
	}
	if err != nil {
		return Redriven{}, err
	}
	done, err := o.outbox.Redrive(ctx, store.Redrive{
		Sink: r.Sink, Type: r.Type, Restaurant: r.Restaurant, Cause: r.Cause, Since: r.Since, Limit: r.Limit, Gap: gap, DryRun: r.DryRun,
	}, store.Note{Principal: principal, Action: ActionRedrive, Detail: r.detail()})
	if err != nil {
		return Redriven{}, err
	}
	if !r.DryRun {
		o.onDue()
	}
	return Redriven{Rows: done.Rows, Left: done.Left, DryRun: r.DryRun}, nil
}

// detail is what the history keeps of it: what was selected, and how fast.
func (r Redrive) detail() map[string]any {
	d := map[string]any{"rate": r.Rate, "limit": r.Limit}
	for name, v := range map[string]string{"sink": r.Sink, "type": string(r.Type), "cause": r.Cause, "since": r.Since.String()} {
		if v != "" {
			d[name] = v
		}
	}
	if !r.Restaurant.IsZero() {
		d["restaurantId"] = r.Restaurant.String()
	}
	return d
}

var rate = regexp.MustCompile(`^([1-9][0-9]{0,4})/([smh])$`)

var perUnit = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// maxRate is how many rows may become due in one unit.
const maxRate = 10_000

// ParseRate reads a rate like 100/s, 30/m or 500/h as the time between two rows.
func ParseRate(text string) (time.Duration, error) {
	m := rate.FindStringSubmatch(text)
	if m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n <= maxRate {
			return perUnit[m[2]] / time.Duration(n), nil
		}
	}
	return 0, seating.Invalid("rate", "must be rows a second, minute or hour, from 1 to %d of them, like %s, 30/m or 500/h, not %q", maxRate, DefaultRate, clipped(text))
}
