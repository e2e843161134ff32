package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Options of a load.
type Options struct {
	// Date pins the first day of the book; nil: today, in each restaurant's zone.
	Date *servicetime.Date `json:"date,omitempty"`
	// Force loads the demo beside restaurants that are not the demo's.
	Force bool `json:"force,omitempty"`
	// Crowd is how many of a hundred parties come; 0: all. Tests under the race
	// detector, where SQLite is many times slower, load a thinner book.
	Crowd int `json:"crowd,omitempty"`
}

// Report says what a load did.
type Report struct {
	Kept        bool               `json:"kept"` // the book was there and covers the day
	Restaurants []ReportRestaurant `json:"restaurants"`
}

// ReportRestaurant counts what is in one restaurant.
type ReportRestaurant struct {
	ID       seating.RestaurantID `json:"id"`
	Slug     string               `json:"slug"`
	First    servicetime.Date     `json:"firstDay"`
	Tables   int                  `json:"tables"`
	Bookings int                  `json:"bookings"` // of the book when it was written
}

// chunk is how many bookings one command brings in.
const chunk = 100

// Load keeps the demo that is there if its days cover today (with a pinned date:
// if it begins on that day), else loads it afresh. It refuses a database with
// other restaurants unless forced, and never touches those.
func Load(ctx context.Context, a *control.App, o Options) (Report, error) {
	if err := alone(ctx, a, o.Force); err != nil {
		return Report{}, err
	}
	now, err := a.Store.Now(ctx)
	if err != nil {
		return Report{}, err
	}
	firsts := make([]servicetime.Date, len(rooms()))
	kept := true
	for i, r := range rooms() {
		zone, err := servicetime.LoadZone(r.zone)
		if err != nil {
			return Report{}, err
		}
		first, there, err := r.covers(ctx, a, servicetime.DateIn(now, zone), o.Date)
		if err != nil {
			return Report{}, err
		}
		firsts[i], kept = first, kept && there
	}
	report := Report{Kept: kept}
	for i, r := range rooms() {
		if !kept {
			if err := r.load(ctx, a, firsts[i], now, cmp.Or(o.Crowd, 100)); err != nil {
				return Report{}, fmt.Errorf("load %s: %w", r.slug, err)
			}
		}
		h, err := a.Houses.Get(ctx, r.id())
		if err != nil {
			return Report{}, err
		}
		row := ReportRestaurant{ID: r.id(), Slug: r.slug, First: firsts[i], Tables: len(h.Floor.Tables())}
		for range h.Bookings() {
			row.Bookings++
		}
		report.Restaurants = append(report.Restaurants, row)
	}
	return report, nil
}

// alone refuses a database that is not the demo's.
func alone(ctx context.Context, a *control.App, force bool) error {
	list, err := a.Store.Restaurants(ctx)
	if err != nil {
		return err
	}
	var others []string
	for _, have := range list {
		i := slices.IndexFunc(rooms(), func(r *room) bool { return r.slug == have.Slug })
		switch {
		case i >= 0 && rooms()[i].id() != have.ID:
			return &control.Error{Code: "EXISTS", Message: fmt.Sprintf("there is a restaurant %q that is not the demo's; use another database", have.Slug)}
		case i < 0:
			others = append(others, have.Slug)
		}
	}
	if len(others) > 0 && !force {
		return &control.Error{Code: "EXISTS", Message: fmt.Sprintf("the database has restaurants that are not the demo's (%s): serve it without --demo, or use another database", strings.Join(others, ", "))}
	}
	return nil
}

// covers looks for a book that is there already. It returns the first day of the
// book to be kept or loaded.
func (r *room) covers(ctx context.Context, a *control.App, today servicetime.Date, pinned *servicetime.Date) (first servicetime.Date, there bool, err error) {
	begins := today
	reach := Days
	if pinned != nil {
		begins, reach = *pinned, 1
	}
	for back := range reach {
		_, err := a.Store.Booking(ctx, r.id(), r.bookingID(begins.AddDays(-back), 0))
		if err == nil {
			return begins.AddDays(-back), true, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return 0, false, err
		}
	}
	return begins, false, nil
}

// load makes the restaurant anew, with a book from the first day on. However far
// ahead that is, nobody has called before now.
func (r *room) load(ctx context.Context, a *control.App, first servicetime.Date, now servicetime.Instant, crowd int) error {
	if err := a.Store.DropRestaurant(ctx, r.id()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	a.Houses.Invalidate(r.id(), "demo")
	_, err := control.CreateRestaurant(ctx, a, control.NewRestaurant{
		Slug: r.slug, Name: r.name, Zone: r.zone, OwnerEmail: r.ownerEmail, OwnerName: r.ownerName, ID: r.id(), OpenFrom: &first,
	})
	if err != nil {
		return err
	}
	placed, err := a.Do(ctx, r.id(), r.plan())
	if err != nil {
		return err
	}
	if _, err := a.Do(ctx, r.id(), decide.PutPeriods{Periods: periods()}); err != nil {
		return err
	}
	book, err := r.book(first, placed.Floor, crowd)
	if err != nil {
		return err
	}
	for i := range book {
		b := &book[i].Booking
		b.CreatedAt, b.EndedAt = min(b.CreatedAt, now), min(b.EndedAt, now)
	}
	for part := range slices.Chunk(book, chunk) {
		if _, err := a.Do(ctx, r.id(), decide.ImportBookings{Bookings: part}); err != nil {
			return err
		}
	}
	return nil
}
