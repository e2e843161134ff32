-- The outbox as its workers see it; it crosses restaurants.
--
-- What a worker writes is written by a statement that locks the lanes it is about
-- first (held) and looks at owner, token and lease: who takes a lane over locks its
-- row too, so one of the two comes first, and the second sees what the first has
-- done. Lanes are locked in their order. The row of the worker is not locked: with
-- the lane locked nobody can make use of a lease that ends.

-- name: Live
WITH clock AS MATERIALIZED (
    SELECT maitred.clock() AS now)
INSERT INTO maitred.outbox_worker AS w (id, started_at, lease_until)
SELECT $1, c.now, c.now + $2::interval
FROM clock AS c
ON CONFLICT (id) DO UPDATE
SET lease_until = excluded.lease_until
RETURNING w.lease_until - $2::interval, w.lease_until;

-- name: TakeLanes
-- A lane whose row somebody has locked is left to a later beat. One that changed
-- hands since this statement began has another token: who has it now may be a worker
-- that this statement cannot see. What a lane that was free had handed out is
-- settled.
WITH fair AS (
    SELECT ($3::bigint + GREATEST(COUNT(*), 1) - 1) / GREATEST(COUNT(*), 1) AS lanes
    FROM maitred.outbox_worker
    WHERE lease_until > (SELECT maitred.clock())),
taken AS (
    SELECT l.sink, l.lane, CASE WHEN l.worker_id IS NULL THEN NULL ELSE l.handed END AS handed
    FROM unnest($2::text[]) AS s (sink)
    CROSS JOIN fair AS f
    CROSS JOIN LATERAL (
        SELECT COUNT(*) AS lanes
        FROM maitred.outbox_lane AS o
        WHERE o.sink = s.sink
            AND o.worker_id = $1) AS own
    CROSS JOIN LATERAL (
        SELECT l.sink, l.lane, l.worker_id, l.handed
        FROM maitred.outbox_lane AS seen
        JOIN maitred.outbox_lane AS l ON l.sink = seen.sink
            AND l.lane = seen.lane
            AND l.token = seen.token
        WHERE seen.sink = s.sink
            AND NOT EXISTS (
                SELECT
                FROM maitred.outbox_worker AS w
                WHERE w.id = seen.worker_id
                    AND w.lease_until > maitred.clock())
        ORDER BY l.lane
        LIMIT GREATEST(f.lanes - own.lanes, 0)
        FOR UPDATE OF l SKIP LOCKED) AS l)
UPDATE maitred.outbox_lane AS l
SET worker_id = $1,
    token = l.token + 1,
    handed = t.handed
FROM taken AS t
WHERE l.sink = t.sink
    AND l.lane = t.lane
RETURNING l.sink, l.lane, l.handed;

-- name: LiveWorkers
SELECT GREATEST(COUNT(*), 1), ($1::bigint + GREATEST(COUNT(*), 1) - 1) / GREATEST(COUNT(*), 1)
FROM maitred.outbox_worker
WHERE lease_until > (SELECT maitred.clock());

-- name: OwnLanes
SELECT sink, lane, token
FROM maitred.outbox_lane
WHERE worker_id = $1
    AND sink = ANY($2::text[])
ORDER BY sink COLLATE "C", lane;

-- name: PausedSinks
SELECT sink
FROM maitred.outbox_sink
WHERE paused
    AND sink = ANY($1::text[])
ORDER BY sink COLLATE "C";

-- name: ForgetWorkers
-- Whoever is being renewed is not forgotten, and not waited for.
DELETE FROM maitred.outbox_worker
WHERE id IN (
    SELECT w.id
    FROM maitred.outbox_worker AS w
    WHERE w.lease_until < maitred.clock() - interval '1 hour'
    FOR UPDATE SKIP LOCKED);

