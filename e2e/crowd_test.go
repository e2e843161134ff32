package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// crowd is clients who fight for the tables of a room over a fleet. Each has one
// party for each table and sends one command at a time, to any server, with a
// key; what is not answered, or not definitely, it repeats at another server with
// the same key until it is. All of it is written down as a history.
type crowd struct {
	t     testing.TB
	fleet *fleet
	room  *room
	seed  uint64
	begin time.Time // of the history's clock

	patient func(client int) bool // waits for an answer for as long as it takes; nil: nobody does
	done    chan struct{}         // closed when the target is reached, or something false was answered
	ended   sync.WaitGroup

	mu       sync.Mutex
	history  []porcupine.Operation
	grants   []*command // answered with a change, receipt and all
	again    []*command // to be asked once more after the run
	falses   []string   // answers that must not be
	finished int
	moved    chan struct{} // told of each finished command; never waited for
	count    tally
	over     bool
}

// tally counts what the run was like.
type tally struct {
	changes, refusals                          int
	attempts, unanswered, unknown, unavailable int
	maybe                                      int // commands of which it is never learned whether they happened
	revived                                    int // commands that were carried out behind a definite answer to a repetition
}

// command is one operation of the history with all its attempts.
type command struct {
	asked
	order
	client     int
	call, last int64 // when it was first sent, and last
	open       int   // attempts whose outcome is open
	single     bool  // never repeated during the run
	reply      reply // the definite one
	told       told
}

// party is a booking of a client, and what the client believes of it.
type party struct {
	table, booking string
	hold           string // the last it knows of
	holds, sits    bool
}

// newCrowd books the parties and lets the clients fight, until enough says so.
func newCrowd(t testing.TB, f *fleet, r *room, clients int, patient func(client int) bool) *crowd {
	t.Helper()
	c := &crowd{
		t: t, fleet: f, room: r, seed: seed(t), begin: time.Now(), patient: patient,
		done: make(chan struct{}), moved: make(chan struct{}, 1),
	}
	for client := range clients {
		var mine []*party
		for i, table := range r.tables {
			mine = append(mine, &party{table: table, booking: r.book(t, f.hosts[0], fmt.Sprintf("%x-book-%d-%d", c.seed, client, i))})
		}
		c.ended.Go(func() { c.fight(client, mine) })
	}
	return c
}

// seed is chance's, printed; MAITRED_TEST_SEED repeats it. What happens at the same
// time is not repeated.
func seed(t testing.TB) uint64 {
	t.Helper()
	n := rand.Uint64()
	if given := os.Getenv("MAITRED_TEST_SEED"); given != "" {
		var err error
		if n, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("MAITRED_TEST_SEED: %v", err)
		}
	}
	t.Logf("MAITRED_TEST_SEED=%d", n)
	return n
}

// clock is the history's: monotonic, in nanoseconds.
func (c *crowd) clock() int64 { return time.Since(c.begin).Nanoseconds() }

// fight is the life of a client.
func (c *crowd) fight(client int, mine []*party) {
	r := rand.New(rand.NewPCG(c.seed, uint64(client)))
	for n := 0; ; n++ {
		select {
		case <-c.done:
			return
		default:
		}
		p := mine[r.IntN(len(mine))]
		// Who has something goes on with it more often than not: else nothing moves.
		if has := slices.IndexFunc(mine, func(p *party) bool { return p.holds || p.sits }); has >= 0 && r.IntN(4) > 0 {
			p = mine[has]
		}
		cmd := c.next(r, p)
		cmd.client = client
		// A few are sent once: whoever has lost the answer to one of those may not
		// know for ever. Where a key may be left out, it is.
		if cmd.single = r.IntN(25) == 0; !cmd.single || cmd.method != http.MethodDelete {
			cmd.key = fmt.Sprintf("%x-%d-%d", c.seed, client, n)
		}
		c.send(r, cmd)
		p.learn(cmd)
	}
}

