package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// book is a store with endpoints.
type book struct {
	mu    sync.Mutex
	rows  map[seating.EndpointID]store.Webhook
	err   error
	reads int
}

func (b *book) Endpoint(_ context.Context, id seating.EndpointID) (store.Webhook, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
	if b.err != nil {
		return store.Webhook{}, b.err
	}
	w, ok := b.rows[id]
	if !ok {
		return w, fmt.Errorf("webhook %s: %w", id, store.ErrNotFound)
	}
	return w, nil
}

func (b *book) change(id seating.EndpointID, f func(*store.Webhook)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.rows[id]
	f(&w)
	b.rows[id] = w
}

func (b *book) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reads
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var (
	restaurant = seating.RestaurantID{0xa}
	endpointID = seating.EndpointID{0xe}
	booking    = seating.BookingID{0xb}
	noon       = time.Date(2026, 11, 27, 12, 0, 0, 250_000_000, time.UTC)
)

// stage is a sink, a receiver for it and what it remembers.
type stage struct {
	*Sink
	t      *testing.T
	book   *book
	clock  *clock
	log    *bytes.Buffer
	key    []byte
	sealer *Sealer
	url    string
}

// newStage makes a receiver of TLS that answers as it is told, and an endpoint that
// leads to it.
func newStage(t *testing.T, receiver http.HandlerFunc) *stage {
	t.Helper()
	server := httptest.NewTLSServer(receiver)
	t.Cleanup(server.Close)
	return stageTo(t, server)
}

func stageTo(t *testing.T, server *httptest.Server) *stage {
	t.Helper()
	s := &stage{
		t: t, book: &book{rows: map[seating.EndpointID]store.Webhook{}}, clock: &clock{at: noon}, log: &bytes.Buffer{},
		sealer: NewSealer([]byte(strings.Repeat("k", 32)), nil), url: server.URL + "/hooks?token=in-the-url",
	}
	s.key, _ = NewSecret()
	s.book.rows[endpointID] = store.Webhook{ID: endpointID, Restaurant: restaurant, URL: s.url, Active: true, Secret: s.sealer.Seal(endpointID, s.key)}
	s.Sink = New(Config{
		Endpoints: s.book, Sealer: s.sealer, Allow: Allow{netip.MustParsePrefix("127.0.0.0/8")},
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: s.clock.now, Version: "1.2.3",
	})
	if cert := server.Certificate(); cert != nil {
		pool := x509.NewCertPool()
		pool.AddCert(cert)
		s.transports.secure.TLSClientConfig.RootCAs = pool
	}
	t.Cleanup(s.Close)
	return s
}

// item is an event of a booking for the endpoint.
func item(n int) outbox.Item {
	event := seating.EventPayload{
		SchemaVersion: 1, Restaurant: restaurant, Version: seating.Version{Epoch: "eone", N: 42}, At: servicetime.InstantOf(noon),
		Actor: seating.System(), Booking: booking, Status: seating.Confirmed,
	}
	payload, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return outbox.Item{Event: event, Row: store.OutboxRow{
		ID: int64(n), Sink: store.SinkWebhook, Flow: seating.FlowID(endpointID), Restaurant: restaurant, Booking: booking, Endpoint: endpointID,
		AggregateSeq: int64(100 + n), EventType: seating.EventBookingConfirmed, DedupeKey: fmt.Sprintf("change-%d/0/%s", n, endpointID), Payload: payload,
	}}
}

func (s *stage) one() outbox.Result {
	s.t.Helper()
	results := s.Deliver(s.t.Context(), []outbox.Item{item(1)})
	if len(results) != 1 {
		s.t.Fatalf("Deliver of one = %d results", len(results))
	}
	return results[0]
}

// is checks what became of an item, and the line of the log with it.
func is(t *testing.T, r outbox.Result, outcome outbox.Outcome, status int, text string) {
	t.Helper()
	if r.Outcome != outcome || (r.Err == nil) != (text == "") || r.Err != nil && r.Err.Error() != text {
		t.Errorf("result = %+v, want outcome %d, error %q", r, outcome, text)
	}
	if r.Log == nil || r.Log.Status != status || r.Log.Error != text || r.Log.Outcome != outcomes[outcome] {
		t.Errorf("log = %+v, want %s, status %d, error %q", r.Log, outcomes[outcome], status, text)
	}
}