-- name: FreeLanes
WITH given AS (
    SELECT l.sink, l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.worker_id = $1
        AND ($2 OR EXISTS (
            SELECT
            FROM unnest($3::text[], $4::integer[]) AS g (sink, lane)
            WHERE g.sink = l.sink
                AND g.lane = l.lane))
    ORDER BY l.sink, l.lane
    FOR UPDATE OF l)
UPDATE maitred.outbox_lane AS l
SET worker_id = NULL,
    handed = NULL
FROM given AS g
WHERE l.sink = g.sink
    AND l.lane = g.lane;

-- name: ForgetWorker
DELETE FROM maitred.outbox_worker
WHERE id = $1;

-- name: HoldLanes
-- The lanes of a turn that hold. All that the transaction writes behind this looks
-- once more, at the same rows.
SELECT l.lane
FROM maitred.outbox_lane AS l
WHERE l.sink = $2
    AND l.worker_id = $1
    AND (l.lane, l.token) IN (
        SELECT c.lane, c.token
        FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
    AND EXISTS (
        SELECT
        FROM maitred.outbox_worker AS w
        WHERE w.id = $1
            AND w.lease_until > maitred.clock())
ORDER BY l.lane
FOR NO KEY UPDATE OF l;

-- name: SinkState
SELECT maitred.clock(), COALESCE((
    SELECT paused
    FROM maitred.outbox_sink
    WHERE sink = $1), true);

-- name: CloseCircuits
-- What was parked behind the circuit is due, too: its time was reckoned for a
-- receiver that was away.
WITH held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING unnest($5::integer[], $6::uuid[]) AS g (lane, flow)
    WHERE b.sink = $2
        AND b.flow = g.flow
        AND g.lane = ANY(ARRAY(SELECT h.lane FROM held AS h))
    RETURNING b.head_id)
UPDATE maitred.capacity_outbox AS o
SET next_attempt_at = maitred.clock()
FROM freed AS f
WHERE o.id = f.head_id
    AND o.sink = $2
    AND o.next_attempt_at > maitred.clock();

-- name: OpenCircuits
WITH held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l)
INSERT INTO maitred.outbox_block AS b (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
SELECT DISTINCT ON (g.flow) $2, g.flow, '', g.restaurant_id, maitred.clock() + g.wait * interval '1 microsecond', maitred.clock(), 0, g.failures, $10
FROM unnest($5::integer[], $6::uuid[], $7::uuid[], $8::bigint[], $9::integer[]) AS g (lane, flow, restaurant_id, wait, failures)
WHERE g.lane = ANY(ARRAY(SELECT h.lane FROM held AS h))
ORDER BY g.flow
ON CONFLICT (sink, flow, aggregate) DO UPDATE
SET until = excluded.until,
    failures = excluded.failures,
    reason = excluded.reason;

-- name: SettleDone
WITH held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
gone AS (
    DELETE FROM maitred.capacity_outbox AS o
    USING unnest($5::bigint[], $6::integer[]) AS g (id, lane)
    WHERE o.id = g.id
        AND o.sink = $2
        AND o.lane = g.lane
        AND g.lane = ANY(ARRAY(SELECT h.lane FROM held AS h))
    RETURNING o.id, o.flow, o.aggregate),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING gone AS g
    WHERE b.sink = $2
        AND b.flow = g.flow
        AND b.aggregate = g.aggregate
        AND b.head_id = g.id
        AND (
            SELECT a.sink
            FROM maitred.outbox_block AS a
            WHERE a.sink = $2
            ORDER BY a.sink, a.flow
            LIMIT 1) IS NOT NULL)
SELECT id
FROM gone
ORDER BY id;

