package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/decide"
	book "github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/webhook"
)

// What the workers of these tests run with: a lease short enough to see many
// hand-overs.
const (
	sealKey    = "a key for tests, of no use elsewhere"
	workerTerm = 800 * time.Millisecond
)

// receiver is what webhooks lead to. It keeps what came, and is as unreliable as
// receivers are.
type receiver struct {
	*httptest.Server
	wild atomic.Bool // some answers are slow, late or refusals

	mu    sync.Mutex
	times map[string]int      // by key
	first map[string][]string // keys by endpoint and subject, in the order in which they first came
	place map[string][2]int64 // sequence and ordinal of a key
	came  chan struct{}       // one for each that came, as far as there is room
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{times: map[string]int{}, first: map[string][]string{}, place: map[string][2]int64{}, came: make(chan struct{}, 1<<20)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var event struct {
		ID       string `json:"id"`
		Subject  string `json:"subject"`
		Sequence string `json:"sequence"`
	}
	body, err := io.ReadAll(q.Body)
	if err != nil || json.Unmarshal(body, &event) != nil || event.ID != q.Header.Get("webhook-id") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	luck := rand.IntN(100)
	if r.wild.Load() && luck < 3 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.note(q.URL.Path, event.ID, event.Subject, event.Sequence)
	if r.wild.Load() && luck < 20 {
		// It has it, and the worker does not know yet: the moment to be killed at.
		timer := time.NewTimer(time.Duration(rand.IntN(40)) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-q.Context().Done():
		}
	}
}

func (r *receiver) note(endpoint, key, subject, sequence string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.times[key]++; r.times[key] == 1 {
		parts := strings.Split(key, "/")
		ordinal, _ := strconv.ParseInt(parts[1], 10, 64)
		at, _ := strconv.ParseInt(sequence, 10, 64)
		r.place[key] = [2]int64{at, ordinal}
		of := endpoint + " " + subject
		r.first[of] = append(r.first[of], key)
	}
	select {
	case r.came <- struct{}{}:
	default:
	}
}

// received is how many events came, and how many of them how much too often.
func (r *receiver) received() (events, doubled int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.times {
		events, doubled = events+1, doubled+n-1
	}
	return events, doubled
}

// reversed lists what came before something that was to come first.
func (r *receiver) reversed() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for of, keys := range r.first {
		for i := 1; i < len(keys); i++ {
			a, b := r.place[keys[i-1]], r.place[keys[i]]
			if a[0] > b[0] || a[0] == b[0] && a[1] >= b[1] {
				list = append(list, fmt.Sprintf("%s: %s (%d.%d) before %s (%d.%d)", of, keys[i-1], a[0], a[1], keys[i], b[0], b[1]))
			}
		}
	}
	return list
}

// dispatch is a database with restaurants whose webhooks lead to a receiver, and an
// engine that changes them; who delivers are other processes.
type dispatch struct {
	t         testing.TB
	db        *pgtest.DB
	app       *control.App
	to        *receiver
	dir       string
	endpoints map[seating.RestaurantID][]seating.EndpointID
	parties   map[seating.RestaurantID][]waiter
	since     map[seating.RestaurantID]int64
}

// waiter is a party that waits, and how urgently: each change makes it another
// number.
type waiter struct {
	booking  seating.BookingID
	priority int
}

