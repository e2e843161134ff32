package e2e

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"testing"

	"github.com/anishathalye/porcupine"
)

// The model of one table in one window: free, held for a booking, assigned to a
// booking, or held once more for the booking that has it. Every rule of
// docs/domain.md that a crowd with one table each can meet is in after; nothing of
// it was taken from the code under test.

// The commands of the history.
type verb string

const (
	vHold     verb = "hold"
	vConfirm  verb = "confirm"
	vRelease  verb = "release"
	vAssign   verb = "assign"
	vUnassign verb = "unassign"
	vLook     verb = "look" // what is stored, after the run
)

// asked is one command about one table.
type asked struct {
	verb           verb
	table, booking string
	hold           string // confirm, release: of which hold
}

// told is what the command was answered.
type told struct {
	granted bool
	unknown bool   // no definite answer: it happened at some time until the end of the run, or not at all
	hold    string // hold, look: the hold there is
	idle    bool   // assign, unassign: surely nothing was changed
	code    string // of a refusal
	// A conflict names whose claim stands in the way, and HOLD_ENDED how the hold
	// ended; look, who has the table.
	blocker, blockerHold string
	how                  string
	assigned             bool
}

// seat is the state of one table.
type seat struct {
	owner    string // booking; empty when the table is free
	assigned bool   // to the owner
	hold     string // of the owner, live
	ended    *ended
	sum      uint64 // identifies ended without walking it
}

// ended is how a hold on the table ended, and the holds that ended before it.
type ended struct {
	hold, booking, how string
	before             *ended
}

func (s seat) fate(hold string) *ended {
	for e := s.ended; e != nil; e = e.before {
		if e.hold == hold {
			return e
		}
	}
	return nil
}

// end takes the owner's hold away. The booking keeps the table if it is assigned.
func (s seat) end(how string) seat {
	if s.hold == "" {
		return s
	}
	s.ended = &ended{hold: s.hold, booking: s.owner, how: how, before: s.ended}
	s.sum ^= hashOf(s.hold, how)
	s.hold = ""
	if !s.assigned {
		s.owner = ""
	}
	return s
}

// after says whether the answer is a true one in this state, and what follows.
func (s seat) after(in asked, out told) (bool, seat) {
	switch in.verb {
	case vLook:
		return out.blocker == s.owner && out.assigned == s.assigned && out.hold == s.hold, s
	case vHold, vAssign:
		if s.owner != "" && s.owner != in.booking {
			return out.unknown || s.refuses(out), s
		}
		if in.verb == vAssign {
			return s.assign(in, out)
		}
		// Whatever the booking held before is replaced.
		next := s.end("superseded")
		next.owner, next.hold = in.booking, out.hold
		return out.granted && out.hold != "" && out.hold != s.hold && s.fate(out.hold) == nil, next
	case vUnassign:
		if s.owner != in.booking || !s.assigned {
			return out.granted || out.unknown, s // taking what it does not have does nothing
		}
		s.assigned = false
		if s.hold == "" {
			s.owner = ""
		}
		return out.unknown || out.granted && !out.idle, s
	case vRelease:
		if s.hold != in.hold {
			return out.unknown || out.granted && s.fate(in.hold) != nil, s // releasing what is over is fine
		}
		return out.granted || out.unknown, s.end("released")
	case vConfirm:
		return s.confirm(in, out)
	}
	return false, s
}

// refuses says whether the answer is the refusal due to whoever has the table,
// and names it: an assignment stands before a hold.
func (s seat) refuses(out told) bool {
	if s.assigned {
		return out.code == "ASSIGNMENT_CONFLICT" && out.blocker == s.owner && out.blockerHold == ""
	}
	return out.code == "HOLD_CONFLICT" && out.blocker == s.owner && out.blockerHold == s.hold
}

func (s seat) assign(in asked, out told) (bool, seat) {
	if s.assigned && s.hold == "" {
		return out.granted || out.unknown, s // it sits there already
	}
	// The booking's own hold ends: the assignment takes its place.
	next := s
	next.assigned = true
	next = next.end("superseded")
	next.owner = in.booking
	return out.unknown || out.granted && !out.idle, next
}

func (s seat) confirm(in asked, out told) (bool, seat) {
	if s.hold == in.hold {
		s.assigned = true
		return out.granted || out.unknown, s.end("confirmed")
	}
	fate := s.fate(in.hold)
	switch {
	case out.unknown:
		return true, s
	case fate == nil:
		return false, s
	case fate.how == "confirmed" && s.assigned && s.owner == fate.booking:
		return out.granted, s // repeated, and it still sits there
	}
	return out.code == "HOLD_ENDED" && out.how == fate.how, s
}

