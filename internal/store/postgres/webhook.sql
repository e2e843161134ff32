-- Endpoints of restaurants, what was delivered to them, and what the observability
-- sink has kept.

-- name: CountWebhooks
SELECT COUNT(*), COUNT(*) FILTER (WHERE id = $2), COUNT(*) FILTER (WHERE id = $2 AND ($3::timestamptz IS NULL OR changed_at = $3))
FROM maitred.webhook_endpoints
WHERE restaurant_id = $1;

-- name: InsertWebhook
INSERT INTO maitred.webhook_endpoints (restaurant_id, id, url, description, events, active, secret, previous_secret, previous_until,
    created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz, $11, COALESCE($12::timestamptz, $10));

-- name: ChangeWebhook
UPDATE maitred.webhook_endpoints
SET url = $3,
    description = $4,
    events = $5,
    active = $6,
    secret = $7,
    previous_secret = $8,
    previous_until = $9,
    changed_at = COALESCE($10, maitred.clock())
WHERE restaurant_id = $1
    AND id = $2;

-- name: Tell
-- Events that no change made, for the observability sink. One that is told again
-- under its key is there already.
INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
    dedupe_key, payload, headers, next_attempt_at, created_at)
SELECT $1, g.lane, g.restaurant_id, g.booking_id, g.aggregate, g.aggregate_seq, g.event_type, g.severity, g.schema_version,
    g.dedupe_key, g.payload::json, g.headers::json, maitred.clock(), maitred.clock()
FROM unnest($2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::integer[], $10::text[], $11::text[],
    $12::text[]) WITH ORDINALITY
    AS g (lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, headers, n)
JOIN maitred.restaurants AS r ON r.id = g.restaurant_id
ORDER BY g.n
ON CONFLICT (sink, dedupe_key) DO NOTHING;

-- name: TellEndpoint
WITH there AS (
    SELECT e.restaurant_id, e.id
    FROM maitred.webhook_endpoints AS e
    WHERE e.restaurant_id = $2
        AND e.id = $3),
told AS (
    INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
        schema_version, dedupe_key, payload, headers, next_attempt_at, created_at)
    SELECT $1, get_byte(uuid_send(t.id), 15) % 16, t.restaurant_id, $4::uuid, t.id, t.id || '/' || $5::text, $6::bigint, $7, $8,
        $9::integer, $10::text || '/' || t.id, $11::json, $12::json, maitred.clock(), maitred.clock()
    FROM there AS t
    ON CONFLICT (sink, dedupe_key) DO NOTHING)
SELECT 1
FROM there;

-- name: DropWebhook
DELETE FROM maitred.webhook_endpoints
WHERE restaurant_id = $1
    AND id = $2
RETURNING 1;

-- name: DropWebhookRows
DELETE FROM maitred.capacity_outbox
WHERE restaurant_id = $1
    AND sink = $3
    AND lane = $4
    AND flow = $2;

-- name: DropWebhookBlocks
DELETE FROM maitred.outbox_block
WHERE restaurant_id = $1
    AND sink = $3
    AND flow = $2;

-- name: DropWebhookDead
DELETE FROM maitred.outbox_dead
WHERE restaurant_id = $1
    AND sink = $3
    AND endpoint_id = $2;

-- name: DropWebhookDeliveries
DELETE FROM maitred.webhook_deliveries
WHERE restaurant_id = $1
    AND endpoint_id = $2;

-- name: Webhooks
SELECT id, restaurant_id, url, description, events, active, secret, previous_secret, previous_until, created_at, created_by, changed_at
FROM maitred.webhook_endpoints
WHERE restaurant_id = $1
ORDER BY created_at, id;

-- name: Endpoint
SELECT id, restaurant_id, url, description, events, active, secret, previous_secret, previous_until, created_at, created_by, changed_at
FROM maitred.webhook_endpoints
WHERE id = $1;

-- name: Deliveries
SELECT id, restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error
FROM maitred.webhook_deliveries
WHERE restaurant_id = $1
    AND endpoint_id = $2
    AND id < COALESCE(NULLIF($3::bigint, 0), 9223372036854775807)
ORDER BY id DESC
LIMIT $4;

-- name: Observed
SELECT id, dedupe_key, booking_id, source, event_type, severity, version, schema_version, context, created_at, recorded_at
FROM maitred.observability_events
WHERE restaurant_id = $1
    AND (cardinality($2::text[]) = 0 OR event_type = ANY($2))
    AND (cardinality($3::text[]) = 0 OR severity = ANY($3))
    AND ($4::uuid IS NULL OR booking_id = $4)
    AND ($5::timestamptz IS NULL OR created_at >= $5)
    AND ($6::timestamptz IS NULL OR created_at < $6)
    AND id < COALESCE(NULLIF($7::bigint, 0), 9223372036854775807)
ORDER BY id DESC
LIMIT $8;