func newDispatch(t testing.TB, perPlace int) *dispatch {
	t.Helper()
	d := &dispatch{
		t: t, db: pgtest.Start(t, pgtest.Options{}).Database(t), to: newReceiver(t), dir: t.TempDir(),
		endpoints: map[seating.RestaurantID][]seating.EndpointID{}, parties: map[seating.RestaurantID][]waiter{}, since: map[seating.RestaurantID]int64{},
	}
	app, err := control.Open(t.Context(), control.Config{Postgres: &postgres.Config{URL: d.db.URL}, Name: "test", Hold: seating.DefaultHoldRules()})
	if err != nil {
		t.Fatal(err)
	}
	d.app = app
	t.Cleanup(func() { _ = app.Close() })
	report, err := book.Load(t.Context(), app, book.Options{Crowd: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Restaurants {
		for n := range perPlace {
			d.endpoint(r.ID, n)
		}
		for range 8 {
			d.parties[r.ID] = append(d.parties[r.ID], waiter{booking: d.waiting(r.ID)})
		}
	}
	return d
}

// endpoint leads the events of a restaurant to the receiver.
func (d *dispatch) endpoint(r seating.RestaurantID, n int) {
	d.t.Helper()
	h, err := d.app.Houses.Get(d.t.Context(), r)
	if err != nil {
		d.t.Fatal(err)
	}
	now, err := d.app.Store.Now(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	id := seating.EndpointID(control.NewID())
	id[15] = byte(rand.IntN(256)) // of any lane
	key, _ := webhook.NewSecret()
	w := store.Webhook{
		ID: id, Restaurant: r, URL: fmt.Sprintf("%s/%s/%d", d.to.URL, r, n), Active: true, CreatedAt: now, CreatedBy: "test", ChangedAt: now,
		Secret: webhook.NewSealer([]byte(sealKey), nil).Seal(id, key),
	}
	told := store.Told{Restaurant: r, Version: h.Version, Key: store.ToldKey(control.NewID()), Event: seating.Event{
		Type: seating.EventWebhookChanged, Severity: seating.SeverityInfo,
		Payload: seating.EventPayload{SchemaVersion: seating.EventSchemaVersion, Restaurant: r, At: now, What: "created", Endpoint: id},
	}}
	if err := d.app.Store.PutWebhook(d.t.Context(), w, told); err != nil {
		d.t.Fatal(err)
	}
	d.endpoints[r], d.since[r] = append(d.endpoints[r], id), h.Version
}

// waiting makes a party that waits.
func (d *dispatch) waiting(r seating.RestaurantID) seating.BookingID {
	d.t.Helper()
	h, err := d.app.Houses.Get(d.t.Context(), r)
	if err != nil {
		d.t.Fatal(err)
	}
	now, err := d.app.Store.Now(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	id := seating.BookingID(control.NewID())
	tomorrow := servicetime.DateIn(now, h.Calendar.Zone).AddDays(1)
	d.do(r, decide.CreateBooking{ID: id, Covers: 2, Date: tomorrow, Time: servicetime.Clock(19 * 60), Source: seating.SourcePhone, Waitlist: true})
	return id
}

func (d *dispatch) do(r seating.RestaurantID, c decide.Command) {
	d.t.Helper()
	if _, err := d.app.Lines.Do(context.Background(), line.Request{Restaurant: r, Command: c, Actor: seating.Operator()}); err != nil {
		d.t.Errorf("%s: %v", c.Name(), err)
	}
}

// change changes each party of each restaurant a number of times, several at once.
func (d *dispatch) change(rounds int) {
	d.t.Helper()
	var all sync.WaitGroup
	for r, parties := range d.parties {
		for i := range parties {
			p := &parties[i]
			all.Go(func() {
				for range rounds {
					p.priority = (p.priority + 1) % 10
					priority := p.priority
					d.do(r, decide.ChangeBooking{Booking: p.booking, Priority: &priority})
				}
			})
		}
	}
	all.Wait()
}

// worker is a process that delivers.
type worker struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan struct{}
}

func (d *dispatch) worker(lease time.Duration) *worker {
	d.t.Helper()
	w := &worker{cmd: exec.Command(binary, "outbox", "run", "--db", d.db.URL), log: &bytes.Buffer{}, done: make(chan struct{})}
	w.cmd.Dir = d.dir
	w.cmd.Env = append(environment(d.dir), "MAITRED_SEAL_KEY="+sealKey, "MAITRED_WEBHOOK_ALLOW=127.0.0.0/8", "MAITRED_OUTBOX_LEASE="+lease.String())
	w.cmd.Stdout, w.cmd.Stderr = w.log, w.log
	if err := w.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		defer close(w.done)
		_ = w.cmd.Wait()
	}()
	d.t.Cleanup(w.kill)
	return w
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	<-w.done
}

// await waits until fn says so.
func (d *dispatch) await(what string, within time.Duration, fn func() bool) time.Duration {
	d.t.Helper()
	begun := time.Now()
	for !fn() {
		if time.Since(begun) > within {
			d.t.Fatalf("%s: not after %s", what, within)
		}
		<-time.After(5 * time.Millisecond)
	}
	return time.Since(begun)
}

// expected are the keys that have to come: each event since its endpoint was made.
func (d *dispatch) expected() map[string]bool {
	d.t.Helper()
	keys := map[string]bool{}
	for r, endpoints := range d.endpoints {
		dump, err := d.app.Store.Dump(d.t.Context(), r)
		if err != nil {
			d.t.Fatal(err)
		}
		for key, version := range dump.Outbox {
			for _, e := range endpoints {
				if version > d.since[r] {
					keys[key+"/"+e.String()] = true
				}
			}
		}
	}
	return keys
}

// judge waits until nothing is left, and demands that everything came, in order.
func (d *dispatch) judge(within time.Duration) (events, doubled int) {
	d.t.Helper()
	d.await("everything is delivered", within, func() bool {
		return d.db.Count(d.t, "SELECT count(*) FROM maitred.capacity_outbox") == 0
	})
	for _, dead := range d.dead() {
		d.t.Errorf("dead: %s", dead)
	}
	expected := d.expected()
	d.to.mu.Lock()
	lost, strange := 0, 0
	for key := range expected {
		if d.to.times[key] == 0 {
			lost++
		}
	}
	for key := range d.to.times {
		if !expected[key] {
			strange++
		}
	}
	d.to.mu.Unlock()
	if lost > 0 || strange > 0 {
		d.t.Errorf("of %d events %d were lost; %d came that nobody sent", len(expected), lost, strange)
	}
	for _, wrong := range d.to.reversed() {
		d.t.Errorf("out of order: %s", wrong)
	}
	// What the store itself keeps came exactly once: as many as the changes made.
	for r := range d.endpoints {
		kept := d.db.Count(d.t, "SELECT count(*) FROM maitred.observability_events WHERE restaurant_id = $1 AND dedupe_key NOT LIKE 'told/%'", r.String())
		made := d.db.Count(d.t, "SELECT sum(events)::bigint FROM maitred.journal WHERE restaurant_id = $1", r.String())
		if kept != made {
			d.t.Errorf("%d observability events of %s, its changes made %d", kept, r, made)
		}
	}
	return d.to.received()
}

// dead says what is dead, and why.
func (d *dispatch) dead() (list []string) {
	d.t.Helper()
	entries, err := d.app.Store.Outbox(d.t.Context(), store.OutboxQuery{State: store.RowDead, Limit: 20})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%s %s to %s: %s (%s) after %d attempts and %d hand-overs", e.Reason, e.EventType, e.Sink, e.LastError, e.DedupeKey, e.Attempts, e.Handovers))
	}
	return list
}

// TestWorkersKilledAndStopped kills workers, and stops them for longer than their
// lease and lets them go on, in the middle of their work, again and again. Nothing
// is lost, nothing comes out of order, and nothing comes twice but what a worker
// had in its hands.
func TestWorkersKilledAndStopped(t *testing.T) {
	cycles := 20
	if soak() {
		cycles = 200
	}
	d := newDispatch(t, 2)
	d.to.wild.Store(true)
	workers := []*worker{d.worker(workerTerm), d.worker(workerTerm), d.worker(workerTerm)}
	stop := make(chan struct{})
	var changing sync.WaitGroup
	rest := sync.OnceFunc(func() {
		close(stop)
		changing.Wait()
	})
	defer rest()
	changing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				d.change(2)
			}
		}
	})
	kills := 0
	for cycle := range cycles {
		for range 20 + rand.IntN(60) { // in the middle of things
			select {
			case <-d.to.came:
			case <-time.After(time.Minute):
				t.Fatalf("cycle %d: nothing is delivered any more\n%s", cycle, workers[0].log)
			}
		}
		// Some die of what they inherited from another. A third death in a row would be
		// a crash loop, as far as anybody can tell, and on a slow machine a lease may
		// also be over without any.
		inherits := cycle%4 == 3
		d.await("what a dead worker had in hand is delivered", time.Minute, func() bool {
			return inherits || d.db.Count(t, "SELECT count(*) FROM maitred.capacity_outbox WHERE handovers > 0") == 0
		})
		i := rand.IntN(len(workers))
		w := workers[i]
		if rand.IntN(3) > 0 {
			kills++
			w.kill()
			workers[i] = d.worker(workerTerm)
			continue
		}
		_ = w.cmd.Process.Signal(syscall.SIGSTOP)
		<-time.After(workerTerm + time.Duration(rand.IntN(300))*time.Millisecond) // until others have its lanes
		_ = w.cmd.Process.Signal(syscall.SIGCONT)
	}
	rest()
	d.to.wild.Store(false)
	events, doubled := d.judge(time.Minute)
	t.Logf("%d cycles, %d of them kills: %d deliveries, %d of them again", cycles, kills, events, doubled)
	if most := cycles * inHand; doubled > most {
		t.Errorf("%d came again, want at most %d: what workers had in hand", doubled, most)
	}
	if events < 20*cycles {
		t.Errorf("%d events in %d cycles: nobody was in the middle of anything", events, cycles)
	}
}

