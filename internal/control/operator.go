package control

import (
	"context"
	"errors"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// NewOperator is an operator to be made.
type NewOperator struct {
	Name      string              `json:"name"`
	ExpiresIn servicetime.Seconds `json:"expiresIn,omitempty"` // 0: never
}

// MadeOperator is a new operator with the secret of its token, shown once.
type MadeOperator struct {
	ID        seating.OperatorID  `json:"id"`
	Name      string              `json:"name"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
	Secret    string              `json:"token"`
}

// CreateOperator makes an operator. Only the command line does: no route gives
// the rights of the deployment away.
func CreateOperator(ctx context.Context, a *App, in NewOperator) (MadeOperator, error) {
	switch {
	case !oneLine(in.Name):
		return MadeOperator{}, seating.Invalid("name", "the name is 1 to 200 characters on one line")
	case in.ExpiresIn < 0 || in.ExpiresIn.Duration() > longestToken:
		return MadeOperator{}, seating.Invalid("expires-in", "a token is good for at most ten years")
	}
	now, err := a.now(ctx)
	if err != nil {
		return MadeOperator{}, err
	}
	o, secret := access.NewOperator(seating.OperatorID(NewID()), in.Name, now)
	if in.ExpiresIn > 0 {
		o.ExpiresAt = now.Add(in.ExpiresIn.Duration())
	}
	if err := a.Store.PutOperator(ctx, o); err != nil {
		return MadeOperator{}, err
	}
	return MadeOperator{ID: o.ID, Name: o.Name, ExpiresAt: o.ExpiresAt, Secret: secret}, nil
}

// longestToken is how long a token that ends may be good.
const longestToken = 10 * 366 * 24 * time.Hour

// OperatorRef names an operator.
type OperatorRef struct {
	Operator seating.OperatorID `json:"operator"`
}

// RevokeOperator ends an operator's token for good.
func RevokeOperator(ctx context.Context, a *App, in OperatorRef) (struct{}, error) {
	err := a.Store.RevokeOperator(ctx, in.Operator)
	if errors.Is(err, store.ErrNotFound) {
		err = seating.Refuse(seating.CodeNotFound, "there is no operator %s", in.Operator)
	}
	return struct{}{}, err
}

// OperatorRow is an operator as it is listed: never the secret or the hash of it.
type OperatorRow struct {
	ID        seating.OperatorID  `json:"id"`
	Name      string              `json:"name"`
	CreatedAt servicetime.Instant `json:"createdAt"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
	RevokedAt servicetime.Instant `json:"revokedAt,omitempty"`
}

// Operators lists the operators of the deployment, revoked ones too.
func Operators(ctx context.Context, a *App) ([]OperatorRow, error) {
	operators, err := a.Store.Operators(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]OperatorRow, len(operators))
	for i, o := range operators {
		rows[i] = OperatorRow{ID: o.ID, Name: o.Name, CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt, RevokedAt: o.RevokedAt}
	}
	return rows, nil
}
