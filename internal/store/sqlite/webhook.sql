-- Endpoints of webhooks, the log of their deliveries, and what is told without a
-- change.

-- name: CountWebhooks
SELECT COUNT(id)
FROM webhook_endpoints
WHERE restaurant_id = ?1;

-- name: InsertWebhook
INSERT INTO webhook_endpoints (restaurant_id, id, url, description, events, active, secret, previous_secret, previous_until,
    changed_at, created_at, created_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: UpdateWebhook
UPDATE webhook_endpoints
SET url = ?3,
    description = ?4,
    events = ?5,
    active = ?6,
    secret = ?7,
    previous_secret = ?8,
    previous_until = ?9,
    changed_at = ?10
WHERE restaurant_id = ?1
    AND id = ?2
    AND (?11 IS NULL OR changed_at = ?11);

-- name: DeleteWebhook
DELETE FROM webhook_endpoints
WHERE restaurant_id = ?1
    AND id = ?2;

-- name: DropEndpointRows
DELETE FROM capacity_outbox
WHERE sink = 'webhook'
    AND lane = ?2
    AND flow = ?1;

-- name: DropEndpointBlocks
DELETE FROM outbox_block
WHERE sink = 'webhook'
    AND flow = ?1;

-- name: DropEndpointDead
DELETE FROM outbox_dead
WHERE sink = 'webhook'
    AND flow = ?1;

-- name: DropEndpointDeliveries
DELETE FROM webhook_deliveries
WHERE restaurant_id = ?2
    AND endpoint_id = ?1;

-- name: Webhooks
SELECT restaurant_id, id, url, description, events, active, secret, previous_secret, previous_until, created_at, created_by, changed_at
FROM webhook_endpoints
WHERE restaurant_id = ?1
ORDER BY created_at, id;

-- name: Endpoint
SELECT restaurant_id, id, url, description, events, active, secret, previous_secret, previous_until, created_at, created_by, changed_at
FROM webhook_endpoints
WHERE id = ?1;

-- name: WebhookOf
SELECT 1
FROM webhook_endpoints
WHERE restaurant_id = ?1
    AND id = ?2;

-- name: InsertTold
-- What was told already is not told twice.
INSERT INTO capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
    dedupe_key, payload, headers, next_attempt_at, created_at, endpoint_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14)
ON CONFLICT (sink, dedupe_key) DO NOTHING;

-- name: Deliveries
SELECT id, restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error
FROM webhook_deliveries
WHERE restaurant_id = ?1
    AND endpoint_id = ?2
    AND id < ?3
ORDER BY id DESC
LIMIT ?4;

-- name: ObservabilityEvents
SELECT id, dedupe_key, booking_id, source, event_type, severity, version, schema_version, context, created_at, recorded_at
FROM observability_events
WHERE restaurant_id = ?1
    AND id < ?2
    AND (?4 = '[]' OR event_type IN (SELECT value FROM json_each(?4)))
    AND (?5 = '[]' OR severity IN (SELECT value FROM json_each(?5)))
    AND (?6 IS NULL OR booking_id = ?6)
    AND (?7 IS NULL OR created_at >= ?7)
    AND (?8 IS NULL OR created_at < ?8)
ORDER BY id DESC
LIMIT ?3;