// next chooses a command for a party.
func (c *crowd) next(r *rand.Rand, p *party) *command {
	var weights map[verb]int
	switch {
	case p.holds:
		weights = map[verb]int{vConfirm: 45, vRelease: 35, vHold: 10, vAssign: 10}
	case p.sits:
		weights = map[verb]int{vUnassign: 70, vHold: 12, vAssign: 8, vConfirm: 5, vRelease: 5}
	default:
		weights = map[verb]int{vHold: 55, vAssign: 33, vUnassign: 4, vConfirm: 5, vRelease: 3}
	}
	at := r.IntN(100)
	for _, v := range []verb{vHold, vConfirm, vRelease, vAssign, vUnassign} {
		if at -= weights[v]; at < 0 {
			return c.command(v, p)
		}
	}
	panic("weights add up to 100")
}

func (c *crowd) command(v verb, p *party) *command {
	if p.hold == "" && (v == vConfirm || v == vRelease) {
		v = vHold // nothing yet to confirm or release
	}
	cmd := &command{asked: asked{verb: v, table: p.table, booking: p.booking}}
	booking := c.room.root + "/bookings/" + p.booking
	tables := map[string]any{"tableIds": []string{p.table}}
	switch v {
	case vHold:
		cmd.order = order{method: http.MethodPost, path: booking + "/holds", body: tables}
	case vAssign:
		cmd.order = order{method: http.MethodPut, path: booking + "/assignment", body: tables}
	case vUnassign:
		cmd.order = order{method: http.MethodDelete, path: booking + "/assignment"}
	case vRelease:
		cmd.hold = p.hold
		cmd.order = order{method: http.MethodDelete, path: c.room.root + "/holds/" + p.hold}
	case vConfirm:
		cmd.hold = p.hold
		cmd.order = order{method: http.MethodPost, path: c.room.root + "/holds/" + p.hold + "/confirm"}
	case vLook:
	}
	cmd.token = c.room.token
	return cmd
}

// learn is what a client makes of an answer.
func (p *party) learn(cmd *command) {
	ok := cmd.told.granted
	switch cmd.verb {
	case vHold:
		if p.holds = p.holds || ok; ok {
			p.hold = cmd.told.hold
		}
	case vConfirm:
		p.holds, p.sits = false, p.sits || ok
	case vRelease:
		p.holds = false
	case vAssign:
		p.sits = p.sits || ok
		p.holds = p.holds && !ok
	case vUnassign:
		p.sits = false
	case vLook:
	}
}

// send carries a command to a definite answer and writes it down.
func (c *crowd) send(r *rand.Rand, cmd *command) {
	cmd.call = c.clock()
	for try := 0; ; try++ {
		h := c.fleet.hosts[r.IntN(len(c.fleet.hosts))]
		cmd.last = c.clock()
		within := time.Duration(400+r.IntN(4000)) * time.Millisecond
		if c.patient != nil && c.patient(cmd.client) {
			within = time.Minute
		}
		cmd.reply = h.ask(cmd.order, within)
		c.counted(cmd)
		if !cmd.reply.nothing() && !cmd.reply.open() || cmd.single {
			break
		}
		if try == 200 {
			c.lie("%s %s is not answered at all: the last attempt %v", cmd.method, cmd.path, cmd.reply)
			return
		}
		// One after the other, not all at once on those that are left.
		<-time.After(time.Duration(1+r.IntN(20*(1+min(try, 10)))) * time.Millisecond)
	}
	c.write(cmd, c.clock())
}

func (c *crowd) counted(cmd *command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.attempts++
	switch {
	case cmd.reply.open():
		cmd.open++
		if c.count.unanswered++; cmd.reply.err == nil {
			c.count.unanswered--
			c.count.unknown++
		}
	case cmd.reply.nothing():
		c.count.unavailable++
	}
}

