package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// An operator is known by a token of another kind, is a member nowhere, and is out
// as soon as somebody asks again.
func TestOperatorIsAMemberNowhere(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	operator, secret := access.NewOperator(seating.OperatorID{3}, "ops", 7)
	if !strings.HasPrefix(secret, access.OperatorPrefix) || strings.HasPrefix(secret, access.Prefix) || len(secret) < 50 || len(secret) > access.MaxSecret ||
		operator.Hash != access.Hash(secret) || operator.Access != 1 || operator.CreatedAt != 7 {
		t.Fatalf("NewOperator() = %+v with %q", operator, secret)
	}
	token, tokenSecret := access.NewToken(seating.TokenID{2}, seating.RestaurantID{1}, "desk", seating.RoleOwner, 0)
	d := &directory{tokens: map[[32]byte]store.Token{token.Hash: token}, operators: map[[32]byte]store.Operator{operator.Hash: operator}}
	gate := access.NewGate(d, func() time.Time { return now })
	for range 2 { // looked up, and remembered
		caller, err := gate.Authenticate(t.Context(), "Bearer "+secret)
		if err != nil || !caller.IsOperator() || caller.Operator != operator || caller.Token != (store.Token{}) || caller.Principal() != "operator:"+operator.ID.String() {
			t.Fatalf("Authenticate(operator) = %+v, %v", caller, err)
		}
		for _, r := range []seating.RestaurantID{{}, {1}, {9}} {
			if a, err := gate.Actor(t.Context(), caller, r); seating.CodeOf(err) != seating.CodeNotFound || len(a.Caps) != 0 {
				t.Errorf("Actor(operator, %v) = %+v, %v, want NOT_FOUND", r, a, err)
			}
		}
	}
	if d.asked != 1 {
		t.Errorf("the directory was asked %d times, want once", d.asked)
	}
	owner, err := gate.Authenticate(t.Context(), "Bearer "+tokenSecret)
	if err != nil || owner.IsOperator() {
		t.Errorf("Authenticate(owner) = %+v, %v, want no operator", owner, err)
	}
	// Neither is looked for among the others.
	d.tokens[operator.Hash] = store.Token{ID: seating.TokenID{4}, Restaurant: seating.RestaurantID{1}}
	caller, err := gate.Authenticate(t.Context(), "Bearer "+secret)
	if err != nil {
		t.Fatal(err)
	}
	delete(d.operators, operator.Hash) // revoked
	if _, err := gate.Again(t.Context(), caller); seating.CodeOf(err) != seating.CodeUnauthenticated {
		t.Errorf("Again(revoked operator) = %v, want UNAUTHENTICATED", err)
	}
	if _, err := gate.Authenticate(t.Context(), "Bearer "+secret); seating.CodeOf(err) != seating.CodeUnauthenticated {
		t.Errorf("Authenticate(revoked operator) = %v, want UNAUTHENTICATED", err)
	}
	for _, bad := range []string{"mtro_", "mtro", "mtro_a-b", "mtrx_" + strings.Repeat("A", 52), "mtro_" + strings.Repeat("A", access.MaxSecret)} {
		asked := d.asked
		if _, err := gate.Authenticate(t.Context(), "Bearer "+bad); seating.CodeOf(err) != seating.CodeUnauthenticated || d.asked != asked {
			t.Errorf("Authenticate(%.20s) = %v, asked %v, want UNAUTHENTICATED without a look-up", bad, err, d.asked != asked)
		}
	}
}
