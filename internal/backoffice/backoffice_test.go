package backoffice_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// records is an outbox and jobs of which a test says what they answer, and that
// notes what they are asked.
type records struct {
	fail    error
	backlog []store.Backlog
	rows    []store.OutboxEntry
	query   store.OutboxQuery
	there   []int64
	redrive store.Redrive
	notes   []store.Note
	done    []store.Operated
	jobs    []store.JobState
	due     int
}

func (r *records) office() *backoffice.Office {
	return backoffice.New(r, r, func() { r.due++ })
}

func (r *records) Backlog(context.Context) ([]store.Backlog, error) { return r.backlog, r.fail }

func (r *records) Outbox(_ context.Context, q store.OutboxQuery) ([]store.OutboxEntry, error) {
	r.query = q
	return r.rows[:min(q.Limit, len(r.rows))], r.fail
}

func (r *records) OutboxEntry(_ context.Context, id int64) (store.OutboxEntry, error) {
	for _, e := range r.rows {
		if e.ID == id {
			return e, r.fail
		}
	}
	return store.OutboxEntry{}, fmt.Errorf("row: %w", store.ErrNotFound)
}

func (r *records) Retry(_ context.Context, ids []int64, n store.Note) ([]int64, error) {
	r.notes = append(r.notes, n)
	return slices.DeleteFunc(slices.Clone(r.there), func(id int64) bool { return !slices.Contains(ids, id) }), r.fail
}

func (r *records) Redrive(_ context.Context, d store.Redrive, n store.Note) (store.Redriven, error) {
	r.redrive, r.notes = d, append(r.notes, n)
	return store.Redriven{Rows: 3, Left: 2}, r.fail
}

func (r *records) Skip(_ context.Context, id int64, _ string, n store.Note) error {
	if !slices.Contains(r.there, id) {
		return store.ErrNotFound
	}
	r.notes = append(r.notes, n)
	return r.fail
}

func (r *records) Pause(_ context.Context, _ string, _ bool, n store.Note) error {
	r.notes = append(r.notes, n)
	return r.fail
}

func (r *records) Operations(_ context.Context, before int64, limit int) ([]store.Operated, error) {
	below := slices.DeleteFunc(slices.Clone(r.done), func(o store.Operated) bool { return before != 0 && o.ID >= before })
	return below[:min(limit, len(below))], r.fail
}

func (r *records) Operate(context.Context, seating.RestaurantID, store.Note) error { return r.fail }

func (r *records) HoldJobs(context.Context, string, []string, time.Duration) ([]store.JobLease, error) {
	return nil, r.fail
}
func (r *records) ReportJob(context.Context, store.JobReport) (bool, error) { return false, r.fail }
func (r *records) FreeJobs(context.Context, string) error                   { return r.fail }

func (r *records) AskJob(_ context.Context, job string, n store.Note) error {
	if !slices.ContainsFunc(r.jobs, func(s store.JobState) bool { return s.Job == job }) {
		return store.ErrNotFound
	}
	r.notes = append(r.notes, n)
	return r.fail
}

func (r *records) JobStates(context.Context) ([]store.JobState, error) { return r.jobs, r.fail }
func (r *records) Prune(context.Context, store.Prune) (store.Pruned, error) {
	return store.Pruned{}, r.fail
}
func (r *records) Checkpoint(context.Context, seating.RestaurantID) error { return r.fail }

// refused wants a refusal of a field, or with none of the code alone.
func refused(t *testing.T, what string, err error, code seating.Code, field string) {
	t.Helper()
	refusal, ok := errors.AsType[*seating.Error](err)
	if !ok || refusal.Code != code || field != "" && (len(refusal.Details.Fields) != 1 || refusal.Details.Fields[0].Pointer != field) {
		t.Errorf("%s = %v, want %s of %q", what, err, code, field)
	}
}

const noon = servicetime.Instant(1_764_244_800_000_000)