-- name: SettleFailed
WITH held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
failed AS (
    UPDATE maitred.capacity_outbox AS o
    SET attempts = o.attempts + CASE WHEN g.counted THEN 1 ELSE 0 END,
        failed_for = o.failed_for + CASE WHEN g.counted THEN g.spent ELSE 0 END,
        handovers = 0, -- its worker lives
        last_error = left(g.error, 500),
        next_attempt_at = maitred.clock() + g.wait * interval '1 microsecond'
    FROM unnest($5::bigint[], $6::integer[], $7::text[], $8::bigint[], $9::boolean[], $10::bigint[], $11::text[])
        AS g (id, lane, error, wait, counted, spent, reason)
    WHERE o.id = g.id
        AND o.sink = $2
        AND o.lane = g.lane
        AND g.lane = ANY(ARRAY(SELECT h.lane FROM held AS h))
    RETURNING o.id, o.flow, o.aggregate, o.restaurant_id, o.next_attempt_at, g.reason),
parked AS (
    INSERT INTO maitred.outbox_block AS b (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
    SELECT DISTINCT ON (f.flow, f.aggregate) $2, f.flow, f.aggregate, f.restaurant_id, f.next_attempt_at, maitred.clock(), f.id, 1, f.reason
    FROM failed AS f
    ORDER BY f.flow, f.aggregate, f.id
    ON CONFLICT (sink, flow, aggregate) DO UPDATE
    SET until = excluded.until,
        head_id = excluded.head_id,
        failures = b.failures + 1,
        reason = excluded.reason)
SELECT id
FROM failed
ORDER BY id;

-- name: SettleDead
-- What is told of it is of the restaurant's version now; of a restaurant that is
-- gone nothing is told.
WITH held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
clock AS MATERIALIZED (
    SELECT maitred.clock() AS now),
gone AS (
    DELETE FROM maitred.capacity_outbox AS o
    USING unnest($5::bigint[], $6::integer[], $7::text[], $8::text[], $9::text[]) AS g (id, lane, cause, error, key)
    WHERE o.id = g.id
        AND o.sink = $2
        AND o.lane = g.lane
        AND g.lane = ANY(ARRAY(SELECT h.lane FROM held AS h))
    RETURNING o.*, g.cause, g.error, g.key),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING gone AS g
    WHERE b.sink = $2
        AND b.flow = g.flow
        AND b.aggregate = g.aggregate
        AND b.head_id = g.id),
dead AS (
    INSERT INTO maitred.outbox_dead (id, sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
        schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at, dead_at, cause)
    SELECT g.id, g.sink, g.lane, g.restaurant_id, g.booking_id, g.endpoint_id, g.aggregate, g.aggregate_seq, g.event_type, g.severity,
        g.schema_version, g.dedupe_key, g.payload, g.headers, g.attempts, g.handovers, g.failed_for, g.next_attempt_at,
        COALESCE(NULLIF(left(g.error, 500), ''), g.last_error), g.created_at, c.now, g.cause
    FROM gone AS g
    CROSS JOIN clock AS c
    ON CONFLICT (sink, dedupe_key) DO UPDATE
    SET id = excluded.id,
        attempts = excluded.attempts,
        handovers = excluded.handovers,
        failed_for = excluded.failed_for,
        last_error = excluded.last_error,
        dead_at = excluded.dead_at,
        cause = excluded.cause),
told AS (
    INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
        dedupe_key, payload, headers, next_attempt_at, created_at)
    SELECT $10, get_byte(uuid_send(g.restaurant_id), 15) % 16, g.restaurant_id, g.booking_id,
        COALESCE(g.booking_id, g.restaurant_id)::text, s.version, $11, 'error', $12, g.key,
        json_strip_nulls(json_build_object(
            'schemaVersion', $12::integer, 'restaurantId', g.restaurant_id, 'version', s.epoch || '.' || s.version,
            'at', to_char(c.now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'actor', $13::json,
            'bookingId', g.booking_id, 'reason', g.cause, 'endpointId', g.endpoint_id, 'event', g.dedupe_key)),
        $14::json, c.now, c.now
    FROM gone AS g
    CROSS JOIN clock AS c
    JOIN maitred.restaurant_state AS s ON s.restaurant_id = g.restaurant_id
    WHERE g.key <> ''
    ORDER BY g.id
    ON CONFLICT DO NOTHING)
