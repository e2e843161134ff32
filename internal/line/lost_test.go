package line_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/storetest"
)

// copyTo writes the database as it is now to another file: a backup, or a standby
// that receives nothing from now on.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+from)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
}

// lost is two processes that know commits which the database they are switched to
// has not received.
func lost(t *testing.T) (a, b *process, id seating.RestaurantID, seen seating.Version) {
	t.Helper()
	a, b, id, seen, _ = lostTo(t)
	return a, b, id, seen
}

// lostTo is lost, and says which file they are switched to.
func lostTo(t *testing.T) (a, b *process, id seating.RestaurantID, seen seating.Version, standby string) {
	t.Helper()
	clock := storetest.NewClock()
	clock.Set(housetest.At("18:00"))
	dir := t.TempDir()
	primary := filepath.Join(dir, "primary.db")
	standby = filepath.Join(dir, "standby.db")
	a = newProcess(t, primary, clock, nil)
	id = a.restaurant(t, "lost", rivals(9)).id
	b = newProcess(t, primary, clock, nil)
	a.at(id).ok(t, anna, hold(1, 1, 1))
	copyTo(t, primary, standby)
	seen = a.at(id).ok(t, anna, hold(2, 2, 2)).Result.Version
	if h, err := b.houses.Proved(t.Context(), id); err != nil || h.Public() != seen {
		t.Fatalf("Proved = %v, %v, want %s", h, err, seen)
	}
	for _, p := range []*process{a, b} {
		db := openFile(t, standby, clock)
		p.store, p.sqlite = db, db
		p.door.to.Store(db)
		t.Cleanup(p.lines.Close) // before the database
	}
	return a, b, id, seen, standby
}

// rotations demands one new epoch, begun by maitred because commits were lost.
func rotations(t *testing.T, p *process, id seating.RestaurantID, want int) {
	t.Helper()
	lines, err := p.store.History(t.Context(), id, "restaurant", 0, 100)
	if err != nil {
		t.Fatalf("History: %v", err)
	}
	n := 0
	for _, l := range lines {
		if l.Command == "rotate_epoch" {
			n++
			if l.Reason != "lost_commits" || l.Principal != "system" {
				t.Errorf("history = %+v, want the system because of lost_commits", l)
			}
		}
	}
	if n != want {
		t.Errorf("%d new epochs began, want %d", n, want)
	}
}

// Commits are lost in a failover: whoever knew them begins a new epoch before
// anything else is decided, and nobody's version of the lost past matches.
func TestLostCommitsBeginANewEpochFirst(t *testing.T) {
	for name, lockedFirst := range map[string]bool{"plain": false, "lock first": true} {
		t.Run(name, func(t *testing.T) {
			a, b, id, seen := lost(t)
			if lockedFirst {
				line.Contend(a.lines, id)
				line.Contend(b.lines, id)
			}
			_, err := a.at(id).request(t.Context(), line.Request{Command: hold(3, 3, 3), Actor: anna, Status: 201, IfMatch: &seen})
			if err == nil || err.Code != seating.CodeStaleContext || err.Details.Reason != "too_old" {
				t.Errorf("hold with a version of the lost past = %v, want STALE_CONTEXT, too_old", err)
			}
			h := a.at(id).house(t)
			if h.Epoch == seen.Epoch || a.houses.Lost(id) || h.Hold(housetest.Hold(1)) == nil || h.Hold(housetest.Hold(2)) != nil {
				t.Errorf("the house is at %s, lost %t, want a new epoch of what the database has", h.Public(), a.houses.Lost(id))
			}
			// The other process knew them, too: it finds the new epoch.
			if _, err := b.at(id).request(t.Context(), line.Request{Command: hold(4, 4, 4), Actor: anna, Status: 201, IfMatch: &seen}); err == nil || err.Code != seating.CodeStaleContext {
				t.Errorf("the same at the other process = %v, want STALE_CONTEXT", err)
			}
			b.at(id).ok(t, ben, hold(5, 5, 2)) // the table of the hold that is lost
			a.at(id).refused(t, ben, hold(6, 6, 2), seating.CodeHoldConflict)
			rotations(t, a, id, 1)
			if a.told.Load() != 1 {
				t.Errorf("the loss was told %d times, want once", a.told.Load())
			}
			a.at(id).verified(t)
		})
	}
}

