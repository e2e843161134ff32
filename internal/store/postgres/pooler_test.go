package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// TestStoreBehindAPooler runs the whole suite with statements that stay nowhere.
func TestStoreBehindAPooler(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, opt storetest.Options) store.Store {
		t.Helper()
		db := pgtest.Database(t)
		set := db.FakeClock(t)
		opt.Watch(func(i servicetime.Instant) { set(i.Time()) })
		return &testStore{Store: reopen(t, db, postgres.Config{MaxConns: 4, Pooler: true}), db: db, raw: db.Connect(t)}
	})
}

// session is what a connection keeps between transactions: its settings, the
// transaction's restaurant, its locks, channels, cursors and temporary tables. A
// pooler hands all of it to whoever comes next. The application's name is how a
// connection is told apart, not a state; the settings of the language come to
// light with its first function.
const session = `
	SELECT name, setting FROM pg_settings WHERE name <> 'application_name' AND name NOT LIKE 'plpgsql.%'
	UNION ALL
	SELECT 'role', current_setting('role')
	UNION ALL
	SELECT 'restaurant', COALESCE(current_setting('maitred.restaurant', true), '')
	UNION ALL
	SELECT 'touch', COALESCE(current_setting('maitred.touch', true), '')
	UNION ALL
	SELECT 'user', session_user || ' as ' || current_user
	UNION ALL
	SELECT 'channels', COUNT(*)::text FROM pg_listening_channels()
	UNION ALL
	SELECT 'advisory locks', COUNT(*)::text FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
	UNION ALL
	SELECT 'cursors', COUNT(*)::text FROM pg_cursors WHERE name <> ''
	UNION ALL
	SELECT 'temporary tables', pg_my_temp_schema()::text
	ORDER BY 1`

// leftOn reads the session of a connection, without preparing anything on it.
func leftOn(ctx context.Context, conn *pgx.Conn) (state []string, pid uint32, prepared int, err error) {
	if status := conn.PgConn().TxStatus(); status != 'I' {
		return nil, 0, 0, fmt.Errorf("the transaction status is %c, want idle", status)
	}
	rows, err := conn.Query(ctx, session, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, 0, 0, err
	}
	state, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var name, value string
		err := row.Scan(&name, &value)
		return name + " = " + value, err
	})
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT COUNT(*) FROM pg_prepared_statements", pgx.QueryExecModeSimpleProtocol).Scan(&prepared)
	}
	return state, conn.PgConn().PID(), prepared, err
}

// call is one call of the store and how it ends.
type call struct {
	name string
	do   func(ctx context.Context) error
	want error // nil: it succeeds
}

var errDecider = errors.New("the decider's own")

// TestNothingStaysOnAConnection calls everything a store can do, well and badly,
// over a single connection, and looks at the connection after each.
func TestNothingStaysOnAConnection(t *testing.T) {
	t.Parallel()
	for _, pooler := range []bool{false, true} {
		t.Run(fmt.Sprintf("pooler %v", pooler), func(t *testing.T) {
			t.Parallel()
			n := settle(t, pgtest.Database(t))
			s := reopen(t, n.db, postgres.Config{MaxConns: 1, Pooler: pooler})
			fresh, _, _, err := leftOn(t.Context(), dial(t, n.db.URL))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(fresh, "restaurant = ") || !slices.Contains(fresh, "role = none") || !slices.Contains(fresh, "statement_timeout = 0") {
				t.Fatalf("a new connection has %q", fresh)
			}
			var last uint32
			for _, c := range calls(n, s) {
				if err := c.do(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("%s = %v, want %v", c.name, err, c.want)
				}
				err := s.OnConnection(t.Context(), func(conn *pgx.Conn) error {
					state, pid, prepared, err := leftOn(t.Context(), conn)
					if diff := cmp.Diff(fresh, state); diff != "" {
						t.Errorf("%s left something on the connection (-new +used):\n%s", c.name, diff)
					}
					if pooler != (prepared == 0) {
						t.Errorf("%s: %d statements are prepared, with a pooler %v", c.name, prepared, pooler)
					}
					if last != 0 && pid != last && !slices.Contains(lost, c.name) {
						t.Errorf("%s cost the connection", c.name)
					}
					last = pid
					return err
				})
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			}
		})
	}
}

