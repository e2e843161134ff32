-- Rows of the outbox; it crosses restaurants.

-- name: OutboxRows
SELECT id, sink, lane, flow, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at
FROM capacity_outbox
WHERE +sink = ?1
    AND id > ?2
ORDER BY id
LIMIT ?3;

-- name: WaitingRow
SELECT id, sink, lane, flow, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
    schema_version, dedupe_key, payload, headers, attempts, handovers, failed_for, next_attempt_at, last_error, created_at
FROM capacity_outbox
WHERE id = ?1;
