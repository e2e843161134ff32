package postgres

import (
	"context"
	"log/slog"
)

// stateLockTimeout says that a lock was waited for in vain.
const stateLockTimeout = "55P03"

// freed reports whether a refusal was for a lock that was waited for in vain, and
// whoever held it is gone now: then the same may be sent again, for nothing of it
// was written.
//
// A commit takes the lock with its first statement. When its client is stopped, or
// cut off without a word, after some of the flush has reached the server, the
// backend waits for the rest with the lock in its hands, and nobody could change
// the restaurant any more. Who waited for it for as long as anybody may ends it.
func (s *Store) freed(ctx context.Context, err error) bool {
	if pg := refusalOf(err); pg == nil || pg.Code != stateLockTimeout {
		return false
	}
	var ended int64
	f := &flush{}
	f.one("EndStuck", nil, nil, &ended)
	if err := s.once(ctx, f); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelError, "whoever holds a lock cannot be looked for", slog.String("error", err.Error()))
		return false
	}
	if ended > 0 {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "a commit that broke off half way held a lock and was ended", slog.Int64("backends", ended))
	}
	return ended > 0
}
