package access_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// TestCapabilityTable spells docs/domain.md section 8 out a second time, so that
// no cell changes by accident.
func TestCapabilityTable(t *testing.T) {
	t.Parallel()
	table := map[seating.Capability]string{ // owner, manager, host, server
		seating.CapSee: "yyyy", seating.CapSeeContact: "yyy-", seating.CapWalkIn: "yyyy", seating.CapSeat: "yyyy",
		seating.CapAssign: "yyy-", seating.CapBook: "yyy-", seating.CapOverride: "yy--", seating.CapCorrect: "yy--",
		seating.CapConfigure: "yy--", seating.CapAdminister: "yy--", seating.CapOwn: "y---",
	}
	for i, role := range seating.Roles() {
		for c, row := range table {
			if got, want := access.Allowed(role, c), row[i] == 'y'; got != want {
				t.Errorf("Allowed(%s, %s) = %v, want %v", role, c, got, want)
			}
		}
		if n := len(access.Capabilities(role)); n != strings.Count(column(table, i), "y") {
			t.Errorf("Capabilities(%s) has %d, want those of the table and no other", role, n)
		}
	}
	if access.Allowed("stranger", seating.CapSee) || len(access.Capabilities("")) != 0 {
		t.Error("an unknown role may do something")
	}
}

func column(table map[seating.Capability]string, i int) string {
	var b strings.Builder
	for _, row := range table {
		b.WriteByte(row[i])
	}
	return b.String()
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		secret, hash := access.NewSecret()
		if !strings.HasPrefix(secret, access.Prefix) || len(secret) < 50 || len(secret) > access.MaxSecret || seen[secret] || hash != access.Hash(secret) {
			t.Fatalf("NewSecret() = %q, want a long new one with its hash", secret)
		}
		seen[secret] = true
	}
}

// directory counts look-ups and answers from a map.
type directory struct {
	mu        sync.Mutex
	tokens    map[[32]byte]store.Token
	operators map[[32]byte]store.Operator
	err       error
	asked     int
}

func (d *directory) OperatorByHash(_ context.Context, hash [32]byte) (store.Operator, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.err != nil {
		return store.Operator{}, d.err
	}
	o, ok := d.operators[hash]
	if !ok {
		return store.Operator{}, store.ErrNotFound
	}
	return o, nil
}

func (d *directory) TokenByHash(_ context.Context, hash [32]byte) (store.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.err != nil {
		return store.Token{}, d.err
	}
	t, ok := d.tokens[hash]
	if !ok {
		return store.Token{}, store.ErrNotFound
	}
	return t, nil
}

func TestGateRemembersForASecondAtMost(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	restaurant := seating.RestaurantID{1}
	token, secret := access.NewToken(seating.TokenID{2}, restaurant, "desk", seating.RoleHost, 0)
	d := &directory{tokens: map[[32]byte]store.Token{token.Hash: token}}
	gate := access.NewGate(d, func() time.Time { return now })
	known := func(want bool) access.Caller {
		t.Helper()
		c, err := gate.Authenticate(t.Context(), "Bearer "+secret)
		if (err == nil) != want {
			t.Fatalf("Authenticate() = %v, want known %v", err, want)
		}
		if err != nil && seating.CodeOf(err) != seating.CodeUnauthenticated {
			t.Fatalf("Authenticate() = %v, want UNAUTHENTICATED", err)
		}
		return c
	}
	asked := func(want int) {
		t.Helper()
		if d.asked != want {
			t.Fatalf("the directory was asked %d times, want %d", d.asked, want)
		}
	}
	caller := known(true)
	now = now.Add(time.Second - 1)
	known(true)
	asked(1)
	delete(d.tokens, token.Hash) // revoked
	if _, err := gate.Again(t.Context(), caller); seating.CodeOf(err) != seating.CodeUnauthenticated {
		t.Errorf("Again() = %v, want UNAUTHENTICATED at once", err)
	}
	asked(2)
	known(false) // what Again learned counts
	asked(2)
	d.tokens[token.Hash] = token
	now = now.Add(time.Second)
	known(true)
	asked(3)
	now = now.Add(time.Second)
	delete(d.tokens, token.Hash)
	known(false)
	now = now.Add(-time.Hour) // a clock that goes back keeps nothing alive
	d.tokens[token.Hash] = token
	known(true)
	asked(5)
}

