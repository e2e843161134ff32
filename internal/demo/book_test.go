package demo

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// placed is the floor of a room as its command makes it.
func placed(t *testing.T, r *room) *decide.Floor {
	t.Helper()
	h, err := house.New(house.State{Restaurant: seating.Restaurant{ID: r.id(), Slug: r.slug, Zone: r.zone}, Epoch: "e", Policy: seating.DefaultPolicy(seating.DefaultHoldRules())})
	if err != nil {
		t.Fatal(err)
	}
	d := decide.Decide(h, r.plan(), decide.Env{Change: seating.ChangeID(control.NewID()), Now: 1, Actor: seating.Operator()})
	if d.Refusal != nil {
		t.Fatal(d.Refusal)
	}
	return d.Result.Floor
}

// The same first day gives the same book, down to the IDs, over a change of
// clocks as well; another day gives another.
func TestSameDaySameBook(t *testing.T) {
	t.Parallel()
	for _, first := range []servicetime.Date{servicetime.NewDate(2027, time.March, 8), servicetime.NewDate(2026, time.October, 20)} {
		for i, r := range rooms() {
			one, err := r.book(first, placed(t, r), 100)
			if err != nil {
				t.Fatal(err)
			}
			two, err := rooms()[i].book(first, placed(t, rooms()[i]), 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range one {
				if want := seating.ReferenceFor(in.Booking.ID, 0); in.Booking.Reference != want {
					t.Errorf("%s: reference = %s, want %s, as if the booking were made now", r.slug, in.Booking.Reference, want)
				}
			}
			if diff := cmp.Diff(one, two); diff != "" {
				t.Errorf("two books of %s differ:\n%s", r.slug, diff)
			}
			other, err := r.book(first+7, placed(t, r), 100)
			if err != nil {
				t.Fatal(err)
			}
			if one[0].Booking.ID == other[0].Booking.ID || one[0].Booking.Reference == other[0].Booking.Reference {
				t.Errorf("books of two days begin with the same booking %+v", one[0].Booking)
			}
			if one[0].Booking.ID != r.bookingID(first, 0) {
				t.Errorf("the first booking cannot be found again")
			}
		}
	}
}

func TestDemoLeavesOtherRestaurantsAlone(t *testing.T) {
	t.Parallel()
	open := func() *control.App {
		a, err := control.Open(t.Context(), control.Config{Path: filepath.Join(t.TempDir(), "x.db"), Hold: seating.DefaultHoldRules()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
	restaurant := func(a *control.App, slug string) {
		in := control.NewRestaurant{Slug: slug, Name: "Mine", Zone: "UTC", OwnerEmail: "me@example.com"}
		if _, err := control.CreateRestaurant(t.Context(), a, in); err != nil {
			t.Fatal(err)
		}
	}
	beside := open()
	restaurant(beside, "mine")
	if _, err := Load(t.Context(), beside, Options{}); err == nil || !strings.Contains(err.Error(), "mine") || !strings.Contains(err.Error(), "without --demo") {
		t.Errorf("Load beside another restaurant = %v, want a refusal that names it and what to do", err)
	}
	if err := alone(t.Context(), beside, true); err != nil {
		t.Errorf("forced beside another restaurant = %v, want no refusal", err)
	}
	instead := open()
	restaurant(instead, "juniper-rye")
	if _, err := Load(t.Context(), instead, Options{Force: true}); err == nil || !strings.Contains(err.Error(), "not the demo's") {
		t.Errorf("Load over somebody's restaurant with the demo's slug = %v, want a refusal", err)
	}
}
