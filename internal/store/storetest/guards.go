package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var guardTests = []test{
	{"GuardHoldLiveMustFailFromTheExpiryOn", func(t *testing.T, e Env) { holdGuard(t, e, house.GuardHoldLive, -1, 0) }},
	{"GuardHoldLapsedMustFailBeforeTheExpiry", func(t *testing.T, e Env) { holdGuard(t, e, house.GuardHoldLapsed, 0, -1) }},
	{"GuardHoldLiveMustFailAMillisecondLate", func(t *testing.T, e Env) { holdGuard(t, e, house.GuardHoldLive, -1000, 1000) }},
	{"GuardHoldLapsedMustFailAMillisecondEarly", func(t *testing.T, e Env) { holdGuard(t, e, house.GuardHoldLapsed, 1000, -1000) }},
	{"GuardsOfAHoldMustFailWithoutIt", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		d.Commit(d.TakeHold(h, d.Tables[0]))
		d.Commit(d.Release(h, seating.EndReleased, d.Tables[0]))
		for _, kind := range []house.GuardKind{house.GuardHoldLive, house.GuardHoldLapsed} {
			for _, hold := range []seating.HoldID{h.ID, NewID[seating.HoldID]()} {
				d.failing(house.Guard{Kind: kind, Hold: hold})
			}
		}
	}},
	{"GuardsSeeEarlierChangesOfTheBatch", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		changes := chain(t, d, func(d *Seed) *house.Change { return d.Book(b) },
			func(d *Seed) *house.Change { return d.TakeHold(h, d.Tables[0]) },
			func(d *Seed) *house.Change { return d.Confirm(b, h, d.Tables[0]) },
			func(d *Seed) *house.Change { return d.Change("late", house.Rows{}) })
		late := *changes[3]
		late.Guards = []house.Guard{{Kind: house.GuardHoldLive, Hold: h.ID}}
		if guard, ok := errors.AsType[*store.GuardError](d.Refused(changes[0], changes[1], changes[2], &late)); !ok || guard.Index != 3 {
			t.Errorf("a guard on a hold that the batch ended = %v, want *GuardError of change 3", guard)
		}
		late.Guards = []house.Guard{{Kind: house.GuardReference, Reference: b.Reference}}
		if guard, ok := errors.AsType[*store.GuardError](d.Refused(changes[0], changes[1], changes[2], &late)); !ok || guard.Index != 3 {
			t.Errorf("a guard on a reference that the batch took = %v, want *GuardError of change 3", guard)
		}
		d.Commit(changes...)
		d.Same()
	}},
	{"GuardBeforeMustFailFromTheInstantOn", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		d.failing(house.Guard{Kind: house.GuardBefore, Until: e.Clock.Instant()})
		d.passing(house.Guard{Kind: house.GuardBefore, Until: e.Clock.Instant() + 1})
	}},
	{"GuardReferenceMustFailWhenItIsTaken", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		o := Plant(t, e.Store, e.Clock, "two")
		d.Commit(d.Book(d.Booking("TAKEN", 0, 60)))
		d.failing(house.Guard{Kind: house.GuardReference, Reference: "TAKEN"})
		d.passing(house.Guard{Kind: house.GuardReference, Reference: "FREE"})
		o.passing(house.Guard{Kind: house.GuardReference, Reference: "TAKEN"})
		// Without a guard the database itself refuses it, with the same error.
		second := d.Book(d.Booking("TAKEN", 60, 120))
		if guard, ok := errors.AsType[*store.GuardError](d.Refused(second)); !ok || guard.Guard.Kind != house.GuardReference || guard.Guard.Reference != "TAKEN" {
			t.Errorf("Commit(second booking TAKEN) = %v, want *GuardError of kind reference", guard)
		}
	}},
	{"GuardAccessMustFailAfterAnyChangeOfAMembersRights", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		host := d.member("host@example.org", seating.RoleHost)
		guard := house.Guard{Kind: house.GuardAccess, Subject: seating.UserPrincipal(host.User), Access: host.Access}
		d.passing(guard)
		promoted := d.member("host@example.org", seating.RoleManager)
		d.failing(guard)
		guard.Access = promoted.Access
		d.passing(guard)
		if err := e.Store.DropMember(t.Context(), d.ID(), host.User); err != nil {
			t.Fatalf("DropMember = %v", err)
		}
		d.failing(guard)
		back := d.member("host@example.org", seating.RoleManager)
		d.failing(guard)
		guard.Access = back.Access
		d.passing(guard)
		d.failing(house.Guard{Kind: house.GuardAccess, Subject: seating.UserPrincipal(NewID[seating.UserID]()), Access: 1})
		d.failing(house.Guard{Kind: house.GuardAccess, Subject: "stranger", Access: 0})
	}},
	{"GuardAccessMustFailForATokenThatIsRevokedOrExpired", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		o := Plant(t, e.Store, e.Clock, "two")
		guard := house.Guard{Kind: house.GuardAccess, Subject: "token:" + d.New.Token.ID.String(), Access: 1}
		d.passing(guard)
		o.failing(guard)
		short := store.Token{
			ID: NewID[seating.TokenID](), Restaurant: d.ID(), Name: "short", Role: seating.RoleHost, Hash: [32]byte{1}, HoldCap: 1,
			ExpiresAt: e.Clock.Instant().Add(time.Minute),
		}
		if err := e.Store.PutToken(t.Context(), short); err != nil {
			t.Fatalf("PutToken = %v", err)
		}
		brief := house.Guard{Kind: house.GuardAccess, Subject: "token:" + short.ID.String(), Access: 1}
		e.Clock.Set(short.ExpiresAt - 1)
		d.passing(brief)
		e.Clock.Set(short.ExpiresAt)
		d.failing(brief)
		if err := e.Store.RevokeToken(t.Context(), d.ID(), d.New.Token.ID); err != nil {
			t.Fatalf("RevokeToken = %v", err)
		}
		d.failing(guard)
		guard.Access = 2
		d.failing(guard)
	}},
	{"CommitMustGuardTheTimeItWasDecidedWith", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		e.Clock.Advance(time.Hour)
		const second = servicetime.Instant(1_000_000)
		for _, off := range []servicetime.Instant{second + 1, -second - 1} {
			c := d.Change("wrong time", house.Rows{})
			c.Now += off
			clock, ok := errors.AsType[*store.ClockError](d.Refused(c))
			if !ok || clock.Now != e.Clock.Instant() {
				t.Errorf("Commit(decided %d µs off) = %v, want *ClockError with the time", off, clock)
			}
		}
		for _, off := range []servicetime.Instant{second, -second} {
			c := d.Change("right time", house.Rows{})
			c.Now += off
			d.Commit(c)
		}
	}},
}