// received is a request as the receiver got it.
type received struct {
	method string
	target string
	header http.Header
	body   []byte
}

func read(t *testing.T, r *http.Request) received {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return received{r.Method, r.URL.String(), r.Header.Clone(), body}
}

// signature is written here once more, from the specification and not from the
// library that signs.
func signature(key []byte, id, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + timestamp + "." + string(body)))
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func TestADelivery(t *testing.T) {
	t.Parallel()
	got := make(chan received, 1)
	s := newStage(t, func(w http.ResponseWriter, r *http.Request) { got <- read(t, r); w.WriteHeader(http.StatusAccepted) })
	result := s.one()
	is(t, result, outbox.Delivered, 202, "")
	r := <-got
	if r.method != http.MethodPost || r.target != "/hooks?token=in-the-url" {
		t.Errorf("request = %s %s", r.method, r.target)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/cloudevents+json", "User-Agent": "maitred/1.2.3", "Webhook-Id": item(1).Row.DedupeKey,
		"Webhook-Timestamp": "1795780800", "Authorization": "", "Accept-Encoding": "", "Cookie": "",
	} {
		if v := r.header.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if want := signature(s.key, r.header.Get("Webhook-Id"), r.header.Get("Webhook-Timestamp"), r.body); r.header.Get("Webhook-Signature") != want {
		t.Errorf("Webhook-Signature = %s, want %s", r.header.Get("Webhook-Signature"), want)
	}
	want := `{"specversion":"1.0","id":"change-1/0/` + endpointID.String() + `","source":"/restaurants/` + restaurant.String() +
		`","type":"booking.confirmed","subject":"booking:` + booking.String() +
		`","time":"2026-11-27T12:00:00.25Z","datacontenttype":"application/json","version":"eone.42","sequence":"0000000000000000101","data":` + string(item(1).Row.Payload) + `}`
	if string(r.body) != want {
		t.Errorf("body = %s\nwant   %s", r.body, want)
	}
	row := item(1).Row
	l := result.Log
	if l.Restaurant != restaurant || l.Endpoint != endpointID || l.EventID != row.ID || l.EventType != row.EventType || l.DedupeKey != row.DedupeKey ||
		l.At != servicetime.InstantOf(noon) {
		t.Errorf("log = %+v", l)
	}
}

func TestAnEventOfTheRestaurant(t *testing.T) {
	t.Parallel()
	x := item(1)
	x.Row.Booking = seating.BookingID{}
	body, err := eventBody(x)
	if err != nil || !strings.Contains(string(body), `"subject":"restaurant"`) {
		t.Errorf("eventBody = %s, %v, want the restaurant as its subject", body, err)
	}
}

// The example of the specification of Standard Webhooks.
func TestTheSpecificationsSignature(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if err := sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), [][]byte{key}); err != nil {
		t.Fatal(err)
	}
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("webhook-signature = %s", got)
	}
}

func TestNewSecrets(t *testing.T) {
	t.Parallel()
	key, text := NewSecret()
	other, _ := NewSecret()
	body, ok := strings.CutPrefix(text, "whsec_")
	plain, err := base64.StdEncoding.DecodeString(body)
	if !ok || err != nil || !bytes.Equal(plain, key) || len(key) != 32 || bytes.Equal(key, other) {
		t.Errorf("NewSecret = %x, %s", key, text)
	}
}