// inHand bounds what a worker may have delivered and not yet acknowledged: the
// requests of all endpoints at a time, and those whose answer is about to be
// settled.
const inHand = 64

// TestTakeover: when a worker is killed, others deliver what was its to deliver
// within its lease and a second.
func TestTakeover(t *testing.T) {
	d := newDispatch(t, 8) // so many that each worker has some
	owned := func() int64 {
		return d.db.Count(t, "SELECT count(DISTINCT worker_id) FROM maitred.outbox_lane WHERE worker_id IS NOT NULL")
	}
	const lease = 3 * time.Second
	first := d.worker(lease)
	d.await("the first worker has lanes", 30*time.Second, func() bool { return owned() == 1 })
	d.worker(lease)
	d.await("two workers share the lanes", 30*time.Second, func() bool { return owned() == 2 })
	d.change(1)
	d.judge(30 * time.Second)
	first.kill()
	begun := time.Now()
	d.change(1)
	d.judge(30 * time.Second)
	took := time.Since(begun)
	t.Logf("taken over and delivered after %s, the lease is %s", took.Round(time.Millisecond), lease)
	if took < lease/3 {
		t.Errorf("everything was delivered %s after the kill: nothing had to be taken over", took)
	}
	if took > lease+time.Second {
		t.Errorf("everything was delivered %s after the kill, want within %s", took, lease+time.Second)
	}
}
