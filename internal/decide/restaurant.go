package decide

import (
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// maxRestaurantName bounds a restaurant's name, in characters.
const maxRestaurantName = 120

// Name implements Command.
func (ChangeRestaurant) Name() string { return "change_restaurant" }

// decide changes what is given and keeps the rest. Another zone would move the
// bookings that are to come to other hours of the day, so there may be none.
func (c ChangeRestaurant) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectPolicy); err != nil {
		return Result{}, err
	}
	have := d.h.Restaurant
	r := have
	set(&r.Name, c.Rename)
	set(&r.Zone, c.Zone)
	set(&r.Active, c.Active)
	var rules ruling
	if r.Name != have.Name && !seating.Printable(r.Name, maxRestaurantName) {
		rules.fault("/name", "1 to %d characters, none of them a control character, no space at the ends", maxRestaurantName)
	}
	if r.Zone != have.Zone {
		d.movesTo(r.Zone, &rules)
	}
	if err := seating.InvalidFields(rules.fields); err != nil {
		return Result{}, err
	}
	what := changedOf(have, r)
	if len(what) > 0 {
		d.rows.Restaurant = &r
		d.changes(seating.AspectPolicy)
		d.touch.Many = true
		d.line("restaurant", "", "changed", "", detail(map[string]any{"changed": what}))
		d.event(seating.EventPolicyChanged, seating.SeverityNotice, seating.BookingID{}, seating.EventPayload{What: "restaurant"})
	}
	return Result{Restaurant: &r}, nil
}

// movesTo judges another zone.
func (d *draft) movesTo(zone string, r *ruling) {
	if _, err := servicetime.LoadZone(zone); err != nil {
		r.fault("/zone", "%q is not an IANA time zone like Europe/Paris", zone)
		return
	}
	ahead, last := 0, servicetime.Instant(0)
	for e := range d.h.Bookings() {
		if !e.Status.Ended() && e.Window.End > d.env.Now {
			ahead++
			last = max(last, e.Window.End)
		}
	}
	if ahead > 0 {
		r.fault("/zone", "%d bookings are still to come, the last until %s; their hours would change", ahead, last)
	}
}

// changedOf names what differs, as the API spells it.
func changedOf(a, b seating.Restaurant) []string {
	var what []string
	differs := func(name string, is bool) {
		if is {
			what = append(what, name)
		}
	}
	differs("name", a.Name != b.Name)
	differs("zone", a.Zone != b.Zone)
	differs("active", a.Active != b.Active)
	return what
}

// takesBookings refuses new parties while the restaurant is not active. What is
// booked goes on: it can be seated, changed and cancelled.
func (d *draft) takesBookings() *seating.Error {
	if d.h.Restaurant.Active {
		return nil
	}
	return seating.Refuse(seating.CodeClosed, "%s takes no bookings at present.", d.h.Restaurant.Name)
}