// During a rotation either secret verifies, and after it only the new one.
func TestARotation(t *testing.T) {
	t.Parallel()
	got := make(chan received, 1)
	s := newStage(t, func(_ http.ResponseWriter, r *http.Request) { got <- read(t, r) })
	signatures := func() []string {
		t.Helper()
		is(t, s.one(), outbox.Delivered, 200, "")
		return strings.Split((<-got).header.Get("Webhook-Signature"), " ")
	}
	if n := len(signatures()); n != 1 {
		t.Errorf("%d signatures before, want 1", n)
	}
	old := s.key
	s.key, _ = NewSecret()
	s.book.change(endpointID, func(w *store.Webhook) {
		w.PreviousSecret, w.PreviousUntil = w.Secret, servicetime.InstantOf(noon.Add(time.Hour))
		w.Secret = s.sealer.Seal(endpointID, s.key)
	})
	s.clock.advance(time.Second)
	is(t, s.one(), outbox.Delivered, 200, "")
	r := <-got
	id, at := r.header.Get("Webhook-Id"), r.header.Get("Webhook-Timestamp")
	if want := signature(s.key, id, at, r.body) + " " + signature(old, id, at, r.body); r.header.Get("Webhook-Signature") != want {
		t.Errorf("Webhook-Signature = %q, want the new one and the old one: %q", r.header.Get("Webhook-Signature"), want)
	}
	s.clock.advance(time.Hour - time.Second) // to the microsecond
	if all := signatures(); len(all) != 1 {
		t.Errorf("signatures after the rotation = %v, want the new secret's alone", all)
	}
}

func TestWhatAnswersMean(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]outbox.Outcome{
		200: outbox.Delivered, 201: outbox.Delivered, 204: outbox.Delivered, 299: outbox.Delivered,
		300: outbox.Retry, 301: outbox.Retry, 302: outbox.Retry, 304: outbox.Retry, 307: outbox.Retry, 308: outbox.Retry,
		400: outbox.Dead, 401: outbox.Dead, 403: outbox.Dead, 404: outbox.Dead, 405: outbox.Dead, 413: outbox.Dead, 422: outbox.Dead, 499: outbox.Dead,
		408: outbox.Retry, 425: outbox.Retry, 429: outbox.Retry, 410: outbox.Dead,
		500: outbox.Retry, 501: outbox.Retry, 502: outbox.Retry, 503: outbox.Retry, 504: outbox.Retry, 599: outbox.Retry, 600: outbox.Retry, 999: outbox.Retry,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(status)
			})
			result, text := s.one(), fmt.Sprintf("status %d", status)
			if want == outbox.Delivered {
				text = ""
			}
			is(t, result, want, status, text)
			cause, after := "", time.Duration(0)
			switch {
			case status == 410:
				cause = store.CauseGone
			case want == outbox.Dead:
				cause = store.CauseRefused
			case want == outbox.Retry:
				after = 90 * time.Second
			}
			if result.Cause != cause || result.After != after {
				t.Errorf("cause %q, after %v, want %q, %v", result.Cause, result.After, cause, after)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "3600": time.Hour, "3601": time.Hour, "2147483647": time.Hour, "99999999999999999999": 0, "-1": 0, "1.5": 0, "soon": 0,
		"Fri, 27 Nov 2026 12:02:00 GMT": 2*time.Minute - 250*time.Millisecond, "Fri, 27 Nov 2026 11:00:00 GMT": 0, "Sat, 28 Nov 2026 12:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, noon); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	s := newStage(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	is(t, s.one(), outbox.Retry, 307, "status 307")
}

// Of an answer only the status counts: neither its length nor its end is waited for
// beyond the bound.
func TestAnswersWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]http.HandlerFunc{
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			chunk := bytes.Repeat([]byte("a"), 64<<10)
			for range 1 << 14 { // 1 GiB
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
			t.Error("a huge answer was read to its end")
		},
		"never ending": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, body)
			if name == "never ending" {
				s.timeout = 300 * time.Millisecond
			}
			is(t, s.one(), outbox.Delivered, 200, "")
		})
	}
}

func TestReceiversThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // a return would answer 200 while the sender closes
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, silent)
		s.timeout = 100 * time.Millisecond
		is(t, s.one(), outbox.Retry, 0, "timeout")
	})
	t.Run("the worker's time is up", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, silent)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		is(t, s.Deliver(ctx, []outbox.Item{item(1)})[0], outbox.Retry, 0, "timeout")
	})
	t.Run("the worker stops", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		s := newStage(t, func(w http.ResponseWriter, r *http.Request) { cancel(); silent(w, r) })
		is(t, s.Deliver(ctx, []outbox.Item{item(1)})[0], outbox.Retry, 0, "stopped")
	})
	t.Run("hangs up", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, hangUp)
		is(t, s.one(), outbox.Retry, 0, "connection broken")
	})
	t.Run("not there", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		s := stageTo(t, server)
		is(t, s.one(), outbox.Retry, 0, "connection refused")
	})
	t.Run("not trusted", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, silent)
		s.transports.secure.TLSClientConfig.RootCAs = x509.NewCertPool()
		is(t, s.one(), outbox.Retry, 0, "certificate not trusted")
	})
	t.Run("without TLS", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		s := stageTo(t, server)
		s.book.change(endpointID, func(w *store.Webhook) { w.URL = strings.Replace(w.URL, "http:", "https:", 1) })
		is(t, s.one(), outbox.Retry, 0, "no TLS")
	})
}

func TestPlainHTTPWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	s := stageTo(t, server)
	is(t, s.one(), outbox.Delivered, 200, "")
	closed := New(Config{Endpoints: s.book, Sealer: s.sealer, Now: s.clock.now})
	is(t, closed.Deliver(t.Context(), []outbox.Item{item(1)})[0], outbox.Retry, 0, "url not allowed")
}

// A second after its endpoint is gone, paused or another restaurant's, nothing is
// sent any more.
func TestEndpointsThatAreGone(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change func(*stage)
		text   string
		logged bool
	}{
		"deleted":   {func(s *stage) { delete(s.book.rows, endpointID) }, "endpoint deleted", false},
		"inactive":  {func(s *stage) { s.book.change(endpointID, func(w *store.Webhook) { w.Active = false }) }, "endpoint inactive", true},
		"another's": {func(s *stage) { s.book.change(endpointID, func(w *store.Webhook) { w.Restaurant[0]++ }) }, "endpoint deleted", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			s := newStage(t, func(http.ResponseWriter, *http.Request) { n++ })
			is(t, s.one(), outbox.Delivered, 200, "")
			x.change(s)
			s.clock.advance(time.Second)
			result := s.one()
			if result.Outcome != outbox.Dead || result.Cause != store.CauseGone || result.Err.Error() != x.text || (result.Log != nil) != x.logged || n != 1 {
				t.Errorf("result = %+v after %d requests, want dead, gone, %q", result, n, x.text)
			}
		})
	}
}

// An endpoint is read once a second, whatever is sent; that the store did not answer
// is not remembered.
func TestEndpointsAreReadOnceASecond(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	s.book.fail(store.ErrUnavailable)
	for i := range 2 {
		if r := s.one(); r.Outcome != outbox.Retry || r.Err.Error() != "endpoint could not be read" || s.book.count() != i+1 {
			t.Errorf("result = %+v after %d reads", r, s.book.count())
		}
	}
	s.book.fail(nil)
	var batch []outbox.Item
	for i := range 50 {
		batch = append(batch, item(i))
	}
	for step := range 2 {
		s.clock.advance(time.Duration(step) * (time.Second - 1))
		for i, r := range s.Deliver(t.Context(), batch) {
			is(t, r, outbox.Delivered, 200, "")
			if r.Log.EventID != int64(i) {
				t.Errorf("result %d is that of item %d", i, r.Log.EventID)
			}
		}
	}
	if n := s.book.count(); n != 3 {
		t.Errorf("%d reads within a second, want 1 after the two that failed", n)
	}
	s.clock.advance(1)
	s.one()
	if n := s.book.count(); n != 4 {
		t.Errorf("%d reads, want another after a second", n)
	}
}

func TestEndpointsInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	busy := s.endpoints.use(endpointID)
	for i := range 3 * maxEndpoints {
		s.endpoints.done(s.endpoints.use(seating.EndpointID{1, byte(i >> 8), byte(i)}))
	}
	if n := len(s.endpoints.known); n > maxEndpoints || s.endpoints.known[endpointID] != busy {
		t.Errorf("%d endpoints in memory, want at most %d and the one in use among them", n, maxEndpoints)
	}
}

