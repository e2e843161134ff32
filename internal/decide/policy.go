package decide

import (
	"reflect"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (PutPolicy) Name() string { return "put_policy" }

func (c PutPolicy) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectPolicy); err != nil {
		return Result{}, err
	}
	if err := seating.InvalidFields(c.Policy.Faults()); err != nil {
		return Result{}, err
	}
	if c.Policy == d.h.Policy {
		return Result{}, nil
	}
	d.rows.Policy = &c.Policy
	d.settingsChanged(seating.AspectPolicy, seating.EventPolicyChanged, "policy", changedFields(d.h.Policy, c.Policy))
	return Result{}, nil
}

// Name implements Command.
func (PutPeriods) Name() string { return "put_service_periods" }

func (c PutPeriods) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectPolicy); err != nil {
		return Result{}, err
	}
	if err := faults(servicetime.ValidatePeriods(c.Periods)); err != nil {
		return Result{}, err
	}
	if len(c.Periods) == len(d.h.Calendar.Periods) && (len(c.Periods) == 0 || reflect.DeepEqual(c.Periods, d.h.Calendar.Periods)) {
		return Result{}, nil
	}
	periods := append([]servicetime.Period{}, c.Periods...) // never nil: the journal keeps null and absent no apart
	d.rows.Periods = &periods
	d.settingsChanged(seating.AspectPolicy, seating.EventPolicyChanged, "policy", []string{"servicePeriods"})
	return Result{}, nil
}

// Name implements Command.
func (PutClosures) Name() string { return "put_closures" }

func (c PutClosures) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectPolicy); err != nil {
		return Result{}, err
	}
	if err := faults(servicetime.ValidateClosures(c.Closures)); err != nil {
		return Result{}, err
	}
	if slices.Equal(c.Closures, d.h.Calendar.Closures) {
		return Result{}, nil
	}
	closures := append([]servicetime.Closure{}, c.Closures...)
	d.rows.Closures = &closures
	d.settingsChanged(seating.AspectPolicy, seating.EventPolicyChanged, "policy", []string{"closures"})
	return Result{}, nil
}

// settingsChanged records a change that concerns the whole restaurant.
func (d *draft) settingsChanged(a seating.Aspect, t seating.EventType, subject string, what []string) {
	d.changes(a)
	d.touch.Many = true
	d.line(subject, "", "changed", "", detail(map[string]any{"changed": what}))
	payload := seating.EventPayload{}
	if len(what) == 1 {
		payload.What = what[0]
	}
	d.event(t, seating.SeverityNotice, seating.BookingID{}, payload)
}

func faults(found []servicetime.Fault) *seating.Error {
	fields := make([]seating.Field, len(found))
	for i, f := range found {
		fields[i] = seating.Field(f)
	}
	return seating.InvalidFields(fields)
}

// changedFields names the settings that differ, as the API spells them.
func changedFields(a, b seating.Policy) []string {
	var names []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !x.Field(i).Equal(y.Field(i)) {
			names = append(names, x.Type().Field(i).Tag.Get("json"))
		}
	}
	return names
}
