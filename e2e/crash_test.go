package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// traffic is a crowd that holds, confirms, assigns, releases and cancels on a
// demo restaurant, all with keys, and remembers every answer.
type traffic struct {
	base, dir string
	d         demo
	next      atomic.Int64

	mu      sync.Mutex
	granted []*call // acknowledged
	unknown []*call // sent, no answer
	bad     []*call // answers that must not be
	acks    chan struct{}
}

// run sends requests from eight callers until the server is gone or stop is
// closed.
func (f *traffic) run(t *testing.T, seed uint64, stop <-chan struct{}) {
	t.Helper()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(worker)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !f.visit(r) {
					return
				}
			}
		})
	}
	all.Wait()
}

// visit is one party's hold and what follows; false when the server is gone.
func (f *traffic) visit(r *rand.Rand) bool {
	place := f.d.Restaurants[r.IntN(len(f.d.Restaurants))]
	b := place.Bookings[r.IntN(len(place.Bookings))]
	table := place.Tables[r.IntN(len(place.Tables))]
	root := "/v1/restaurants/" + place.ID
	body := map[string]any{"tableIds": []string{table.ID}}
	switch r.IntN(6) {
	case 0:
		return f.do(&call{method: "PUT", path: root + "/bookings/" + b.ID + "/assignment", token: place.Tokens["manager"], body: body})
	case 1:
		if r.IntN(10) > 0 {
			return true
		}
		return f.do(&call{method: "POST", path: root + "/bookings/" + b.ID + "/cancel", token: place.Tokens["host"], body: map[string]any{}})
	}
	hold := &call{method: "POST", path: root + "/bookings/" + b.ID + "/holds", token: place.Tokens["manager"], body: body}
	if !f.do(hold) {
		return false
	}
	if !hold.granted() {
		return true
	}
	id, _ := hold.answer["hold"].(map[string]any)["id"].(string)
	if r.IntN(3) == 0 {
		return f.do(&call{method: "DELETE", path: root + "/holds/" + id, token: place.Tokens["manager"]})
	}
	return f.do(&call{method: "POST", path: root + "/holds/" + id + "/confirm", token: place.Tokens["manager"], body: map[string]any{}})
}

func (f *traffic) do(c *call) bool {
	c.key = fmt.Sprintf("%s-%d", filepath.Base(f.dir), f.next.Add(1))
	c.send(f.base)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case c.err != nil:
		f.unknown = append(f.unknown, c)
		return false
	case c.granted() && c.acted():
		f.granted = append(f.granted, c)
		select {
		case f.acks <- struct{}{}:
		default:
		}
	case c.status >= 500:
		f.bad = append(f.bad, c)
	}
	return true
}

// TestCrash_KillUnderLoad: kill -9 in the middle of traffic, again and again.
// Nothing acknowledged is lost, nothing acts twice, a retry with the same key
// gets the stored answer, and the stored rows pass every check.
func TestCrash_KillUnderLoad(t *testing.T) {
	rounds := 5
	if soak() {
		rounds = 20
	}
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "maitred.db")
	f := &traffic{dir: dir, acks: make(chan struct{}, 1)}
	for round := range rounds {
		s := serve(t, dir, "--demo", "--db", db)
		f.d = readDemo(t, filepath.Join(dir, "maitred-demo.json"))
		f.base = s.url
		f.retry(t, round)

		seed := rand.Uint64()
		t.Logf("round %d: seed %d", round, seed)
		kill := 20 + rand.IntN(150) // acknowledgements until the end
		go func() {
			for range kill {
				<-f.acks
			}
			_ = s.cmd.Process.Kill()
		}()
		f.run(t, seed, nil)
		<-s.done
		for _, c := range f.bad {
			t.Errorf("round %d: %s %s = %d %v, want no 5xx", round, c.method, c.path, c.status, c.answer)
		}
		f.bad = nil
	}
	s := serve(t, dir, "--demo", "--db", db)
	f.base = s.url
	f.retry(t, rounds)
	if out, code := maitred(t, dir, "verify", "--db", db); code != 0 {
		t.Errorf("verify = %d:\n%s", code, out)
	}
	t.Logf("%d rounds, %d requests, %d granted", rounds, f.next.Load(), len(f.granted))
	if len(f.granted) < 20*rounds {
		t.Errorf("%d were granted, want at least %d: the crowd did not get far", len(f.granted), 20*rounds)
	}
}