// failing commits a change with a guard that must fail, and checks that nothing
// was written.
func (d *Seed) failing(g house.Guard) {
	d.T.Helper()
	c := d.Change("guarded", house.Rows{}, seating.AspectPolicy)
	c.Guards = []house.Guard{{Kind: house.GuardBefore, Until: d.Clock.Instant() + 1}, g}
	guard, ok := errors.AsType[*store.GuardError](d.Refused(c))
	if !ok {
		d.T.Errorf("Commit with %+v is not refused with *GuardError", g)
		return
	}
	if diff := cmp.Diff(&store.GuardError{Index: 0, Guard: g, Now: d.Clock.Instant()}, guard); diff != "" {
		d.T.Errorf("guard (-want +got):\n%s", diff)
	}
}

// passing commits a change with a guard that must hold.
func (d *Seed) passing(g house.Guard) {
	d.T.Helper()
	c := d.Change("guarded", house.Rows{}, seating.AspectPolicy)
	c.Guards = []house.Guard{g}
	d.Commit(c)
}

// member puts a member.
func (d *Seed) member(email string, role seating.Role) store.Member {
	d.T.Helper()
	m, err := d.Store.PutMember(d.T.Context(), store.Member{Restaurant: d.ID(), User: NewID[seating.UserID](), Email: email, Name: "N. N.", Role: role})
	if err != nil {
		d.T.Fatalf("PutMember(%s, %s) = %v", email, role, err)
	}
	return m
}

// holdGuard checks a guard on a hold at two distances from its expiry, in
// microseconds: one at which it holds, one at which it must fail.
func holdGuard(t *testing.T, e Env, kind house.GuardKind, holds, fails servicetime.Instant) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	h := d.Hold(b)
	d.Commit(d.Book(b))
	d.Commit(d.TakeHold(h, d.Tables[0]))
	for _, distance := range []servicetime.Instant{min(holds, fails), max(holds, fails)} {
		e.Clock.Set(h.ExpiresAt + distance)
		if distance == holds {
			d.passing(house.Guard{Kind: kind, Hold: h.ID})
		} else {
			d.failing(house.Guard{Kind: kind, Hold: h.ID})
		}
	}
}
