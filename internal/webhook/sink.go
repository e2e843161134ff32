package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Config of a Sink.
type Config struct {
	Endpoints Endpoints
	Sealer    *Sealer // nil: no secret can be opened, and nothing is delivered
	Allow     Allow   // besides public addresses
	Logger    *slog.Logger
	Now       func() time.Time
	Version   string // of maitred, for the User-Agent

	resolver *net.Resolver // nil: the machine's
}

// Sink sends events to the endpoints of restaurants. It is safe for concurrent use.
type Sink struct {
	endpoints  *endpoints
	sealer     *Sealer
	allow      Allow
	transports transports
	logger     *slog.Logger
	now        func() time.Time
	agent      string
	timeout    time.Duration // of one delivery

	unopened sync.Map // endpoints whose secret could not be opened, and that was said
}

var _ outbox.Sink = (*Sink)(nil)

// New makes the sink.
func New(c Config) *Sink {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Sink{
		endpoints: newEndpoints(c.Endpoints, c.Now), sealer: c.Sealer, allow: c.Allow, transports: newTransports(c.Allow, c.resolver),
		logger: c.Logger, now: c.Now, agent: "maitred/" + c.Version, timeout: sendTimeout,
	}
}

// Name implements outbox.Sink.
func (*Sink) Name() string { return store.SinkWebhook }

// Close ends connections that wait for another delivery.
func (s *Sink) Close() { s.transports.close() }

// Deliver implements outbox.Sink.
func (s *Sink) Deliver(ctx context.Context, batch []outbox.Item) []outbox.Result {
	results := make([]outbox.Result, len(batch))
	var wg sync.WaitGroup
	for i := range batch {
		p := s.endpoints.use(batch[i].Row.Endpoint)
		wg.Go(func() {
			defer s.endpoints.done(p)
			defer func() {
				if v := recover(); v != nil { // here: nobody else can, in this goroutine
					results[i] = s.panicked(ctx, v)
				}
			}()
			select {
			case p.turns <- struct{}{}:
				defer func() { <-p.turns }()
				results[i] = s.deliver(ctx, p, batch[i])
			case <-ctx.Done():
				results[i] = outbox.Result{Err: failureOf(ctx.Err())}
			}
		})
	}
	wg.Wait()
	return results
}

// panicked is the result of a delivery that was a bug.
func (s *Sink) panicked(ctx context.Context, v any) outbox.Result {
	s.logger.LogAttrs(ctx, slog.LevelError, "a webhook's delivery panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	return outbox.Result{Err: errPanic}
}

// deliver tries one event at its endpoint.
func (s *Sink) deliver(ctx context.Context, p *endpoint, item outbox.Item) outbox.Result {
	began := s.now()
	row, err := s.endpoints.get(ctx, item.Row.Endpoint, p)
	switch {
	case isNotFound(err), err == nil && row.Restaurant != item.Row.Restaurant:
		return outbox.Result{Outcome: outbox.Dead, Cause: store.CauseGone, Err: errGone}
	case err != nil:
		return outbox.Result{Err: errEndpoint}
	case !row.Active:
		return s.told(item, began, outbox.Result{Outcome: outbox.Dead, Cause: store.CauseGone, Err: errInactive}, 0)
	}
	request, failed := s.request(ctx, row, item)
	if failed.Err != nil {
		return s.told(item, began, failed, 0)
	}
	result, status := s.send(request)
	return s.told(item, began, result, status)
}

// request makes what is sent; a Result with an error when it cannot be made.
func (s *Sink) request(ctx context.Context, row store.Webhook, item outbox.Item) (*http.Request, outbox.Result) {
	keys, err := s.keys(ctx, row)
	if err != nil {
		return nil, outbox.Result{Err: errUnopened}
	}
	target, err := parseTarget(row.URL, s.allow)
	if err != nil { // it was judged before: the deployment allows less by now
		return nil, outbox.Result{Err: errURL}
	}
	body, err := eventBody(item)
	if err != nil {
		return nil, outbox.Result{Outcome: outbox.Dead, Cause: store.CauseMalformed, Err: errMalformed}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, outbox.Result{Err: errURL}
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", s.agent)
	if err := sign(r.Header, item.Row.DedupeKey, s.now(), body, keys); err != nil {
		return nil, outbox.Result{Err: errUnopened}
	}
	return r, outbox.Result{}
}

// keys are those that sign: the endpoint's, and for a while the one before it.
func (s *Sink) keys(ctx context.Context, row store.Webhook) ([][]byte, error) {
	key, err := s.sealer.Open(row.ID, row.Secret)
	if err != nil {
		s.sayOnce(ctx, row.ID, err)
		return nil, err
	}
	s.unopened.Delete(row.ID)
	keys := [][]byte{key}
	if len(row.PreviousSecret) > 0 && servicetime.InstantOf(s.now()) < row.PreviousUntil {
		// One that does not open is a receiver's that has not changed yet: it refuses what it
		// cannot verify, and all others go on.
		if previous, err := s.sealer.Open(row.ID, row.PreviousSecret); err == nil {
			keys = append(keys, previous)
		}
	}
	return keys, nil
}

// sayOnce logs an endpoint that waits for the deployment's key: once, not at each
// try.
func (s *Sink) sayOnce(ctx context.Context, id seating.EndpointID, err error) {
	if _, said := s.unopened.LoadOrStore(id, true); !said {
		s.logger.LogAttrs(ctx, slog.LevelError, "a webhook waits: its secret cannot be opened", slog.String("endpoint", id.String()), slog.Any("error", err))
	}
}

// send sends a request and reads what the answer means.
func (s *Sink) send(r *http.Request) (outbox.Result, int) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	answer, err := s.transports.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return outbox.Result{Err: failureOf(err)}, 0
	}
	defer func() { _ = answer.Body.Close() }()
	// So that the connection can be used again. What the body says does not matter, nor
	// whether it ends.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	outcome, cause := verdict(answer.StatusCode)
	result := outbox.Result{Outcome: outcome, Cause: cause}
	if outcome != outbox.Delivered {
		result.Err = errStatus(answer.StatusCode)
	}
	if outcome == outbox.Retry {
		result.After = retryAfter(answer.Header, s.now())
	}
	return result, answer.StatusCode
}

// told adds the line for the delivery log.
func (s *Sink) told(item outbox.Item, began time.Time, r outbox.Result, status int) outbox.Result {
	row := item.Row
	r.Log = &store.Delivery{
		Restaurant: row.Restaurant, Endpoint: row.Endpoint, EventID: row.ID, EventType: row.EventType, DedupeKey: row.DedupeKey,
		At: servicetime.InstantOf(began), Took: s.now().Sub(began), Outcome: outcomes[r.Outcome], Status: status,
	}
	if r.Err != nil {
		r.Log.Error = r.Err.Error()
	}
	return r
}

// outcomes are those words of the delivery log.
var outcomes = map[outbox.Outcome]string{outbox.Delivered: "delivered", outbox.Retry: "failed", outbox.Dead: "dead"}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
