-- The outbox as its operators see it, and what they did to it.

-- name: Sinks
SELECT sink, paused
FROM outbox_sink
ORDER BY sink;

-- name: CountWaiting
-- At most as many as are worth counting.
SELECT COUNT(1)
FROM (
    SELECT 1
    FROM capacity_outbox
    WHERE sink = ?1
    LIMIT ?2);

-- name: CountDead
SELECT COUNT(1)
FROM (
    SELECT 1
    FROM outbox_dead
    WHERE sink = ?1
    LIMIT ?2);

-- name: CountParked
SELECT COUNT(1)
FROM (
    SELECT 1
    FROM outbox_block
    WHERE sink = ?1
        AND aggregate <> ''
    LIMIT ?2);

-- name: CountCircuits
SELECT COUNT(1)
FROM (
    SELECT 1
    FROM outbox_block
    WHERE sink = ?1
        AND aggregate = ''
    LIMIT ?2);

-- name: CountWorkers
SELECT COUNT(DISTINCT w.id)
FROM outbox_worker AS w
JOIN outbox_lane AS l ON l.worker_id = w.id
WHERE l.sink = ?1
    AND w.lease_until > ?2;

-- name: OutboxSpan
SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), 0)
FROM capacity_outbox;

-- name: OutboxSample
-- How many of some rows from an id on are of a sink, and which is the last.
SELECT COUNT(1) FILTER (WHERE o.sink = ?1), COALESCE(MAX(o.id), 0)
FROM (
    SELECT id, sink
    FROM capacity_outbox
    WHERE id >= ?2
    ORDER BY id
    LIMIT ?3) AS o;

-- name: FirstOfFlow
SELECT created_at
FROM capacity_outbox
WHERE sink = ?1
    AND lane = ?2
    AND flow = ?3
ORDER BY id
LIMIT 1;

-- name: OutboxEntries
-- What waits and what is dead, by id: as many of each as are asked for, and of these
-- the first. Of what waits: until when and why it is parked, itself or with its
-- whole flow.
SELECT *
FROM (
    SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
        o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error, o.created_at,
        COALESCE(b.until, c.until), COALESCE(b.reason, c.reason), NULL AS dead_at
    FROM capacity_outbox AS o
    LEFT JOIN outbox_block AS b ON b.sink = o.sink AND b.flow = o.flow AND b.aggregate = o.aggregate AND b.until > ?9
    LEFT JOIN outbox_block AS c ON c.sink = o.sink AND c.flow = o.flow AND c.aggregate = ''
    WHERE o.id > ?1
        AND (?3 = '' OR o.sink = ?3)
        AND (?4 = '' OR ?4 = 'waiting' OR ?4 = 'parked' AND COALESCE(b.until, c.until) IS NOT NULL)
        AND (?5 IS NULL OR o.restaurant_id = ?5)
        AND (?6 IS NULL OR o.endpoint_id = ?6)
        AND (?7 = '' OR o.event_type = ?7)
        AND ?8 = ''
    ORDER BY o.id
    LIMIT ?2)
UNION ALL
SELECT *
FROM (
    SELECT d.id, d.sink, d.lane, d.flow, d.restaurant_id, d.booking_id, d.endpoint_id, d.aggregate, d.aggregate_seq, d.event_type, d.severity,
        d.schema_version, d.dedupe_key, d.payload, d.headers, d.attempts, d.handovers, d.failed_for, d.next_attempt_at, d.last_error, d.created_at,
        NULL, d.cause, d.dead_at
    FROM outbox_dead AS d
    WHERE d.id > ?1
        AND (?3 = '' OR d.sink = ?3)
        AND (?4 = '' OR ?4 = 'dead')
        AND (?5 IS NULL OR d.restaurant_id = ?5)
        AND (?6 IS NULL OR d.endpoint_id = ?6)
        AND (?7 = '' OR d.event_type = ?7)
        AND (?8 = '' OR d.cause = ?8)
    ORDER BY d.id
    LIMIT ?2)
ORDER BY id
LIMIT ?2;

-- name: RetryRow
UPDATE capacity_outbox
SET next_attempt_at = MIN(next_attempt_at, ?2)
WHERE id = ?1;

-- name: ProbeNow
-- A flow whose circuit is open is tried at once.
UPDATE outbox_block
SET until = MIN(until, ?3)
WHERE sink = ?1
    AND flow = ?2
    AND aggregate = '';

-- name: IsDead
SELECT 1
FROM outbox_dead
WHERE id = ?1;

-- name: RaiseRow
-- A dead row comes back where it was, as if it had never been tried.
INSERT INTO capacity_outbox (id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, next_attempt_at, created_at)
SELECT id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, ?2, created_at
FROM outbox_dead
WHERE id = ?1;

-- name: DeleteDead
DELETE FROM outbox_dead
WHERE id = ?1;

-- name: DeadToRaise
SELECT id
FROM outbox_dead
WHERE (?1 = '' OR sink = ?1)
    AND (?2 = '' OR event_type = ?2)
    AND (?3 IS NULL OR restaurant_id = ?3)
    AND (?4 = '' OR cause = ?4)
    AND dead_at >= ?5
ORDER BY id;

-- name: PauseSink
UPDATE outbox_sink
SET paused = ?2
WHERE sink = ?1;

-- name: Operations
SELECT id, at, principal, action, restaurant_id, detail
FROM operations
WHERE id < ?1
ORDER BY id DESC
LIMIT ?2;

-- name: InsertOperation
INSERT INTO operations (at, principal, action, restaurant_id, detail)
VALUES (?, ?, ?, ?, ?);
