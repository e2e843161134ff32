package control

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// NewToken is an API token to be made.
type NewToken struct {
	Restaurant string              `json:"restaurant"` // slug or ID
	Name       string              `json:"name"`
	Role       seating.Role        `json:"role"`
	HoldCap    int                 `json:"holdCap,omitempty"`   // 0: the default
	ExpiresIn  servicetime.Seconds `json:"expiresIn,omitempty"` // 0: never
}

// MadeToken is a new token with its secret, shown once.
type MadeToken struct {
	ID        seating.TokenID     `json:"id"`
	Name      string              `json:"name"`
	Role      seating.Role        `json:"role"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
	Secret    string              `json:"token"`
}

// CreateToken makes an API token of a restaurant.
func CreateToken(ctx context.Context, a *App, in NewToken) (MadeToken, error) {
	r, err := a.Restaurant(ctx, in.Restaurant)
	if err != nil {
		return MadeToken{}, err
	}
	switch {
	case !oneLine(in.Name):
		return MadeToken{}, seating.Invalid("name", "the name is 1 to 200 characters on one line")
	case !slices.Contains(seating.Roles(), in.Role):
		return MadeToken{}, noRole(in.Role)
	case in.HoldCap < 0 || in.HoldCap > 10000:
		return MadeToken{}, seating.Invalid("hold-cap", "the cap on live holds is 1 to 10000")
	case in.ExpiresIn < 0 || in.ExpiresIn.Duration() > longestToken:
		return MadeToken{}, seating.Invalid("expires-in", "a token is good for at most ten years")
	}
	now, err := a.now(ctx)
	if err != nil {
		return MadeToken{}, err
	}
	t, secret := access.NewToken(seating.TokenID(NewID()), r.ID, in.Name, in.Role, now)
	if in.HoldCap > 0 {
		t.HoldCap = in.HoldCap
	}
	if in.ExpiresIn > 0 {
		t.ExpiresAt = now.Add(in.ExpiresIn.Duration())
	}
	if err := a.Store.PutToken(ctx, t); err != nil {
		return MadeToken{}, err
	}
	return MadeToken{ID: t.ID, Name: t.Name, Role: t.Role, ExpiresAt: t.ExpiresAt, Secret: secret}, nil
}

func noRole(r seating.Role) error {
	return seating.Invalid("role", "%q is no role; the roles are owner, manager, host and server", string(r))
}

// TokenRef names a token of a restaurant.
type TokenRef struct {
	Restaurant string          `json:"restaurant"`
	Token      seating.TokenID `json:"token"`
}

// RevokeToken ends a token for good. Changes it has begun do not commit.
func RevokeToken(ctx context.Context, a *App, in TokenRef) (struct{}, error) {
	r, err := a.Restaurant(ctx, in.Restaurant)
	if err != nil {
		return struct{}{}, err
	}
	err = a.Store.RevokeToken(ctx, r.ID, in.Token)
	if errors.Is(err, store.ErrNotFound) {
		err = seating.Refuse(seating.CodeNotFound, "%s has no token %s", r.Slug, in.Token)
	}
	return struct{}{}, err
}

// TokenRow is a token as it is listed: never its secret or the hash of it.
type TokenRow struct {
	ID        seating.TokenID     `json:"id"`
	Name      string              `json:"name"`
	Role      seating.Role        `json:"role"`
	HoldCap   int                 `json:"holdCap"`
	CreatedAt servicetime.Instant `json:"createdAt"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
	RevokedAt servicetime.Instant `json:"revokedAt,omitempty"`
}

// Tokens lists the tokens of a restaurant, revoked ones too.
func Tokens(ctx context.Context, a *App, restaurant string) ([]TokenRow, error) {
	r, err := a.Restaurant(ctx, restaurant)
	if err != nil {
		return nil, err
	}
	tokens, err := a.Store.Tokens(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	rows := make([]TokenRow, len(tokens))
	for i, t := range tokens {
		rows[i] = TokenRow{
			ID: t.ID, Name: t.Name, Role: t.Role, HoldCap: t.HoldCap,
			CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt,
		}
	}
	return rows, nil
}

// taken says what a unique name collided with.
func taken(err error, format string, args ...any) error {
	if errors.Is(err, store.ErrExists) {
		return &Error{Code: "EXISTS", Message: fmt.Sprintf(format, args...), cause: err}
	}
	return err
}
