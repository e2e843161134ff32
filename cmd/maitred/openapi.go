package main

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/httpapi"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/store/sqlite"
)

type openapiCmd struct{}

// Run prints the contract. It is a function of the binary alone, so nothing
// stands behind the operations: none is called.
func (c *openapiCmd) Run(s *session) error {
	var none *sqlite.Store
	api, err := httpapi.New(httpapi.Deps{
		Houses: (*live.Houses)(nil), Lines: (*line.Lines)(nil), Lists: none, Directory: none, Gate: access.NewGate(none, time.Now), Found: founder(nil), Webhooks: none,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now, CursorKey: make([]byte, 32), NewID: control.NewID,
		Registry: prometheus.NewRegistry(), Office: backoffice.New(none, none, nil),
	})
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(api.OpenAPI())
	return err
}
