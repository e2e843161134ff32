-- The outbox as its workers write it. Whatever a worker writes of rows has asked
-- LaneHeld in the same transaction. The one place that writes what the
-- observability sink keeps is RecordEvents.

-- name: PutWorker
INSERT INTO outbox_worker (id, lease_until, started_at)
VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE
SET lease_until = excluded.lease_until;

-- name: ForgetWorkers
DELETE FROM outbox_worker
WHERE lease_until <= ?1;

-- name: ForgetWorker
DELETE FROM outbox_worker
WHERE id = ?1;

-- name: LiveWorkers
SELECT COUNT(id)
FROM outbox_worker
WHERE lease_until > ?1;

-- name: SinkLanes
-- Whether a lane may be taken: it is nobody's, or of a worker without a lease.
SELECT l.lane, l.token, l.worker_id, l.handed,
    NOT EXISTS (
        SELECT 1
        FROM outbox_worker AS w
        WHERE w.id = l.worker_id
            AND w.lease_until > ?2) AS free
FROM outbox_lane AS l
WHERE l.sink = ?1
ORDER BY l.lane;

-- name: TakeLane
UPDATE outbox_lane
SET worker_id = ?3,
    token = token + 1
WHERE sink = ?1
    AND lane = ?2;

-- name: FreeLane
UPDATE outbox_lane
SET worker_id = NULL,
    handed = NULL
WHERE sink = ?1
    AND lane = ?2
    AND worker_id = ?3;

-- name: FreeLanes
UPDATE outbox_lane
SET worker_id = NULL,
    handed = NULL
WHERE worker_id = ?1;

-- name: LaneHeld
-- The fence: what was handed out of the lane, when it is the worker's under that
-- token and the lease lasts.
SELECT l.handed
FROM outbox_lane AS l
JOIN outbox_worker AS w ON w.id = l.worker_id
WHERE l.sink = ?1
    AND l.lane = ?2
    AND l.token = ?3
    AND l.worker_id = ?4
    AND w.lease_until > ?5;

-- name: SetHanded
UPDATE outbox_lane
SET handed = ?3
WHERE sink = ?1
    AND lane = ?2;

-- name: LanesOf
SELECT sink, lane
FROM outbox_lane
WHERE worker_id = ?1
ORDER BY sink, lane;

-- name: SinkPaused
SELECT paused
FROM outbox_sink
WHERE sink = ?1;

-- name: DeleteDelivered
-- By their ids, one by one: a lane may have many rows.
DELETE FROM capacity_outbox
WHERE +sink = ?1
    AND +lane = ?2
    AND id IN (SELECT value FROM json_each(?3))
RETURNING id, flow, aggregate;

-- name: FailRow
UPDATE capacity_outbox
SET attempts = attempts + ?4,
    failed_for = failed_for + ?5,
    handovers = 0, -- its worker lives
    last_error = ?6,
    next_attempt_at = ?7
WHERE id = ?3
    AND sink = ?1
    AND lane = ?2
RETURNING flow, aggregate, restaurant_id;

-- name: Park
INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)
ON CONFLICT (sink, flow, aggregate) DO UPDATE
SET until = excluded.until,
    head_id = excluded.head_id,
    failures = outbox_block.failures + 1,
    reason = excluded.reason;

-- name: AnyParked
SELECT 1
FROM outbox_block
WHERE sink = ?1
LIMIT 1;

-- name: Unpark
-- What is parked behind a row.
DELETE FROM outbox_block
WHERE sink = ?1
    AND flow = ?2
    AND aggregate = ?3
    AND head_id = ?4;

-- name: DeadRow
INSERT OR REPLACE INTO outbox_dead (id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at, dead_at, cause)
SELECT id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, ?2, created_at, ?3, ?4
FROM capacity_outbox
WHERE id = ?1;

-- name: DeleteRow
DELETE FROM capacity_outbox
WHERE id = ?1;

-- name: OpenCircuit
INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
VALUES (?1, ?2, '', ?3, ?4, ?5, 0, ?6, 'circuit_open')
ON CONFLICT (sink, flow, aggregate) DO UPDATE
SET until = excluded.until,
    failures = excluded.failures;

-- name: DueHeads
-- The rows behind which a flow's aggregates are parked are due at once.
UPDATE capacity_outbox
SET next_attempt_at = ?3
WHERE next_attempt_at > ?3
    AND id IN (
        SELECT b.head_id
        FROM outbox_block AS b
        WHERE b.sink = ?1
            AND b.flow = ?2);

-- name: UnparkFlow
DELETE FROM outbox_block
WHERE sink = ?1
    AND flow = ?2;

-- name: InsertDelivery
-- None of an endpoint that is not there any more.
INSERT INTO webhook_deliveries (restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error)
SELECT ?1, e.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
FROM webhook_endpoints AS e
WHERE e.restaurant_id = ?1
    AND e.id = ?2;

-- name: NextFlow
-- The next flow of a lane that has rows.
SELECT flow
FROM capacity_outbox
WHERE sink = ?1
    AND lane = ?2
    AND flow > ?3
ORDER BY flow
LIMIT 1;

-- name: Circuit
SELECT until, failures
FROM outbox_block
WHERE sink = ?1
    AND flow = ?2
    AND aggregate = '';

-- name: RowsOfFlow
-- Those that are not parked, also those that are not due: they hold back what is
-- behind them.
SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
    o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error, o.created_at
FROM capacity_outbox AS o
WHERE o.sink = ?1
    AND o.lane = ?2
    AND o.flow = ?3
    AND NOT EXISTS (
        SELECT 1
        FROM outbox_block AS b
        WHERE b.sink = o.sink
            AND b.flow = o.flow
            AND b.aggregate = o.aggregate
            AND b.until > ?4)
ORDER BY o.id;

-- name: FlowHasDue
-- Whether a flow has a row that is due and not parked, up to an id.
SELECT 1
FROM capacity_outbox AS o
WHERE o.sink = ?1
    AND o.lane = ?2
    AND o.flow = ?3
    AND o.id <= ?5
    AND o.next_attempt_at <= ?4
    AND NOT EXISTS (
        SELECT 1
        FROM outbox_block AS b
        WHERE b.sink = o.sink
            AND b.flow = o.flow
            AND b.aggregate = o.aggregate
            AND b.until > ?4)
LIMIT 1;

-- name: RaiseHandovers
UPDATE capacity_outbox
SET handovers = handovers + 1
WHERE id = ?1;

-- name: RecordEvents
INSERT INTO observability_events (dedupe_key, id, restaurant_id, booking_id, source, event_type, severity, version, schema_version, context,
    created_at, recorded_at)
SELECT o.dedupe_key, o.id, o.restaurant_id, o.booking_id,
    CASE INSTR(o.event_type, '.') WHEN 0 THEN o.event_type ELSE SUBSTR(o.event_type, 1, INSTR(o.event_type, '.') - 1) END,
    o.event_type, o.severity, o.aggregate_seq, o.schema_version, o.payload, o.created_at, ?2
FROM capacity_outbox AS o
WHERE o.id IN (SELECT value FROM json_each(?1))
ON CONFLICT (dedupe_key) DO NOTHING;

-- name: DeleteRows
DELETE FROM capacity_outbox
WHERE id IN (SELECT value FROM json_each(?1));
