package main

import (
	"context"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/httpapi"
)

// founder lets the API make restaurants as the command line does.
func founder(a *control.App) httpapi.Founder {
	return func(ctx context.Context, in httpapi.Founding) (httpapi.Founded, error) {
		made, err := control.CreateRestaurant(ctx, a, control.NewRestaurant{
			Slug: in.Slug, Name: in.Name, Zone: in.Zone, OwnerEmail: in.OwnerEmail, OwnerName: in.OwnerName,
		})
		if err != nil {
			return httpapi.Founded{}, err
		}
		return httpapi.Founded{
			Restaurant: made.Restaurant, Owner: made.Owner, OwnerEmail: made.OwnerEmail, Token: made.Secret, Version: made.Version,
		}, nil
	}
}
