package outbox

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store"
)

func whole(d time.Duration) time.Duration { return d }

func half(d time.Duration) time.Duration { return d / 2 }

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		attempts    int
		whole, half time.Duration
	}{
		{0, 250 * time.Millisecond, 125 * time.Millisecond},
		{1, 500 * time.Millisecond, 250 * time.Millisecond},
		{4, 4 * time.Second, 2 * time.Second},
		{11, 512 * time.Second, 256 * time.Second},
		{12, 10 * time.Minute, 5 * time.Minute},
		{2000, 10 * time.Minute, 5 * time.Minute},
	} {
		if got := backoff(c.attempts, whole); got != c.whole {
			t.Errorf("after %d attempts at most %s, want %s", c.attempts, got, c.whole)
		}
		if got := backoff(c.attempts, half); got != c.half {
			t.Errorf("after %d attempts half is %s, want %s", c.attempts, got, c.half)
		}
	}
}

func TestExhausted(t *testing.T) {
	for _, c := range []struct {
		attempts int // before this one
		failing  time.Duration
		want     bool
	}{
		{0, 0, false},
		{24, 72*time.Hour - 1, false},
		{23, 72 * time.Hour, false},
		{24, 72 * time.Hour, true},
		{500, 71 * time.Hour, false},
		{500, 80 * time.Hour, true},
	} {
		if got := exhausted(store.OutboxRow{Attempts: c.attempts, FailedFor: c.failing}); got != c.want {
			t.Errorf("attempt %d after %s of failing: exhausted %t, want %t", c.attempts+1, c.failing, got, c.want)
		}
	}
}

// A gap counts for what was waited on purpose, and for ten minutes at most.
func TestSpent(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		0: 0, time.Second: time.Second, 10 * time.Minute: 10 * time.Minute, time.Hour: 10 * time.Minute,
	} {
		if got := spent(wait); got != want {
			t.Errorf("a gap of %s counts for %s, want %s", wait, got, want)
		}
	}
}

func TestCircuit(t *testing.T) {
	type step struct {
		asked time.Duration // below zero: it answered
		wait  time.Duration // 0: closed
	}
	const ok = -1
	for name, steps := range map[string][]step{
		"five in a row": {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 2 * time.Second}},
		"a success between": {
			{0, 0},
			{0, 0},
			{0, 0},
			{0, 0},
			{ok, 0},
			{0, 0},
			{0, 0},
			{0, 0},
			{0, 0},
			{0, 2 * time.Second},
		},
		"it grows": {
			{0, 0},
			{0, 0},
			{0, 0},
			{0, 0},
			{0, 2 * time.Second},
			{0, 4 * time.Second},
			{0, 8 * time.Second},
			{0, 16 * time.Second},
			{0, 32 * time.Second},
			{0, 64 * time.Second},
			{0, 128 * time.Second},
			{0, 256 * time.Second},
			{0, 5 * time.Minute},
			{0, 5 * time.Minute},
			{ok, 0},
			{0, 0},
		},
		"it is asked for":         {{time.Minute, time.Minute}, {ok, 0}, {0, 0}},
		"at most an hour":         {{48 * time.Hour, time.Hour}},
		"asked for little":        {{time.Millisecond, 2 * time.Second}},
		"asked for less than due": {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 2 * time.Second}, {time.Second, 4 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			c := circuit{}
			for i, s := range steps {
				if s.asked < 0 {
					was := c.open
					if closes := c.answered(); closes != was || c.open {
						t.Fatalf("step %d: an answer closes %t, and it was open %t", i, closes, was)
					}
					continue
				}
				if got := c.failed(s.asked, whole); got != s.wait || c.open != (s.wait > 0) {
					t.Fatalf("step %d: waits %s (open %t), want %s", i, got, c.open, s.wait)
				}
			}
		})
	}
	if got := (&circuit{failures: 20, open: true}).failed(0, func(time.Duration) time.Duration { return 0 }); got != time.Second {
		t.Errorf("an open circuit waits %s, want a second at least", got)
	}
}