// retry asks again for everything that was sent in the last round.
func (f *traffic) retry(t *testing.T, round int) {
	t.Helper()
	for _, c := range f.granted {
		again := *c
		again.send(f.base)
		if again.status != c.status || !again.replayed || !reflect.DeepEqual(again.answer, c.answer) {
			t.Fatalf("round %d: %s %s was acknowledged with %d %v and is now %d (replayed %v) %v",
				round, c.method, c.path, c.status, c.answer, again.status, again.replayed, again.answer)
		}
	}
	applied := 0
	for _, c := range f.unknown {
		first := *c
		first.send(f.base)
		second := *c
		second.send(f.base)
		if first.err != nil || second.err != nil || first.status >= 500 {
			t.Fatalf("round %d: retry of %s %s = %v, %v", round, c.method, c.path, first.err, second.err)
		}
		if first.replayed {
			applied++
		}
		if first.granted() && first.acted() && (second.status != first.status || !second.replayed || !reflect.DeepEqual(second.answer, first.answer)) {
			t.Fatalf("round %d: %s %s granted %v, then %d %v", round, c.method, c.path, first.answer, second.status, second.answer)
		}
	}
	if len(f.unknown) > 0 {
		t.Logf("round %d: of %d unanswered requests %d had been carried out", round, len(f.unknown), applied)
	}
	f.unknown = nil
}

// acted reports whether a granted request is known to have changed something. One
// that had nothing to do leaves no receipt: its answer shows a booking of an
// older version, and that of a release does not tell.
func (c *call) acted() bool {
	if c.method == "DELETE" {
		return false
	}
	b, ok := c.answer["booking"].(map[string]any)
	return !ok || b["version"] == c.answer["version"]
}

// TestCrash_PowerCutCopies stops the process between two writes, copies its
// files as a power cut would leave them, and lets it go on. Each copy opens,
// passes every check, and has every change acknowledged before the stop.
func TestCrash_PowerCutCopies(t *testing.T) {
	copies := 6
	if soak() {
		copies = 40
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "maitred.db")
	s := serve(t, dir, "--demo", "--db", "sqlite:"+path)
	f := &traffic{dir: dir, base: s.url, d: readDemo(t, filepath.Join(dir, "maitred-demo.json")), acks: make(chan struct{}, 1)}
	stop, ended := make(chan struct{}), make(chan struct{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	go func() {
		defer close(ended)
		f.run(t, seed, stop)
	}()
	var taken []string
	var acked []int
	for n := range copies {
		for range 5 + rand.IntN(30) {
			<-f.acks
		}
		if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		waitStopped(t, s.cmd.Process.Pid)
		f.mu.Lock()
		acked = append(acked, len(f.granted))
		f.mu.Unlock()
		to := filepath.Join(t.TempDir(), fmt.Sprintf("copy-%d.db", n))
		copyFile(t, path, to)
		copyFile(t, path+"-wal", to+"-wal")
		taken = append(taken, to)
		if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-ended
	for i, path := range taken {
		if out, code := maitred(t, filepath.Dir(path), "verify", "--db", "sqlite:"+path); code != 0 {
			t.Fatalf("verify of copy %d = %d:\n%s", i, code, out)
		}
		restored := serve(t, filepath.Dir(path), "--db", "sqlite:"+path)
		for _, c := range f.granted[:acked[i]] {
			again := *c
			again.send(restored.url)
			if !again.replayed || !reflect.DeepEqual(again.answer, c.answer) {
				t.Fatalf("copy %d: %s %s was acknowledged with %d and is now %d %v", i, c.method, c.path, c.status, again.status, again.answer)
			}
		}
		restored.kill()
	}
	t.Logf("%d copies, %d acknowledged changes at the last", len(taken), acked[len(acked)-1])
}

// waitStopped returns when the kernel has stopped every thread of the process.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	for range 1_000_000 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Skip("stopping a process is watched through /proc, which this system has not")
		}
		var id int
		var name, state string
		if _, err := fmt.Sscan(string(b), &id, &name, &state); err == nil && state == "T" {
			return
		}
	}
	t.Fatal("the process does not stop")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}
