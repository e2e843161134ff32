package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Operator spells out an operator to be made; n tells them apart.
func Operator(n byte) store.Operator {
	return store.Operator{ID: NewID[seating.OperatorID](), Name: "ops", Hash: [32]byte{n, 1}, Access: 1}
}

// operatorsAreFoundWhileTheyAreValid: neither an expired nor a revoked one, none
// by another's hash, and no restaurant's token among them.
func operatorsAreFoundWhileTheyAreValid(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	if all, err := e.Store.Operators(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("Operators of a new deployment = %v, %v, want none", all, err)
	}
	first, second := Operator(1), Operator(2)
	first.CreatedAt, first.ExpiresAt = e.Clock.Instant(), e.Clock.Instant().Add(time.Hour)
	put := func(o store.Operator, want error) {
		t.Helper()
		if err := e.Store.PutOperator(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("PutOperator = %v, want %v", err, want)
		}
	}
	put(first, nil)
	e.Clock.Advance(time.Minute)
	second.CreatedAt = e.Clock.Instant()
	put(second, nil)
	twin, again := Operator(1), second
	again.Hash = [32]byte{3}
	put(twin, store.ErrExists)
	put(again, store.ErrExists)

	found := func(hash [32]byte, want *store.Operator) {
		t.Helper()
		got, err := e.Store.OperatorByHash(t.Context(), hash)
		if want == nil {
			if !errors.Is(err, store.ErrNotFound) || got != (store.Operator{}) {
				t.Errorf("OperatorByHash = %+v, %v, want ErrNotFound", got, err)
			}
			return
		}
		if diff := cmp.Diff(*want, got); err != nil || diff != "" {
			t.Errorf("OperatorByHash = %v (-want +got):\n%s", err, diff)
		}
	}
	found(first.Hash, &first)
	found(second.Hash, &second)
	found([32]byte{9}, nil)
	found(d.New.Token.Hash, nil)
	if _, err := e.Store.TokenByHash(t.Context(), first.Hash); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("TokenByHash of an operator = %v, want ErrNotFound", err)
	}
	e.Clock.Set(first.ExpiresAt - 1)
	found(first.Hash, &first)
	e.Clock.Set(first.ExpiresAt)
	found(first.Hash, nil)
	found(second.Hash, &second)

	revoked := e.Clock.Instant()
	for range 2 { // twice is fine, and the first counts
		if err := e.Store.RevokeOperator(t.Context(), second.ID); err != nil {
			t.Errorf("RevokeOperator = %v", err)
		}
		e.Clock.Advance(time.Minute)
	}
	found(second.Hash, nil)
	second.RevokedAt, second.Access = revoked, 2
	all, err := e.Store.Operators(t.Context())
	if diff := cmp.Diff([]store.Operator{first, second}, all); err != nil || diff != "" {
		t.Errorf("Operators = %v (-want +got):\n%s", err, diff)
	}
	if err := e.Store.RevokeOperator(t.Context(), NewID[seating.OperatorID]()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("RevokeOperator(unknown) = %v, want ErrNotFound", err)
	}
	// They are no part of a restaurant, and stay when one goes.
	if err := e.Store.DropRestaurant(t.Context(), d.ID()); err != nil {
		t.Fatalf("DropRestaurant = %v", err)
	}
	if left, err := e.Store.Operators(t.Context()); err != nil || !slices.Equal(left, all) {
		t.Errorf("Operators after a restaurant has gone = %v, %v, want both", left, err)
	}
}

// boundsOfAnOperator: the schema refuses what the command line does not let through.
func boundsOfAnOperator(t *testing.T, e Env) {
	for name, ok := range map[string]bool{"": false, "o": true, strings.Repeat("é", 200): true, strings.Repeat("o", 201): false} {
		o := Operator(byte(len(name)))
		o.Name = name
		if err := e.Store.PutOperator(t.Context(), o); (err == nil) != ok || !ok && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("PutOperator with a name of %d bytes = %v, want taken %t, else ErrInvalid", len(name), err, ok)
		}
	}
	all, err := e.Store.Operators(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("Operators = %v, %v, want the two that were taken", all, err)
	}
}
