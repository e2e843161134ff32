package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// boundsOfTheSchema: values that no command lets through are refused by the
// database itself; those at the bound are taken.
func boundsOfTheSchema(t *testing.T, e Env) {
	policy := func(set func(*seating.Policy)) func(*Seed, *house.Change) {
		return func(d *Seed, c *house.Change) {
			p := d.House.Policy
			set(&p)
			c.Rows.Policy = &p
		}
	}
	due := func(kind string) func(*Seed, *house.Change) {
		return func(_ *Seed, c *house.Change) {
			c.Due.Put = []house.DueRow{{Subject: "x", Kind: house.DueKind(kind), RunAt: 1}}
		}
	}
	key := func(key string) func(*Seed, *house.Change) {
		return func(_ *Seed, c *house.Change) {
			c.Receipt = &house.Receipt{
				ReceiptKey: house.ReceiptKey{Principal: "p", Key: key}, Fingerprint: "f", Command: c.Command, Status: 201, Version: c.Public(), Body: []byte(`{}`), At: c.At,
			}
		}
	}
	wish := func(wish seating.SeatingType) func(*Seed, *house.Change) {
		return func(d *Seed, c *house.Change) {
			b := d.Booking("B1", 0, 60)
			b.SeatingWish = wish
			c.Rows.PutBookings = []seating.Booking{b}
		}
	}
	booking := func(reference string, set func(*seating.Booking)) func(*Seed, *house.Change) {
		return func(d *Seed, c *house.Change) {
			b := d.Booking(reference, 0, 60)
			set(&b)
			c.Rows.PutBookings = []seating.Booking{b}
		}
	}
	priority := func(n int) func(*Seed, *house.Change) {
		return booking(fmt.Sprintf("P%d", n), func(b *seating.Booking) { b.Priority = n })
	}
	quoted := func(n servicetime.Minutes) func(*Seed, *house.Change) {
		return booking(fmt.Sprintf("Q%d", n), func(b *seating.Booking) { b.Quoted = n })
	}
	command := func(n int) func(*Seed, *house.Change) {
		return func(_ *Seed, c *house.Change) { c.Command = strings.Repeat("c", n) }
	}
	window := func(n servicetime.Seconds) func(*Seed, *house.Change) {
		return policy(func(p *seating.Policy) { p.Hold.BudgetWindow = n })
	}
	d := Plant(t, e.Store, e.Clock, "one")
	tests := []struct {
		name string
		set  func(*Seed, *house.Change)
		ok   bool
	}{
		{"a command of 100", command(100), true},
		{"a command of 101", command(101), false},
		{"no command", command(0), false},
		{"a key of 200", key(strings.Repeat("k", 200)), true},
		{"a key of 201", key(strings.Repeat("k", 201)), false},
		{"a kind of work of 100", due(strings.Repeat("k", 100)), true},
		{"a kind of work of 101", due(strings.Repeat("k", 101)), false},
		{"a budget over 3600 s", window(3600), true},
		{"a budget over 3601 s", window(3601), false},
		{"a budget over 5 s", window(5), true},
		{"a budget over 4 s", window(4), false},
		{"a wish for a booth", wish(seating.SeatingBooth), true},
		{"a wish for a bench", wish("bench"), false},
		{"a priority of 9", priority(9), true},
		{"a priority of 10", priority(10), false},
		{"a priority of -1", priority(-1), false},
		{"a wait of 600 minutes", quoted(600), true},
		{"a wait of 601 minutes", quoted(601), false},
		{"a wait of -1 minutes", quoted(-1), false},
	}
	for _, tt := range tests {
		c := d.Change("bounds", house.Rows{}, seating.AspectPolicy)
		tt.set(d, c)
		_, err := e.Store.Commit(t.Context(), d.Batch(c))
		if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Commit(%s) = %v, want taken %t, else ErrInvalid", tt.name, err, tt.ok)
		}
		if err == nil {
			d.taken(c)
		}
	}
}
