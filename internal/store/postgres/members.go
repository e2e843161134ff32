package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// PutMember implements store.Directory.
func (s *Store) PutMember(ctx context.Context, m store.Member) (store.Member, error) {
	var put store.Member
	err := s.tx(ctx, func(send func(func(*flush)) error) (err error) {
		if err := lock(send, m.Restaurant); err != nil {
			return err
		}
		put, err = putMember(send, m)
		return err
	})
	if err != nil {
		return store.Member{}, err
	}
	return put, nil
}

func putMember(send sender, m store.Member) (store.Member, error) {
	if m.Email == "" || m.Role == "" {
		return m, fmt.Errorf("%w: a member has an e-mail address and a role", store.ErrInvalid)
	}
	if err := putUser(send, &m); err != nil {
		return m, err
	}
	role, owners, err := standing(send, m.Restaurant, m.User, &m.Access)
	if err != nil || role == m.Role {
		return m, err
	}
	if err := keepOwner(role, owners); err != nil {
		return m, err
	}
	m.Access++
	return m, send(func(f *flush) {
		f.exec("UpsertMember", uid(m.Restaurant), uid(m.User), string(m.Role), m.Access)
	})
}

// putUser finds the user by e-mail or makes it. Users belong to no restaurant, so
// the system looks them up. Of two who make the same one, the second waits, and
// finds it.
func putUser(send sender, m *store.Member) error {
	key := fold(m.Email)
	var found bool
	err := send(func(f *flush) {
		f.as(roleSystem, noRestaurant)
		if !m.User.IsZero() {
			f.exec("InsertUser", uid(m.User), m.Email, key, m.Name)
		}
		f.one("UserByEmail", []any{key}, &found, id(&m.User), &m.Email, &m.Name)
		f.as(roleApp, m.Restaurant)
	})
	if err != nil {
		return existsWhenTaken(err)
	}
	if !found {
		return fmt.Errorf("%w: a new user has an id", store.ErrInvalid)
	}
	return nil
}

// standing reads a member's role, "" for none, and access revision, and how many
// owners the restaurant has.
func standing(send sender, r seating.RestaurantID, user seating.UserID, access *int64) (role seating.Role, owners int, err error) {
	err = send(func(f *flush) {
		f.one("Member", []any{uid(r), uid(user)}, nil, word(&role), access)
		f.one("CountOwners", []any{uid(r)}, nil, &owners)
	})
	return role, owners, err
}

// keepOwner refuses to take the role from the last owner.
func keepOwner(role seating.Role, owners int) error {
	if role == seating.RoleOwner && owners < 2 {
		return fmt.Errorf("%w: a restaurant keeps its last owner", store.ErrInvalid)
	}
	return nil
}

// DropMember implements store.Directory.
func (s *Store) DropMember(ctx context.Context, r seating.RestaurantID, user seating.UserID) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, r); err != nil {
			return err
		}
		var access int64
		role, owners, err := standing(send, r, user, &access)
		if err != nil {
			return err
		}
		if role == "" {
			return store.ErrNotFound
		}
		if err := keepOwner(role, owners); err != nil {
			return err
		}
		return send(func(f *flush) { f.exec("UpsertMember", uid(r), uid(user), nil, access+1) })
	})
}

// Members implements store.Directory.
func (s *Store) Members(ctx context.Context, r seating.RestaurantID) ([]store.Member, error) {
	var members []store.Member
	err := s.readExisting(ctx, r, func(f *flush) {
		rowsOf(f, "Members", []any{uid(r)}, &members, func(m *store.Member) []any {
			return []any{id(&m.Restaurant), id(&m.User), &m.Email, &m.Name, word(&m.Role), &m.Access}
		})
	})
	return members, err
}

// readExisting reads of a restaurant; ErrNotFound when there is none.
func (s *Store) readExisting(ctx context.Context, r seating.RestaurantID, queue func(f *flush)) error {
	var state store.State
	var found bool
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.one("State", []any{uid(r)}, &found, stateColumns(&state)...)
		queue(f)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}

// PutToken implements store.Directory.
func (s *Store) PutToken(ctx context.Context, t store.Token) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, t.Restaurant); err != nil {
			return err
		}
		return putToken(send, t)
	})
}

func putToken(send sender, t store.Token) error {
	return existsWhenTaken(send(func(f *flush) {
		f.exec("InsertToken", uid(t.Restaurant), uid(t.ID), t.Name, string(t.Role), t.Hash[:], t.HoldCap, at(t.ExpiresAt))
	}))
}

// RevokeToken implements store.Directory.
func (s *Store) RevokeToken(ctx context.Context, r seating.RestaurantID, token seating.TokenID) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, r); err != nil {
			return err
		}
		var found bool
		err := send(func(f *flush) {
			f.one("HasToken", []any{uid(r), uid(token)}, &found, new(int64))
			f.exec("RevokeToken", uid(r), uid(token))
		})
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
}

// Tokens implements store.Directory.
func (s *Store) Tokens(ctx context.Context, r seating.RestaurantID) ([]store.Token, error) {
	var tokens []store.Token
	err := s.readExisting(ctx, r, func(f *flush) { rowsOf(f, "Tokens", []any{uid(r)}, &tokens, tokenColumns) })
	return tokens, err
}

// TokenByHash implements store.Directory.
func (s *Store) TokenByHash(ctx context.Context, hash [32]byte) (store.Token, error) {
	var t store.Token
	var found bool
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		f.one("TokenByHash", []any{hash[:]}, &found, tokenColumns(&t)...)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
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
func digest(dest *[32]byte) pgtype.BytesScanner {
	return bytesScanner(func(b []byte) error {
		if len(b) != len(dest) {
			return fmt.Errorf("a hash has %d bytes", len(b))
		}
		copy(dest[:], b)
		return nil
	})
}

// Names implements store.Directory.
func (s *Store) Names(ctx context.Context, r seating.RestaurantID, subjects []string) (map[string]string, error) {
	var users []seating.UserID
	var tokens []seating.TokenID
	for _, subject := range subjects {
		kind, row, _ := strings.Cut(subject, ":")
		switch kind {
		case "user":
			if user, err := seating.ParseID[seating.UserID](row); err == nil {
				users = append(users, user)
			}
		case "token":
			if token, err := seating.ParseID[seating.TokenID](row); err == nil {
				tokens = append(tokens, token)
			}
		}
	}
	names := make(map[string]string, len(subjects))
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.each("Names", []any{uid(r), ids(users), ids(tokens)}, func(scan func(...any) error) error {
			var subject, name string
			err := scan(&subject, &name)
			names[subject] = name
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}