SELECT id
FROM gone
ORDER BY id;

-- name: LogDeliveries
-- Of an endpoint that is gone nothing is kept.
INSERT INTO maitred.webhook_deliveries (restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error)
SELECT d.restaurant_id, d.endpoint_id, d.event_id, d.event_type, d.dedupe_key, d.attempt, COALESCE(d.at, maitred.clock()), d.took, d.outcome, d.status, left(d.error, 500)
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::timestamptz[], $8::bigint[], $9::text[], $10::integer[],
    $11::text[]) WITH ORDINALITY
    AS d (restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error, n)
WHERE EXISTS (
    SELECT
    FROM maitred.webhook_endpoints AS e
    WHERE e.id = d.endpoint_id
        AND e.restaurant_id = d.restaurant_id)
ORDER BY d.n;

-- name: HandOut
-- Flows are found one after another in the index, each with one look, however many
-- rows it has; and only until there are rows enough, because nothing here sorts what
-- the recursion yields. Rows of a flow are asked for in the order of flow and id,
-- which one index has: by their ids alone the server would look through the others'.
-- A sweep begins behind a flow of a lane, or at none.
--
-- Rows that wait for a time of their own are few, and have an index. What is due is
-- behind none such of its aggregate, nor behind one whose time has come and that the
-- hint passes over; "+ 0" says that ids are no way to find them. Whether a flow has
-- any such is asked with an order, so that it is looked up: the server would rather
-- look through a table of which much seems to fit.
--
-- Whoever asks puts the rows in order: they are wide, and in order flow by flow.
--
-- What is handed out is noted in its lane, beside what was before and may still be
-- on its way.
WITH RECURSIVE held AS (
    SELECT l.lane, l.handed
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
swept (lane, flow, found) AS (
    SELECT $9::integer, $10::uuid, false
    WHERE $8::boolean
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_sink AS k
            WHERE k.sink = $2
                AND k.paused)
    UNION ALL
    SELECT n.lane, n.flow, true
    FROM swept AS s
    CROSS JOIN LATERAL (
        (
            SELECT o.lane, o.flow
            FROM maitred.capacity_outbox AS o
            WHERE o.sink = $2
                AND o.lane = s.lane
                AND o.flow > s.flow
                AND EXISTS (SELECT FROM held AS h WHERE h.lane = s.lane)
            ORDER BY o.flow
            LIMIT 1)
        UNION ALL
        (
            SELECT h.lane, i.flow
            FROM held AS h
            CROSS JOIN LATERAL (
                SELECT o.flow
                FROM maitred.capacity_outbox AS o
                WHERE o.sink = $2
                    AND o.lane = h.lane
                ORDER BY o.flow
                LIMIT 1) AS i
            WHERE h.lane > s.lane
            ORDER BY h.lane
            LIMIT 1)
        LIMIT 1) AS n),
flows AS (
    SELECT g.lane, g.flow, g.after
    FROM unnest($5::integer[], $6::uuid[], $7::bigint[]) AS g (lane, flow, after)
    WHERE EXISTS (SELECT FROM held AS h WHERE h.lane = g.lane)
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_sink AS k
            WHERE k.sink = $2
                AND k.paused)
    UNION ALL
    SELECT s.lane, s.flow, 0::bigint
    FROM swept AS s
    WHERE s.found
        AND s.flow <> ALL($6::uuid[])
        AND s.flow <> ALL($11::uuid[])),
