package line_test

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/store/postgres"
)

// C12 of the commit path: what is loaded while others write is one version whole,
// never a piece of one and a piece of the next.
func TestLoadsAreNotTorn(t *testing.T) {
	const readers = 4
	loads := 1500
	if racing {
		loads = 300 // what is torn is torn by the database, which the detector does not see
	}
	s := newStackOn(t, openPostgres)
	r := s.restaurant(t, "torn", rivals(6))
	reader := dial(t, postgres.Config{URL: s.db.URL, MaxConns: readers})

	versions := map[int64]*house.House{} // as they were committed
	written := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(loads))
	loaded := make([][]*house.House, readers)
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				h, _, err := reader.Load(t.Context(), r.id)
				if err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				loaded[i] = append(loaded[i], h)
			}
		})
	}
	go func() {
		all.Wait()
		close(written)
	}()
	versions[r.house(t).Version] = r.house(t)
	// Bookings change places all the time, so that each version has allocations
	// where the one before had others.
	for n := 0; ; n++ {
		select {
		case <-written:
		default:
			booking, tables := 1+n%3, housetest.Tables(1+n%3, 2+n%3)
			for _, c := range []decide.Command{
				decide.MakeHold{ID: housetest.Hold(n + 1), Booking: housetest.Booking(4), Tables: housetest.Tables(7 + n%2)},
				decide.Assign{Booking: housetest.Booking(booking), Tables: tables[:1+n%2]},
				decide.ReleaseHold{Hold: housetest.Hold(n + 1)},
				decide.Unassign{Booking: housetest.Booking(booking)},
			} {
				_, _ = r.do(t.Context(), cleo, c) // a budget that is spent is no matter
				h := r.house(t)
				versions[h.Version] = h
			}
			continue
		}
		break
	}
	seen, total := map[int64]bool{}, 0
	for _, some := range loaded {
		for _, h := range some {
			total++
			seen[h.Version] = true
			want := versions[h.Version]
			if want == nil {
				t.Fatalf("version %d was loaded and never written", h.Version)
			}
			if !reflect.DeepEqual(h.State(), want.State()) {
				if diff := cmp.Diff(want.State(), h.State()); diff != "" {
					t.Fatalf("version %d is torn (-written +loaded):\n%s", h.Version, diff)
				}
			}
		}
	}
	t.Logf("%d loads of %d versions, %d written", total, len(seen), len(versions))
	if total != loads || len(seen) < loads/30 {
		t.Errorf("%d loads of %d versions; they did not fall between writes", total, len(seen))
	}
	r.verified(t)
}
