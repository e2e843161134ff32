package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// FileName is the file that a demo writes beside its database.
const FileName = "maitred-demo.json"

// File tells how to use the demo: where it listens, tokens, tables, bookings.
// It holds secrets; its mode is 0600.
type File struct {
	BaseURL     string           `json:"baseUrl"`
	Restaurants []FileRestaurant `json:"restaurants"`
}

// FileRestaurant is one restaurant of the demo.
type FileRestaurant struct {
	ID       seating.RestaurantID `json:"id"`
	Slug     string               `json:"slug"`
	Zone     string               `json:"zone"` // IANA
	Tokens   FileTokens           `json:"tokens"`
	Tables   []FileTable          `json:"tables"`
	Bookings []FileBooking        `json:"bookings"`
}

// FileTokens are API tokens by role.
type FileTokens struct {
	Owner   string `json:"owner"`
	Manager string `json:"manager"`
	Host    string `json:"host"`
	Server  string `json:"server"`
}

// FileTable is a table.
type FileTable struct {
	ID        seating.TableID `json:"id"`
	Number    string          `json:"number"`
	MinCovers int             `json:"minCovers"`
	MaxCovers int             `json:"maxCovers"`
	Zone      string          `json:"zone"` // name
}

// FileBooking is a booking.
type FileBooking struct {
	ID        seating.BookingID `json:"id"`
	Reference string            `json:"reference"`
	Covers    int               `json:"covers"`
	Date      servicetime.Date  `json:"date"`
	Time      servicetime.Clock `json:"time"`
	Status    seating.Status    `json:"status"`
}

// role gives the place of a role's token.
func (t *FileTokens) role(r seating.Role) *string {
	switch r {
	case seating.RoleOwner:
		return &t.Owner
	case seating.RoleManager:
		return &t.Manager
	case seating.RoleHost:
		return &t.Host
	case seating.RoleServer:
		return &t.Server
	}
	panic("demo: no such role: " + string(r))
}

// tokenName begins the names of the demo's tokens.
const tokenName = "demo "

// WriteFile writes the file at path. Tokens that it holds and that are still
// good are kept; where one is not, or the file is gone, a new one is minted and
// the lost one revoked.
func WriteFile(ctx context.Context, a *control.App, path, baseURL string) (*File, error) {
	old := map[seating.RestaurantID]FileTokens{}
	for _, r := range readFile(path).Restaurants {
		old[r.ID] = r.Tokens
	}
	f := &File{BaseURL: baseURL}
	for _, r := range rooms() {
		h, err := a.Houses.Proved(ctx, r.id())
		if err != nil {
			return nil, err
		}
		row := describe(h)
		for _, role := range seating.Roles() {
			tokens := old[r.id()]
			secret, err := token(ctx, a, r.id(), role, *tokens.role(role))
			if err != nil {
				return nil, fmt.Errorf("demo token %s of %s: %w", role, r.slug, err)
			}
			*row.Tokens.role(role) = secret
		}
		f.Restaurants = append(f.Restaurants, row)
	}
	return f, f.write(path)
}

// token keeps a secret that is good, else mints a new one.
func token(ctx context.Context, a *control.App, r seating.RestaurantID, role seating.Role, secret string) (string, error) {
	if secret != "" {
		t, err := a.Store.TokenByHash(ctx, access.Hash(secret))
		if err == nil && t.Restaurant == r && t.Role == role {
			return secret, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	have, err := a.Store.Tokens(ctx, r)
	if err != nil {
		return "", err
	}
	for _, t := range have {
		if t.Name == tokenName+string(role) && t.RevokedAt.IsZero() {
			if err := a.Store.RevokeToken(ctx, r, t.ID); err != nil {
				return "", err
			}
		}
	}
	made, err := control.CreateToken(ctx, a, control.NewToken{Restaurant: r.String(), Name: tokenName + string(role), Role: role})
	return made.Secret, err
}

// describe tells a house's tables and bookings.
func describe(h *house.House) FileRestaurant {
	row := FileRestaurant{ID: h.Restaurant.ID, Slug: h.Restaurant.Slug, Zone: h.Restaurant.Zone, Tables: []FileTable{}, Bookings: []FileBooking{}}
	for _, t := range h.Floor.Tables() {
		table := FileTable{ID: t.ID, Number: t.Number, MinCovers: t.MinCovers, MaxCovers: t.MaxCovers}
		if z := h.Floor.Zone(t.Zone); z != nil {
			table.Zone = z.Name
		}
		row.Tables = append(row.Tables, table)
	}
	for e := range h.Bookings() {
		row.Bookings = append(row.Bookings, FileBooking{ID: e.ID, Reference: e.Reference, Covers: e.Covers, Date: e.Date, Time: e.Time, Status: e.Status})
	}
	slices.SortFunc(row.Bookings, func(x, y FileBooking) int {
		return cmp.Or(cmp.Compare(x.Date, y.Date), cmp.Compare(x.Time, y.Time), strings.Compare(x.Reference, y.Reference))
	})
	return row
}

// readFile reads what is there; a missing or broken file is an empty one.
func readFile(path string) File {
	var f File
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &f) != nil {
		return File{}
	}
	return f
}

// write replaces the file in one step; nobody else can read it at any moment.
func (f *File) write(path string) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".maitred-demo-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