func TestConditionOfASink(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		b    store.Backlog
		want string
		age  servicetime.Seconds
	}{
		"nothing waits":                      {store.Backlog{}, backoffice.SinkOK, 0},
		"a minute is in time":                {store.Backlog{Rows: 1, Oldest: noon.Add(-time.Minute)}, backoffice.SinkOK, 60},
		"more than a minute is behind":       {store.Backlog{Rows: 1, Oldest: noon.Add(-time.Minute - time.Microsecond)}, backoffice.SinkBehind, 60},
		"a paused one is not behind":         {store.Backlog{Rows: 1, Oldest: noon.Add(-time.Hour), Paused: true}, backoffice.SinkPaused, 3600},
		"written by a clock that is ahead":   {store.Backlog{Rows: 1, Oldest: noon.Add(time.Minute)}, backoffice.SinkOK, 0},
		"many rows that have just come":      {store.Backlog{Rows: 10_000, Oldest: noon}, backoffice.SinkOK, 0},
		"without a worker and without a row": {store.Backlog{Workers: 0}, backoffice.SinkOK, 0},
	} {
		tt.b.Sink, tt.b.Now = "webhook", noon
		r := &records{backlog: []store.Backlog{{Sink: "observability", Now: noon}, tt.b}}
		got, err := r.office().Status(t.Context())
		if err != nil || len(got.Sinks) != 2 || got.Sinks[0].Condition != backoffice.SinkOK {
			t.Fatalf("%s: Status = %+v, %v", name, got, err)
		}
		if s := got.Sinks[1]; s.Condition != tt.want || s.OldestAge != tt.age || got.Behind != (tt.want == backoffice.SinkBehind) {
			t.Errorf("%s: Status = %+v, want %s at the age of %d s", name, got, tt.want, tt.age)
		}
	}
}

// An operator sees no booking: nothing of payload or headers is shown, in whatever
// state a row is.
func TestARowShowsNothingOfWhatItSays(t *testing.T) {
	t.Parallel()
	r := &records{}
	for i, state := range backoffice.States() {
		r.rows = append(r.rows, store.OutboxEntry{
			OutboxRow: store.OutboxRow{
				ID: int64(i) + 1, Sink: "webhook", Aggregate: "a", AggregateSeq: 7, EventType: "booking.created", SchemaVersion: 1, DedupeKey: "k",
				Payload: json.RawMessage(`{"secret":"payload"}`), Headers: json.RawMessage(`{"secret":"headers"}`),
				Attempts: 3, Handovers: 1, FailedFor: 90 * time.Second, NextAttemptAt: noon, LastError: "status 503", CreatedAt: noon,
			},
			State: state, Reason: "r", DeadAt: noon,
		})
	}
	page, err := r.office().Rows(t.Context(), backoffice.RowsQuery{})
	if err != nil || len(page.Rows) != 3 || page.Next != 0 {
		t.Fatalf("Rows = %+v, %v, want three", page, err)
	}
	b, err := json.Marshal(page)
	if err != nil || strings.Contains(string(b), "secret") {
		t.Errorf("Rows = %s, %v, want nothing of what they say", b, err)
	}
	for i, row := range page.Rows {
		one, err := r.office().Row(t.Context(), row.ID)
		if err != nil || cmp.Diff(row, one) != "" {
			t.Errorf("Row(%d) = %+v, %v, want %+v", row.ID, one, err, row)
		}
		if row.State != backoffice.States()[i] || row.Version != 7 || row.Attempts != 3 || row.FailedFor != 90 || row.LastError != "status 503" {
			t.Errorf("row = %+v", row)
		}
		if dead := row.State == store.RowDead; dead != row.NextAttemptAt.IsZero() {
			t.Errorf("row = %+v, want a next attempt unless it is dead", row)
		}
	}
	_, err = r.office().Row(t.Context(), 9)
	refused(t, "Row(9)", err, seating.CodeNotFound, "")
}

func TestRowsAreAskedForAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	r := &records{rows: make([]store.OutboxEntry, 300)}
	for i := range r.rows {
		r.rows[i].ID = int64(i) + 1
	}
	office := r.office()
	page, err := office.Rows(t.Context(), backoffice.RowsQuery{})
	if err != nil || len(page.Rows) != backoffice.DefaultLimit || page.Next != backoffice.DefaultLimit {
		t.Errorf("Rows() = %d rows, next %d, %v, want the default of %d", len(page.Rows), page.Next, err, backoffice.DefaultLimit)
	}
	r.rows = r.rows[:200]
	if page, err = office.Rows(t.Context(), backoffice.RowsQuery{Limit: 200}); err != nil || len(page.Rows) != 200 || page.Next != 0 {
		t.Errorf("a page that is full and the last = %d rows, next %d, %v, want no other", len(page.Rows), page.Next, err)
	}
	if page, err = office.Rows(t.Context(), backoffice.RowsQuery{Limit: 200, After: 3}); err != nil || len(page.Rows) != 200 || r.query.After != 3 {
		t.Errorf("Rows(200 after 3) = %d rows, asked %+v, %v", len(page.Rows), r.query, err)
	}
	q := backoffice.RowsQuery{
		Sink: "webhook", Restaurant: seating.RestaurantID{1}, Endpoint: seating.EndpointID{2}, Type: "booking.created", Cause: store.CauseExhausted, Limit: 5,
	}
	if _, err := office.Rows(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	want := store.OutboxQuery{
		Sink: q.Sink, Restaurant: q.Restaurant, Endpoint: q.Endpoint, Type: q.Type, Cause: q.Cause, State: store.RowDead, Limit: 6,
	}
	if d := cmp.Diff(want, r.query); d != "" {
		t.Errorf("the store was asked (-want +got):\n%s", d)
	}
	for field, q := range map[string]backoffice.RowsQuery{
		"limit": {Limit: -1}, "limit (much)": {Limit: 201}, "sink": {Sink: "kafka"}, "state": {State: "lost"}, "cause": {Cause: "bored"},
		"type": {Type: "a b"}, "type (long)": {Type: seating.EventType(strings.Repeat("x", 101))}, "after": {After: -1},
		"cause (of one that waits)": {Cause: store.CauseSkipped, State: store.RowWaiting},
	} {
		_, err := office.Rows(t.Context(), q)
		field, _, _ = strings.Cut(field, " ")
		refused(t, fmt.Sprintf("Rows(%+v)", q), err, seating.CodeInvalid, field)
	}
}

