package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// pass commits n changes that move the version and nothing else, as another
// process would.
func (s *shelf) pass(t *testing.T, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.n++
		c := &house.Change{
			ID: housetest.ID[seating.ChangeID](s.n), Restaurant: restaurant, Epoch: s.h.Epoch, Base: s.h.Version, BaseHead: s.h.Head,
			Actor: seating.System(), Command: "pass", At: now, Now: now, Touch: house.Touch{Tables: housetest.Tables(1)},
		}
		next, err := house.Apply(s.h, c)
		if err != nil {
			t.Fatalf("Apply: %v", err)
		}
		s.h = next
		s.entries = append(s.entries, store.Entry{Version: next.Version, Head: next.Head, Change: c})
	}
}

// The journal is read 200 entries at a time; a house 2,000 behind is loaded.
func TestRefreshReadsTheJournalInBatches(t *testing.T) {
	for _, tt := range []struct{ behind, reads, loads int }{{199, 1, 1}, {200, 2, 1}, {201, 2, 1}, {1999, 10, 1}, {2001, 10, 2}} {
		s := newShelf(t)
		houses := live.New(s, live.Config{})
		get(t, houses)
		s.pass(t, tt.behind)
		h, err := houses.Refresh(t.Context(), restaurant)
		if err != nil || h.Version != int64(tt.behind) || h.Head != s.h.Head {
			t.Fatalf("Refresh(%d behind) = %v, %v, want version %d", tt.behind, h, err, tt.behind)
		}
		if s.reads != tt.reads || s.loads != tt.loads {
			t.Errorf("Refresh(%d behind) = %d reads and %d loads, want %d and %d", tt.behind, s.reads, s.loads, tt.reads, tt.loads)
		}
		if got := get(t, houses); got != h {
			t.Errorf("Get after Refresh(%d behind) = version %d, want the refreshed house", tt.behind, got.Version)
		}
	}
}

// between is a shelf that lets something happen once, after a journal was read.
type between struct {
	*shelf
	do func()
}

func (b *between) Journal(ctx context.Context, id seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	entries, err := b.shelf.Journal(ctx, id, after, limit)
	if do := b.do; do != nil {
		b.do = nil
		do()
	}
	return entries, err
}

func TestRefreshOfAHouseThatIsForgottenMeanwhile(t *testing.T) {
	s := newShelf(t)
	over := &between{shelf: s}
	houses := live.New(over, live.Config{})
	get(t, houses)
	s.pass(t, 1)
	over.do = func() { houses.Invalidate(restaurant, "test") }
	if h, err := houses.Refresh(t.Context(), restaurant); err != nil || h == nil || h.Version != 1 {
		t.Errorf("Refresh = %v, %v, want version 1", h, err)
	}
}

func TestRefreshWithoutAJournalOfAHouseThatIsForgottenMeanwhile(t *testing.T) {
	s := newShelf(t)
	s.gone = true
	over := &between{shelf: s}
	houses := live.New(over, live.Config{})
	get(t, houses)
	s.pass(t, 1)
	over.do = func() { houses.Invalidate(restaurant, "test") }
	if h, err := houses.Refresh(t.Context(), restaurant); err != nil || h == nil || h.Version != 1 {
		t.Errorf("Refresh = %v, %v, want version 1, loaded", h, err)
	}
}

func TestRefreshReturnsTheNewestThatIsKnownAfterIt(t *testing.T) {
	s := newShelf(t)
	over := &between{shelf: s}
	houses := live.New(over, live.Config{})
	get(t, houses)
	s.pass(t, 1)
	over.do = func() { // a quicker reader brings two steps
		s.pass(t, 1)
		live.Replace(houses, s.h)
	}
	if h, err := houses.Refresh(t.Context(), restaurant); err != nil || h.Version != 2 {
		t.Errorf("Refresh = %v, %v, want version 2, which was published meanwhile", h, err)
	}
	if h := get(t, houses); h.Version != 2 {
		t.Errorf("Get = version %d, want 2: nothing older is published over it", h.Version)
	}
}

