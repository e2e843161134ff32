package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Freshness is how long a look-up is remembered, found or not.
const Freshness = time.Second

// Tokens is the part of store.Directory the gate needs.
type Tokens interface {
	TokenByHash(ctx context.Context, hash [32]byte) (store.Token, error)
	OperatorByHash(ctx context.Context, hash [32]byte) (store.Operator, error)
}

var _ Tokens = store.Directory(nil)

// Gate authenticates callers. It is safe for concurrent use.
type Gate struct {
	tokens Tokens
	now    func() time.Time
	known  *memory // secrets that are tokens, operators' too
	wrong  *memory // secrets that are not, apart so that guesses push nobody out
}

// NewGate makes a gate over the directory. now is the process's clock; it only
// measures how old a look-up is.
func NewGate(tokens Tokens, now func() time.Time) *Gate {
	return &Gate{tokens: tokens, now: now, known: newMemory(4096), wrong: newMemory(4096)}
}

// Caller is who sent a request: an API token of a restaurant, perhaps acting for
// somebody, or an operator of the deployment.
type Caller struct {
	Token     store.Token    // zero for an operator, who so belongs to no restaurant
	Operator  store.Operator // zero for an API token
	ActingFor string         // opaque; makes a principal of its own

	hash [32]byte
}

// IsOperator reports whether the caller is an operator.
func (c Caller) IsOperator() bool { return !c.Operator.ID.IsZero() }

// Principal is the caller's canonical key.
func (c Caller) Principal() string {
	if c.IsOperator() {
		return seating.OperatorPrincipal(c.Operator.ID)
	}
	return seating.TokenPrincipal(c.Token.ID, c.ActingFor)
}

// unauthenticated is the one refusal for everything that is not a valid token.
func unauthenticated() *seating.Error {
	return seating.Refuse(seating.CodeUnauthenticated, "send a valid API token as Authorization: Bearer %s…", Prefix)
}

// Authenticate finds the caller of an Authorization header. It returns
// UNAUTHENTICATED for anything that is not a valid token, UNAVAILABLE when the
// store cannot say.
func (g *Gate) Authenticate(ctx context.Context, authorization string) (Caller, error) {
	secret, operator, ok := bearer(authorization)
	if !ok {
		return Caller{}, unauthenticated()
	}
	hash, now := Hash(secret), g.now()
	if c, ok := g.known.get(hash, now); ok {
		return c, nil
	}
	if _, ok := g.wrong.get(hash, now); ok {
		return Caller{}, unauthenticated()
	}
	return g.look(ctx, hash, operator)
}

// Again authenticates a caller past what is remembered: for a change that was
// refused because the caller's rights had moved.
func (g *Gate) Again(ctx context.Context, c Caller) (Caller, error) {
	again, err := g.look(ctx, c.hash, c.IsOperator())
	again.ActingFor = c.ActingFor
	return again, err
}

// look asks the store. What it learns is as old as the start of the question.
func (g *Gate) look(ctx context.Context, hash [32]byte, operator bool) (Caller, error) {
	until := g.now().Add(Freshness)
	var err error
	c := Caller{hash: hash}
	if operator {
		c.Operator, err = g.tokens.OperatorByHash(ctx, hash)
	} else {
		c.Token, err = g.tokens.TokenByHash(ctx, hash)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		g.known.drop(hash)
		g.wrong.put(hash, Caller{}, until)
		return Caller{}, unauthenticated()
	case err != nil:
		g.known.drop(hash)
		return Caller{}, &unavailable{cause: fmt.Errorf("authenticate: %w", err)}
	}
	g.wrong.drop(hash)
	g.known.put(hash, c, until)
	return c, nil
}

// Actor is the caller at a restaurant, with its rights there. It returns
// NOT_FOUND for every restaurant but the caller's own, whether it exists or not;
// an operator has none.
func (g *Gate) Actor(_ context.Context, c Caller, restaurant seating.RestaurantID) (seating.Actor, error) {
	if restaurant.IsZero() || c.IsOperator() || c.Token.Restaurant != restaurant {
		return seating.Actor{}, NoRestaurant()
	}
	return seating.Actor{
		Principal: c.Principal(),
		Kind:      seating.ActorToken,
		Caps:      Capabilities(c.Token.Role),
		HoldCap:   c.Token.HoldCap,
		Access:    c.Token.Access,
		Subject:   seating.TokenPrincipal(c.Token.ID, ""),
	}, nil
}

// NoRestaurant is the one answer for a restaurant that is not there, and for one
// that is somebody else's.
func NoRestaurant() *seating.Error {
	return seating.Refuse(seating.CodeNotFound, "there is no such restaurant")
}

// unavailable is an UNAVAILABLE refusal that keeps its cause for the log.
type unavailable struct{ cause error }

func (e *unavailable) Error() string { return e.cause.Error() }

func (e *unavailable) Unwrap() []error {
	return []error{
		&seating.Error{
			Code: seating.CodeUnavailable, Msg: "the store does not answer; try again",
			Details: seating.Details{RetryAfter: time.Second},
		},
		e.cause,
	}
}