func (s seat) String() string {
	switch {
	case s.owner == "":
		return "free"
	case s.assigned && s.hold != "":
		return fmt.Sprintf("%s has it and holds it by %s", s.owner, s.hold)
	case s.assigned:
		return s.owner + " has it"
	}
	return fmt.Sprintf("%s holds it by %s", s.owner, s.hold)
}

func (o told) String() string {
	switch {
	case o.unknown:
		return "no answer"
	case o.granted && o.hold != "":
		return "granted " + o.hold
	case o.granted && o.idle:
		return "nothing to do"
	case o.granted:
		return "granted"
	}
	return fmt.Sprint(o.code, " ", o.blocker, o.blockerHold, o.how)
}

// model is the table as porcupine takes it.
var model = porcupine.Model{
	Partition: byTable,
	Init:      func() any { return seat{} },
	Step: func(state, input, output any) (bool, any) {
		return state.(seat).after(input.(asked), output.(told))
	},
	Equal: func(a, b any) bool {
		x, y := a.(seat), b.(seat)
		x.ended, y.ended = nil, nil // sum says it
		return x == y
	},
	Hash: func(state any) uint64 {
		s := state.(seat)
		return s.sum ^ hashOf(s.owner, s.hold, strconv.FormatBool(s.assigned))
	},
	DescribeOperation: func(input, output any) string {
		in := input.(asked)
		return fmt.Sprintf("%s %s%s: %v", in.verb, in.booking, in.hold, output)
	},
	DescribeState: func(state any) string { return state.(seat).String() },
}

// byTable splits a history: no command concerns two tables.
func byTable(history []porcupine.Operation) [][]porcupine.Operation {
	tables := map[string][]porcupine.Operation{}
	var names []string
	for _, o := range history {
		t := o.Input.(asked).table
		if tables[t] == nil {
			names = append(names, t)
		}
		tables[t] = append(tables[t], o)
	}
	slices.Sort(names)
	var parts [][]porcupine.Operation
	for _, t := range names {
		parts = append(parts, tables[t])
	}
	return parts
}

func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = io.WriteString(h, p+"\x00") // a hash takes everything
	}
	return h.Sum64()
}

