package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// sent is what a receiver got.
type sent struct {
	header http.Header
	body   []byte
	event  struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Version string `json:"version"`
	}
}

// receiver is somebody's server: it refuses the first of all, and takes the rest.
func receiver(t *testing.T) (url string, got chan sent) {
	t.Helper()
	got = make(chan sent, 100)
	answers := make(chan int, 1)
	answers <- http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := sent{header: r.Header}
		m.body, _ = io.ReadAll(r.Body)
		if err := json.Unmarshal(m.body, &m.event); err != nil {
			t.Errorf("sent %q: %v", m.body, err)
		}
		got <- m
		select {
		case status := <-answers:
			w.WriteHeader(status)
		default:
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hooks?in=the-url", got
}

// next waits for what is sent.
func next(t *testing.T, got chan sent) sent {
	t.Helper()
	select {
	case m := <-got:
		return m
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is sent")
		return sent{}
	}
}

// TestWebhooksAreDelivered goes the whole way, in either store: a webhook is made at
// a running server, changes are sent there in order, what failed comes again, and
// everything verifies by the secret that was told once.
func TestWebhooksAreDelivered(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "a.db") },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return pgtest.Database(t).URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, key := database(t), strings.Repeat("a key ", 8)
			r := serveWith(t, []string{"MAITRED_SEAL_KEY=" + key}, "--db", db, "--webhook-allow", "127.0.0.0/8")
			out := newOutput()
			if code := run(t.Context(), []string{"operator", "create", "--name", "ops", "--json", "--db", db}, nil, strings.NewReader(""), out, out); code != exitOK {
				t.Fatalf("operator create exits %d: %s", code, out)
			}
			var operator control.MadeOperator
			if err := json.Unmarshal([]byte(out.String()), &operator); err != nil {
				t.Fatal(err)
			}
			_, made := r.ask(http.MethodPost, "/v1/restaurants", operator.Secret, map[string]any{
				"slug": "chez", "name": "Chez", "zone": "Europe/Paris", "owner": map[string]any{"email": "alma@example.com"},
			})
			token, root := made["token"].(string), "/v1/restaurants/"+made["restaurant"].(map[string]any)["id"].(string)
			want := func(status, wanted int, body map[string]any) map[string]any {
				t.Helper()
				if status != wanted {
					t.Fatalf("status %d %v, want %d", status, body, wanted)
				}
				return body
			}
			ask := func(method, path string, wanted int, body any) map[string]any {
				t.Helper()
				status, got := r.ask(method, root+path, token, body)
				return want(status, wanted, got)
			}

			url, got := receiver(t)
			hook := ask(http.MethodPost, "/webhooks", http.StatusCreated, map[string]any{"url": url, "events": []string{"policy.*"}})
			id, secret := hook["webhook"].(map[string]any)["id"].(string), hook["secret"].(string)
			verifier, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			var versions, sent []string
			for i := range 5 {
				versions = append(versions, ask(http.MethodPatch, "", http.StatusOK, map[string]any{"name": fmt.Sprintf("Chez %d", i)})["version"].(string))
			}
			first := next(t, got)
			for m := range versions {
				again := next(t, got)
				if m == 0 && (again.event.ID != first.event.ID || again.header.Get("Webhook-Id") != first.header.Get("Webhook-Id")) {
					t.Errorf("after a refusal of %s comes %s, want the same again", first.event.ID, again.event.ID)
				}
				if err := verifier.Verify(again.body, again.header); err != nil {
					t.Errorf("what was sent does not verify: %v", err)
				}
				sent = append(sent, again.event.Version)
			}
			if !slices.Equal(versions, sent) {
				t.Errorf("sent %v, want the versions in order: %v", sent, versions)
			}

			tried := ask(http.MethodPost, "/webhooks/"+id+"/test", http.StatusAccepted, struct{}{})
			if m := next(t, got); m.event.Type != "webhook.test" || m.event.ID != tried["event"].(string)+"/"+id {
				t.Errorf("sent %s, want the test %v", m.body, tried)
			}
			ask(http.MethodPatch, "/webhooks/"+id, http.StatusOK, map[string]any{"active": false})
			ask(http.MethodPatch, "", http.StatusOK, map[string]any{"name": "Chez soi"})
			if code, _ := r.stop(); code != exitOK {
				t.Errorf("the server ends with %d", code)
			}
			if len(got) != 0 {
				t.Errorf("%d more were sent", len(got))
			}
			for _, word := range []string{secret, key, "in=the-url"} {
				if strings.Contains(r.log.String()+r.out.String(), word) {
					t.Errorf("the log has %q", word)
				}
			}

			r = serve(t, "--db", db)
			status, refused := r.ask(http.MethodPost, root+"/webhooks", token, map[string]any{"url": "https://example.com/"})
			if want(status, http.StatusNotImplemented, refused); refused["code"] != "NOT_CONFIGURED" {
				t.Errorf("without a key: %v", refused)
			}
		})
	}
}
