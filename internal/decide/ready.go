package decide

import (
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (MarkReady) Name() string { return "mark_ready" }

// decide sets the flag that says a table is laid. No rule reads it, so the floor
// is not revised: no context goes stale and no hold drifts because a table was
// wiped. Its touch names the table and no window, which meets nothing.
func (c MarkReady) decide(d *draft) (Result, *seating.Error) {
	have, err := d.table(c.Table)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	return d.marked(*have, c.Ready), nil
}

// marked sets the flag of a table and leaves the rest as it is.
func (d *draft) marked(have seating.Table, ready bool) Result {
	t := have
	t.Ready = ready
	if t == have {
		return Result{Table: &t}
	}
	d.rows.PutTables = append(d.rows.PutTables, t)
	d.changes(seating.AspectBookings)
	d.touches(seating.BookingID{}, servicetime.Window{}, t.ID)
	d.line("floor", readiness(have.Ready), readiness(t.Ready), "", detail(map[string]any{"table": t.ID}))
	d.event(seating.EventFloorChanged, seating.SeverityInfo, seating.BookingID{}, seating.EventPayload{
		What: readiness(t.Ready), Tables: []seating.TableID{t.ID},
	})
	return Result{Table: &t}
}

func readiness(ready bool) string {
	if ready {
		return "ready"
	}
	return "not_ready"
}