// A store that was restored under another epoch and kept its head.
func TestAnotherEpochIsAnotherHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		houses := live.New(s, live.Config{})
		get(t, houses)
		s.mu.Lock()
		other := *s.h
		other.Epoch = "fresh0"
		s.h = &other
		s.mu.Unlock()
		if h, err := houses.Proved(t.Context(), restaurant); err != nil || h.Epoch != "fresh0" {
			t.Errorf("Proved = %v, %v, want the house of the epoch fresh0", h, err)
		}
		if _, err := houses.AtLeast(t.Context(), restaurant, seating.Version{Epoch: "test0"}); seating.CodeOf(err) != seating.CodeBehind {
			t.Errorf("AtLeast(test0.0) = %v, want BEHIND: that epoch is over", err)
		}
	})
}

// What a load brings is the truth at its version: a house of the same version
// and another head is one whose commits were lost.
func TestALoadOfAnotherHeadReplacesWhatWasBelieved(t *testing.T) {
	s := newShelf(t)
	s.pass(t, 3)
	houses := live.New(s, live.Config{})
	base := get(t, houses)
	for name, tt := range map[string]struct {
		edit func(*house.House)
		kept bool
	}{
		"the same":      {edit: func(*house.House) {}, kept: true},
		"older":         {edit: func(h *house.House) { h.Version, h.Head = 2, housetest.ID[seating.ChangeID](2) }, kept: true},
		"another head":  {edit: func(h *house.House) { h.Head = housetest.ID[seating.ChangeID](99) }},
		"another epoch": {edit: func(h *house.House) { h.Epoch, h.Version = "fresh0", 1 }},
		"newer":         {edit: func(h *house.House) { h.Version, h.Head = 4, housetest.ID[seating.ChangeID](4) }},
	} {
		houses.Invalidate(restaurant, "test")
		live.Replace(houses, base)
		loaded := *base
		tt.edit(&loaded)
		live.Replace(houses, &loaded)
		want := &loaded
		if tt.kept {
			want = base
		}
		if got := get(t, houses); got != want {
			t.Errorf("Get after a load of %s = %s (%s), want %s (%s)", name, got.Public(), got.Head, want.Public(), want.Head)
		}
	}
}

// asked is a shelf that lets something happen while a proof is under way.
type asked struct {
	*shelf
	do func()
}

func (a *asked) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	proof, err := a.shelf.Prove(ctx, id, ask)
	if do := a.do; do != nil {
		a.do = nil
		do()
	}
	return proof, err
}

func TestProveWhileTheHouseMoves(t *testing.T) {
	for name, tt := range map[string]struct {
		do     func(pass func(), s *shelf, h *live.Houses)
		ask    store.Ask
		behind int  // versions, before it is asked
		state  bool // the facts have to belong to the house
	}{
		"forgotten": {do: func(_ func(), _ *shelf, h *live.Houses) { h.Invalidate(restaurant, "test") }},
		"ahead":     {do: func(pass func(), s *shelf, h *live.Houses) { pass(); live.Replace(h, s.h) }},
		"moved on before the refresh": {
			do: func(pass func(), _ *shelf, _ *live.Houses) { pass() }, state: true, behind: 1,
			ask: store.Ask{Holds: []seating.HoldID{housetest.Hold(1)}},
		},
		"ahead of facts": {
			do: func(pass func(), s *shelf, h *live.Houses) { pass(); live.Replace(h, s.h) }, state: true,
			ask: store.Ask{Holds: []seating.HoldID{housetest.Hold(1)}},
		},
	} {
		s := newShelf(t)
		over := &asked{shelf: s}
		houses := live.New(over, live.Config{})
		get(t, houses)
		s.pass(t, tt.behind)
		over.do = func() { tt.do(func() { s.pass(t, 1) }, s, houses) }
		h, proof, err := houses.Prove(t.Context(), restaurant, tt.ask)
		if err != nil || h == nil || h.Head != s.h.Head {
			t.Errorf("Prove(%s) = %v, %v, want the newest house", name, h, err)
			continue
		}
		if tt.state && proof.Version != h.Version {
			t.Errorf("Prove(%s) = facts of version %d with a house of %d, want the same", name, proof.Version, h.Version)
		}
	}
}

