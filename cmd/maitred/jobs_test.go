package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/demo"
)

// A server records by itself that a hold has lapsed: the default lifetime of one
// second passes, and nobody asks for anything.
func TestServeRecordsLapsedHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serve(t, "--demo", "--db", "sqlite:"+filepath.Join(dir, "demo.db"), "--jobs-interval", "100ms", "--hold-ttl-min", "1", "--hold-ttl-default", "1")
	place := readDemo(t, filepath.Join(dir, demo.FileName)).Restaurants[0]
	root := "/v1/restaurants/" + place.ID.String()
	hold := r.holdSomething(root, place)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		_, metrics := r.get("/metrics", "")
		if strings.Contains(metrics, `maitred_jobs_done_total{kind="hold_expiry"} 1`) {
			break
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("nobody recorded the lapse:\n%s", r.log)
		}
	}
	if status, body := r.get(root+"/holds/"+hold.ID, place.Tokens.Host); !strings.Contains(body, `"status":"expired"`) || !strings.Contains(body, `"endedBy":{"principal":"system"`) {
		t.Errorf("the hold is %d %s, want expired, by the system", status, body)
	}
	if _, history := r.get(root+"/bookings/"+hold.Booking+"/history", place.Tokens.Host); !strings.Contains(history, "expire_holds") {
		t.Errorf("the history does not say that it lapsed: %s", history)
	}
	if code, took := r.stop(); code != 0 || took > 5*time.Second {
		t.Errorf("stopped with %d after %s, want 0 within 5 s:\n%s", code, took, r.log)
	}
}

type madeHold struct {
	ID      string `json:"id"`
	Booking string `json:"bookingId"`
}

// holdSomething holds the best tables of a booking of the demo that has none yet.
func (r *running) holdSomething(root string, place demo.FileRestaurant) madeHold {
	r.t.Helper()
	for _, b := range slices.Backward(place.Bookings) {
		booking := root + "/bookings/" + b.ID.String()
		var c struct {
			Suggestions []struct {
				Tables []string `json:"tableIds"`
			} `json:"suggestions"`
		}
		if status, body := r.get(booking+"/assignment-context", place.Tokens.Host); status != http.StatusOK || json.Unmarshal([]byte(body), &c) != nil {
			r.t.Fatalf("the context of %s: %d %s", booking, status, body)
		}
		if len(c.Suggestions) == 0 {
			continue
		}
		tables, err := json.Marshal(map[string]any{"tableIds": c.Suggestions[0].Tables})
		if err != nil {
			r.t.Fatal(err)
		}
		var answer struct {
			Hold madeHold `json:"hold"`
		}
		if status, body := r.post(booking+"/holds", place.Tokens.Host, string(tables)); status != http.StatusCreated || json.Unmarshal([]byte(body), &answer) != nil {
			r.t.Fatalf("the hold: %d %s", status, body)
		}
		return answer.Hold
	}
	r.t.Fatal("no booking of the demo has a free table")
	return madeHold{}
}

func (r *running) post(path, token, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "one")
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}
