package main

import (
	"log/slog"
	"time"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/webhook"
)

// sealer seals the secrets of webhooks; nil without a key.
func sealer(c config.Webhooks) *webhook.Sealer {
	return webhook.NewSealer(c.SealKey, c.PreviousSealKey)
}

// webhookSink is the sink of webhooks. Without a key there are no endpoints it could
// deliver to, but those that there were before wait.
func webhookSink(c config.Webhooks, db store.Webhooks, logger *slog.Logger) *webhook.Sink {
	return webhook.New(webhook.Config{
		Endpoints: db, Sealer: sealer(c), Allow: c.Allow, Logger: logger, Now: time.Now, Version: version(),
	})
}
