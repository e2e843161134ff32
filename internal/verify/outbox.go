package verify

import (
	"strconv"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// checkOutbox: what is on its way, has arrived or was given up was made by a
// change, and no key is made up.
func checkOutbox(v *view) {
	versions := map[seating.ChangeID]int64{}
	for _, e := range v.Journal {
		versions[e.Head] = e.Version
	}
	for key, seq := range v.Outbox {
		head, ordinal, ok := strings.Cut(key, "/")
		id, err := seating.ParseID[seating.ChangeID](head)
		n, errN := strconv.Atoi(ordinal)
		if !ok || err != nil || errN != nil || n < 0 || strconv.Itoa(n) != ordinal {
			v.report("event "+key, "has a key that is not <change>/<ordinal>")
			continue
		}
		at, known := versions[id]
		switch {
		case !known && v.complete():
			v.report("event "+key, "is of a change that was never committed")
		case !known: // of a version that the journal does not keep any more
		case n >= v.Expected[at]:
			v.report("event "+key, "is more than the %d events of version %d", v.Expected[at], at)
		case seq != at:
			v.report("event "+key, "has the place %d in its order, its change is version %d", seq, at)
		}
	}
}

// complete reports whether the journal reaches back to the beginning.
func (v *view) complete() bool { return v.base() == 0 && v.Checkpoint != nil }

func checkExpected(v *view) {
	for _, e := range v.Journal {
		n, ok := v.Expected[e.Version]
		if !ok || n < 0 {
			v.report(version(e.Version), "does not say how many events it made")
		}
	}
	for n := range v.Expected {
		if !v.kept(n) {
			v.report(version(n), "counts events and is not in the journal")
		}
	}
}

// mayBePruned is for how long after Dump.EventsFrom an event is not looked for:
// the time of a change may be ahead of the clock by which its event was pruned.
const mayBePruned = time.Hour

// checkLost: an event is written with its change, and stays somewhere until it is
// pruned: it waits, it is among the observability events, or it is dead. One that
// is nowhere was lost. An event arrives after its commit, so those of versions
// committed since EventsFrom cannot have been pruned.
func checkLost(v *view) {
	there := map[string]int{} // by change: how many of its ordinals
	for key := range v.Outbox {
		head, _, _ := strings.Cut(key, "/")
		there[head]++
	}
	for _, e := range v.Journal {
		made, found := v.Expected[e.Version], there[e.Head.String()]
		if e.At < v.EventsFrom.Add(mayBePruned) || found >= made {
			continue // one too many is of the check outbox
		}
		first := 0
		for v.has(e.Head, first) {
			first++
		}
		v.report(version(e.Version), "made %d events; %d of them neither wait, nor arrived, nor are dead, number %d to begin with", made, made-found, first)
	}
}

// has reports whether the event of a change is anywhere.
func (v *view) has(change seating.ChangeID, ordinal int) bool {
	_, there := v.Outbox[change.String()+"/"+strconv.Itoa(ordinal)]
	return there
}