// The number of a lost version was given out again, for something that has nothing
// to do with what its holder wants: it does not match all the same.
func TestALostVersionThatWasGivenOutAgainMatchesNothing(t *testing.T) {
	for _, tt := range []struct {
		name      string
		lockFirst bool
		table     int
	}{
		{name: "granted otherwise", table: 3},
		{name: "refused otherwise", table: 1},
		{name: "lock first, granted otherwise", lockFirst: true, table: 3},
		{name: "lock first, refused otherwise", lockFirst: true, table: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, _, id, seen, standby := lostTo(t)
			a.idle.Store(true)
			c := newProcess(t, standby, a.clock, nil) // it knows nothing of what is lost
			if v := c.at(id).ok(t, ben, decide.Assign{Booking: housetest.Booking(9), Tables: housetest.Tables(8)}).Result.Version; v != seen {
				t.Fatalf("the standby is at %s, want %s again", v, seen)
			}
			if tt.lockFirst {
				line.Contend(a.lines, id)
			}
			_, err := a.at(id).request(t.Context(), line.Request{Command: hold(3, 3, tt.table), Actor: anna, Status: 201, IfMatch: &seen})
			if err == nil || err.Code != seating.CodeStaleContext || err.Details.Reason != "too_old" {
				t.Errorf("hold with a version of the lost past = %v, want STALE_CONTEXT, too_old", err)
			}
			rotations(t, a, id, 1)
			a.at(id).verified(t)
		})
	}
}

// Who has noticed a loss and comes second to do something about it finds the new
// epoch, under the lock as well.
func TestWhoIsSecondBeginsNoEpoch(t *testing.T) {
	for name, lockedFirst := range map[string]bool{"plain": false, "lock first": true} {
		t.Run(name, func(t *testing.T) {
			a, b, id, _ := lost(t)
			b.idle.Store(true)
			if err := b.houses.Poll(t.Context()); err != nil || !b.houses.Lost(id) {
				t.Fatalf("Poll = %v, lost %t, want a loss", err, b.houses.Lost(id))
			}
			a.at(id).ok(t, anna, hold(3, 3, 3))
			if lockedFirst {
				line.Contend(b.lines, id)
			}
			b.at(id).ok(t, ben, hold(4, 4, 2))
			if b.houses.Lost(id) || b.told.Load() != 1 {
				t.Errorf("lost %t, told %d times, want no more and once", b.houses.Lost(id), b.told.Load())
			}
			rotations(t, a, id, 1)
			a.at(id).verified(t)
		})
	}
}

// Both notice at once, by their polls, while nobody wants anything: one new epoch.
func TestLostCommitsOfAnIdleRestaurant(t *testing.T) {
	a, b, id, seen := lost(t)
	for i, err := range atOnce(2, func(i int) *seating.Error {
		p := []*process{a, b}[i]
		if err := p.houses.Poll(t.Context()); err != nil {
			return seating.Refuse(seating.CodeInternal, "%v", err)
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("Poll of %d = %v", i, err)
		}
	}
	a.lines.Close() // waits for what OnLost began
	b.lines.Close()
	rotations(t, a, id, 1)
	for _, p := range []*process{a, b} {
		if h, err := p.houses.Proved(t.Context(), id); err != nil || h.Epoch == seen.Epoch || p.houses.Lost(id) {
			t.Errorf("Proved = %v, %v, lost %t, want a new epoch", h, err, p.houses.Lost(id))
		}
	}
	a.at(id).verified(t)
}

// An epoch that cannot begin is tried again until it does.
func TestANewEpochIsTriedAgain(t *testing.T) {
	a, _, id, seen := lost(t)
	a.door.full.Store(2)
	if err := a.houses.Poll(t.Context()); err != nil {
		t.Fatalf("Poll = %v", err)
	}
	for c := a.wait(t, 0); c.To.Epoch == seen.Epoch; c = a.wait(t, 0) {
		continue
	}
	rotations(t, a, id, 1)
	if a.door.full.Load() >= 0 {
		t.Error("no commit was tried again")
	}
	a.at(id).verified(t)
}

// A restaurant that is not lost is left alone, and lines that are closed begin
// nothing.
func TestOnLostOfNothing(t *testing.T) {
	s := newStack(t)
	r := s.restaurant(t, "whole", rivals(1))
	version := r.house(t).Public()
	s.lines.OnLost(r.id)
	s.lines.Close()
	s.lines.OnLost(r.id)
	s.lines.Close()
	if h := r.house(t); h.Public() != version {
		t.Errorf("the house is at %s, want %s", h.Public(), version)
	}
}
