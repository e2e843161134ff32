package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// beat says that a worker lives, and returns its claims by sink.
func beat(t testing.TB, s store.Store, worker string, lease time.Duration) map[string][]store.Claim {
	t.Helper()
	share, err := s.Beat(t.Context(), store.Beat{Worker: worker, Sinks: store.Sinks(), Lease: lease})
	if err != nil {
		t.Fatalf("Beat = %v", err)
	}
	claims := map[string][]store.Claim{}
	for _, l := range share.Lanes {
		claims[l.Sink] = append(claims[l.Sink], l.Claim)
	}
	return claims
}

// waitingFor waits until a backend of the store waits for a lock, or what it is
// asked for has ended.
func waitingFor(t testing.TB, watch *pgx.Conn, ended <-chan struct{}) bool {
	t.Helper()
	for {
		var there bool
		err := watch.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = $1)`, pgtest.Login).Scan(&there)
		if err != nil {
			t.Fatal(err)
		}
		if there {
			return true
		}
		select {
		case <-ended:
			return false
		default:
		}
	}
}

// thief takes a lane over, and has not committed yet.
func thief(t *testing.T, s *testStore, sink string) (tx pgx.Tx, watch *pgx.Conn) {
	t.Helper()
	tx, err := s.db.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	mustRun(t, tx, "UPDATE outbox_lane SET worker_id = 'heir', token = token + 1 WHERE sink = $1", sink)
	return tx, s.db.Connect(t)
}

// TestAnAcknowledgementWaitsForATheftAndCountsForNothing: what a worker writes
// while somebody takes its lane over comes after that, and finds the lane lost. When
// the theft is taken back, it counts.
func TestAnAcknowledgementWaitsForATheftAndCountsForNothing(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		for _, what := range []string{"done", "failed", "dead", "circuit", "hand-out", "move", "suspect"} {
			t.Run(fmt.Sprintf("%s, theft committed %v", what, committed), func(t *testing.T) {
				t.Parallel()
				s, seeds := stage(t, "one")
				d := seeds[0]
				d.Commit(d.Book(d.Booking("B1", 0, 60)))
				rows, err := s.OutboxRows(t.Context(), store.SinkObservability, 0, 10)
				if err != nil || len(rows) != 1 {
					t.Fatalf("OutboxRows = %d, %v, want one", len(rows), err)
				}
				row := rows[0]
				claims := beat(t, s, "zombie", time.Hour)[store.SinkObservability]
				theft, watch := thief(t, s, store.SinkObservability)
				at := store.Settled{ID: row.ID, Lane: row.Lane}
				turn := store.Turn{Worker: "zombie", Sink: store.SinkObservability, Claims: claims}
				switch what {
				case "done":
					turn.Done = []store.Settled{at}
				case "failed":
					turn.Failed = []store.Failed{{Settled: at, Wait: time.Hour, Reason: store.ParkedFailed}}
				case "dead":
					turn.Dead = []store.Died{{Settled: at, Cause: store.CauseRefused, Key: store.ToldKey(storetest.NewID[[16]byte]())}}
				case "circuit":
					turn.Circuits = []store.Circuit{{Lane: row.Lane, Flow: row.Flow, Restaurant: row.Restaurant, Open: true, Wait: time.Hour, Failures: 5}}
				default:
					turn.Sweep, turn.Limit = true, 10
				}
				before := everything(t, s.raw)
				ended := make(chan struct{})
				var did bool
				var wrong error
				go func() {
					defer close(ended)
					switch what {
					case "move":
						var moved store.Moved
						moved, wrong = s.Move(t.Context(), store.Move{Worker: "zombie", Claims: claims, Limit: 10})
						did = len(moved.Rows) > 0
						if len(moved.Lost) > 0 == did {
							t.Errorf("Move = %+v, want rows or lost lanes", moved)
						}
					case "suspect":
						var found *store.OutboxRow
						found, wrong = s.Suspect(t.Context(), "zombie", store.SinkObservability, claims[row.Lane], row.Flow, row.ID)
						did = found != nil
					default:
						var done store.Turned
						done, wrong = s.Turn(t.Context(), turn)
						did = len(done.Lost) == 0
						if counted := len(done.Settled)+len(done.Rows) > 0; counted != did && what != "circuit" {
							t.Errorf("Turn = %+v, want it to count or to be lost", done)
						}
					}
				}()
				if !waitingFor(t, watch, ended) {
					t.Fatalf("it did not wait for the theft: %v", wrong)
				}
				if committed {
					err = theft.Commit(t.Context())
				} else {
					err = theft.Rollback(t.Context())
				}
				<-ended
				if err = errors.Join(err, wrong); err != nil || did == committed {
					t.Errorf("the zombie did something: %v, %v", did, err)
				}
				owners := "UPDATE outbox_lane SET worker_id = 'zombie', token = 1 WHERE worker_id = 'heir'"
				if err := s.RawSQL(t.Context(), owners); err != nil {
					t.Fatal(err)
				}
				if same := cmp.Equal(before, everything(t, s.raw)); same != committed {
					t.Errorf("the database is as before: %v", same)
				}
			})
		}
	}
}

// TestABeatWaitsForNobody: a lane whose worker is in the middle of a turn is left
// to a later beat, also when its lease is over.
func TestABeatWaitsForNobody(t *testing.T) {
	t.Parallel()
	s, _ := stage(t, "one")
	beat(t, s, "old", -time.Second)
	tx, err := s.raw.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, tx, "SELECT FROM outbox_lane WHERE lane < 10 FOR NO KEY UPDATE")
	mustRun(t, tx, "SELECT FROM outbox_worker WHERE id = 'old' FOR UPDATE")
	if n := len(beat(t, s, "new", time.Hour)[store.SinkWebhook]); n != 6 {
		t.Errorf("beside a turn of ten lanes %d are taken, want six", n)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(beat(t, s, "new", time.Hour)[store.SinkWebhook]); n != store.Lanes {
		t.Errorf("afterwards it has %d, want all", n)
	}
}

// TestWorkersThatBeginAtOnceShareTheLanes: whoever comes at the same moment, no lane
// has two owners, no live worker loses one, and after two beats everybody has its
// fair share.
func TestWorkersThatBeginAtOnceShareTheLanes(t *testing.T) {
	t.Parallel()
	s, _ := stage(t, "one")
	const workers = 5
	for round := range 10 {
		var mu sync.Mutex
		owners := map[store.LaneRef]string{}
		tokens := map[store.LaneRef]int64{}
		var all errgroup.Group
		for i := range workers {
			all.Go(func() error {
				name := fmt.Sprintf("w%d-%d", round, i)
				for range 3 {
					share, err := s.Beat(t.Context(), store.Beat{Worker: name, Sinks: store.Sinks(), Lease: time.Hour})
					if err != nil {
						return err
					}
					mu.Lock()
					for _, l := range share.Lanes {
						ref := store.LaneRef{Sink: l.Sink, Lane: l.Lane}
						if o := owners[ref]; o != "" && o != name {
							t.Errorf("the lane %v of %s was taken by %s", ref, o, name)
						}
						owners[ref], tokens[ref] = name, l.Token
					}
					mu.Unlock()
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		for ref, token := range tokens {
			if token != int64(round)+1 {
				t.Errorf("round %d: the lane %v has token %d, want %d", round, ref, token, round+1)
			}
		}
		if len(owners) != 2*store.Lanes {
			t.Errorf("round %d: %d lanes have an owner, want all", round, len(owners))
		}
		for i := range workers {
			if err := s.GiveUp(t.Context(), fmt.Sprintf("w%d-%d", round, i), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestAWorkersExchangeIsOneFlush, whatever is settled and handed out in it.
func TestAWorkersExchangeIsOneFlush(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	for i := range 5 {
		d.Commit(d.Book(d.Booking(fmt.Sprintf("B%d", i), 0, 60)))
	}
	rows, err := s.OutboxRows(t.Context(), store.SinkObservability, 0, 10)
	if err != nil || len(rows) != 5 {
		t.Fatalf("OutboxRows = %d, %v", len(rows), err)
	}
	at := func(i int) store.Settled { return store.Settled{ID: rows[i].ID, Lane: rows[i].Lane} }
	sink := store.SinkObservability
	claims := beat(t, s, "w", time.Hour)[sink]
	turn := func(turn store.Turn) func() error {
		turn.Worker, turn.Sink, turn.Claims = "w", sink, claims
		return func() error { _, err := s.Turn(t.Context(), turn); return err }
	}
	one := func(name string, do func() error) {
		t.Helper()
		before := s.Stats().Flushes
		if err := do(); err != nil {
			t.Errorf("%s = %v", name, err)
		}
		if n := s.Stats().Flushes - before; n != 1 {
			t.Errorf("%s takes %d flushes, want 1", name, n)
		}
	}
	one("Turn with nothing", turn(store.Turn{}))
	one("Turn that hands out", turn(store.Turn{Sweep: true, Limit: 10}))
	one("Turn with everything", turn(store.Turn{
		Done: []store.Settled{at(0)}, Failed: []store.Failed{{Settled: at(1), Wait: time.Second, Counted: true, Reason: store.ParkedFailed}},
		Dead:     []store.Died{{Settled: at(2), Cause: store.CauseRefused, Key: store.ToldKey(storetest.NewID[[16]byte]())}},
		Circuits: []store.Circuit{{Lane: rows[0].Lane, Flow: rows[0].Flow, Restaurant: d.ID()}},
		Log:      []store.Delivery{{Restaurant: d.ID(), EventID: 1, Outcome: "failed"}},
		Sweep:    true, Limit: 10,
	}))
	one("Move", func() error {
		_, err := s.Move(t.Context(), store.Move{Worker: "w", Claims: claims, Limit: 10})
		return err
	})
	one("Suspect", func() error {
		_, err := s.Suspect(t.Context(), "w", sink, claims[rows[0].Lane], rows[0].Flow, rows[4].ID)
		return err
	})
	one("Waiting", func() error { _, err := s.Waiting(t.Context(), "w"); return err })
	one("Beat", func() error {
		_, err := s.Beat(t.Context(), store.Beat{Worker: "w", Sinks: store.Sinks(), Lease: time.Hour})
		return err
	})
	one("Record", func() error {
		return s.Record(t.Context(), []store.Told{{Restaurant: d.ID(), Key: store.ToldKey(storetest.NewID[[16]byte]()), Event: seating.Event{
			Type: seating.EventConflict, Severity: seating.SeverityNotice,
		}}})
	})
	one("HoldJobs", func() error {
		_, err := s.HoldJobs(t.Context(), "w", []string{"a", "b"}, time.Hour)
		return err
	})
	one("GiveUp", func() error { return s.GiveUp(t.Context(), "w", nil) })
	one("Endpoint", func() error {
		if _, err := s.Endpoint(t.Context(), storetest.NewID[seating.EndpointID]()); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}

// TestOneBadLetterVoidsNothing: what a receiver says is a foreign text.
func TestOneBadLetterVoidsNothing(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	d.Commit(d.Book(d.Booking("B1", 0, 60)))
	rows, err := s.OutboxRows(t.Context(), store.SinkObservability, 0, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("OutboxRows = %d, %v", len(rows), err)
	}
	done, err := s.Turn(t.Context(), store.Turn{
		Worker: "w", Sink: store.SinkObservability, Claims: beat(t, s, "w", time.Hour)[store.SinkObservability],
		Failed: []store.Failed{{
			Settled: store.Settled{ID: rows[0].ID, Lane: rows[0].Lane}, Error: "a\x00b\xff" + string(make([]byte, 1000)), Wait: time.Second, Reason: store.ParkedFailed,
		}},
	})
	if err != nil || !slices.Equal(done.Settled, []int64{rows[0].ID}) {
		t.Fatalf("Turn = %+v, %v, want the row settled", done, err)
	}
	entry, err := s.OutboxEntry(t.Context(), rows[0].ID)
	if err != nil || len(entry.LastError) != 500 || entry.LastError[:4] != "a?b?" {
		t.Errorf("OutboxEntry = %+v, %v, want what can be kept of the text", entry, err)
	}
}

// TestAnEndpointThatGoesLeavesNoRow: a change that is committed beside its end
// writes its rows before it, and they go, or none.
func TestAnEndpointThatGoesLeavesNoRow(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	other := reopen(t, s.db, postgres.Config{MaxConns: 2})
	for i := range 15 {
		told := func() store.Told {
			return store.Told{Restaurant: d.ID(), Key: store.ToldKey(storetest.NewID[[16]byte]()), Event: seating.Event{
				Type: seating.EventWebhookChanged, Severity: seating.SeverityNotice,
			}}
		}
		hook := store.Webhook{
			ID: storetest.NewID[seating.EndpointID](), Restaurant: d.ID(), URL: "https://hooks.example", Active: true, Secret: []byte{1}, CreatedAt: d.Clock.Instant(),
		}
		if err := s.PutWebhook(t.Context(), hook, told()); err != nil {
			t.Fatalf("PutWebhook = %v", err)
		}
		var both errgroup.Group
		both.Go(func() error {
			d.Commit(d.Book(d.Booking(fmt.Sprintf("B%d", i), 0, 60)))
			return nil
		})
		both.Go(func() error { return other.DropWebhook(t.Context(), d.ID(), hook.ID, told()) })
		if err := both.Wait(); err != nil {
			t.Fatalf("DropWebhook = %v", err)
		}
		if n, err := s.RawCount(t.Context(), "SELECT COUNT(*) FROM capacity_outbox WHERE sink = 'webhook'"); err != nil || n != 0 {
			t.Fatalf("%d rows are left of the endpoint, %v", n, err)
		}
	}
}