// Eight requests at a time go to one endpoint, from however many batches.
func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, most := 0, 0
	arrived, release := make(chan struct{}, 64), make(chan struct{})
	s := newStage(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		arrived <- struct{}{}
		<-release
		mu.Lock()
		now--
		mu.Unlock()
	})
	var wg sync.WaitGroup
	for b := range 3 {
		wg.Go(func() {
			for _, r := range s.Deliver(t.Context(), []outbox.Item{item(b), item(b + 10), item(b + 20), item(b + 30), item(b + 40), item(b + 50)}) {
				is(t, r, outbox.Delivered, 200, "")
			}
		})
	}
	for range maxAtOnce {
		<-arrived
	}
	select {
	case <-arrived:
		t.Errorf("a request more than %d was sent", maxAtOnce)
	case <-time.After(100 * time.Millisecond): // as long as it takes to send a hundred
	}
	close(release)
	wg.Wait()
	if most != maxAtOnce {
		t.Errorf("%d requests at once, want %d", most, maxAtOnce)
	}
}

// Connections are used again.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	from := map[string]bool{}
	s := newStage(t, func(w http.ResponseWriter, r *http.Request) {
		from[r.RemoteAddr] = true
		_, _ = w.Write(bytes.Repeat([]byte("a"), maxAnswer-1))
	})
	for range 5 {
		is(t, s.one(), outbox.Delivered, 200, "")
	}
	if len(from) != 1 {
		t.Errorf("five deliveries took %d connections, want 1", len(from))
	}
}

// An endpoint whose secret cannot be opened waits for the key, and that is said
// once.
func TestWithoutTheKey(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) { t.Error("something was sent unsigned") })
	for what, sealer := range map[string]*Sealer{"none": nil, "another": NewSealer([]byte(strings.Repeat("x", 32)), nil)} {
		s.log.Reset()
		s.Sink.sealer = sealer
		s.unopened.Clear()
		for range 3 {
			is(t, s.one(), outbox.Retry, 0, "secret cannot be opened")
		}
		if n := strings.Count(s.log.String(), "endpoint="+endpointID.String()); n != 1 {
			t.Errorf("%s: said %d times, want once:\n%s", what, n, s.log)
		}
	}
}

// panics stands for a bug behind the sink.
type panics struct{}

func (panics) Endpoint(context.Context, seating.EndpointID) (store.Webhook, error) { panic("a bug") }

// A panic fails its item, and not the process: it is in a goroutine where no caller
// can stop it.
func TestAPanicFailsItsItem(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	s.endpoints.of = panics{}
	for range maxAtOnce + 1 { // its turn is given back
		if r := s.one(); r.Outcome != outbox.Retry || r.Err == nil || !strings.Contains(s.log.String(), "a bug") {
			t.Errorf("result = %+v, log %s", r, s.log)
		}
	}
}

// A previous secret that does not open keeps nobody waiting.
func TestAPreviousSecretThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	s.book.change(endpointID, func(w *store.Webhook) {
		w.PreviousSecret, w.PreviousUntil = []byte("sealed by a key that is gone"), servicetime.InstantOf(noon.Add(time.Hour))
	})
	is(t, s.one(), outbox.Delivered, 200, "")
}

// What is logged and told of deliveries has no secret, no URL and nothing of the
// receiver.
func TestNothingSecretIsTold(t *testing.T) {
	t.Parallel()
	answers := []int{200, 400, 500, 0}
	var results []outbox.Result
	var s *stage
	for _, status := range answers {
		s = newStage(t, func(w http.ResponseWriter, _ *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte("from the receiver"))
		})
		results = append(results, s.one())
		s.Sink.sealer = nil
		results = append(results, s.one())
		lines := []string{s.log.String()}
		for _, r := range results {
			lines = append(lines, fmt.Sprintf("%v %v %+v", r.Err, r.Cause, *r.Log))
		}
		told := strings.Join(lines, "\n")
		for _, secret := range []string{"in-the-url", "127.0.0.1", "from the receiver", base64.StdEncoding.EncodeToString(s.key), string(s.key), fmt.Sprintf("%v", s.key)} {
			if strings.Contains(told, secret) {
				t.Errorf("%q is told:\n%s", secret, told)
			}
		}
	}
}