// lost are the calls after which a connection is not used again: nobody knows
// what the server still does on it.
var lost = []string{"Commit, given up while it waits", "CommitLocked, given up while it waits"}

// calls are all methods of the store, in an order in which each can succeed.
func calls(n *neighbours, s *postgres.Store) []call {
	d := n.a
	id, now := d.ID(), d.Clock.Instant()
	third := storetest.NewRestaurant("three")
	user := storetest.NewID[seating.UserID]()
	member := store.Member{Restaurant: id, User: user, Email: "new@example.org", Name: "New", Role: seating.RoleHost}
	token := third.Token
	token.ID, token.Restaurant, token.Hash = storetest.NewID[seating.TokenID](), id, [32]byte{7}
	key := house.ReceiptKey{Principal: d.Actor.Principal, Key: "book"}
	seated := d.House.Hold(n.holdA.ID).Booking
	ask := store.Ask{Keys: []house.ReceiptKey{key}, Holds: []seating.HoldID{n.holdA.ID}, Bookings: []seating.BookingID{seated.ID}}

	// commit sends a change on the house as it stands; it is read anew each time.
	change := func(rows house.Rows) *house.Change {
		d.House = d.Load()
		return d.Change("try", rows, seating.AspectPolicy)
	}
	commit := func(ctx context.Context, c *house.Change) error {
		_, err := s.Commit(ctx, d.Batch(c))
		return err
	}
	locked := func(decide func(store.Locked) (store.Batch, error)) func(context.Context) error {
		return func(ctx context.Context) error {
			var err error
			if d.House, _, err = s.Load(ctx, id); err != nil {
				return err
			}
			_, err = s.CommitLocked(ctx, id, d.House.Version, ask, decide)
			return err
		}
	}
	overlap := func() house.Rows {
		b := seated
		return house.Rows{PutAllocations: storetest.Assigned(b, d.Tables[0])} // somebody sits there
	}
	// What the calls of a worker hand on to each other.
	claims := map[string][]store.Claim{}
	var rows []store.OutboxRow
	var leases []store.JobLease
	note := store.Note{Principal: "operator:x", Action: "test"}
	turn := func(t store.Turn) store.Turn {
		t.Worker, t.Sink, t.Claims = "w", store.SinkObservability, claims[store.SinkObservability]
		return t
	}
	hook := store.Webhook{
		ID: storetest.NewID[seating.EndpointID](), Restaurant: id, URL: "https://hooks.example", Active: true, Secret: []byte{1}, CreatedAt: now,
	}
	told := func() store.Told {
		return store.Told{Restaurant: id, Key: store.ToldKey(storetest.NewID[[16]byte]()), Event: seating.Event{
			Type: seating.EventWebhookTest, Severity: seating.SeverityNotice, Payload: seating.EventPayload{Restaurant: id, Version: d.House.Public()},
		}}
	}
	return []call{
		{"Now", func(ctx context.Context) error { _, err := s.Now(ctx); return err }, nil},
		{"CreateRestaurant", func(ctx context.Context) error { return s.CreateRestaurant(ctx, third) }, nil},
		{"CreateRestaurant again", func(ctx context.Context) error { return s.CreateRestaurant(ctx, third) }, store.ErrExists},
		{"Restaurants", func(ctx context.Context) error { _, err := s.Restaurants(ctx); return err }, nil},
		{"RestaurantBySlug", func(ctx context.Context) error { _, err := s.RestaurantBySlug(ctx, "three"); return err }, nil},
		{"RestaurantBySlug of none", func(ctx context.Context) error { _, err := s.RestaurantBySlug(ctx, "four"); return err }, store.ErrNotFound},
		{"PutMember", func(ctx context.Context) error { _, err := s.PutMember(ctx, member); return err }, nil},
		{"Members", func(ctx context.Context) error { _, err := s.Members(ctx, id); return err }, nil},
		{"DropMember", func(ctx context.Context) error { return s.DropMember(ctx, id, user) }, nil},
		{"DropMember of the last owner", func(ctx context.Context) error { return s.DropMember(ctx, id, d.New.Owner.User) }, store.ErrInvalid},
		{"PutToken", func(ctx context.Context) error { return s.PutToken(ctx, token) }, nil},
		{"PutToken again", func(ctx context.Context) error { return s.PutToken(ctx, token) }, store.ErrExists},
		{"Tokens", func(ctx context.Context) error { _, err := s.Tokens(ctx, id); return err }, nil},
		{"TokenByHash", func(ctx context.Context) error { _, err := s.TokenByHash(ctx, token.Hash); return err }, nil},
		{"RevokeToken", func(ctx context.Context) error { return s.RevokeToken(ctx, id, token.ID) }, nil},
		{"RevokeToken of none", func(ctx context.Context) error { return s.RevokeToken(ctx, id, storetest.NewID[seating.TokenID]()) }, store.ErrNotFound},
		{"Names", func(ctx context.Context) error { _, err := s.Names(ctx, id, []string{d.Actor.Subject}); return err }, nil},
		{"Load", func(ctx context.Context) error { _, _, err := s.Load(ctx, id); return err }, nil},
		{"Load of none", func(ctx context.Context) error {
			_, _, err := s.Load(ctx, storetest.NewID[seating.RestaurantID]())
			return err
		}, store.ErrNotFound},
		{"Journal", func(ctx context.Context) error { _, err := s.Journal(ctx, id, 0, 100); return err }, nil},
		{"States", func(ctx context.Context) error {
			_, err := s.States(ctx, []seating.RestaurantID{id, n.b.ID()})
			return err
		}, nil},
		{"Prove", func(ctx context.Context) error { _, err := s.Prove(ctx, id, store.Ask{}); return err }, nil},
		{"Prove with an ask", func(ctx context.Context) error { _, err := s.Prove(ctx, id, ask); return err }, nil},
		{"Bookings", func(ctx context.Context) error {
			_, err := s.Bookings(ctx, id, store.BookingQuery{From: storetest.Yesterday, To: storetest.Today, Text: "ada", Limit: 10})
			return err
		}, nil},
		{"Booking", func(ctx context.Context) error { _, err := s.Booking(ctx, id, seated.ID); return err }, nil},
		{"Guests", func(ctx context.Context) error {
			_, err := s.Guests(ctx, id, []seating.BookingID{seated.ID})
			return err
		}, nil},
		{"History", func(ctx context.Context) error { _, err := s.History(ctx, id, "", 0, 10); return err }, nil},
		{"EndedHold of none", func(ctx context.Context) error { _, err := s.EndedHold(ctx, id, n.holdA.ID); return err }, store.ErrNotFound},
		{"Backlog", func(ctx context.Context) error { _, err := s.Backlog(ctx); return err }, nil},
		{"OutboxRows", func(ctx context.Context) error {
			_, err := s.OutboxRows(ctx, store.SinkObservability, 0, 10)
			return err
		}, nil},
		{"Due", func(ctx context.Context) error { _, err := s.Due(ctx, house.DueHoldExpiry, 10); return err }, nil},
		{"Beat", func(ctx context.Context) error {
			share, err := s.Beat(ctx, store.Beat{Worker: "w", Sinks: store.Sinks(), Lease: time.Minute})
			for _, l := range share.Lanes {
				claims[l.Sink] = append(claims[l.Sink], l.Claim)
			}
			return err
		}, nil},
		{"Waiting", func(ctx context.Context) error { _, err := s.Waiting(ctx, "w"); return err }, nil},
		{"Turn", func(ctx context.Context) error {
			done, err := s.Turn(ctx, turn(store.Turn{Sweep: true, Limit: 10}))
			rows = done.Rows
			return err
		}, nil},
		{"Turn that settles", func(ctx context.Context) error {
			at := func(i int) store.Settled { return store.Settled{ID: rows[i].ID, Lane: rows[i].Lane} }
			done, err := s.Turn(ctx, turn(store.Turn{
				Done: []store.Settled{at(0)}, Failed: []store.Failed{{Settled: at(1), Wait: time.Second, Counted: true, Reason: store.ParkedFailed}},
				Dead:     []store.Died{{Settled: at(2), Cause: store.CauseRefused, Key: store.ToldKey(storetest.NewID[[16]byte]())}},
				Circuits: []store.Circuit{{Lane: rows[0].Lane, Flow: rows[0].Flow, Restaurant: id}},
				Log:      []store.Delivery{{Restaurant: id, EventID: 1, Outcome: "failed"}},
			}))
			if len(done.Settled) != 3 {
				err = errors.Join(err, fmt.Errorf("%d rows are settled, want three", len(done.Settled)))
			}
			return err
		}, nil},
		{"Suspect", func(ctx context.Context) error {
			_, err := s.Suspect(ctx, "w", store.SinkObservability, claims[store.SinkObservability][rows[0].Lane], rows[0].Flow, 1<<60)
			return err
		}, nil},
		{"OutboxEntry", func(ctx context.Context) error { _, err := s.OutboxEntry(ctx, rows[2].ID); return err }, nil},
		{"OutboxEntry of none", func(ctx context.Context) error { _, err := s.OutboxEntry(ctx, 1<<60); return err }, store.ErrNotFound},
		{"Outbox", func(ctx context.Context) error { _, err := s.Outbox(ctx, store.OutboxQuery{Limit: 10}); return err }, nil},
		{"Retry", func(ctx context.Context) error {
			_, err := s.Retry(ctx, []int64{rows[1].ID, rows[2].ID}, note)
			return err
		}, nil},
		{"Skip", func(ctx context.Context) error { return s.Skip(ctx, rows[2].ID, "obsolete", note) }, nil},
		{"Skip of none", func(ctx context.Context) error { return s.Skip(ctx, 1<<60, "obsolete", note) }, store.ErrNotFound},
		{"Redrive", func(ctx context.Context) error { _, err := s.Redrive(ctx, store.Redrive{Limit: 10}, note); return err }, nil},
		{"Redrive, dry", func(ctx context.Context) error {
			_, err := s.Redrive(ctx, store.Redrive{Limit: 10, DryRun: true}, note)
			return err
		}, nil},
		{"Pause", func(ctx context.Context) error { return s.Pause(ctx, store.SinkWebhook, true, note) }, nil},
		{"Pause of none", func(ctx context.Context) error { return s.Pause(ctx, "none", true, note) }, store.ErrNotFound},
		{"Operate", func(ctx context.Context) error { return s.Operate(ctx, id, note) }, nil},
		{"Operations", func(ctx context.Context) error { _, err := s.Operations(ctx, 0, 10); return err }, nil},
		{"Move", func(ctx context.Context) error {
			_, err := s.Move(ctx, store.Move{Worker: "w", Claims: claims[store.SinkObservability], Limit: 100})
			return err
		}, nil},
		{"ObservabilityEvents", func(ctx context.Context) error {
			_, err := s.ObservabilityEvents(ctx, id, store.ObservedQuery{Limit: 10})
			return err
		}, nil},
		{"PutWebhook", func(ctx context.Context) error { return s.PutWebhook(ctx, hook, told()) }, nil},
		{"PutWebhook again", func(ctx context.Context) error { return s.PutWebhook(ctx, hook, told()) }, store.ErrExists},
		{"Webhooks", func(ctx context.Context) error { _, err := s.Webhooks(ctx, id); return err }, nil},
		{"Endpoint", func(ctx context.Context) error { _, err := s.Endpoint(ctx, hook.ID); return err }, nil},
		{"TestWebhook", func(ctx context.Context) error { return s.TestWebhook(ctx, hook.ID, told()) }, nil},
		{"Deliveries", func(ctx context.Context) error { _, err := s.Deliveries(ctx, id, hook.ID, 0, 10); return err }, nil},
		{"DropWebhook", func(ctx context.Context) error { return s.DropWebhook(ctx, id, hook.ID, told()) }, nil},
		{"DropWebhook of none", func(ctx context.Context) error { return s.DropWebhook(ctx, id, hook.ID, told()) }, store.ErrNotFound},
		{"Record", func(ctx context.Context) error { return s.Record(ctx, []store.Told{told()}) }, nil},
		{"GiveUp", func(ctx context.Context) error { return s.GiveUp(ctx, "w", nil) }, nil},
		{"HoldJobs", func(ctx context.Context) (err error) {
			leases, err = s.HoldJobs(ctx, "w", []string{"prune"}, time.Minute)
			return err
		}, nil},
		{"AskJob", func(ctx context.Context) error { return s.AskJob(ctx, "prune", note) }, nil},
		{"AskJob of none", func(ctx context.Context) error { return s.AskJob(ctx, "none", note) }, store.ErrNotFound},
		{"JobStates", func(ctx context.Context) error { _, err := s.JobStates(ctx); return err }, nil},
		{"Checkpoint", func(ctx context.Context) error { return s.Checkpoint(ctx, id) }, nil},
		{"Prune", func(ctx context.Context) error {
			for _, kept := range []store.Kept{
				store.KeptReceipts, store.KeptEndedHolds, store.KeptHistory, store.KeptJournal,
				store.KeptDead, store.KeptObserved, store.KeptDeliveries, store.KeptOperations,
			} {
				p := store.Prune{Kept: kept, Keep: 1000 * time.Hour, Limit: 10, Job: leases[0], Holder: "w"}
				if kept == store.KeptReceipts || kept == store.KeptEndedHolds || kept == store.KeptHistory || kept == store.KeptJournal {
					p.Restaurant = id
				}
				if pruned, err := s.Prune(ctx, p); err != nil || pruned.Rows > 0 || pruned.Lost {
					return fmt.Errorf("prune %s = %+v, %w", kept, pruned, err)
				}
			}
			return nil
		}, nil},
		{"Prune of nothing known", func(ctx context.Context) error {
			_, err := s.Prune(ctx, store.Prune{Kept: "bookings", Limit: 10})
			return err
		}, store.ErrInvalid},
		{"ReportJob", func(ctx context.Context) error {
			_, err := s.ReportJob(ctx, store.JobReport{Job: "prune", Holder: "w", Token: leases[0].Token})
			return err
		}, nil},
		{"FreeJobs", func(ctx context.Context) error { return s.FreeJobs(ctx, "w") }, nil},
		{"Dump", func(ctx context.Context) error { _, err := s.Dump(ctx, id); return err }, nil},
		{"Integrity", func(ctx context.Context) error { _, err := s.Integrity(ctx); return err }, nil},
		{"Notify", func(ctx context.Context) error { return s.Notify(ctx, []seating.RestaurantID{id}) }, nil},

		{"Commit", func(ctx context.Context) error { return commit(ctx, change(house.Rows{})) }, nil},
		{"Commit of two, with a look-up", func(ctx context.Context) error {
			one := change(house.Rows{})
			next, err := house.Apply(d.House, one)
			if err != nil {
				return err
			}
			batch := d.Batch(one, storetest.ChangeOn(next, d.Actor, now, "try", house.Rows{}))
			batch.Lookup = []house.ReceiptKey{key}
			_, err = s.Commit(ctx, batch)
			return err
		}, nil},
		{"Commit, moved", func(ctx context.Context) error {
			c := change(house.Rows{})
			c.Base--
			return is[*store.MovedError](commit(ctx, c))
		}, nil},
		{"Commit, a guard", func(ctx context.Context) error {
			c := change(house.Rows{})
			c.Guards = []house.Guard{{Kind: house.GuardHoldLapsed, Hold: n.holdA.ID}}
			return is[*store.GuardError](commit(ctx, c))
		}, nil},
		{"Commit, a replay", func(ctx context.Context) error {
			c := change(house.Rows{})
			c.Receipt = &house.Receipt{ReceiptKey: key, Fingerprint: "x", Command: "try", Status: 201, Version: c.Public(), At: now}
			return is[*store.ReplayError](commit(ctx, c))
		}, nil},
		{"Commit, another time", func(ctx context.Context) error {
			c := change(house.Rows{})
			c.Now = now.Add(time.Minute)
			return is[*store.ClockError](commit(ctx, c))
		}, nil},
		{"Commit, an overlap", func(ctx context.Context) error { return commit(ctx, change(overlap())) }, store.ErrImpossible},
		{"Commit, out of bounds", func(ctx context.Context) error {
			bad := storetest.Table(d.Zone, "BAD")
			bad.MaxCovers = 1000
			return commit(ctx, change(house.Rows{PutTables: []seating.Table{bad}}))
		}, store.ErrInvalid},
		{"Commit, refused at its end", func(ctx context.Context) error { // the key to the zone is deferred
			return commit(ctx, change(house.Rows{PutTables: []seating.Table{storetest.Table(storetest.NewID[seating.ZoneID](), "LOST")}}))
		}, store.ErrImpossible},
		{"Commit, of no restaurant", func(ctx context.Context) error {
			c := change(house.Rows{})
			c.Restaurant = storetest.NewID[seating.RestaurantID]()
			_, err := s.Commit(ctx, store.Batch{Restaurant: c.Restaurant, Changes: []*house.Change{c}})
			return err
		}, store.ErrNotFound},
		{"Commit, empty", func(ctx context.Context) error { _, err := s.Commit(ctx, d.Batch()); return err }, store.ErrInvalid},
		{"Commit, given up before", func(ctx context.Context) error {
			gone, cancel := context.WithCancel(ctx)
			c := change(house.Rows{})
			cancel()
			return commit(gone, c)
		}, store.ErrUnavailable},
		{"Commit, given up while it waits", givenUp(n, func(ctx context.Context) error { return commit(ctx, change(house.Rows{})) }), store.ErrAmbiguous},

		{"CommitLocked", locked(func(store.Locked) (store.Batch, error) { return d.Batch(d.Change("try", house.Rows{})), nil }), nil},
		{"CommitLocked, nothing to do", locked(func(store.Locked) (store.Batch, error) { return store.Batch{}, nil }), nil},
		{"CommitLocked, refused by the decider", locked(func(store.Locked) (store.Batch, error) { return store.Batch{}, errDecider }), errDecider},
		{"CommitLocked, an overlap", locked(func(store.Locked) (store.Batch, error) { return d.Batch(d.Change("try", overlap())), nil }), store.ErrImpossible},
		{"CommitLocked, refused at its end", locked(func(store.Locked) (store.Batch, error) {
			return d.Batch(d.Change("try", house.Rows{PutTables: []seating.Table{storetest.Table(storetest.NewID[seating.ZoneID](), "LOST")}})), nil
		}), store.ErrImpossible},
		{"CommitLocked of none", func(ctx context.Context) error {
			_, err := s.CommitLocked(ctx, storetest.NewID[seating.RestaurantID](), 0, ask, nil)
			return err
		}, store.ErrNotFound},
		{"CommitLocked, given up while it waits", givenUp(n, locked(func(store.Locked) (store.Batch, error) { return store.Batch{}, nil })), store.ErrUnavailable},
		{"DropRestaurant of none", func(ctx context.Context) error { return s.DropRestaurant(ctx, storetest.NewID[seating.RestaurantID]()) }, store.ErrNotFound},
		{"DropRestaurant", func(ctx context.Context) error { return s.DropRestaurant(ctx, third.State.Restaurant.ID) }, nil},
	}
}

// is turns an error of a type that is wanted into none.
func is[E error](err error) error {
	if _, ok := errors.AsType[E](err); ok {
		return nil
	}
	return fmt.Errorf("%w, want another error", err)
}

// givenUp makes a call wait for the restaurant's row, which somebody else has,
// and its caller give up when it does.
func givenUp(n *neighbours, do func(ctx context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		tx, err := n.admin.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx) //nolint:errcheck // it has only locked
		if _, err := tx.Exec(ctx, "SELECT FROM maitred.restaurant_state WHERE restaurant_id = $1 FOR UPDATE", n.a.ID().String()); err != nil {
			return err
		}
		waiting, cancel := context.WithCancel(ctx)
		defer cancel()
		outcome := make(chan error, 1)
		go func() { outcome <- do(waiting) }()
		for {
			var there bool
			err := n.watch.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = $1)`, pgtest.Login).Scan(&there)
			if err != nil {
				return err
			}
			if there {
				cancel()
				return <-outcome
			}
			select {
			case err := <-outcome:
				return fmt.Errorf("it did not wait: %w", err)
			default:
			}
		}
	}
}
