package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

// TestOneUserMadeByManyAtOnce: several restaurants take on the same person at the
// same moment.
func TestOneUserMadeByManyAtOnce(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one", "two", "three", "four")
	for round := range 10 {
		users := make([]seating.UserID, len(seeds))
		var g errgroup.Group
		for i, d := range seeds {
			g.Go(func() error {
				m, err := s.PutMember(t.Context(), store.Member{
					Restaurant: d.ID(), User: storetest.NewID[seating.UserID](), Email: fmt.Sprintf("N%d@example.org", round), Name: "N. N.", Role: seating.RoleHost,
				})
				users[i] = m.User
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatalf("PutMember = %v", err)
		}
		for _, user := range users[1:] {
			if user != users[0] {
				t.Fatalf("PutMember made %v, want one user", users)
			}
		}
	}
}

// TestOneSlugWantedByManyAtOnce: one gets it, the others are told so, and nobody
// waits for nobody's lock.
func TestOneSlugWantedByManyAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := stage(t, "one")
	for round := range 5 {
		errs := make([]error, 4)
		var g errgroup.Group
		for i := range errs {
			g.Go(func() error {
				r := storetest.NewRestaurant(fmt.Sprintf("new%d", round))
				r.Token.Hash[0] ^= byte(i) // their own secret; the owner is one person
				errs[i] = s.CreateRestaurant(t.Context(), r)
				return nil
			})
		}
		_ = g.Wait() // none returns an error
		made := 0
		for _, err := range errs {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, store.ErrExists):
				t.Errorf("CreateRestaurant(taken slug) = %v, want ErrExists", err)
			}
		}
		if made != 1 {
			t.Errorf("%d restaurants of one slug were made", made)
		}
	}
}

// TestRightsChangeUnderTheLock: whoever changes rights waits for the commit that
// is on its way, so that no change is committed after a revocation was answered
// that was judged before it.
func TestRightsChangeUnderTheLock(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(ctx context.Context, s *testStore, d *storetest.Seed) error{
		"PutMember": func(ctx context.Context, s *testStore, d *storetest.Seed) error {
			_, err := s.PutMember(ctx, store.Member{
				Restaurant: d.ID(), User: storetest.NewID[seating.UserID](), Email: "new@example.org", Name: "N. N.", Role: seating.RoleHost,
			})
			return err
		},
		"DropMember": func(ctx context.Context, s *testStore, d *storetest.Seed) error {
			members, err := s.Members(ctx, d.ID())
			if err != nil {
				return err
			}
			for _, m := range members {
				if m.Role == seating.RoleHost {
					return s.DropMember(ctx, d.ID(), m.User)
				}
			}
			return errors.New("there is no host")
		},
		"PutToken": func(ctx context.Context, s *testStore, d *storetest.Seed) error {
			return s.PutToken(ctx, store.Token{ID: storetest.NewID[seating.TokenID](), Restaurant: d.ID(), Role: seating.RoleHost, Hash: [32]byte{1}, HoldCap: 1})
		},
		"RevokeToken": func(ctx context.Context, s *testStore, d *storetest.Seed) error {
			return s.RevokeToken(ctx, d.ID(), d.New.Token.ID)
		},
		"DropRestaurant": func(ctx context.Context, s *testStore, d *storetest.Seed) error { return s.DropRestaurant(ctx, d.ID()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, seeds := stage(t, "one", "two")
			d := seeds[0]
			for _, m := range seeds {
				if _, err := s.PutMember(t.Context(), store.Member{
					Restaurant: m.ID(), User: storetest.NewID[seating.UserID](), Email: "host@example.org", Name: "H. H.", Role: seating.RoleHost,
				}); err != nil {
					t.Fatal(err)
				}
			}
			tx, err := s.raw.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // after a commit there is nothing to roll back
			if _, err := tx.Exec(t.Context(), "SELECT 1 FROM restaurant_state WHERE restaurant_id = $1 FOR NO KEY UPDATE", d.ID().String()); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- change(t.Context(), s, d) }()
			if !waits(t, s, done) {
				t.Errorf("%s did not wait for the lock", name)
			}
			// Another restaurant's is another lock.
			if err := change(t.Context(), s, seeds[1]); name != "PutToken" && err != nil {
				t.Errorf("%s in another restaurant = %v, want nil meanwhile", name, err)
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; name != "PutToken" && err != nil {
				t.Errorf("%s after the lock was free = %v", name, err)
			}
		})
	}
}

// waits reports whether somebody waits for a lock in the database before done has
// an answer.
func waits(t *testing.T, s *testStore, done chan error) bool {
	t.Helper()
	looker := s.db.Connect(t)
	for {
		select {
		case err := <-done:
			done <- err
			return false
		default:
		}
		var waiting bool
		err := looker.QueryRow(t.Context(), `SELECT EXISTS (
			SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`, pgx.QueryExecModeExec).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting {
			return true
		}
	}
}
