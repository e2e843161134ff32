-- The outbox as its operators see it; it crosses restaurants.

-- name: Backlog
-- At most 10,001 rows of a sink are counted. Where there are more, the sinks that
-- have share what the server believes to be in the table. The oldest row of a sink
-- is the first of one of its flows. A sink with nothing to do is there with 0.
WITH RECURSIVE flows (sink, lane, flow) AS (
    SELECT s.sink, -1, '00000000-0000-0000-0000-000000000000'::uuid
    FROM maitred.outbox_sink AS s
    UNION ALL
    SELECT f.sink, n.lane, n.flow
    FROM flows AS f
    CROSS JOIN LATERAL (
        SELECT o.lane, o.flow
        FROM maitred.capacity_outbox AS o
        WHERE o.sink = f.sink
            AND (o.lane, o.flow) > (f.lane, f.flow)
        ORDER BY o.lane, o.flow
        LIMIT 1) AS n),
oldest AS (
    SELECT f.sink, MIN(r.created_at) AS created_at
    FROM flows AS f
    CROSS JOIN LATERAL (
        SELECT o.created_at
        FROM maitred.capacity_outbox AS o
        WHERE o.sink = f.sink
            AND o.lane = f.lane
            AND o.flow = f.flow
        ORDER BY o.id
        LIMIT 1) AS r
    GROUP BY f.sink),
counted AS (
    SELECT s.sink, s.paused,
        (
            SELECT COUNT(*)
            FROM (
                SELECT
                FROM maitred.capacity_outbox AS o
                WHERE o.sink = s.sink
                ORDER BY o.lane, o.flow, o.id
                LIMIT 10001) AS few) AS waiting,
        (
            SELECT COUNT(*)
            FROM (
                SELECT
                FROM maitred.outbox_dead AS d
                WHERE d.sink = s.sink
                LIMIT 10001) AS few) AS dead
    FROM maitred.outbox_sink AS s),
sized AS (
    SELECT COUNT(*) FILTER (WHERE c.waiting > 10000) AS full_sinks, COALESCE(SUM(c.waiting) FILTER (WHERE c.waiting <= 10000), 0) AS waiting,
        COUNT(*) FILTER (WHERE c.dead > 10000) AS full_dead, COALESCE(SUM(c.dead) FILTER (WHERE c.dead <= 10000), 0) AS dead
    FROM counted AS c),
believed AS (
    SELECT c.relname, GREATEST(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid)) AS tuples
    FROM pg_catalog.pg_class AS c
    WHERE c.oid IN ('maitred.capacity_outbox'::regclass, 'maitred.outbox_dead'::regclass))
SELECT c.sink,
    CASE WHEN c.waiting <= 10000 THEN c.waiting
        ELSE GREATEST(c.waiting, (((SELECT b.tuples FROM believed AS b WHERE b.relname = 'capacity_outbox') - z.waiting) / z.full_sinks)::bigint) END,
    o.created_at,
    maitred.clock(),
    (SELECT COUNT(*) FROM maitred.outbox_block AS b WHERE b.sink = c.sink AND b.aggregate <> ''),
    (SELECT COUNT(*) FROM maitred.outbox_block AS b WHERE b.sink = c.sink AND b.aggregate = ''),
    CASE WHEN c.dead <= 10000 THEN c.dead
        ELSE GREATEST(c.dead, (((SELECT b.tuples FROM believed AS b WHERE b.relname = 'outbox_dead') - z.dead) / z.full_dead)::bigint) END,
    c.paused,
    (
        SELECT COUNT(DISTINCT w.id)
        FROM maitred.outbox_lane AS l
        JOIN maitred.outbox_worker AS w ON w.id = l.worker_id
        WHERE l.sink = c.sink
            AND w.lease_until > maitred.clock())
FROM counted AS c
CROSS JOIN sized AS z
LEFT JOIN oldest AS o ON o.sink = c.sink
ORDER BY c.sink COLLATE "C";

-- name: OutboxEntries
WITH waiting AS (
    SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
        o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
        o.created_at, p.until, p.reason, NULL::timestamptz AS dead_at
    FROM maitred.capacity_outbox AS o
    LEFT JOIN LATERAL (
        SELECT b.until, b.reason
        FROM maitred.outbox_block AS b
        WHERE b.sink = o.sink
            AND b.flow = o.flow
            AND (b.aggregate = '' OR b.aggregate = o.aggregate AND b.until > (SELECT maitred.clock()))
        ORDER BY b.aggregate DESC
        LIMIT 1) AS p ON true
    WHERE $2 <> 'dead'
        AND $6 = ''
        AND o.id > $7
        AND ($1 = '' OR o.sink = $1)
        AND ($3::uuid IS NULL OR o.restaurant_id = $3)
        AND ($4::uuid IS NULL OR o.endpoint_id = $4)
        AND ($5 = '' OR o.event_type = $5)
        AND ($2 <> 'parked' OR p.until IS NOT NULL)
    ORDER BY o.id
    LIMIT $8),
dead AS (
    SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
        o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
        o.created_at, NULL::timestamptz AS until, o.cause AS reason, o.dead_at
    FROM maitred.outbox_dead AS o
    WHERE $2 IN ('', 'dead')
        AND o.id > $7
        AND ($1 = '' OR o.sink = $1)
        AND ($3::uuid IS NULL OR o.restaurant_id = $3)
        AND ($4::uuid IS NULL OR o.endpoint_id = $4)
        AND ($5 = '' OR o.event_type = $5)
        AND ($6 = '' OR o.cause = $6)
    ORDER BY o.id
    LIMIT $8)