out AS (
    SELECT o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
        o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
        o.created_at, c.failures
    FROM flows AS f
    LEFT JOIN LATERAL (
        SELECT b.until, b.failures
        FROM maitred.outbox_block AS b
        WHERE b.sink = $2
            AND b.flow = f.flow
            AND b.aggregate = ''
        LIMIT 1) AS c ON true
    CROSS JOIN LATERAL (
        SELECT (
                SELECT b.aggregate
                FROM maitred.outbox_block AS b
                WHERE b.sink = $2
                    AND b.flow = f.flow
                    AND b.aggregate > ''
                ORDER BY b.aggregate
                LIMIT 1) IS NOT NULL AS parked,
            (
                SELECT e.id
                FROM maitred.capacity_outbox AS e
                WHERE e.sink = $2
                    AND e.flow = f.flow
                    AND e.next_attempt_at > e.created_at
                ORDER BY e.aggregate, e.id
                LIMIT 1) IS NOT NULL AS delayed
        OFFSET 0) AS few
    CROSS JOIN LATERAL (
        SELECT o.*
        FROM maitred.capacity_outbox AS o
        WHERE (c.until IS NULL OR c.until <= (SELECT maitred.clock()))
            AND o.sink = $2
            AND o.lane = f.lane
            AND (o.flow, o.id) > (f.flow, f.after)
            AND o.flow <= f.flow
            AND o.next_attempt_at <= (SELECT maitred.clock())
            AND NOT (few.parked AND EXISTS (
                SELECT
                FROM maitred.outbox_block AS b
                WHERE b.sink = $2
                    AND b.flow = f.flow
                    AND b.aggregate = o.aggregate
                    AND b.until > (SELECT maitred.clock())))
            AND NOT (few.delayed AND EXISTS (
                SELECT
                FROM maitred.capacity_outbox AS e
                WHERE e.sink = $2
                    AND e.flow = f.flow
                    AND e.aggregate = o.aggregate
                    AND e.id + 0 < o.id
                    AND e.next_attempt_at > e.created_at
                    AND (e.id <= f.after OR e.next_attempt_at > (SELECT maitred.clock()))))
        ORDER BY o.flow, o.id
        LIMIT CASE WHEN c.until IS NULL THEN $13::bigint ELSE 1 END) AS o
    LIMIT $12),
handed AS (
    SELECT r.lane, r.flow, MAX(r.id) AS last
    FROM out AS r
    GROUP BY r.lane, r.flow
    UNION ALL
    SELECT h.lane, e.flow, e.last
    FROM held AS h
    CROSS JOIN LATERAL json_to_recordset(h.handed) AS e (flow uuid, last bigint)
    WHERE h.handed IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_block AS b
            WHERE b.sink = $2
                AND b.flow = e.flow
                AND b.aggregate = ''
                AND b.until > (SELECT maitred.clock()))
        AND EXISTS (
            SELECT
            FROM maitred.capacity_outbox AS o
            WHERE o.sink = $2
                AND o.lane = h.lane
                AND o.flow = e.flow
                AND o.id + 0 <= e.last
                AND o.next_attempt_at <= (SELECT maitred.clock())
                AND NOT EXISTS (
                    SELECT
                    FROM maitred.outbox_block AS b
                    WHERE b.sink = $2
                        AND b.flow = e.flow
                        AND b.aggregate = o.aggregate
                        AND b.until > (SELECT maitred.clock())))),
notes AS (
    SELECT h.lane, (
            SELECT json_agg(json_build_object('flow', a.flow, 'last', a.last) ORDER BY a.flow)
            FROM (
                SELECT d.flow, MAX(d.last) AS last
                FROM handed AS d
                WHERE d.lane = h.lane
                GROUP BY d.flow) AS a) AS handed
    FROM held AS h),
noted AS (
    UPDATE maitred.outbox_lane AS l
    SET handed = n.handed
    FROM notes AS n
    WHERE l.sink = $2
        AND l.lane = n.lane
        AND l.handed::text IS DISTINCT FROM n.handed::text)
SELECT *
FROM out;

-- name: Suspect
-- When nothing of the flow is at hand any more, it is none that took a worker: what
-- is parked had failed before.
WITH held AS (
    SELECT l.lane, l.handed
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND l.lane = $3
        AND l.token = $4
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_sink AS k
            WHERE k.sink = $2
                AND k.paused)
    FOR NO KEY UPDATE OF l),
