package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// PutMember implements store.Directory.
func (s *Store) PutMember(ctx context.Context, m store.Member) (store.Member, error) {
	var put store.Member
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		if err := exists(ctx, q, m.Restaurant); err != nil {
			return err
		}
		put, err = putMember(ctx, q, now, m)
		return err
	})
	if err != nil {
		return store.Member{}, err
	}
	return put, nil
}

func putMember(ctx context.Context, q session, now servicetime.Instant, m store.Member) (store.Member, error) {
	if m.Email == "" || m.Role == "" {
		return m, fmt.Errorf("%w: a member has an e-mail address and a role", store.ErrInvalid)
	}
	found, err := q.one(ctx, "UserByEmail", []any{fold(m.Email)}, id(&m.User), &m.Email, &m.Name)
	if err != nil {
		return m, err
	}
	if !found {
		if m.User.IsZero() {
			return m, fmt.Errorf("%w: a new user has an id", store.ErrInvalid)
		}
		if _, err := q.exec(ctx, "InsertUser", text(m.User), m.Email, fold(m.Email), m.Name, int64(now)); err != nil {
			return m, existsWhenTaken(err)
		}
	}
	var role seating.Role
	if _, err := q.one(ctx, "Member", []any{text(m.Restaurant), text(m.User)}, word(&role), &m.Access); err != nil {
		return m, err
	}
	if role == m.Role {
		return m, nil
	}
	if err := keepOwner(ctx, q, m.Restaurant, role); err != nil {
		return m, err
	}
	m.Access++
	_, err = q.exec(ctx, "UpsertMember", text(m.Restaurant), text(m.User), string(m.Role), m.Access)
	return m, err
}

// keepOwner refuses to take the role from the last owner.
func keepOwner(ctx context.Context, q session, r seating.RestaurantID, role seating.Role) error {
	if role != seating.RoleOwner {
		return nil
	}
	var owners int
	if _, err := q.one(ctx, "CountOwners", []any{text(r)}, &owners); err != nil {
		return err
	}
	if owners < 2 {
		return fmt.Errorf("%w: a restaurant keeps its last owner", store.ErrInvalid)
	}
	return nil
}

// DropMember implements store.Directory.
func (s *Store) DropMember(ctx context.Context, r seating.RestaurantID, user seating.UserID) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		var role seating.Role
		var access int64
		if _, err := q.one(ctx, "Member", []any{text(r), text(user)}, word(&role), &access); err != nil {
			return err
		}
		if role == "" {
			return store.ErrNotFound
		}
		if err := keepOwner(ctx, q, r, role); err != nil {
			return err
		}
		_, err := q.exec(ctx, "UpsertMember", text(r), text(user), nil, access+1)
		return err
	})
}

// Members implements store.Directory.
func (s *Store) Members(ctx context.Context, r seating.RestaurantID) ([]store.Member, error) {
	var members []store.Member
	err := s.read(ctx, func(q session) error {
		if err := exists(ctx, q, r); err != nil {
			return err
		}
		return rowsOf(ctx, q, "Members", []any{text(r)}, &members, func(m *store.Member) []any {
			return []any{id(&m.Restaurant), id(&m.User), &m.Email, &m.Name, word(&m.Role), &m.Access}
		})
	})
	return members, err
}

// PutToken implements store.Directory.
func (s *Store) PutToken(ctx context.Context, t store.Token) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		if err := exists(ctx, q, t.Restaurant); err != nil {
			return err
		}
		return putToken(ctx, q, now, t)
	})
}

func putToken(ctx context.Context, q session, now servicetime.Instant, t store.Token) error {
	_, err := q.exec(ctx, "InsertToken", text(t.Restaurant), text(t.ID), t.Name, string(t.Role), t.Hash[:], t.HoldCap, int64(now), at(t.ExpiresAt))
	return existsWhenTaken(err)
}

// RevokeToken implements store.Directory.
func (s *Store) RevokeToken(ctx context.Context, r seating.RestaurantID, token seating.TokenID) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		found, err := q.one(ctx, "HasToken", []any{text(r), text(token)}, new(int64))
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		_, err = q.exec(ctx, "RevokeToken", int64(now), text(r), text(token))
		return err
	})
}

// Tokens implements store.Directory.
func (s *Store) Tokens(ctx context.Context, r seating.RestaurantID) ([]store.Token, error) {
	var tokens []store.Token
	err := s.read(ctx, func(q session) error {
		if err := exists(ctx, q, r); err != nil {
			return err
		}
		return rowsOf(ctx, q, "Tokens", []any{text(r)}, &tokens, tokenColumns)
	})
	return tokens, err
}

// TokenByHash implements store.Directory.
func (s *Store) TokenByHash(ctx context.Context, hash [32]byte) (store.Token, error) {
	var t store.Token
	err := s.read(ctx, func(q session) error {
		found, err := q.one(ctx, "TokenByHash", []any{hash[:], int64(s.clock())}, tokenColumns(&t)...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Token{}, err
	}
	return t, nil
}

func tokenColumns(t *store.Token) []any {
	return []any{
		id(&t.ID), id(&t.Restaurant), &t.Name, word(&t.Role), digest(&t.Hash), &t.HoldCap, &t.Access,
		instant(&t.CreatedAt), instant(&t.ExpiresAt), instant(&t.RevokedAt),
	}
}

// digest reads a SHA-256 sum.
func digest(dest *[32]byte) scanner {
	return func(src any) error {
		b, ok := src.([]byte)
		if !ok || len(b) != len(dest) {
			return fmt.Errorf("a hash is %T", src)
		}
		copy(dest[:], b)
		return nil
	}
}

// Names implements store.Directory.
func (s *Store) Names(ctx context.Context, r seating.RestaurantID, subjects []string) (map[string]string, error) {
	names := make(map[string]string, len(subjects))
	err := s.read(ctx, func(q session) error {
		for _, subject := range subjects {
			kind, row, _ := strings.Cut(subject, ":")
			statement := map[string]string{"user": "UserName", "token": "TokenName"}[kind]
			if statement == "" {
				continue
			}
			var name string
			found, err := q.one(ctx, statement, []any{text(r), row}, &name)
			if err != nil {
				return err
			}
			if found {
				names[subject] = name
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}
