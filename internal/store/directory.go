package store

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Directory keeps who there is: restaurants, users, members, tokens, operators. Its
// methods cross restaurants where their names say so.
type Directory interface {
	// CreateRestaurant writes a restaurant at version 0 of a new epoch with its
	// owner and the owner's first token, in one transaction. ErrExists when the
	// slug is taken.
	CreateRestaurant(ctx context.Context, r NewRestaurant) error
	Restaurants(ctx context.Context) ([]seating.Restaurant, error)
	// RestaurantBySlug returns ErrNotFound when there is none.
	RestaurantBySlug(ctx context.Context, slug string) (seating.Restaurant, error)
	// DropRestaurant removes a restaurant with all its rows; ErrNotFound.
	DropRestaurant(ctx context.Context, id seating.RestaurantID) error

	// PutMember adds a user (found by e-mail, ignoring case, or made with m.User)
	// to a restaurant, or changes the role; either raises the access revision. It
	// must refuse with ErrInvalid to take away the last owner.
	PutMember(ctx context.Context, m Member) (Member, error)
	// DropMember removes a member and raises its access revision; ErrNotFound;
	// ErrInvalid for the last owner.
	DropMember(ctx context.Context, id seating.RestaurantID, user seating.UserID) error
	Members(ctx context.Context, id seating.RestaurantID) ([]Member, error)

	PutToken(ctx context.Context, t Token) error
	// RevokeToken raises the token's access revision; ErrNotFound. Twice is fine.
	RevokeToken(ctx context.Context, id seating.RestaurantID, token seating.TokenID) error
	Tokens(ctx context.Context, id seating.RestaurantID) ([]Token, error)
	// TokenByHash finds a token that is neither revoked nor expired by the SHA-256
	// of its secret, in any restaurant; ErrNotFound.
	TokenByHash(ctx context.Context, hash [32]byte) (Token, error)
	// PutOperator adds an operator with its token; ErrExists when the id or the hash
	// is there.
	PutOperator(ctx context.Context, o Operator) error
	// RevokeOperator ends an operator's token and raises the access revision;
	// ErrNotFound. Twice is fine.
	RevokeOperator(ctx context.Context, id seating.OperatorID) error
	// Operators lists all there were, oldest first, revoked ones too.
	Operators(ctx context.Context) ([]Operator, error)
	// OperatorByHash finds an operator whose token is neither revoked nor expired by
	// the SHA-256 of its secret; ErrNotFound.
	OperatorByHash(ctx context.Context, hash [32]byte) (Operator, error)

	// Names returns display names of principals' subjects ("user:…", "token:…")
	// of one restaurant; unknown ones are absent.
	Names(ctx context.Context, id seating.RestaurantID, subjects []string) (map[string]string, error)
}

// NewRestaurant is a restaurant to be made.
type NewRestaurant struct {
	State house.State // version 0: restaurant, epoch, policy, openFrom; all lists empty
	Owner Member
	Token Token
	At    servicetime.Instant // informative; the store's clock rules and becomes State.LastAt
}

// Member is a user's role in a restaurant.
type Member struct {
	Restaurant seating.RestaurantID
	User       seating.UserID
	Email      string
	Name       string
	Role       seating.Role
	Access     int64 // revision, raised by each change of rights
}

// Token is an API token of one restaurant. Only the hash of its secret is kept.
type Token struct {
	ID         seating.TokenID
	Restaurant seating.RestaurantID
	Name       string
	Role       seating.Role
	Hash       [32]byte
	HoldCap    int // live holds at once, 1–10000
	Access     int64
	CreatedAt  servicetime.Instant
	ExpiresAt  servicetime.Instant // 0: never
	RevokedAt  servicetime.Instant // 0: valid
}

// Operator is a token of the deployment: it belongs to no restaurant and opens
// none. Only the hash of its secret is kept.
type Operator struct {
	ID        seating.OperatorID
	Name      string // 1 to 200 characters
	Hash      [32]byte
	Access    int64
	CreatedAt servicetime.Instant
	ExpiresAt servicetime.Instant // 0: never
	RevokedAt servicetime.Instant // 0: valid
}
