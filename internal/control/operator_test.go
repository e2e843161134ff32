package control_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

func TestOperators(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), newClock()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), now.now)
	if rows, err := control.Operators(ctx, a); err != nil || len(rows) != 0 {
		t.Fatalf("Operators = %v, %v, want none", rows, err)
	}
	for field, in := range map[string]control.NewOperator{
		"name":           {Name: "a\nb"},
		"name (none)":    {},
		"name (long)":    {Name: strings.Repeat("é", 201)},
		"expires-in":     {Name: "x", ExpiresIn: -1},
		"expires-in (a)": {Name: "x", ExpiresIn: servicetime.Seconds(10*366*24*3600 + 1)},
	} {
		_, err := control.CreateOperator(ctx, a, in)
		refusal, ok := errors.AsType[*seating.Error](err)
		field, _, _ = strings.Cut(field, " ")
		if !ok || len(refusal.Details.Fields) != 1 || refusal.Details.Fields[0].Pointer != field {
			t.Errorf("%+v: %v, want a refusal of %s", in, err, field)
		}
	}
	ever, err := control.CreateOperator(ctx, a, control.NewOperator{Name: "ever"})
	if err != nil {
		t.Fatal(err)
	}
	hour, err := control.CreateOperator(ctx, a, control.NewOperator{Name: "hour", ExpiresIn: 3600})
	if err != nil {
		t.Fatal(err)
	}
	valid := func(m control.MadeOperator, want bool) {
		t.Helper()
		o, err := a.Store.OperatorByHash(ctx, access.Hash(m.Secret))
		if (err == nil) != want || want && (o.ID != m.ID || o.Name != m.Name) {
			t.Errorf("%s is %+v, %v, want valid %v", m.Name, o, err, want)
		}
	}
	valid(ever, true)
	valid(hour, true)
	now.move(time.Hour)
	valid(ever, true)
	valid(hour, false)
	for range 2 {
		if _, err := control.RevokeOperator(ctx, a, control.OperatorRef{Operator: ever.ID}); err != nil {
			t.Errorf("RevokeOperator = %v", err)
		}
	}
	valid(ever, false)
	_, err = control.RevokeOperator(ctx, a, control.OperatorRef{Operator: seating.OperatorID(uuid.New())})
	wantFailure(t, err, "NOT_FOUND", "there is no operator ")
	rows, err := control.Operators(ctx, a)
	if err != nil || len(rows) != 2 || rows[0].Name != "ever" || rows[0].RevokedAt == 0 || rows[1].RevokedAt != 0 || rows[1].ExpiresAt != hour.ExpiresAt {
		t.Errorf("Operators = %+v, %v, want both, the first revoked", rows, err)
	}
}

// A slug that is taken is told apart by programs too, and what was made is told as
// it stands: an owner who is known by the address keeps ID and spelling.
func TestWhatWasMadeIsTold(t *testing.T) {
	t.Parallel()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), nil)
	first := create(t, a, "chez")
	in := control.NewRestaurant{Slug: "chez", Name: "x", Zone: "UTC", OwnerEmail: "CHEZ@example.com"}
	if _, err := control.CreateRestaurant(t.Context(), a, in); !errors.Is(err, store.ErrExists) {
		t.Errorf("CreateRestaurant(taken) = %v, want ErrExists", err)
	}
	in.Slug = "vous"
	second, err := control.CreateRestaurant(t.Context(), a, in)
	if err != nil {
		t.Fatal(err)
	}
	if second.Owner != first.Owner || second.OwnerEmail != "chez@example.com" {
		t.Errorf("the owner of the second is %s %s, want %s chez@example.com", second.Owner, second.OwnerEmail, first.Owner)
	}
	h, err := a.Houses.Get(t.Context(), second.Restaurant.ID)
	if err != nil || h.Public() != second.Version {
		t.Errorf("the new house is %v, %v, want it at %s", h, err, second.Version)
	}
}

// deaf reads no members: the commit is through, and what follows it fails.
type deaf struct{ store.Store }

func (deaf) Members(context.Context, seating.RestaurantID) ([]store.Member, error) {
	return nil, store.ErrUnavailable
}

// Once the restaurant is made, nothing says that it may not have been.
func TestMadeAndNotReadIsAmbiguous(t *testing.T) {
	t.Parallel()
	a := open(t, filepath.Join(t.TempDir(), "a.db"), nil)
	broken := &control.App{Store: deaf{a.Store}, Houses: a.Houses, Hold: a.Hold, Logger: a.Logger}
	_, err := control.CreateRestaurant(t.Context(), broken, control.NewRestaurant{Slug: "chez", Name: "x", Zone: "UTC", OwnerEmail: "a@example.com"})
	if !errors.Is(err, store.ErrAmbiguous) || !strings.Contains(err.Error(), `"chez" is made`) {
		t.Errorf("CreateRestaurant = %v, want ErrAmbiguous that says it is made", err)
	}
	if _, err := a.Store.RestaurantBySlug(t.Context(), "chez"); err != nil {
		t.Errorf("RestaurantBySlug = %v, want it there", err)
	}
}
