package control

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

func TestHowADrainEnded(t *testing.T) {
	t.Parallel()
	const a, b = store.SinkObservability, store.SinkWebhook
	for name, tt := range map[string]struct {
		before, after []store.Backlog
		want          Drained
	}{
		"all is delivered":               {[]store.Backlog{{Sink: a, Rows: 9}}, []store.Backlog{{Sink: a}, {Sink: b}}, Drained{}},
		"what is not due is no failure":  {nil, []store.Backlog{{Sink: a, Rows: 9}}, Drained{}},
		"rows died":                      {[]store.Backlog{{Sink: a, Dead: 2}, {Sink: b, Dead: 1}}, []store.Backlog{{Sink: a, Dead: 2}, {Sink: b, Dead: 4}}, Drained{Dead: 3}},
		"rows that were dead before":     {[]store.Backlog{{Sink: b, Dead: 4}}, []store.Backlog{{Sink: b, Dead: 4}}, Drained{}},
		"dead rows came back meanwhile":  {[]store.Backlog{{Sink: b, Dead: 4}}, []store.Backlog{{Sink: b, Dead: 1}}, Drained{}},
		"a booking waits, and a circuit": {nil, []store.Backlog{{Sink: b, Rows: 9, Parked: 2, Circuits: 1}}, Drained{Waiting: 3}},
		"paused with rows":               {nil, []store.Backlog{{Sink: a, Rows: 1, Paused: true}, {Sink: b, Paused: true}}, Drained{Paused: []string{a}}},
		"paused, and so not waited for":  {nil, []store.Backlog{{Sink: b, Rows: 1, Parked: 1, Paused: true}}, Drained{Paused: []string{b}}},
	} {
		for _, finished := range []bool{true, false} {
			want := tt.want
			want.Finished = finished
			if want.Paused == nil {
				want.Paused = []string{}
			}
			if d := cmp.Diff(want, drained(tt.before, tt.after, finished)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}

// opened is a database with one restaurant.
func opened(t *testing.T) (*App, seating.RestaurantID) {
	t.Helper()
	a, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "a.db"), Hold: seating.DefaultHoldRules()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	made, err := CreateRestaurant(t.Context(), a, NewRestaurant{Slug: "chez", Name: "Chez", Zone: "Europe/Paris", OwnerEmail: "a@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return a, made.Restaurant.ID
}

// rotate writes one event of the restaurant and returns its row.
func rotate(t *testing.T, a *App, r seating.RestaurantID) int64 {
	t.Helper()
	if _, err := a.Do(t.Context(), r, decide.RotateEpoch{Epoch: NewEpoch(), Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	page, err := OutboxList(t.Context(), a, RowsIn{})
	if err != nil || len(page.Rows) == 0 {
		t.Fatalf("OutboxList = %+v, %v", page, err)
	}
	return page.Rows[len(page.Rows)-1].ID
}

func work(a *App) *outbox.Worker {
	return outbox.New(outbox.Config{Queue: a.Store, NewID: NewID, Now: time.Now, Backlog: a.Store.Backlog, Rows: a.Store.Outbox})
}

// O21: not being able to ask is never that nothing is due; and the time that was
// given is told from that of the caller.
func TestO21_ADrainThatCannotDeliverSaysSo(t *testing.T) {
	t.Parallel()
	a, r := opened(t)
	rotate(t, a, r)
	drain := func(ctx context.Context, within time.Duration, deliver func(context.Context, *App) error) (Drained, error) {
		raw, err := json.Marshal(DrainIn{Within: within})
		if err != nil {
			t.Fatal(err)
		}
		out, err := DrainBy(deliver)(ctx, a, raw)
		d, _ := out.(Drained)
		return d, err
	}
	if _, err := drain(t.Context(), time.Minute, func(context.Context, *App) error { return store.ErrUnavailable }); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a drain of a store that does not answer = %v, want that", err)
	}
	if d, err := drain(t.Context(), time.Millisecond, Await); err != nil || d.Finished {
		t.Errorf("a drain that nobody carries out = %+v, %v, want it not finished", d, err)
	}
	// The store's own time-out, before the drain's: no answer, and not a late end.
	if _, err := drain(t.Context(), time.Minute, func(context.Context, *App) error { return context.DeadlineExceeded }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a drain whose store takes too long = %v, want that", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := drain(stopped, time.Minute, Await); err == nil {
		t.Error("a drain that was told to stop ends without an error")
	}
	for _, within := range []time.Duration{0, -1, MaxDrain + 1} {
		_, err := drain(t.Context(), within, Await)
		if f := ErrorOf(err); err == nil || f.Code != "INVALID" || f.Fields[0].Pointer != "timeout" {
			t.Errorf("drain within %s = %v, want it refused", within, err)
		}
	}
	d, err := drain(t.Context(), time.Minute, func(ctx context.Context, a *App) error {
		_, err := work(a).Drain(ctx)
		return err
	})
	if err != nil || !d.Finished || d.Waiting != 0 {
		t.Errorf("drain = %+v, %v, want it finished", d, err)
	}
	if page, err := OutboxList(t.Context(), a, RowsIn{}); err != nil || len(page.Rows) != 0 {
		t.Errorf("after a drain rows = %+v, %v, want none", page.Rows, err)
	}
}

// Await does not wait for rows whose time has not come, nor for those behind them,
// nor for a paused sink, but for everything else.
func TestAwait(t *testing.T) {
	t.Parallel()
	a, r := opened(t)
	ctx := t.Context()
	waits := func(want bool, why string) {
		t.Helper()
		// What does not wait has all the time that a slow machine needs.
		within, cancel := context.WithTimeout(ctx, map[bool]time.Duration{true: 100 * time.Millisecond, false: time.Minute}[want])
		defer cancel()
		err := Await(within, a)
		if got := within.Err() != nil; got != want || err != nil && !got {
			t.Errorf("%s: Await = %v, want that it waits: %v", why, err, want)
		}
	}
	waits(false, "nothing is there")
	one, two := rotate(t, a, r), rotate(t, a, r)
	waits(true, "two rows are due")
	if _, err := PauseSink(ctx, a, SinkRef{Sink: store.SinkObservability}); err != nil {
		t.Fatal(err)
	}
	waits(false, "the sink is paused")
	if _, err := ResumeSink(ctx, a, SinkRef{Sink: store.SinkObservability}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{one, two} {
		if _, err := SkipRow(ctx, a, SkipIn{ID: id, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	waits(false, "both are dead")
	if _, err := RedriveRows(ctx, a, RedriveIn{Rate: "1/h"}); err != nil {
		t.Fatal(err)
	}
	waits(true, "the first that was brought back is due")
	if d, err := work(a).Drain(ctx); err != nil || d.Delivered != 1 {
		t.Errorf("Drain = %+v, %v, want the one row that is due", d, err)
	}
	three := rotate(t, a, r)
	waits(false, "the second is due in an hour, and the third waits behind it")
	if _, err := RetryRows(ctx, a, RetryIn{IDs: []int64{two}}); err != nil {
		t.Fatal(err)
	}
	waits(true, "the second is due now")

	ended := make(chan error, 1)
	go func() { ended <- Await(ctx, a) }()
	if d, err := work(a).Drain(ctx); err != nil || d.Delivered != 2 {
		t.Errorf("Drain = %+v, %v, want rows %d and %d", d, err, two, three)
	}
	if err := <-ended; err != nil {
		t.Errorf("Await = %v while others delivered", err)
	}
}

// Whoever delivers hears of commits of this process, of others, and of what operators
// did, until it does not want to any more.
func TestWhoDeliversHearsOfWork(t *testing.T) {
	t.Parallel()
	a, r := opened(t)
	type heard struct {
		Restaurant seating.RestaurantID
		Source     string
	}
	var got []heard
	stop := a.OnWork(func(r seating.RestaurantID, source string) { got = append(got, heard{r, source}) })
	id := rotate(t, a, r)
	for _, err := range []error{
		second(RetryRows(t.Context(), a, RetryIn{IDs: []int64{id}})),
		second(PauseSink(t.Context(), a, SinkRef{Sink: store.SinkWebhook})),
		second(ResumeSink(t.Context(), a, SinkRef{Sink: store.SinkWebhook})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.moved([]seating.RestaurantID{{1}, {2}})
	a.moved(nil)
	stop()
	rotate(t, a, r)
	a.moved(nil)
	var whichever seating.RestaurantID
	want := []heard{
		{r, outbox.SourceCommit},
		{whichever, outbox.SourceCommit},
		{whichever, outbox.SourceCommit},
		{seating.RestaurantID{1}, outbox.SourceNotify},
		{seating.RestaurantID{2}, outbox.SourceNotify},
		{whichever, outbox.SourceNotify},
	}
	if !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
}

func second[T any](_ T, err error) error { return err }

// What the command line does is noted as the operator's, whatever the operation.
func TestTheCommandLineIsNoted(t *testing.T) {
	t.Parallel()
	a, r := opened(t)
	id := rotate(t, a, r)
	if _, err := a.Store.HoldJobs(t.Context(), "here", []string{"prune"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		OutboxSkip: `{"id":` + jsonOf(t, id) + `,"reason":"test"}`, OutboxPause: `{"sink":"webhook"}`, JobRun: `{"job":"prune"}`,
	} {
		if _, err := Standard()[name](t.Context(), a, json.RawMessage(in)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, in := range map[string]string{
		OutboxResume: `{"sink":"webhook"}`, OutboxRedrive: `{"restaurant":"chez"}`, OutboxRetry: `{"ids":[` + jsonOf(t, id) + `]}`,
	} {
		if _, err := Standard()[name](t.Context(), a, json.RawMessage(in)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := OperationsLog(t.Context(), a, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, o := range page.Operations {
		did = append(did, o.Action)
		if o.Principal != "operator" {
			t.Errorf("operation = %+v, want it by the operator", o)
		}
	}
	slices.Sort(did)
	want := []string{
		backoffice.ActionJobRun, backoffice.ActionPause, backoffice.ActionRedrive, backoffice.ActionResume, backoffice.ActionRetry, backoffice.ActionSkip,
	}
	if !slices.Equal(did, want) {
		t.Errorf("operations = %v, want %v", did, want)
	}
	if _, err := RedriveRows(t.Context(), a, RedriveIn{Restaurant: "nobody"}); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("RedriveRows(of nobody) = %v, want NOT_FOUND and not all restaurants", err)
	}
	if _, err := OutboxList(t.Context(), a, RowsIn{Restaurant: "nobody"}); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("OutboxList(of nobody) = %v, want NOT_FOUND and not all restaurants", err)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
