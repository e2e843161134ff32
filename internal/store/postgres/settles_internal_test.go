package postgres

import (
	"testing"

	"github.com/maitred/maitred/internal/store"
)

// A crash of the server may take back that rows were handed out, never what became
// of one.
func TestOnlyATurnThatSettlesNothingNeedNotWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		turn store.Turn
		want bool
	}{
		"nothing":   {store.Turn{}, false},
		"hands out": {store.Turn{Sweep: true, Flows: []store.FlowRef{{}}, Limit: 100}, false},
		"delivered": {store.Turn{Done: []store.Settled{{}}}, true},
		"failed":    {store.Turn{Failed: []store.Failed{{}}}, true},
		"dead":      {store.Turn{Dead: []store.Died{{}}}, true},
		"circuit":   {store.Turn{Circuits: []store.Circuit{{}}}, true},
		"log":       {store.Turn{Log: []store.Delivery{{}}}, true},
	} {
		if got := settles(c.turn); got != c.want {
			t.Errorf("%s: settles = %v, want %v", name, got, c.want)
		}
	}
}