first AS (
    SELECT o.id, c.failures
    FROM held AS h
    LEFT JOIN maitred.outbox_block AS c ON c.sink = $2
        AND c.flow = $5
        AND c.aggregate = ''
    CROSS JOIN LATERAL (
        SELECT o.id
        FROM maitred.capacity_outbox AS o
        WHERE (c.until IS NULL OR c.until <= (SELECT maitred.clock()))
            AND o.sink = $2
            AND o.lane = h.lane
            AND (o.flow, o.id) > ($5, 0)
            AND o.flow <= $5
            AND o.id + 0 <= $6
            AND o.next_attempt_at <= (SELECT maitred.clock())
            AND NOT EXISTS (
                SELECT
                FROM maitred.outbox_block AS b
                WHERE b.sink = $2
                    AND b.flow = $5
                    AND b.aggregate = o.aggregate
                    AND b.until > (SELECT maitred.clock()))
            AND NOT EXISTS (
                SELECT
                FROM maitred.capacity_outbox AS e
                WHERE e.sink = $2
                    AND e.flow = $5
                    AND e.aggregate = o.aggregate
                    AND e.id + 0 < o.id
                    AND e.next_attempt_at > e.created_at
                    AND e.next_attempt_at > (SELECT maitred.clock()))
        ORDER BY o.flow, o.id
        LIMIT 1) AS o),
cleared AS (
    UPDATE maitred.outbox_lane AS l
    SET handed = (
        SELECT json_agg(e ORDER BY e ->> 'flow')
        FROM json_array_elements(h.handed) AS e
        WHERE (e ->> 'flow')::uuid <> $5)
    FROM held AS h
    WHERE l.sink = $2
        AND l.lane = h.lane
        AND h.handed IS NOT NULL
        AND NOT EXISTS (SELECT FROM first))
UPDATE maitred.capacity_outbox AS o
SET handovers = o.handovers + 1
WHERE o.id = (SELECT f.id FROM first AS f)
RETURNING o.id, o.sink, o.lane, o.flow, o.restaurant_id, o.booking_id, o.endpoint_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity,
    o.schema_version, o.dedupe_key, o.payload, o.headers, o.attempts, o.handovers, o.failed_for, o.next_attempt_at, o.last_error,
    o.created_at, (SELECT f.failures FROM first AS f);

-- name: PlanOnce
-- To plan how rows are found takes longer than to find them, and the plan is the same
-- for all. It is made when an outbox is almost empty, as it should be, and has to do
-- for the day on which it is not: so rows are looked up, whatever a table seems to have.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);

-- name: NeedNotWait
-- A move takes a row from one table of this database and puts it into another: a
-- crash takes back both or neither, so nobody has to wait for the disk. Nor for what
-- was handed out and settled: a crash that takes it back has rows delivered again,
-- which is what they are promised (at least once), in their order.
SELECT set_config('synchronous_commit', 'off', true);