// write enters a command into the history.
func (c *crowd) write(cmd *command, now int64) {
	var lie error
	switch {
	case cmd.reply.nothing():
		// A single one that was surely not carried out: if it was, the rest of the
		// history shows it.
	case cmd.reply.open() && cmd.key != "":
		c.later(cmd) // one attempt is open, but its key will tell
	case cmd.reply.open():
		cmd.told = told{unknown: true}
		c.enter(cmd, cmd.call, forever)
	default:
		if cmd.told, lie = understand(cmd, cmd.reply); lie != nil {
			c.lie("%v", lie)
			return
		}
		c.enter(cmd, cmd.call, now)
		if cmd.open > 0 && cmd.key != "" {
			c.later(cmd)
		}
	}
	c.mu.Lock()
	if cmd.told.granted && !cmd.told.idle && cmd.key != "" && (cmd.verb == vHold || cmd.reply.replayed) {
		c.grants = append(c.grants, cmd)
	}
	c.finished++
	c.mu.Unlock()
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

// forever is the return of a command whose outcome stays open.
const forever = int64(1) << 62

func (c *crowd) enter(cmd *command, from, to int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case cmd.told.unknown:
		c.count.maybe++
	case cmd.told.granted && !cmd.told.idle:
		c.count.changes++
	case !cmd.told.granted:
		c.count.refusals++
	}
	c.history = append(c.history, porcupine.Operation{ClientId: cmd.client, Input: cmd.asked, Output: cmd.told, Call: from, Return: to, Metadata: cmd.key})
}

func (c *crowd) later(cmd *command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again = append(c.again, cmd)
}

// lie ends the run: something was answered that must never be.
func (c *crowd) lie(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.falses = append(c.falses, fmt.Sprintf(format, args...))
	c.close()
}

// close ends the fight. The lock is held.
func (c *crowd) close() {
	if !c.over {
		c.over = true
		close(c.done)
	}
}

// enough ends the fight once there were so many commands.
func (c *crowd) enough(commands int) {
	c.mu.Lock()
	missing := commands - c.finished
	c.mu.Unlock()
	if missing > 0 {
		c.moments(missing)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
}

// understand reads a definite answer. An answer that is none of those the model
// knows is an error.
func understand(cmd *command, r reply) (told, error) {
	bad := func(why string) (told, error) {
		return told{}, fmt.Errorf("%s: %s %s %v = %v", why, cmd.method, cmd.path, cmd.body, r)
	}
	s := r.said
	switch {
	case r.err != nil:
		return bad("no answer")
	case r.granted():
		out := told{granted: true}
		switch cmd.verb {
		case vHold:
			if out.hold = s.Hold.ID; out.hold == "" || r.status != http.StatusCreated {
				return bad("no hold")
			}
		case vAssign, vConfirm:
			if s.Booking.ID != cmd.booking || !slices.Equal(s.Booking.TableIDs, []string{cmd.table}) {
				return bad("not where it was asked for")
			}
			out.idle = s.Booking.Version != s.Version
		case vUnassign:
			if s.Booking.ID != cmd.booking || len(s.Booking.TableIDs) != 0 {
				return bad("still sits")
			}
			out.idle = s.Booking.Version != s.Version
		case vRelease, vLook:
		}
		return out, nil
	case r.status == http.StatusConflict && (s.Code == "HOLD_CONFLICT" || s.Code == "ASSIGNMENT_CONFLICT"):
		if len(s.Blockers) != 1 || s.Blockers[0].Table.ID != cmd.table || s.Blockers[0].Reference == "" {
			return bad("not one blocker at the table")
		}
		return told{code: s.Code, blocker: s.Blockers[0].BookingID, blockerHold: s.Blockers[0].HoldID}, nil
	case r.status == http.StatusGone && s.Code == "HOLD_ENDED" && s.Hold.HoldID == cmd.hold:
		return told{code: s.Code, how: s.Hold.How}, nil
	}
	return bad("an answer that must not be")
}

// moments waits for so many more finished commands; false when the run is over.
func (c *crowd) moments(n int) bool {
	c.mu.Lock()
	until := c.finished + n
	c.mu.Unlock()
	for {
		select {
		case <-c.done:
			return false
		case <-c.moved:
		}
		c.mu.Lock()
		reached := c.finished >= until
		c.mu.Unlock()
		if reached {
			return true
		}
	}
}