SELECT *
FROM waiting
UNION ALL
SELECT *
FROM dead
ORDER BY id
LIMIT $8;

-- name: OutboxEntry
SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
    o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
    o.created_at, p.until, p.reason, NULL::timestamptz AS dead_at
FROM maitred.capacity_outbox AS o
LEFT JOIN LATERAL (
    SELECT b.until, b.reason
    FROM maitred.outbox_block AS b
    WHERE b.sink = o.sink
        AND b.flow = o.flow
        AND (b.aggregate = '' OR b.aggregate = o.aggregate AND b.until > (SELECT maitred.clock()))
    ORDER BY b.aggregate DESC
    LIMIT 1) AS p ON true
WHERE o.id = $1
UNION ALL
SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
    o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
    o.created_at, NULL::timestamptz AS until, o.cause AS reason, o.dead_at
FROM maitred.outbox_dead AS o
WHERE o.id = $1;

-- name: RetryWaiting
-- A row that is due stays what it is. An open circuit tries one row at once.
WITH due AS (
    UPDATE maitred.capacity_outbox AS o
    SET next_attempt_at = LEAST(o.next_attempt_at, maitred.clock())
    WHERE o.id = ANY($1::bigint[])
    RETURNING o.id, o.sink, o.flow, o.aggregate),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING due AS d
    WHERE b.sink = d.sink
        AND b.flow = d.flow
        AND b.aggregate = d.aggregate
        AND b.head_id = d.id),
tried AS (
    UPDATE maitred.outbox_block AS b
    SET until = LEAST(b.until, maitred.clock())
    WHERE b.aggregate = ''
        AND EXISTS (
            SELECT
            FROM due AS d
            WHERE d.sink = b.sink
                AND d.flow = b.flow))
SELECT id
FROM due
ORDER BY id;

-- name: ChooseDead
-- Oldest first.
SELECT d.id
FROM maitred.outbox_dead AS d
WHERE ($1 = '' OR d.sink = $1)
    AND ($2 = '' OR d.event_type = $2)
    AND ($3::uuid IS NULL OR d.restaurant_id = $3)
    AND ($4 = '' OR d.cause = $4)
    AND ($5::timestamptz IS NULL OR d.dead_at >= $5)
ORDER BY d.id
LIMIT $6;

-- name: CountDead
SELECT COUNT(*)
FROM maitred.outbox_dead AS d
WHERE ($1 = '' OR d.sink = $1)
    AND ($2 = '' OR d.event_type = $2)
    AND ($3::uuid IS NULL OR d.restaurant_id = $3)
    AND ($4 = '' OR d.cause = $4)
    AND ($5::timestamptz IS NULL OR d.dead_at >= $5);

-- name: BringBack
-- A dead row whose key waits already stays dead.
WITH chosen AS (
    SELECT d.id
    FROM maitred.outbox_dead AS d
    WHERE d.id = ANY($1::bigint[])
    ORDER BY d.id
    FOR UPDATE),
timed AS (
    SELECT c.id, (row_number() OVER (ORDER BY c.id) - 1) * $2::bigint AS wait
    FROM chosen AS c),
back AS (
    INSERT INTO maitred.capacity_outbox (id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
        schema_version, dedupe_key, payload, headers, next_attempt_at, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT d.id, d.sink, d.lane, d.restaurant_id, d.booking_id, d.endpoint_id, d.aggregate, d.aggregate_seq, d.event_type, d.severity,
        d.schema_version, d.dedupe_key, d.payload, d.headers, maitred.clock() + t.wait * interval '1 microsecond', d.created_at
    FROM timed AS t
    JOIN maitred.outbox_dead AS d ON d.id = t.id
    ORDER BY d.id
    ON CONFLICT DO NOTHING
    RETURNING id),
gone AS (
    DELETE FROM maitred.outbox_dead AS d
    USING back AS b
    WHERE d.id = b.id)
SELECT id
FROM back
ORDER BY id;

-- name: SkipRow
WITH gone AS (
    DELETE FROM maitred.capacity_outbox AS o
    WHERE o.id = $1
    RETURNING o.*),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING gone AS g
    WHERE b.sink = g.sink
        AND b.flow = g.flow
        AND b.aggregate = g.aggregate
        AND b.head_id = g.id),
dead AS (
    INSERT INTO maitred.outbox_dead (id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
        schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at, dead_at, cause)
    SELECT g.id, g.sink, g.lane, g.restaurant_id, g.booking_id, g.endpoint_id, g.aggregate, g.aggregate_seq, g.event_type, g.severity,
        g.schema_version, g.dedupe_key, g.payload, g.headers, g.attempts, g.handovers, g.failed_for, g.next_attempt_at,
        COALESCE(NULLIF(left($2, 500), ''), g.last_error), g.created_at, maitred.clock(), $3
    FROM gone AS g
    ON CONFLICT (sink, dedupe_key) DO UPDATE
    SET id = excluded.id,
        attempts = excluded.attempts,
        handovers = excluded.handovers,
        failed_for = excluded.failed_for,
        last_error = excluded.last_error,
        dead_at = excluded.dead_at,
        cause = excluded.cause)
SELECT restaurant_id
FROM gone;

-- name: PauseSink
UPDATE maitred.outbox_sink
SET paused = $2
WHERE sink = $1
RETURNING 1;

-- name: Operations
SELECT id, at, principal, action, restaurant_id, detail
FROM maitred.operations
WHERE $1 = 0
    OR id < $1
ORDER BY id DESC
LIMIT $2;

-- name: Operate
INSERT INTO maitred.operations (at, principal, action, restaurant_id, detail)
VALUES (maitred.clock(), $1, $2, $3, $4);
