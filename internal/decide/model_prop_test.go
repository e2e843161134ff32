package decide_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// pure is the rules alone: Decide and Apply on a house in memory.
type pure struct {
	t     *rapid.T
	h     *house.House
	now   servicetime.Instant
	n     int
	ended map[seating.HoldID]seating.EndedHold
	due   map[house.DueRow]servicetime.Instant // due work by subject and kind
	gone  map[seating.BookingID]servicetime.Date
	acts  *acts // of all games; nil: not counted
}

// acts counts, by command, how often it had an effect and how often it was refused.
type acts struct{ changed, refused map[string]int }

// remembers keeps what a store would keep beside the house.
func (p *pure) remembers(c *house.Change, next *house.House) {
	if p.gone == nil {
		p.gone = map[seating.BookingID]servicetime.Date{}
	}
	for e := range p.h.Bookings() {
		if next.Booking(e.ID) == nil {
			p.gone[e.ID] = e.ServiceDate
		}
	}
	for _, e := range c.Rows.EndHolds {
		p.ended[e.ID] = e
	}
	if p.due == nil {
		p.due = map[house.DueRow]servicetime.Instant{}
	}
	for _, r := range c.Due.Drop {
		delete(p.due, house.DueRow{Subject: r.Subject, Kind: r.Kind})
	}
	for _, r := range c.Due.Put {
		p.due[house.DueRow{Subject: r.Subject, Kind: r.Kind}] = r.RunAt
	}
}

// reminded demands that the due work is what the bookings as they stand need, and
// no more: at its time, but for what the late rule or the hours say, which may have
// been others when it was written. A day that had bookings is to be closed.
func (p *pure) reminded() {
	want := map[house.DueRow]servicetime.Instant{}
	for e := range p.h.Bookings() {
		for _, r := range house.BookingDue(e.Booking, p.h.Policy.Late) {
			key := house.DueRow{Subject: r.Subject, Kind: r.Kind}
			if want[key] = r.RunAt; r.Kind == house.DueLate {
				want[key] = p.due[key]
			}
		}
		if e.Hold != nil {
			want[house.DueRow{Subject: "hold:" + e.Hold.ID.String(), Kind: house.DueHoldExpiry}] = e.Hold.ExpiresAt
		}
		day := house.DueRow{Subject: "day:" + e.ServiceDate.String(), Kind: house.DueCloseDay}
		want[day] = max(p.due[day], p.h.Calendar.DayEnd(e.ServiceDate)+1) // never before it is over
	}
	for row, at := range p.due {
		if row.Kind == house.DueCloseDay && row.Subject >= "day:"+p.h.OpenFrom.String() {
			want[row] = max(want[row], at)
		}
	}
	if diff := cmp.Diff(want, p.due, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("due work (-want +got):\n%s", diff)
	}
}

func (p *pure) House() *house.House     { return p.h }
func (p *pure) Advance(d time.Duration) { p.now = p.now.Add(d) }

// Check builds the house again from its rows: Apply must not have drifted.
func (p *pure) Check() {
	p.reminded()
	again, err := house.New(p.h.State())
	if err != nil {
		p.t.Fatalf("New(State()): %v", err)
	}
	if diff := cmp.Diff(p.h.State(), again.State()); diff != "" {
		p.t.Fatalf("New(State()) differs (-applied +built):\n%s", diff)
	}
	for _, t := range p.h.Floor.Tables() {
		slots := func(h *house.House) (all []seating.Allocation) {
			for s := range h.From(t.ID, 0) {
				all = append(all, s.Allocation)
			}
			return all
		}
		if diff := cmp.Diff(slots(p.h), slots(again)); diff != "" {
			p.t.Fatalf("occupancy of %s differs (-applied +built):\n%s", t.Number, diff)
		}
	}
}

func (p *pure) Do(who seating.Actor, c decide.Command) *seating.Error {
	p.n++
	d := decide.Decide(p.h, c, decide.Env{
		Change: housetest.ID[seating.ChangeID](p.n), Now: p.now, Actor: who, Facts: decide.Facts{Ended: p.ended, Closed: p.gone},
	})
	if d.Refusal != nil && p.acts != nil {
		p.acts.refused[c.Name()]++
	}
	if d.Change == nil {
		return d.Refusal
	}
	next, err := house.Apply(p.h, d.Change)
	if err != nil {
		p.t.Fatalf("Apply(%s): %v", c.Name(), err)
	}
	if len(d.Change.History) == 0 {
		p.t.Fatalf("%s leaves no line in the history", c.Name())
	}
	toldAsListed(p.t, d.Change)
	p.remembers(d.Change, next)
	if p.acts != nil && (!reflect.DeepEqual(d.Change.Rows, house.Rows{}) || len(d.Change.Erase) > 0) {
		p.acts.changed[c.Name()]++
	}
	p.h = next
	return nil
}

// TestModelPure plays 100 games of 200 commands: 20,000 steps. They reach every
// command there is, with an effect and refused.
func TestModelPure(t *testing.T) {
	total, seen := 0, &acts{changed: map[string]int{}, refused: map[string]int{}}
	rapid.Check(t, func(r *rapid.T) {
		total += modeltest.Play(r, &pure{
			t: r, h: housetest.New(t, nil), now: modeltest.Start, ended: map[seating.HoldID]seating.EndedHold{}, acts: seen,
		}, 200)
	})
	if total < 2000 {
		t.Errorf("only %d commands were granted; the games do not reach far", total)
	}
	// Due work is never refused: where there is nothing to do it does nothing.
	jobs := []string{
		decide.MarkLate{}.Name(), decide.MarkOverstay{}.Name(), decide.ExpirePending{}.Name(), decide.ExpireHolds{}.Name(),
	}
	for _, name := range commands(t) {
		if seen.changed[name] < 1 {
			t.Errorf("%s had an effect %d times; the games do not reach it", name, seen.changed[name])
		}
		if seen.refused[name] < 1 && !slices.Contains(jobs, name) {
			t.Errorf("%s was refused %d times; the games do not reach that", name, seen.refused[name])
		}
		t.Logf("%s: %d with an effect, %d refused", name, seen.changed[name], seen.refused[name])
	}
}

// commands are the names of all commands, out of the source: one that is new is
// among them before anybody thinks of the model.
func commands(t *testing.T) []string {
	t.Helper()
	names := regexp.MustCompile(`(?m)^func \((?:\w+ )?\w+\) Name\(\) string \{ return "(\w+)" \}$`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	implemented := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		implemented += strings.Count(string(source), ") decide(d *draft) (Result, *seating.Error) {\n")
		for _, m := range names.FindAllSubmatch(source, -1) {
			found = append(found, string(m[1]))
		}
	}
	if len(found) != implemented || len(found) == 0 {
		t.Fatalf("%d commands have a name that reads as one, %d decide", len(found), implemented)
	}
	return found
}
