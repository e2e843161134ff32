package friday

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// evening is one Friday, from three o'clock until the day is closed.
type evening struct {
	t       *testing.T
	seed    uint64
	size    int // parties
	day     string
	begin   time.Time
	id      seating.RestaurantID
	secrets map[string]string
	client  *http.Client
	both    []*process
	clock   *clock
	desks   map[string]*desk

	mu      sync.Mutex
	now     time.Time // the minute
	plan    map[time.Time]map[string][]step
	parties []*party
	known   map[string]booking // by id, as last answered
	last    string             // the highest version that was answered
	count   map[string]int
	faults  int

	seen     int64 // the version of the last timeline
	booked   int   // bookings made
	numbers  map[string]string
	timeline []byte // at eight o'clock, for people
}

// step is something somebody means to do in a minute.
type step struct {
	act string
	do  func(d *desk)
}

// faultsTold is how many things that are wrong are told before the evening is
// given up: what follows from a first wrong is of no use.
const faultsTold = 5

// fault tells what is wrong, and when.
func (e *evening) fault(format string, args ...any) {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.faults++; e.faults <= faultsTold {
		e.t.Errorf("seed %d, %s: %s", e.seed, e.now.Format("Mon 15:04"), fmt.Sprintf(format, args...))
	}
}

func (e *evening) givenUp() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.faults >= faultsTold
}

// happened counts what became of things, so that an evening on which little
// happens does not pass for a good one.
func (e *evening) happened(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count[what]++
}

// note keeps what a granted change said of bookings.
func (e *evening) note(a *answer) {
	if !a.ok() {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if number(a.Version) > number(e.last) {
		e.last = a.Version
	}
	list := []*booking{a.Booking}
	for _, p := range []*part{a.A, a.B} {
		if p != nil {
			list = append(list, &p.Booking)
		}
	}
	for _, b := range list {
		if b != nil && number(b.Version) >= number(e.known[b.ID].Version) {
			e.known[b.ID] = *b
		}
	}
}

func (e *evening) answered() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// at puts a step into somebody's minute; what is past is done in the next.
func (e *evening) at(when time.Time, who, act string, do func(d *desk)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	when = when.Truncate(time.Minute)
	if !when.After(e.now) {
		when = e.now.Add(time.Minute)
	}
	if e.plan[when] == nil {
		e.plan[when] = map[string][]step{}
	}
	e.plan[when][who] = append(e.plan[when][who], step{act: act, do: do})
}

// desk is where somebody does something.
func (e *evening) desk(who, act string) *desk {
	d := *e.desks[who]
	d.act = act
	return &d
}

// minute lets everybody do at once what is planned for it, and the due work of two
// processes be done meanwhile.
func (e *evening) minute(now time.Time) {
	e.clock.step(now)
	e.mu.Lock()
	e.now = now
	steps := e.plan[now]
	delete(e.plan, now)
	e.mu.Unlock()
	var work sync.WaitGroup
	for _, p := range e.both {
		work.Go(func() { p.runner.Round(e.t.Context()) })
	}
	for who, list := range steps {
		work.Go(func() {
			for _, s := range list {
				if e.givenUp() {
					return
				}
				s.do(e.desk(who, s.act))
			}
		})
	}
	work.Wait()
}

// stage is a restaurant that evenings are played in.
type stage struct {
	t       *testing.T
	clock   *clock
	both    []*process
	id      seating.RestaurantID
	secrets map[string]string
	client  *http.Client
	numbers map[string]string // of tables, by id
}

func newStage(t *testing.T, open func(*testing.T, *clock) []*process) *stage {
	t.Helper()
	s := &stage{t: t, clock: newClock(doors(0).Add(-time.Hour)), client: newClient(t), numbers: map[string]string{}}
	s.both = open(t, s.clock)
	s.id, s.secrets = found(t, s.clock, s.both[0].store)
	e := s.evening(0, 0, 0)
	d := e.desk("owner", "furnish")
	d.put("/floor", room())
	h, err := s.both[0].houses.Get(t.Context(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range h.Floor.Tables() {
		s.numbers[table.ID.String()] = table.Number
	}
	if len(s.numbers) != 60 || t.Failed() {
		t.Fatalf("the room has %d tables, want 60", len(s.numbers))
	}
	return s
}

func (s *stage) evening(week int, seed uint64, size int) *evening {
	begin := doors(week)
	e := &evening{
		t: s.t, seed: seed, size: size, day: begin.Format(time.DateOnly), begin: begin, id: s.id, secrets: s.secrets, client: s.client,
		both: s.both, clock: s.clock, desks: map[string]*desk{}, now: begin.Add(-time.Minute), plan: map[time.Time]map[string][]step{},
		known: map[string]booking{}, count: map[string]int{}, numbers: s.numbers,
	}
	// The hosts stand at different servers, where there are two.
	for who, at := range map[string]int{anna: 0, ben: 1, site: 1, sam: 0, mona: 1, "owner": 0} {
		e.desks[who] = &desk{e: e, who: who, url: s.both[at].web.URL}
	}
	return e
}

// checkEvery is how many minutes there are from one look at all that is stored to
// the next.
var checkEvery = map[bool]int{false: 30, true: 150}[racing]

// play plays an evening until its day is closed.
func (s *stage) play(week int, seed uint64, size int) *evening {
	s.t.Helper()
	e := s.evening(week, seed, size)
	e.clock.step(e.now)
	e.desk(mona, "hours").put("/service-periods", hours(e.day, "23:30", "22:30"))
	e.script(rand.New(rand.NewPCG(seed, uint64(week))))
	started := time.Now()
	minutes, checked := 0, int64(0)
	for now := e.begin; now.Before(e.closing().Add(6 * time.Minute)); now = now.Add(time.Minute) {
		e.minute(now)
		e.look()
		if minutes++; minutes%checkEvery == 0 && e.seen != checked {
			e.verify()
			checked = e.seen
		}
		if e.givenUp() {
			s.t.Fatalf("seed %d: given up at %s", seed, now.Format("Mon 15:04"))
		}
	}
	e.closed()
	took := time.Since(started)
	factor := float64(minutes) * float64(time.Minute) / float64(took)
	s.t.Logf("seed %d: %d parties, %d versions, %d minutes in %s: %.0f times as fast as life", seed, e.booked, e.seen, minutes, took.Round(time.Millisecond), factor)
	if factor < 50 {
		s.t.Errorf("the evening was %.0f times as fast as life, want 50", factor)
	}
	return e
}

// closing is when the day can be closed: six hours after dinner, which mona
// prolongs to half past midnight.
func (e *evening) closing() time.Time { return e.begin.Add(15*time.Hour + 30*time.Minute) }

// busy demands that what evenings are made of has happened: one on which little
// happens proves little.
func busy(t *testing.T, size int, count map[string]int) {
	t.Helper()
	var all strings.Builder
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&all, "\n%6d %s", count[what], what)
	}
	t.Logf("what happened:%s", all.String())
	for _, want := range demanded(size) {
		if count[want] == 0 {
			t.Errorf("%q never happened", want)
		}
	}
}
