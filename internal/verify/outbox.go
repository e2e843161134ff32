package verify

import (
	"strconv"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// checkOutbox: what is on its way was made by a change, and no key is made up. A
// row that was delivered is gone, so rows cannot show that one was never written.
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
