package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestRace_OneTableManyCallers: 200 parties want one table at one time over
// HTTP, half by holds and half by assignments. One gets it; every other answer
// is a 409 that names who has it, and never a 5xx.
func TestRace_OneTableManyCallers(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir, "--demo", "--db", "sqlite:"+filepath.Join(dir, "maitred.db"))
	place := readDemo(t, filepath.Join(dir, "maitred-demo.json")).Restaurants[0]
	root, token := "/v1/restaurants/"+place.ID, place.Tokens["manager"]
	day := ""
	for _, b := range place.Bookings {
		day = max(day, b.Date)
	}
	table := ""
	for _, x := range place.Tables {
		if x.MaxCovers == 4 {
			table = x.ID
		}
	}

	const parties = 200
	bookings := make([]string, parties)
	each(parties, func(i int) {
		c := &call{method: "POST", path: root + "/bookings", token: token, key: fmt.Sprint("book-", i), body: map[string]any{
			"covers": 4, "date": next(t, day), "time": "15:00", "guest": map[string]any{"name": fmt.Sprint("Party ", i)},
		}}
		c.send(s.url)
		if !c.granted() {
			t.Errorf("booking %d = %d %v %v", i, c.status, c.answer, c.err)
			return
		}
		bookings[i] = c.answer["booking"].(map[string]any)["id"].(string)
	})
	if t.Failed() {
		return
	}
	calls := make([]*call, parties)
	each(parties, func(i int) {
		c := &call{method: "POST", path: root + "/bookings/" + bookings[i] + "/holds", token: token, key: fmt.Sprint("race-", i)}
		if i%2 == 0 {
			c.method, c.path = "PUT", root+"/bookings/"+bookings[i]+"/assignment"
		}
		c.body = map[string]any{"tableIds": []string{table}}
		c.send(s.url)
		calls[i] = c
	})
	won := slices.DeleteFunc(slices.Clone(calls), func(c *call) bool { return !c.granted() })
	if len(won) != 1 {
		t.Errorf("%d were granted, want 1", len(won))
	}
	for i, c := range calls {
		if c.granted() {
			continue
		}
		if c.err != nil || c.status != 409 {
			t.Errorf("caller %d = %d %v %v, want 409", i, c.status, c.answer, c.err)
			continue
		}
		blockers, _ := c.answer["blockers"].([]any)
		if len(blockers) == 0 || blockers[0].(map[string]any)["reference"] == "" {
			t.Errorf("caller %d = %v, want it to name who has the table", i, c.answer)
		}
	}
	if out, code := maitred(t, dir, "verify", "--db", "sqlite:"+filepath.Join(dir, "maitred.db")); code != 0 {
		t.Errorf("verify = %d:\n%s", code, out)
	}
}

// next is the day after, as the calendar has it.
func next(t *testing.T, day string) string {
	t.Helper()
	var y, m, d int
	if _, err := fmt.Sscanf(day, "%d-%d-%d", &y, &m, &d); err != nil {
		t.Fatalf("date %q: %v", day, err)
	}
	return civil(y, m, d+1)
}

// each runs f for 0 to n-1 at the same time.
func each(n int, f func(i int)) {
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	all.Wait()
}