func TestEachChangeIsNotedWithWhoMadeIt(t *testing.T) {
	t.Parallel()
	r := &records{there: []int64{3, 1}, jobs: []store.JobState{{Job: "prune"}}}
	office, who := r.office(), "operator:019ac0de-0000-7000-8000-000000000001"
	retried, err := office.Retry(t.Context(), who, []int64{3, 2, 1, 3})
	if want := (backoffice.Retried{Retried: []int64{1, 3}, Missing: []int64{2}}); err != nil || cmp.Diff(want, retried) != "" {
		t.Errorf("Retry = %+v, %v, want %+v", retried, err, want)
	}
	since := noon.Add(time.Second)
	redriven, err := office.Redrive(t.Context(), who, backoffice.Redrive{Sink: "webhook", Cause: "refused", Restaurant: seating.RestaurantID{1}, Since: since, Rate: "30/m"})
	if want := (backoffice.Redriven{Rows: 3, Left: 2}); err != nil || redriven != want {
		t.Errorf("Redrive = %+v, %v, want %+v", redriven, err, want)
	}
	if want := (store.Redrive{Sink: "webhook", Cause: "refused", Restaurant: seating.RestaurantID{1}, Since: since, Limit: 10_000, Gap: 2 * time.Second}); r.redrive != want {
		t.Errorf("the store was asked %+v, want %+v", r.redrive, want)
	}
	if _, err := office.Skip(t.Context(), who, 3, "told by telephone"); err != nil {
		t.Error(err)
	}
	if _, err := office.Pause(t.Context(), who, "webhook"); err != nil {
		t.Error(err)
	}
	if p, err := office.Resume(t.Context(), who, "webhook"); err != nil || p.Paused {
		t.Errorf("Resume = %+v, %v", p, err)
	}
	if _, err := office.RunJob(t.Context(), who, "prune"); err != nil {
		t.Error(err)
	}
	want := []store.Note{
		{Action: "outbox.retry", Detail: map[string]any{"ids": []int64{1, 2, 3}}},
		{Action: "outbox.redrive", Detail: map[string]any{
			"sink": "webhook", "cause": "refused", "restaurantId": seating.RestaurantID{1}.String(), "since": since.String(), "rate": "30/m", "limit": 10_000,
		}},
		{Action: "outbox.skip", Detail: map[string]any{"id": int64(3), "reason": "told by telephone"}},
		{Action: "outbox.pause", Detail: map[string]any{"sink": "webhook"}},
		{Action: "outbox.resume", Detail: map[string]any{"sink": "webhook"}},
		{Action: "job.run", Detail: map[string]any{"job": "prune"}},
	}
	for i := range want {
		want[i].Principal = who
	}
	if d := cmp.Diff(want, r.notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	// Whoever delivers is told, but not of a pause and a job.
	if r.due != 4 {
		t.Errorf("told %d times that something may be due, want 4", r.due)
	}
	if _, err := office.Redrive(t.Context(), who, backoffice.Redrive{DryRun: true}); err != nil || r.due != 4 || !r.redrive.DryRun || r.redrive.Gap != 10*time.Millisecond {
		t.Errorf("a dry run = %+v, %v, told %d times", r.redrive, err, r.due)
	}
}

func TestChangesAreRefusedBeforeTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	r := &records{}
	office := r.office()
	retry := func(ids ...int64) error { _, err := office.Retry(t.Context(), "x", ids); return err }
	skip := func(id int64, reason string) error { _, err := office.Skip(t.Context(), "x", id, reason); return err }
	redrive := func(d backoffice.Redrive) error { _, err := office.Redrive(t.Context(), "x", d); return err }
	pause := func(sink string) error { _, err := office.Pause(t.Context(), "x", sink); return err }
	job := func(name string) error { _, err := office.RunJob(t.Context(), "x", name); return err }
	for name, tt := range map[string]struct {
		err   error
		code  seating.Code
		field string
	}{
		"retry none": {retry(), seating.CodeInvalid, "ids"},
		"retry 0":    {retry(1, 0), seating.CodeInvalid, "ids"},
		"retry many": {retry(slices.Collect(func(yield func(int64) bool) {
			for i := range int64(201) {
				yield(i + 1)
			}
		})...), seating.CodeInvalid, "ids"},
		"skip 0":                 {skip(0, "x"), seating.CodeInvalid, "id"},
		"skip without a reason":  {skip(1, ""), seating.CodeInvalid, "reason"},
		"skip with a space":      {skip(1, " "), seating.CodeInvalid, "reason"},
		"skip on two lines":      {skip(1, "a\nb"), seating.CodeInvalid, "reason"},
		"skip, an escape":        {skip(1, "a\x1b[2J"), seating.CodeInvalid, "reason"},
		"skip, a long story":     {skip(1, strings.Repeat("é", 201)), seating.CodeInvalid, "reason"},
		"skip what is not there": {skip(1, strings.Repeat("é", 200)), seating.CodeNotFound, ""},
		"redrive a sink":         {redrive(backoffice.Redrive{Sink: "x"}), seating.CodeInvalid, "sink"},
		"redrive a cause":        {redrive(backoffice.Redrive{Cause: "x"}), seating.CodeInvalid, "cause"},
		"redrive a type":         {redrive(backoffice.Redrive{Type: "x\n"}), seating.CodeInvalid, "type"},
		"redrive too many":       {redrive(backoffice.Redrive{Limit: 10_001}), seating.CodeInvalid, "limit"},
		"redrive less than none": {redrive(backoffice.Redrive{Limit: -1}), seating.CodeInvalid, "limit"},
		"pause nothing":          {pause(""), seating.CodeNotFound, ""},
		"pause another":          {pause("kafka"), seating.CodeNotFound, ""},
		"no job":                 {job(""), seating.CodeNotFound, ""},
		"an odd job":             {job("a b"), seating.CodeNotFound, ""},
		"a job nobody has":       {job("prune"), seating.CodeNotFound, ""},
	} {
		refused(t, name, tt.err, tt.code, tt.field)
	}
	for _, rate := range []string{"0/s", "100", "/s", "1/d", "10001/s", "99999/h", "-1/s", "1.5/s", " 1/s", "1/s ", "01/s"} {
		refused(t, rate, redrive(backoffice.Redrive{Rate: rate}), seating.CodeInvalid, "rate")
	}
	if len(r.notes) != 0 || r.due != 0 {
		t.Errorf("the store was asked: %+v", r.notes)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"100/s": 10 * time.Millisecond, "1/s": time.Second, "10000/s": 100 * time.Microsecond, "30/m": 2 * time.Second, "500/h": 7200 * time.Millisecond,
	} {
		if got, err := backoffice.ParseRate(text); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
}

// O21: a store that does not answer is an error, never an empty list.
func TestO21_AStoreThatDoesNotAnswerIsNoEmptyList(t *testing.T) {
	t.Parallel()
	r := &records{fail: store.ErrUnavailable, there: []int64{1}, jobs: []store.JobState{{Job: "prune"}}}
	office, ctx := r.office(), t.Context()
	for name, ask := range map[string]func() error{
		"status":     func() error { _, err := office.Status(ctx); return err },
		"rows":       func() error { _, err := office.Rows(ctx, backoffice.RowsQuery{}); return err },
		"retry":      func() error { _, err := office.Retry(ctx, "x", []int64{1}); return err },
		"redrive":    func() error { _, err := office.Redrive(ctx, "x", backoffice.Redrive{}); return err },
		"skip":       func() error { _, err := office.Skip(ctx, "x", 1, "x"); return err },
		"pause":      func() error { _, err := office.Pause(ctx, "x", "webhook"); return err },
		"resume":     func() error { _, err := office.Resume(ctx, "x", "webhook"); return err },
		"operations": func() error { _, err := office.Operations(ctx, 0, 0); return err },
		"jobs":       func() error { _, err := office.Jobs(ctx); return err },
		"run":        func() error { _, err := office.RunJob(ctx, "x", "prune"); return err },
	} {
		if err := ask(); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s = %v, want that the store does not answer", name, err)
		}
	}
	if r.due != 0 {
		t.Errorf("told %d times that something may be due, want never", r.due)
	}
}

