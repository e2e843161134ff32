package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/maitred/maitred/internal/store/named"
)

//go:embed *.sql
var queryFiles embed.FS

// queries are the statements of the .sql files by name.
var queries = named.Statements(queryFiles)

// session runs named statements on one transaction.
type session struct{ prepared *prepared }

// exec returns how many rows the statement wrote.
func (s session) exec(ctx context.Context, name string, args ...any) (int64, error) {
	stmt, err := s.prepared.get(ctx, name) //nolint:sqlclosecheck // kept as long as its connection
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return result.RowsAffected()
}

// one reads at most one row and reports whether there was one.
func (s session) one(ctx context.Context, name string, args []any, dest ...any) (bool, error) {
	found := false
	err := s.each(ctx, name, args, func(scan func(...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(dest...)
	})
	return found, err
}

// each calls row for every row.
func (s session) each(ctx context.Context, name string, args []any, row func(scan func(...any) error) error) error {
	stmt, err := s.prepared.get(ctx, name) //nolint:sqlclosecheck // kept as long as its connection
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// prepared keeps the statements of one connection, each prepared when it is first
// used.
type prepared struct {
	on *sql.Conn
	by map[string]*sql.Stmt
}

func (p *prepared) get(ctx context.Context, name string) (*sql.Stmt, error) {
	if stmt, ok := p.by[name]; ok {
		return stmt, nil
	}
	if p.on == nil {
		return nil, sql.ErrConnDone
	}
	text, ok := queries[name]
	if !ok {
		return nil, fmt.Errorf("sqlite: there is no statement %s", name)
	}
	stmt, err := p.on.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", name, err)
	}
	p.by[name] = stmt
	return stmt, nil
}

// close closes the statements. Those of a connection that is gone went with it,
// and the driver must not be asked to close them again.
func (p *prepared) close() error {
	if p.on == nil || p.on.Raw(func(any) error { return nil }) != nil {
		return nil //nolint:nilerr // nothing is left to close
	}
	var err error
	for _, stmt := range p.by {
		err = errors.Join(err, stmt.Close())
	}
	return err
}
