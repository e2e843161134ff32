package query_test

import (
	"errors"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
)

func trial(c decide.Command) query.Trial {
	return query.Trial{Command: c, Change: seating.ChangeID{15: 1}}
}

// TestDryRun: decided on a proved house, never on one that may be behind; what it
// breaks, what it refuses, and that the house stays as it was.
func TestDryRun(t *testing.T) {
	t.Parallel()
	proved := full(t)
	behind, err := house.New(func() house.State { s := proved.State(); s.Tables[4].Active = false; return s }())
	if err != nil {
		t.Fatal(err)
	}
	f := &houses{stale: behind, proved: proved}
	r := query.New(f, nil)
	off := decide.ChangeTable{
		ID: tableID(5), Active: new(false), Category: new(seating.CategoryBar), Seating: new(seating.SeatingSofa),
		Position: &seating.Position{Shape: seating.ShapeRound, W: 80, H: 80},
	}
	tried, err := r.DryRun(t.Context(), proved.Restaurant.ID, trial(off))
	if err != nil || !tried.Changes || tried.House != proved || f.proofs != 1 {
		t.Fatalf("DryRun = %+v, %v after %d proofs, want a change of the proved house", tried, err, f.proofs)
	}
	if len(tried.Breaks) != 1 || tried.Breaks[0].Booking != bookingID(2) || tried.Breaks[0].Code != seating.CodeTableUnavailable {
		t.Errorf("breaks = %+v, want booking 2 at table 5", tried.Breaks)
	}
	if !proved.Floor.Table(tableID(5)).Active || proved.Version != 9 {
		t.Errorf("the house is at %s with table 5 active %v, want it as it was", proved.Public(), proved.Floor.Table(tableID(5)).Active)
	}
	none, err := r.DryRun(t.Context(), proved.Restaurant.ID, trial(decide.ChangeZone{ID: seating.ZoneID{1}}))
	if err != nil || none.Changes || none.House != proved || len(none.Breaks) != 0 {
		t.Errorf("DryRun of nothing = %+v, %v, want no change", none, err)
	}
	_, err = r.DryRun(t.Context(), proved.Restaurant.ID, trial(decide.RemoveTable{ID: tableID(5)}))
	if seating.CodeOf(err) != seating.CodeTableInUse {
		t.Errorf("DryRun of a refused change = %v, want TABLE_IN_USE", err)
	}
	old := trial(off)
	old.Seen = &seating.Version{Epoch: "other", N: 1}
	if _, err = r.DryRun(t.Context(), proved.Restaurant.ID, old); seating.CodeOf(err) != seating.CodeStaleContext {
		t.Errorf("DryRun with an old If-Match = %v, want STALE_CONTEXT", err)
	}
	f.err = errors.New("away")
	if _, err = r.DryRun(t.Context(), proved.Restaurant.ID, trial(off)); !errors.Is(err, f.err) {
		t.Errorf("DryRun without a proof = %v, want its error", err)
	}
}
