package main

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/seating"
)

// The floor: statements that claim, and nothing else. No order, no fence, no retry; what is
// handed out is gone.

const bareSchema = `
	CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload json NOT NULL)
		WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
	CREATE TABLE leased (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload json NOT NULL,
		lease_until timestamptz NOT NULL DEFAULT '-infinity', token bigint NOT NULL DEFAULT 0)
		WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
	CREATE INDEX leased_due ON leased (lease_until, id)`

const bareClaim = `DELETE FROM bare WHERE id = ANY (ARRAY(SELECT id FROM bare ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING payload::text`

// A lease for each row: two statements for each batch, and a second version of each row.
const (
	leaseClaim = `UPDATE leased SET lease_until = now() + interval '1 minute', token = token + 1
		WHERE id = ANY (ARRAY(SELECT id FROM leased WHERE lease_until < now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
		RETURNING id, token, payload::text`
	leaseDone = `DELETE FROM leased AS l USING unnest($1::bigint[], $2::bigint[]) AS d (id, token) WHERE l.id = d.id AND l.token = d.token`
)

func (s *stage) copyBare(p *pgxpool.Pool, table string, facts []fact) {
	_, err := p.CopyFrom(s.ctx, pgx.Identifier{table}, []string{"payload"},
		pgx.CopyFromSlice(len(facts), func(i int) ([]any, error) { return []any{string(facts[i].body)}, nil }))
	s.ok(err)
}

// bareDatabase makes a database with the tables above.
func (s *stage) bareDatabase() *pgxpool.Pool {
	p := s.pool(s.server().Empty(s).Admin)
	s.exec(p, bareSchema)
	return p
}

// readPayload is what every consumer does with an event.
func readPayload(body []byte) {
	var e seating.EventPayload
	if err := json.Unmarshal(body, &e); err != nil {
		panic(failure{err})
	}
}

// claimAll has so many claimants take batches until nothing is left, and returns how long
// it took.
func (s *stage) claimAll(p *pgxpool.Pool, n, claimants, batch int, claim func(p *pgxpool.Pool, batch int) int) time.Duration {
	var taken atomic.Int64
	var work sync.WaitGroup
	began := now()
	for range claimants {
		work.Go(func() {
			for taken.Load() < int64(n) {
				got := claim(p, batch)
				if got == 0 {
					return
				}
				taken.Add(int64(got))
			}
		})
	}
	work.Wait()
	return since(began)
}

func (s *stage) claimBare(p *pgxpool.Pool, batch int) int {
	rows, err := p.Query(s.ctx, bareClaim, batch)
	s.ok(err)
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.ok(err)
	for _, b := range bodies {
		readPayload([]byte(b))
	}
	return len(bodies)
}

func (s *stage) claimLeased(p *pgxpool.Pool, batch int) int {
	rows, err := p.Query(s.ctx, leaseClaim, batch) //nolint:rowserrcheck // ForEachRow looks
	s.ok(err)
	var ids, tokens []int64
	var id, token int64
	var body string
	_, err = pgx.ForEachRow(rows, []any{&id, &token, &body}, func() error {
		ids, tokens = append(ids, id), append(tokens, token)
		readPayload([]byte(body))
		return nil
	})
	s.ok(err)
	if len(ids) > 0 {
		_, err = p.Exec(s.ctx, leaseDone, ids, tokens)
		s.ok(err)
	}
	return len(ids)
}

// bareDrain is the floor of the drain.
func bareDrain(name string, batch int) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.bareDatabase()
		return func() []reading {
			s.exec(p, "TRUNCATE bare")
			s.copyBare(p, "bare", newFacts(s.size.rows, newFlows(drainFlows), 4))
			s.exec(p, "VACUUM ANALYZE bare")
			took := s.claimAll(p, s.size.rows, 2, batch, s.claimBare)
			return []reading{{name, "rows/s", float64(s.size.rows) / took.Seconds()}}
		}
	}}
}