-- name: Move
-- Flows are found as in HandOut. It looks at no payload.
WITH RECURSIVE held AS (
    SELECT l.lane
    FROM maitred.outbox_lane AS l
    WHERE l.sink = $2
        AND l.worker_id = $1
        AND (l.lane, l.token) IN (
            SELECT c.lane, c.token
            FROM unnest($3::integer[], $4::bigint[]) AS c (lane, token))
        AND EXISTS (
            SELECT
            FROM maitred.outbox_worker AS w
            WHERE w.id = $1
                AND w.lease_until > maitred.clock())
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_sink AS k
            WHERE k.sink = $2
                AND k.paused)
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l),
swept (lane, flow, found) AS (
    SELECT $9::integer, $10::uuid, false
    WHERE $8::boolean
    UNION ALL
    SELECT n.lane, n.flow, true
    FROM swept AS s
    CROSS JOIN LATERAL (
        (
            SELECT o.lane, o.flow
            FROM maitred.capacity_outbox AS o
            WHERE o.sink = $2
                AND o.lane = s.lane
                AND o.flow > s.flow
                AND EXISTS (SELECT FROM held AS h WHERE h.lane = s.lane)
            ORDER BY o.flow
            LIMIT 1)
        UNION ALL
        (
            SELECT h.lane, i.flow
            FROM held AS h
            CROSS JOIN LATERAL (
                SELECT o.flow
                FROM maitred.capacity_outbox AS o
                WHERE o.sink = $2
                    AND o.lane = h.lane
                ORDER BY o.flow
                LIMIT 1) AS i
            WHERE h.lane > s.lane
            ORDER BY h.lane
            LIMIT 1)
        LIMIT 1) AS n),
flows AS (
    SELECT g.lane, g.flow, g.after
    FROM unnest($5::integer[], $6::uuid[], $7::bigint[]) AS g (lane, flow, after)
    WHERE EXISTS (SELECT FROM held AS h WHERE h.lane = g.lane)
    UNION ALL
    SELECT s.lane, s.flow, 0::bigint
    FROM swept AS s
    WHERE s.found),
chosen AS MATERIALIZED (
    SELECT o.id
    FROM flows AS f
    LEFT JOIN LATERAL (
        SELECT b.until, b.failures
        FROM maitred.outbox_block AS b
        WHERE b.sink = $2
            AND b.flow = f.flow
            AND b.aggregate = ''
        LIMIT 1) AS c ON true
    CROSS JOIN LATERAL (
        SELECT (
                SELECT b.aggregate
                FROM maitred.outbox_block AS b
                WHERE b.sink = $2
                    AND b.flow = f.flow
                    AND b.aggregate > ''
                ORDER BY b.aggregate
                LIMIT 1) IS NOT NULL AS parked,
            (
                SELECT e.id
                FROM maitred.capacity_outbox AS e
                WHERE e.sink = $2
                    AND e.flow = f.flow
                    AND e.next_attempt_at > e.created_at
                ORDER BY e.aggregate, e.id
                LIMIT 1) IS NOT NULL AS delayed
        OFFSET 0) AS few
    CROSS JOIN LATERAL (
        SELECT o.id
        FROM maitred.capacity_outbox AS o
        WHERE (c.until IS NULL OR c.until <= (SELECT maitred.clock()))
            AND o.sink = $2
            AND o.lane = f.lane
            AND (o.flow, o.id) > (f.flow, f.after)
            AND o.flow <= f.flow
            AND o.next_attempt_at <= (SELECT maitred.clock())
            AND NOT (few.parked AND EXISTS (
                SELECT
                FROM maitred.outbox_block AS b
                WHERE b.sink = $2
                    AND b.flow = f.flow
                    AND b.aggregate = o.aggregate
                    AND b.until > (SELECT maitred.clock())))
            AND NOT (few.delayed AND EXISTS (
                SELECT
                FROM maitred.capacity_outbox AS e
                WHERE e.sink = $2
                    AND e.flow = f.flow
                    AND e.aggregate = o.aggregate
                    AND e.id + 0 < o.id
                    AND e.next_attempt_at > e.created_at
                    AND (e.id <= f.after OR e.next_attempt_at > (SELECT maitred.clock()))))
        ORDER BY o.flow, o.id
        LIMIT CASE WHEN c.until IS NULL THEN $12::bigint ELSE 1 END) AS o
    LIMIT $11),
gone AS (
    DELETE FROM maitred.capacity_outbox AS o
    WHERE o.id = ANY(ARRAY(SELECT c.id FROM chosen AS c))
    RETURNING o.id, o.lane, o.flow, o.restaurant_id, o.booking_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity, o.schema_version, o.dedupe_key,
        o.payload, o.created_at),