func TestTouchedOfMoreThanTwoThousandVersionsIsTooOld(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	before := get(t, houses)
	s.pass(t, 2001)
	changes := make([]*house.Change, len(s.entries))
	for i, e := range s.entries {
		changes[i] = e.Change
	}
	houses.Publish(s.h, changes, houses.Monotonic())
	for since, want := range map[int64]int{0: -1, 1: 2000, 2: 1999, 2000: 1, 2001: 0} {
		s.reads = 0
		touched, tooOld, err := houses.Touched(t.Context(), s.h, seating.Version{Epoch: "test0", N: since})
		if err != nil || tooOld != (want < 0) || len(touched) != max(want, 0) || s.reads != 0 {
			t.Errorf("Touched(%d) = %d touches, too old %t, %v after %d reads, want %d without any", since, len(touched), tooOld, err, s.reads, want)
		}
		for i, c := range touched {
			if want := since + int64(i) + 1; c.Version.N != want {
				t.Fatalf("Touched(%d)[%d] is of version %d, want %d", since, i, c.Version.N, want)
			}
		}
	}
	// For a house of an earlier version nothing that came later counts.
	if touched, tooOld, err := houses.Touched(t.Context(), before, before.Public()); err != nil || tooOld || len(touched) != 0 {
		t.Errorf("Touched of the house before = %d touches, too old %t, %v, want none", len(touched), tooOld, err)
	}
}

func TestTouchedIsNotKnownWhereTheJournalWasReloaded(t *testing.T) {
	s := newShelf(t)
	s.pass(t, 2)
	houses := live.New(s, live.Config{})
	h := get(t, houses)
	s.entries[0].Change = nil
	if _, tooOld, err := houses.Touched(t.Context(), h, seating.Version{Epoch: "test0"}); err != nil || !tooOld {
		t.Errorf("Touched over a reload = too old %t, %v, want true", tooOld, err)
	}
	s.gone = true
	if _, tooOld, err := houses.Touched(t.Context(), h, seating.Version{Epoch: "test0"}); err != nil || !tooOld {
		t.Errorf("Touched of a journal that is not kept = too old %t, %v, want true", tooOld, err)
	}
	s.gone, s.err = false, errors.New("gone")
	if _, tooOld, err := houses.Touched(t.Context(), h, seating.Version{Epoch: "test0"}); tooOld || seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Touched over a dead store = too old %t, %v, want UNAVAILABLE", tooOld, err)
	}
}

// The database's time is good to decide with for less than 15 s.
func TestGoodForFifteenSeconds(t *testing.T) {
	var passed time.Duration
	s := newShelf(t)
	houses := live.New(s, live.Config{Monotonic: func() time.Duration { return passed }})
	if houses.Good() {
		t.Error("Good() = true before any contact, want false")
	}
	get(t, houses)
	for after, want := range map[time.Duration]bool{0: true, 15*time.Second - 1: true, 15 * time.Second: false, time.Hour: false} {
		passed = after
		if got := houses.Good(); got != want {
			t.Errorf("Good() after %v = %t, want %t", after, got, want)
		}
		if got, want := houses.Now(), now.Add(after); got != want {
			t.Errorf("Now() after %v = %v, want %v: it is carried on", after, got, want)
		}
	}
	passed = time.Hour
	houses.Heard(now.Add(time.Minute), passed-2*time.Second)
	if got, want := houses.Now(), now.Add(time.Minute+time.Second); got != want {
		t.Errorf("Now() = %v, want %v: an answer is dated halfway between question and now", got, want)
	}
}

// T06: the caller is told a code; the cause goes to the log.
func TestACauseGoesToTheLog(t *testing.T) {
	var log bytes.Buffer
	s := newShelf(t)
	s.err = errors.New("disk on fire")
	houses := live.New(s, live.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	_, err := houses.Get(t.Context(), restaurant)
	if err == nil || strings.Contains(err.Error(), "fire") {
		t.Errorf("Get = %v, want a refusal without its cause", err)
	}
	if got := log.String(); !strings.Contains(got, "disk on fire") || !strings.Contains(got, restaurant.String()) {
		t.Errorf("log = %q, want the cause and the restaurant", got)
	}
}

func TestARestaurantThatIsGoneIsForgotten(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	get(t, houses)
	if got := houses.Loaded(); got != 1 {
		t.Errorf("Loaded() = %d, want 1", got)
	}
	s.err = store.ErrNotFound
	if _, err := houses.Proved(t.Context(), restaurant); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("Proved = %v, want NOT_FOUND", err)
	}
	if got := houses.Loaded(); got != 0 {
		t.Errorf("Loaded() = %d, want 0", got)
	}
}