// What is on its way when the circuit opens is not counted, and makes its wait no
// longer than the receiver asks for.
func TestOneWaveOpensOneCircuit(t *testing.T) {
	j := &judge{random: whole, newID: func() [16]byte { return [16]byte{1} }, now: time.Now}
	for i := range 30 {
		j.delivered(store.OutboxRow{ID: int64(i + 1)}, Result{})
	}
	if len(j.found.failed) != circuitAfter || len(j.found.circuits) != 1 || j.found.circuits[0].Wait != 2*time.Second {
		t.Fatalf("30 failures: %d counted, circuits %+v", len(j.found.failed), j.found.circuits)
	}
	j.delivered(store.OutboxRow{ID: 31}, Result{After: 3 * time.Minute})
	if last := j.found.circuits[len(j.found.circuits)-1]; last.Wait != 3*time.Minute || last.Failures != circuitAfter {
		t.Errorf("the receiver asked for three minutes: %+v", last)
	}
	if len(j.found.failed) != circuitAfter {
		t.Errorf("%d counted", len(j.found.failed))
	}
}

// A probe that fails is not counted, and stands back for the next.
func TestAProbeIsNotCounted(t *testing.T) {
	j := &judge{circuit: circuit{failures: 7, open: true}, random: whole, now: time.Now}
	j.delivered(store.OutboxRow{ID: 1, Attempts: 30, FailedFor: 90 * time.Hour}, Result{})
	if len(j.found.dead) != 0 || len(j.found.failed) != 1 || j.found.failed[0].Counted || j.found.failed[0].Spent != 0 {
		t.Fatalf("a probe that failed is settled %+v", j.found)
	}
	if c := j.found.circuits[0]; !c.Open || c.Failures != 8 || j.found.failed[0].Wait <= c.Wait {
		t.Errorf("circuit %+v, and its row waits %s", c, j.found.failed[0].Wait)
	}
}

func TestLogLines(t *testing.T) {
	now := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	j := &judge{random: whole, newID: func() [16]byte { return [16]byte{1} }, now: func() time.Time { return now }}
	row := store.OutboxRow{
		ID: 7, Restaurant: restaurant(1), Endpoint: [16]byte{9}, EventType: "booking.late", DedupeKey: "c/0/e",
		Attempts: 24, FailedFor: 80 * time.Hour,
	}
	j.delivered(row, Result{Log: &store.Delivery{Outcome: "failed", Status: 503, Error: "status 503"}})
	l := j.found.log[0]
	if l.EventID != 7 || l.Restaurant != row.Restaurant || l.Endpoint != row.Endpoint || l.DedupeKey != "c/0/e" || l.Attempt != 25 ||
		l.Status != 503 || !l.At.Time().Equal(now) {
		t.Errorf("the line of the log is %+v", l)
	}
	if l.Outcome != "dead" || j.found.dead[0].Cause != store.CauseExhausted {
		t.Errorf("the last attempt is logged as %q, cause %q", l.Outcome, j.found.dead[0].Cause)
	}
}

// Rows of one wave are on their way together. Who takes one of them is there,
// whatever became of the others; but not when it asked to be left alone.
func TestASuccessInTheSameWave(t *testing.T) {
	j := &judge{random: whole, now: time.Now}
	for i := range 5 {
		j.delivered(store.OutboxRow{ID: int64(i + 1)}, Result{})
	}
	j.delivered(store.OutboxRow{ID: 6}, Result{Outcome: Delivered})
	if j.opened || j.circuit.open || len(j.found.circuits) != 0 {
		t.Errorf("five failures and a success: open %t, circuits %+v", j.circuit.open, j.found.circuits)
	}
	j.delivered(store.OutboxRow{ID: 7}, Result{After: time.Hour})
	j.delivered(store.OutboxRow{ID: 8}, Result{Outcome: Delivered})
	if !j.opened || !j.circuit.open || len(j.found.circuits) != 1 || j.found.circuits[0].Wait != time.Hour {
		t.Errorf("asked for an hour beside a success: open %t, circuits %+v", j.circuit.open, j.found.circuits)
	}
}

// A wave has one row of an aggregate, the first that is left of it.
func TestCut(t *testing.T) {
	var rows []*store.OutboxRow
	for i, a := range []string{"a", "a", "b", "c", "a", "b", "d"} {
		rows = append(rows, &store.OutboxRow{ID: int64(i + 1), Aggregate: a})
	}
	stopped := map[string]bool{"c": true}
	if n := ready(rows, stopped); n != 3 {
		t.Errorf("%d aggregates are ready, want 3", n)
	}
	for i, want := range [][]int64{{1, 3}, {2, 6}, {5, 7}} {
		var wave []*store.OutboxRow
		wave, rows = cut(rows, stopped, 2)
		var got []int64
		for _, r := range wave {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("wave %d is %v, want %v", i+1, got, want)
		}
	}
	if len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
}
