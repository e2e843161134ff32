-- The outbox as its worker and its operators see it; it crosses restaurants.

-- name: Backlog
-- A sink with nothing to do is there with 0.
SELECT s.sink, COUNT(o.id), MIN(o.created_at)
FROM maitred.outbox_sink AS s
LEFT JOIN maitred.capacity_outbox AS o ON o.sink = s.sink
GROUP BY s.sink
ORDER BY s.sink COLLATE "C";

-- name: OutboxRows
SELECT id, sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, schema_version, dedupe_key, payload,
    attempts, next_attempt_at, last_error, created_at
FROM maitred.capacity_outbox
WHERE sink = $1
    AND id > $2
ORDER BY id
LIMIT $3;
