package webhook_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/maitred/maitred/internal/webhook"
)

// Receiver keeps what it is told of each booking. A real one keeps it in a database:
// the key, the version and the effect in one transaction.
type Receiver struct {
	Secret *standardwebhooks.Webhook // NewWebhook("whsec_…")

	mu    sync.Mutex
	seen  map[string]bool    // by webhook-id
	known map[string]Booking // by subject
}

// Booking is what is known of one.
type Booking struct {
	Epoch  string
	Number int64
	Status string
}

type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Subject string `json:"subject"`
	Version string `json:"version"`
	Data    struct {
		Status string `json:"status"`
	} `json:"data"`
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, 1<<20))
	if err != nil {
		http.Error(w, "cannot be read", http.StatusBadRequest)
		return
	}
	if err := r.Secret.Verify(body, q.Header); err != nil {
		http.Error(w, "not signed by maitred", http.StatusUnauthorized)
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "not an event", http.StatusBadRequest)
		return
	}
	r.take(e) // 500 when it cannot be kept: it comes again
	w.WriteHeader(http.StatusNoContent)
}

func (r *Receiver) take(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[e.ID] {
		return // it came before
	}
	r.seen[e.ID] = true
	dot := strings.LastIndexByte(e.Version, '.')
	number, err := strconv.ParseInt(e.Version[dot+1:], 10, 64)
	if err != nil || !strings.HasPrefix(e.Type, "booking.") {
		return // nothing that this receiver keeps
	}
	old := r.known[e.Subject]
	if epoch := e.Version[:max(dot, 0)]; epoch != old.Epoch || number >= old.Number {
		r.known[e.Subject] = Booking{Epoch: epoch, Number: number, Status: cmp.Or(e.Data.Status, old.Status)}
	}
}

// The page shows the receiver that is tested here.
func TestThePageShowsThisReceiver(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.ReadFile("receiver_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := bytes.Cut(page, []byte("```go\n"))
	shown, _, found := bytes.Cut(shown, []byte("```\n"))
	if !found || !bytes.Contains(here, shown) {
		t.Error("docs/webhooks.md shows another receiver than this file has")
	}
}

func TestAReceiver(t *testing.T) {
	t.Parallel()
	_, secret := webhook.NewSecret()
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{Secret: signer, seen: map[string]bool{}, known: map[string]Booking{}}
	now := time.Now()
	send := func(id, version, status string, signed time.Time) int {
		t.Helper()
		body := fmt.Sprintf(`{"id":%q,"type":"booking.changed","subject":"booking:x","version":%q,"data":{"status":%q}}`, id, version, status)
		signature, err := signer.Sign(id, signed, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		q := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		q.Header.Set(standardwebhooks.HeaderWebhookID, id)
		q.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(signed.Unix(), 10))
		q.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		return w.Code
	}
	for _, x := range []struct {
		id, version, status string
		signed              time.Time
		want                int
		known               Booking
	}{
		{"a", "one.9", "pending", now, 204, Booking{"one", 9, "pending"}},
		{"b", "one.10", "confirmed", now, 204, Booking{"one", 10, "confirmed"}},
		{"a", "one.9", "pending", now, 204, Booking{"one", 10, "confirmed"}},   // again
		{"c", "one.8", "cancelled", now, 204, Booking{"one", 10, "confirmed"}}, // late
		{"d", "one.10", "checked_in", now, 204, Booking{"one", 10, "checked_in"}},
		{"e", "two.3", "pending", now, 204, Booking{"two", 3, "pending"}},
		{"f", "two.4", "completed", now.Add(-time.Hour), 401, Booking{"two", 3, "pending"}}, // somebody plays an old one
	} {
		if got := send(x.id, x.version, x.status, x.signed); got != x.want || r.known["booking:x"] != x.known {
			t.Errorf("%s %s %s: %d, known %+v, want %d, %+v", x.id, x.version, x.status, got, r.known["booking:x"], x.want, x.known)
		}
	}
	unsigned := httptest.NewRecorder()
	r.ServeHTTP(unsigned, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
	if unsigned.Code != http.StatusUnauthorized {
		t.Errorf("unsigned: %d, want 401", unsigned.Code)
	}
}
