package httpapi

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/maitred/maitred/internal/seating"
)

// TestD27_RetiringRacesSeating: of a table that goes and a party that is seated
// there at the same moment, one is refused, and nobody sits at a table that is gone.
func TestD27_RetiringRacesSeating(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss, host := s.one, s.one.tokens[seating.RoleManager], s.one.tokens[seating.RoleHost]
	went, sat := 0, 0
	for i := range 24 {
		in := realExamples(v)["create-table"].(map[string]any)
		in["number"] = "R" + itoa(i)
		table := s.do(http.MethodPost, v.path("/tables"), boss, in).want(http.StatusCreated).text("table", "id")
		id := s.book(v, 4, "19:00")
		var retired, seated *answer
		var wg sync.WaitGroup
		wg.Go(func() { retired = s.do(http.MethodDelete, v.path("/tables/"+table), boss, nil) })
		wg.Go(func() {
			seated = s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), host, map[string]any{"tableIds": []string{table}})
		})
		wg.Wait()
		if retired.status == http.StatusOK {
			went++
			seated.refused(http.StatusUnprocessableEntity, seating.CodeTableNotFound)
			continue
		}
		sat++
		retired.refused(http.StatusConflict, seating.CodeTableInUse)
		seated.want(http.StatusOK)
	}
	if went+sat != 24 {
		t.Errorf("%d tables went and %d parties sat, want 24 together", went, sat)
	}
}

// TestG02_TwoReplacementsAtOnce: one after the other; what stands is one of them,
// whole, never a mixture and never nothing.
func TestG02_TwoReplacementsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	set := func(low int, pairs ...string) map[string]any {
		list := []any{}
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, map[string]any{"tableIds": []any{v.tables[pairs[i]], v.tables[pairs[i+1]]}, "minCovers": float64(low), "maxCovers": 9.0})
		}
		return map[string]any{"combinations": list}
	}
	stands := func() []string {
		var all []string
		for _, c := range s.do(http.MethodGet, v.path("/combinations"), boss, nil).want(http.StatusOK).list("combinations") {
			all = append(all, jsonText(t, c))
		}
		slices.Sort(all)
		return all
	}
	put := func(body map[string]any) {
		s.do(http.MethodPut, v.path("/combinations"), boss, body).want(http.StatusOK)
	}
	bodies := []map[string]any{set(2, "T1", "T2", "T3", "T4", "T5", "T6"), set(3, "T1", "T2", "T2", "T3")}
	var whole [][]string
	for _, body := range bodies {
		put(body)
		whole = append(whole, stands())
	}
	for range 20 {
		var wg sync.WaitGroup
		for _, body := range bodies {
			wg.Go(func() { put(body) })
		}
		wg.Wait()
		if got := stands(); !slices.Equal(got, whole[0]) && !slices.Equal(got, whole[1]) {
			t.Fatalf("two replacements left %v, want %v or %v", got, whole[0], whole[1])
		}
	}
}
