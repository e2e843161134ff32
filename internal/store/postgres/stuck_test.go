package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

// half sends statements as the serving login, without ever ending the flush, and
// returns when the server has carried them out: a client that was stopped, or cut
// off, half way.
func half(t *testing.T, url string, statements ...string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	f := conn.PgConn().Frontend()
	for _, sql := range statements {
		f.Send(&pgproto3.Parse{Query: sql})
		f.Send(&pgproto3.Bind{})
		f.Send(&pgproto3.Execute{})
	}
	f.Send(&pgproto3.Flush{})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	for done := 0; done < len(statements); {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.CommandComplete:
			done++
		case *pgproto3.ErrorResponse:
			t.Fatalf("the server refuses: %s", m.Message)
		}
	}
	return conn
}

// alive reports whether the backend that serves a connection is there.
func alive(t *testing.T, s *testStore, conn *pgx.Conn) bool {
	t.Helper()
	return s.db.Count(t, "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = $1", conn.PgConn().PID()) == 1
}

// TestAFlushThatBreaksOffDoesNotStopTheHouse: a commit of another process stands
// half sent, with the lock of the restaurant. Who waits for it in vain ends it, and
// gets through; whoever else waits for its client is left alone.
func TestAFlushThatBreaksOffDoesNotStopTheHouse(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]func(s *testStore, d *storetest.Seed, c *house.Change) error{
		"Commit": func(s *testStore, d *storetest.Seed, c *house.Change) error {
			_, err := s.Commit(t.Context(), d.Batch(c))
			return err
		},
		"CommitLocked": func(s *testStore, d *storetest.Seed, c *house.Change) error {
			_, err := s.CommitLocked(t.Context(), d.ID(), d.House.Version, store.Ask{}, func(store.Locked) (store.Batch, error) {
				return d.Batch(c), nil
			})
			return err
		},
		"a change of rights": func(s *testStore, d *storetest.Seed, c *house.Change) error {
			if err := s.RevokeToken(t.Context(), d.ID(), d.New.Token.ID); err != nil {
				return err
			}
			_, err := s.Commit(t.Context(), d.Batch(c))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			s := open(t, clock.Options())
			d := storetest.Plant(t, s, clock, "one")
			other := storetest.Plant(t, s, clock, "two")
			as := func(r seating.RestaurantID) string {
				return "SELECT set_config('role', 'maitred_app', true), set_config('maitred.restaurant', '" + r.String() + "', true)"
			}
			bystander := half(t, s.db.URL, as(other.ID()), "SELECT 1 FROM maitred.zones FOR SHARE")
			stuck := half(t, s.db.URL, as(d.ID()),
				"UPDATE maitred.restaurant_state SET version = version + 1, head = gen_random_uuid() WHERE restaurant_id = '"+d.ID().String()+"'")
			began := time.Now()
			c := d.Book(d.Booking("B1", 0, 60), d.Tables[0])
			if err := commit(s, d, c); err != nil {
				t.Fatalf("behind a flush that broke off = %v after %v, want nil", err, time.Since(began))
			}
			if alive(t, s, stuck) {
				t.Error("the backend with the lock is still there")
			}
			if !alive(t, s, bystander) {
				t.Error("a backend that had no lock of a restaurant was ended")
			}
			if got := d.Load().Version; got != d.House.Version+1 {
				t.Errorf("version = %d, want %d: nothing of the flush that broke off", got, d.House.Version+1)
			}
		})
	}
}
