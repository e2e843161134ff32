package control

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// MemberIn is a person in a restaurant, known by e-mail address.
type MemberIn struct {
	Restaurant string       `json:"restaurant"`
	Email      string       `json:"email"`
	Name       string       `json:"name,omitempty"`
	Role       seating.Role `json:"role,omitempty"`
}

// MemberRow is a member as it is listed.
type MemberRow struct {
	User  seating.UserID `json:"userId"`
	Email string         `json:"email"`
	Name  string         `json:"name"`
	Role  seating.Role   `json:"role"`
}

// AddMember gives a person a role in a restaurant. Adding somebody twice is fine;
// another role is refused, ChangeRole is for that.
func AddMember(ctx context.Context, a *App, in MemberIn) (MemberRow, error) {
	r, have, err := a.member(ctx, in)
	if err != nil {
		return MemberRow{}, err
	}
	switch {
	case !slices.Contains(seating.Roles(), in.Role):
		return MemberRow{}, noRole(in.Role)
	case !address(in.Email):
		return MemberRow{}, seating.Invalid("email", "%q is not an e-mail address", in.Email)
	case in.Name != "" && !oneLine(in.Name):
		return MemberRow{}, seating.Invalid("name", "the name is at most 200 characters on one line")
	case have != nil && have.Role != in.Role:
		return MemberRow{}, &Error{Code: "EXISTS", Message: have.Email + " is " + string(have.Role) + " there already; use member role"}
	}
	return a.putMember(ctx, store.Member{Restaurant: r.ID, User: seating.UserID(NewID()), Email: in.Email, Name: in.Name, Role: in.Role, Access: 1})
}

// ChangeRole gives a member another role.
func ChangeRole(ctx context.Context, a *App, in MemberIn) (MemberRow, error) {
	_, have, err := a.member(ctx, in)
	switch {
	case err != nil:
		return MemberRow{}, err
	case !slices.Contains(seating.Roles(), in.Role):
		return MemberRow{}, noRole(in.Role)
	case have == nil:
		return MemberRow{}, noMember(in.Email)
	}
	have.Role = in.Role
	return a.putMember(ctx, *have)
}

// RemoveMember takes a person's role away.
func RemoveMember(ctx context.Context, a *App, in MemberIn) (struct{}, error) {
	r, have, err := a.member(ctx, in)
	if err != nil {
		return struct{}{}, err
	}
	if have == nil {
		return struct{}{}, noMember(in.Email)
	}
	return struct{}{}, lastOwner(a.Store.DropMember(ctx, r.ID, have.User))
}

// Members lists the members of a restaurant.
func Members(ctx context.Context, a *App, restaurant string) ([]MemberRow, error) {
	r, err := a.Restaurant(ctx, restaurant)
	if err != nil {
		return nil, err
	}
	members, err := a.Store.Members(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	rows := make([]MemberRow, len(members))
	for i, m := range members {
		rows[i] = memberRow(m)
	}
	return rows, nil
}

func memberRow(m store.Member) MemberRow {
	return MemberRow{User: m.User, Email: m.Email, Name: m.Name, Role: m.Role}
}

// member finds the restaurant, and the person in it if they are.
func (a *App) member(ctx context.Context, in MemberIn) (seating.Restaurant, *store.Member, error) {
	r, err := a.Restaurant(ctx, in.Restaurant)
	if err != nil {
		return r, nil, err
	}
	members, err := a.Store.Members(ctx, r.ID)
	if err != nil {
		return r, nil, err
	}
	for i := range members {
		if strings.EqualFold(members[i].Email, in.Email) {
			return r, &members[i], nil
		}
	}
	return r, nil, nil
}

func (a *App) putMember(ctx context.Context, m store.Member) (MemberRow, error) {
	put, err := a.Store.PutMember(ctx, m)
	if err != nil {
		return MemberRow{}, lastOwner(err)
	}
	return memberRow(put), nil
}

func noMember(email string) error {
	return seating.Refuse(seating.CodeNotFound, "%s is no member there", email)
}

// lastOwner says what the store means when it refuses a member.
func lastOwner(err error) error {
	if errors.Is(err, store.ErrInvalid) {
		return seating.Refuse(seating.CodeInvalid, "a restaurant keeps its last owner")
	}
	return err
}
