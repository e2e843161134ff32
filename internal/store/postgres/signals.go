package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

const (
	// channel is where the processes tell each other.
	channel = "maitred_moved"
	// maxPayload bounds a notification, in bytes; the server takes 8,000.
	maxPayload = 7000
	// quietFor is after how long a silent connection is asked whether it still
	// lives, and answersWithin how long it may take to say so. A network that is
	// gone tells nobody.
	quietFor      = 30 * time.Second
	answersWithin = 5 * time.Second
)

// Notify implements store.Signals.
func (s *Store) Notify(ctx context.Context, moved []seating.RestaurantID) error {
	if len(moved) == 0 {
		return nil
	}
	f := &flush{}
	for _, payload := range payloads(s.self, moved) {
		f.exec("Notify", channel, payload)
	}
	return unwritten(s.once(ctx, f))
}

// payloads writes "<self>:<id>,<id>,…", in as many pieces as it takes.
func payloads(self string, moved []seating.RestaurantID) []string {
	var all []string
	var b strings.Builder
	for _, r := range moved {
		word := r.String()
		if b.Len() > 0 && b.Len()+1+len(word) > maxPayload {
			all = append(all, b.String())
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteString(self + ":")
		} else {
			b.WriteString(",")
		}
		b.WriteString(word)
	}
	return append(all, b.String())
}

// parsePayload reads what a notification says: whose it is, and who has moved. A
// payload of another spelling says that anybody may have.
func parsePayload(payload string) (from string, moved []seating.RestaurantID) {
	from, list, found := strings.Cut(payload, ":")
	if !found {
		return "", nil
	}
	for word := range strings.SplitSeq(list, ",") {
		r, err := seating.ParseID[seating.RestaurantID](word)
		if err != nil {
			return "", nil
		}
		moved = append(moved, r)
	}
	return from, moved
}

// Listen implements store.Signals, on a connection of its own: a pool, or a
// pooler, would hand it to others.
func (s *Store) Listen(ctx context.Context, ready func(), heard func(moved []seating.RestaurantID)) error {
	l := listener{url: s.listen, self: s.self, quiet: quietFor, within: answersWithin}
	return l.listen(ctx, ready, heard)
}

// listener is a connection that hears what other processes tell.
type listener struct {
	url, self     string
	quiet, within time.Duration
}

func (l *listener) listen(ctx context.Context, ready func(), heard func(moved []seating.RestaurantID)) error {
	if l.url == "" {
		<-ctx.Done()
		return nil
	}
	err := l.hear(ctx, ready, heard)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // whoever listened has had enough
	}
	return fmt.Errorf("%w: listen: %w", store.ErrUnavailable, redacted(err))
}

// hear returns when the connection is lost or ctx ends, with the error.
func (l *listener) hear(ctx context.Context, ready func(), heard func(moved []seating.RestaurantID)) error {
	cfg, err := pgx.ParseConfig(l.url)
	if err != nil {
		return err
	}
	tune(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer l.hangUp(ctx, conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	ready()
	for {
		payload, err := l.next(ctx, conn)
		if err != nil {
			return err
		}
		if from, moved := parsePayload(payload); from != l.self {
			heard(moved)
		}
	}
}

// next waits for a notification, and asks in between whether the connection still
// lives.
func (l *listener) next(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		quiet, cancel := context.WithTimeout(ctx, l.quiet)
		n, err := conn.WaitForNotification(quiet)
		silent := errors.Is(quiet.Err(), context.DeadlineExceeded)
		cancel()
		switch {
		case n != nil:
			return n.Payload, nil
		case !silent, ctx.Err() != nil:
			return "", err
		}
		if err := l.ask(ctx, conn); err != nil {
			return "", err
		}
	}
}

func (l *listener) ask(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, l.within)
	defer cancel()
	return conn.Ping(ctx)
}

// hangUp closes the connection, whatever ended the listening.
func (l *listener) hangUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.within)
	defer cancel()
	_ = conn.Close(ctx) // nothing is left to be said on it
}