// TestLinear_TheCheckerCanFail feeds the checker small histories, right ones and
// ones with a lie in them.
func TestLinear_TheCheckerCanFail(t *testing.T) {
	t.Parallel()
	// at is a command between two instants.
	at := func(from, to int64, verb verb, booking, hold string, out told) porcupine.Operation {
		return porcupine.Operation{Input: asked{verb: verb, table: "T1", booking: booking, hold: hold}, Output: out, Call: from, Return: to}
	}
	ok := told{granted: true}
	held := func(id string) told { return told{granted: true, hold: id} }
	byHold := func(booking, id string) told {
		return told{code: "HOLD_CONFLICT", blocker: booking, blockerHold: id}
	}
	bySeat := func(booking string) told { return told{code: "ASSIGNMENT_CONFLICT", blocker: booking} }
	over := func(how string) told { return told{code: "HOLD_ENDED", how: how} }
	const late = 1000
	type history []porcupine.Operation
	for name, c := range map[string]struct {
		history history
		want    porcupine.CheckResult
	}{
		"a hold, a rival, a confirm, a rival, gone, a rival": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vHold, "B", "", byHold("A", "h1")), at(5, 6, vConfirm, "A", "h1", ok),
			at(7, 8, vAssign, "B", "", bySeat("A")), at(9, 10, vUnassign, "A", "", ok), at(11, 12, vAssign, "B", "", ok),
			at(13, 14, vLook, "", "", told{blocker: "B", assigned: true}),
		}, porcupine.Ok},
		"a race that either may win": {history{
			at(1, 9, vHold, "A", "", held("h1")), at(2, 8, vHold, "B", "", byHold("A", "h1")), at(3, 7, vAssign, "C", "", byHold("A", "h1")),
		}, porcupine.Ok},
		"a double sale": {history{
			at(1, 9, vAssign, "A", "", ok), at(2, 8, vAssign, "B", "", ok),
		}, porcupine.Illegal},
		"a double sale by two holds": {history{
			at(1, 9, vHold, "A", "", held("h1")), at(2, 8, vHold, "B", "", held("h2")),
		}, porcupine.Illegal},
		"a sale behind a hold": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vAssign, "B", "", ok), at(5, 6, vConfirm, "A", "h1", ok),
		}, porcupine.Illegal},
		"a grant that was lost": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 4, vAssign, "B", "", ok),
		}, porcupine.Illegal},
		"a grant that is not stored": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vLook, "", "", told{}),
		}, porcupine.Illegal},
		"a release that was lost": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vRelease, "A", "h1", ok), at(5, 6, vLook, "", "", told{blocker: "A", hold: "h1"}),
		}, porcupine.Illegal},
		"a hold with two ids": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vLook, "", "", told{blocker: "A", hold: "h2"}),
		}, porcupine.Illegal},
		"a wrong blocker": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 4, vAssign, "B", "", bySeat("C")),
		}, porcupine.Illegal},
		"the right booking by the wrong hold": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vHold, "A", "", held("h2")), at(5, 6, vHold, "B", "", byHold("A", "h1")),
		}, porcupine.Illegal},
		"a hold that is told as an assignment": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vAssign, "B", "", bySeat("A")),
		}, porcupine.Illegal},
		"a refusal that was true once": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 4, vUnassign, "A", "", ok), at(5, 6, vAssign, "B", "", bySeat("A")),
		}, porcupine.Illegal},
		"a refusal that was true while it was asked": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 6, vUnassign, "A", "", ok), at(4, 7, vAssign, "B", "", bySeat("A")),
		}, porcupine.Ok},
		"a refusal before the grant it names": {history{
			at(1, 2, vAssign, "B", "", bySeat("A")), at(3, 4, vAssign, "A", "", ok),
		}, porcupine.Illegal},
		"a confirm of a released hold": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vRelease, "A", "h1", ok), at(5, 6, vConfirm, "A", "h1", ok),
		}, porcupine.Illegal},
		"a confirm refused for the wrong reason": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vRelease, "A", "h1", ok), at(5, 6, vConfirm, "A", "h1", over("superseded")),
		}, porcupine.Illegal},
		"a confirm of a live hold refused": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vConfirm, "A", "h1", over("released")),
		}, porcupine.Illegal},
		"a confirm said twice, and once more when it has left": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vConfirm, "A", "h1", ok), at(5, 6, vConfirm, "A", "h1", ok),
			at(7, 8, vUnassign, "A", "", ok), at(9, 10, vConfirm, "A", "h1", over("confirmed")),
		}, porcupine.Ok},
		"a hold of a booking that sits there, superseded by its own assignment": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 4, vHold, "A", "", held("h1")), at(5, 6, vUnassign, "A", "", ok),
			at(7, 8, vHold, "B", "", byHold("A", "h1")), at(9, 10, vAssign, "A", "", ok), at(11, 12, vConfirm, "A", "h1", over("superseded")),
		}, porcupine.Ok},
		"nothing to do where there was something to do": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, 4, vUnassign, "A", "", told{granted: true, idle: true}),
		}, porcupine.Illegal},
		"an id given twice": {history{
			at(1, 2, vHold, "A", "", held("h1")), at(3, 4, vRelease, "A", "h1", ok), at(5, 6, vHold, "B", "", held("h1")),
		}, porcupine.Illegal},
		"no answer, and it happened": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, late, vUnassign, "A", "", told{unknown: true}), at(5, 6, vAssign, "B", "", ok),
		}, porcupine.Ok},
		"no answer, and it happened when nobody expected it": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, late, vUnassign, "A", "", told{unknown: true}), at(5, 6, vAssign, "B", "", bySeat("A")),
			at(7, 8, vAssign, "B", "", ok),
		}, porcupine.Ok},
		"no answer, and it did not happen": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, late, vUnassign, "A", "", told{unknown: true}), at(5, 6, vAssign, "B", "", bySeat("A")),
			at(7, 8, vLook, "", "", told{blocker: "A", assigned: true}),
		}, porcupine.Ok},
		"no answer, and it happened twice": {history{
			at(1, 2, vAssign, "A", "", ok), at(3, late, vUnassign, "A", "", told{unknown: true}), at(5, 6, vAssign, "B", "", ok),
			at(7, 8, vUnassign, "B", "", ok), at(9, 10, vAssign, "A", "", ok), at(11, 12, vAssign, "B", "", ok),
		}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperationsTimeout(model, c.history, 0); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
