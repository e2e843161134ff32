package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
)

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex
	got []string
}

func (l *lines) logger() *slog.Logger { return slog.New(lineHandler{l}) }

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

type lineHandler struct{ l *lines }

func (lineHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h lineHandler) Handle(_ context.Context, r slog.Record) error {
	h.l.mu.Lock()
	defer h.l.mu.Unlock()
	h.l.got = append(h.l.got, r.Message)
	return nil
}

func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h lineHandler) WithGroup(string) slog.Handler { return h }

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, n+1)) }