func TestWhatOperatorsDidIsPaged(t *testing.T) {
	t.Parallel()
	r := &records{}
	for id := int64(250); id > 0; id-- {
		r.done = append(r.done, store.Operated{ID: id, At: noon, Principal: "operator", Action: "outbox.pause", Detail: json.RawMessage(`{"sink":"webhook"}`)})
	}
	var ids []int64
	for before := int64(0); ; {
		page, err := r.office().Operations(t.Context(), before, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Operations {
			ids = append(ids, o.ID)
			if o.Detail["sink"] != "webhook" || o.Principal != "operator" {
				t.Errorf("operation = %+v", o)
			}
		}
		if before = page.Next; before == 0 {
			break
		}
	}
	if len(ids) != 250 || ids[0] != 250 || ids[249] != 1 {
		t.Errorf("operations = %v, want all, newest first", ids)
	}
	_, err := r.office().Operations(t.Context(), 0, 201)
	refused(t, "Operations(201)", err, seating.CodeInvalid, "limit")
	_, err = r.office().Operations(t.Context(), -1, 0)
	refused(t, "Operations(before -1)", err, seating.CodeInvalid, "before")
}

func TestConditionOfAJob(t *testing.T) {
	t.Parallel()
	held := store.JobState{Job: "prune", Holder: "h", LeaseUntil: noon.Add(time.Second), Now: noon, LastTook: 1500 * time.Millisecond, Lag: 61 * time.Second}
	late, failing := held, held
	late.LeaseUntil = noon
	failing.LastError = "the store does not answer"
	for want, s := range map[string]store.JobState{backoffice.JobOK: held, backoffice.JobNobody: late, backoffice.JobFailing: failing} {
		r := &records{jobs: []store.JobState{s}}
		got, err := r.office().Jobs(t.Context())
		if err != nil || len(got.Jobs) != 1 || got.Jobs[0].Condition != want || got.Now != noon {
			t.Errorf("Jobs = %+v, %v, want %s", got, err, want)
			continue
		}
		if j := got.Jobs[0]; j.LastTook != 1.5 || j.Lag != 61 || j.LastError != s.LastError {
			t.Errorf("job = %+v", j)
		}
	}
	if got, err := (&records{}).office().Jobs(t.Context()); err != nil || got.Jobs == nil {
		t.Errorf("Jobs = %+v, %v, want a list of none", got, err)
	}
}