freed AS (
    DELETE FROM maitred.outbox_block AS b
    USING gone AS g
    WHERE b.sink = $2
        AND b.flow = g.flow
        AND b.aggregate = g.aggregate
        AND b.head_id = g.id),
clock AS MATERIALIZED (
    SELECT maitred.clock() AS now),
kept AS (
    INSERT INTO maitred.observability_events (dedupe_key, id, restaurant_id, booking_id, source, event_type, severity, version, schema_version,
        context, created_at, recorded_at)
    SELECT g.dedupe_key, g.id, g.restaurant_id, g.booking_id, split_part(g.event_type, '.', 1), g.event_type, g.severity, g.aggregate_seq,
        g.schema_version, g.payload, g.created_at, c.now
    FROM gone AS g
    CROSS JOIN clock AS c
    ORDER BY g.id
    ON CONFLICT (dedupe_key) DO NOTHING)
SELECT g.id, g.event_type, (EXTRACT(EPOCH FROM c.now - g.created_at) * 1000000)::bigint, g.lane, g.flow
FROM gone AS g
CROSS JOIN clock AS c
ORDER BY g.lane, g.flow, g.id;

-- name: Waiting
-- Of each flow the first hundred rows are looked at: with more than that it is named
-- whatever becomes of them.
WITH RECURSIVE flows (sink, lane, flow) AS (
    SELECT l.sink, l.lane, '00000000-0000-0000-0000-000000000000'::uuid
    FROM maitred.outbox_lane AS l
    JOIN maitred.outbox_sink AS s ON s.sink = l.sink
    WHERE l.worker_id = $1
        AND NOT s.paused
    UNION ALL
    SELECT f.sink, f.lane, n.flow
    FROM flows AS f
    CROSS JOIN LATERAL (
        SELECT o.flow
        FROM maitred.capacity_outbox AS o
        WHERE o.sink = f.sink
            AND o.lane = f.lane
            AND o.flow > f.flow
        ORDER BY o.flow
        LIMIT 1) AS n)
SELECT s.sink
FROM maitred.outbox_sink AS s
WHERE EXISTS (
    SELECT
    FROM flows AS f
    WHERE f.sink = s.sink
        AND NOT EXISTS (
            SELECT
            FROM maitred.outbox_block AS b
            WHERE b.sink = f.sink
                AND b.flow = f.flow
                AND b.aggregate = ''
                AND b.until > (SELECT maitred.clock()))
        AND EXISTS (
            SELECT
            FROM (
                SELECT o.id, o.aggregate, o.next_attempt_at, row_number() OVER (ORDER BY o.flow, o.id) AS n
                FROM maitred.capacity_outbox AS o
                WHERE o.sink = f.sink
                    AND o.lane = f.lane
                    AND o.flow >= f.flow
                    AND o.flow <= f.flow
                ORDER BY o.flow, o.id
                LIMIT 101) AS a
            WHERE a.n > 100
                OR a.next_attempt_at <= (SELECT maitred.clock())
                AND NOT EXISTS (
                    SELECT
                    FROM maitred.outbox_block AS b
                    WHERE b.sink = f.sink
                        AND b.flow = f.flow
                        AND b.aggregate = a.aggregate
                        AND b.until > (SELECT maitred.clock()))
                AND NOT EXISTS (
                    SELECT
                    FROM maitred.capacity_outbox AS e
                    WHERE e.sink = f.sink
                        AND e.flow = f.flow
                        AND e.aggregate = a.aggregate
                        AND e.id + 0 < a.id
                        AND e.next_attempt_at > e.created_at
                        AND e.next_attempt_at > (SELECT maitred.clock()))))
ORDER BY s.sink COLLATE "C";

-- name: OutboxRows
SELECT id, sink, lane, flow, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key,
    payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at
FROM maitred.capacity_outbox
WHERE sink = $1
    AND id > $2
ORDER BY id
LIMIT $3;
