package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Foundation is something the migrations stand on: a role, the schema, the
// extension.
type Foundation struct {
	Name  string // with its kind
	There bool
}

// Foundations lists what Migrate makes before the first migration where it is
// missing. It changes nothing, and needs no more right than to connect.
func Foundations(ctx context.Context, url string) (all []Foundation, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, redacted(err)
	}
	tune(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, redacted(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	rows, err := conn.Query(ctx, statement("Foundations"), pgx.QueryExecModeExec)
	if err != nil {
		return nil, fmt.Errorf("look for roles, schema and extension: %w", err)
	}
	all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Foundation])
	if err != nil {
		return nil, fmt.Errorf("look for roles, schema and extension: %w", err)
	}
	return all, nil
}

// FoundationScript is the SQL that makes what is missing, to be read.
func FoundationScript() string {
	text, err := queryFiles.ReadFile("bootstrap.sql")
	if err != nil {
		panic(err) // it is part of the binary
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "-- name: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// Ready reports whether the database answers and has every migration of this
// binary: ErrBehind when one was taken back since Open. One that has more by now
// serves on, because a migration lets the binary before it work.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.current(ctx); err != nil && !errors.Is(err, ErrNewer) {
		return err
	}
	return nil
}
