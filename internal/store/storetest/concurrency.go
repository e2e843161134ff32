package storetest

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

var concurrencyTests = []test{
	{"TwoCommitsOnOneBaseMustNotBothWin", func(t *testing.T, e Env) {
		// H04: both looked, both saw a free table, both commit.
		d := Plant(t, e.Store, e.Clock, "one")
		for round := range 20 {
			rivals := make([]*house.Change, 4)
			for i := range rivals {
				rivals[i] = d.Book(d.Booking(fmt.Sprintf("R%dN%d", round, i), round*60, round*60+60), d.Tables[0])
			}
			errs := make([]error, len(rivals))
			var g errgroup.Group
			for i, c := range rivals {
				g.Go(func() error {
					_, errs[i] = e.Store.Commit(t.Context(), d.Batch(c))
					return nil
				})
			}
			_ = g.Wait() // none returns an error
			won := 0
			for i, err := range errs {
				if err == nil {
					won++
					next, err := house.Apply(d.House, rivals[i])
					if err != nil {
						t.Fatal(err)
					}
					d.House = next
				} else if _, ok := errors.AsType[*store.MovedError](err); !ok {
					t.Errorf("the loser's error = %v, want *MovedError", err)
				}
			}
			if won != 1 {
				t.Fatalf("round %d: %d of 4 commits won, want 1", round, won)
			}
		}
		d.Same()
		replayEqualsLoad(t, d)
	}},
	{"RestaurantsDoNotDisturbEachOther", func(t *testing.T, e Env) {
		seeds := make([]*Seed, 6)
		for i := range seeds {
			seeds[i] = Plant(t, e.Store, e.Clock, fmt.Sprintf("r%d", i))
		}
		var g errgroup.Group
		for i, d := range seeds {
			g.Go(func() error {
				for n := range 15 {
					c := d.Book(d.Booking(fmt.Sprintf("B%d", n), n*60, n*60+60), d.Tables[i%6])
					if n%5 == i%5 { // one in five is refused, in between
						bad := *c
						bad.Guards = []house.Guard{{Kind: house.GuardBefore, Until: 1}}
						if _, err := e.Store.Commit(t.Context(), d.Batch(&bad)); err == nil {
							return errors.New("a failing guard was not refused")
						}
					}
					if _, err := e.Store.Commit(t.Context(), d.Batch(c)); err != nil {
						return err
					}
					next, err := house.Apply(d.House, c)
					if err != nil {
						return err
					}
					d.House = next
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, d := range seeds {
			d.Same()
			replayEqualsLoad(t, d)
		}
	}},
	{"LoadMustBeOneConsistentRead", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		d.Commit(d.Book(b, d.Tables[0]))
		var g errgroup.Group
		done := make(chan struct{})
		g.Go(func() error {
			defer close(done)
			for n := range 60 {
				// Each version moves the booking and counts up its covers: a torn
				// read has the one without the other.
				from, to := d.Tables[n%6], d.Tables[(n+1)%6]
				b.Covers = n%100 + 1
				c := d.Change("move", house.Rows{
					DropAllocations: Assigned(b, from), PutBookings: []seating.Booking{b}, PutAllocations: Assigned(b, to),
				}, seating.AspectBookings)
				if _, err := e.Store.Commit(t.Context(), d.Batch(c)); err != nil {
					return err
				}
				next, err := house.Apply(d.House, c)
				if err != nil {
					return err
				}
				d.House = next
			}
			return nil
		})
		g.Go(func() error {
			for {
				select {
				case <-done:
					return nil
				default:
				}
				h, _, err := e.Store.Load(t.Context(), d.ID())
				if err != nil {
					return err
				}
				n := int(h.Version) - 3 // the move that made this version
				entry := h.Booking(b.ID)
				if n >= 0 && (entry.Covers != n+1 || entry.Tables()[0] != d.Tables[(n+1)%6]) {
					return fmt.Errorf("version %d has %d covers at %v", h.Version, entry.Covers, entry.Tables())
				}
			}
		})
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}},
	{"OwnersCannotLeaveAtOnce", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		second := d.member("second@example.org", seating.RoleOwner)
		var g errgroup.Group
		errs := make([]error, 2)
		for i, user := range []seating.UserID{d.New.Owner.User, second.User} {
			g.Go(func() error {
				errs[i] = e.Store.DropMember(t.Context(), d.ID(), user)
				return nil
			})
		}
		_ = g.Wait() // none returns an error
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("DropMember of both owners = %v, %v, want one refused", errs[0], errs[1])
		}
	}},
}