func TestGateSaysUnavailableNotUnauthenticated(t *testing.T) {
	t.Parallel()
	d := &directory{err: store.ErrUnavailable}
	gate := access.NewGate(d, func() time.Time { return time.Unix(0, 0) })
	secret, _ := access.NewSecret()
	_, err := gate.Authenticate(t.Context(), "Bearer "+secret)
	if seating.CodeOf(err) != seating.CodeUnavailable || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Authenticate() with the store down = %v, want UNAVAILABLE with its cause", err)
	}
}

func TestGuessesAreBoundedAndNeverAsk(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	token, secret := access.NewToken(seating.TokenID{2}, seating.RestaurantID{1}, "desk", seating.RoleHost, 0)
	d := &directory{tokens: map[[32]byte]store.Token{token.Hash: token}}
	gate := access.NewGate(d, func() time.Time { return now })
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer mtr_", "Basic " + secret, "Bearer " + strings.Repeat("x", 1<<20), "Bearer mtr_" + strings.Repeat("A", 1<<20), "Bearer mtr_a b", "Bearer mtr_é", secret} {
		if _, err := gate.Authenticate(t.Context(), bad); seating.CodeOf(err) != seating.CodeUnauthenticated {
			t.Errorf("Authenticate(%.20q) = %v, want UNAUTHENTICATED", bad, err)
		}
	}
	if d.asked != 0 {
		t.Errorf("malformed headers asked the directory %d times, want none", d.asked)
	}
	if _, err := gate.Authenticate(t.Context(), "Bearer "+secret); err != nil {
		t.Fatal(err)
	}
	for range 10_000 { // guesses of the right shape push no known token out
		guess, _ := access.NewSecret()
		if _, err := gate.Authenticate(t.Context(), "Bearer "+guess); err == nil {
			t.Fatal("a guess was right")
		}
	}
	before := d.asked
	if _, err := gate.Authenticate(t.Context(), "bearer "+secret); err != nil || d.asked != before {
		t.Errorf("Authenticate() after guesses = %v, asked again %v, want it remembered", err, d.asked != before)
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	token, secret := access.NewToken(seating.TokenID{2}, seating.RestaurantID{1}, "desk", seating.RoleServer, 0)
	token.Access, token.HoldCap = 7, 33
	gate := access.NewGate(&directory{tokens: map[[32]byte]store.Token{token.Hash: token}}, func() time.Time { return time.Unix(0, 0) })
	caller, err := gate.Authenticate(t.Context(), "Bearer "+secret)
	if err != nil {
		t.Fatal(err)
	}
	caller.ActingFor = "agent-7"
	a, err := gate.Actor(t.Context(), caller, seating.RestaurantID{1})
	if err != nil {
		t.Fatal(err)
	}
	if a.Principal != seating.TokenPrincipal(token.ID, "agent-7") || a.Subject != seating.TokenPrincipal(token.ID, "") ||
		a.Access != 7 || a.HoldCap != 33 || a.Kind != seating.ActorToken || !a.Can(seating.CapSee) || a.Can(seating.CapAssign) {
		t.Errorf("Actor() = %+v, want the token acting for agent-7, guarded, as a server", a)
	}
	for _, other := range []seating.RestaurantID{{}, {9}} {
		if _, err := gate.Actor(t.Context(), caller, other); seating.CodeOf(err) != seating.CodeNotFound {
			t.Errorf("Actor(%v) = %v, want NOT_FOUND", other, err)
		}
	}
}

func TestValidActingFor(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a": true, strings.Repeat("a", 64): true, "agent/7:x": true, "": false, strings.Repeat("a", 65): false, "a b": false, "a\x00": false, "é": false, "\x7f": false,
	} {
		if got := access.ValidActingFor(s); got != want {
			t.Errorf("ValidActingFor(%q) = %v, want %v", s, got, want)
		}
	}
}
