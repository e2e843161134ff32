-- What is kept for a time. Each statement judges again what it deletes: what was
-- read before it counts for nothing.

-- name: PruneReceipts
DELETE FROM receipts
WHERE restaurant_id = ?1
    AND (principal, key) IN (
        SELECT r.principal, r.key
        FROM receipts AS r
        WHERE r.restaurant_id = ?1
            AND r.at < ?2
        ORDER BY r.at
        LIMIT ?3);

-- name: OldestReceipt
SELECT MIN(at)
FROM receipts
WHERE restaurant_id = ?1;

-- name: PruneEndedHolds
DELETE FROM ended_holds
WHERE restaurant_id = ?1
    AND id IN (
        SELECT e.id
        FROM ended_holds AS e
        WHERE e.restaurant_id = ?1
            AND e.ended_at < ?2
        ORDER BY e.ended_at
        LIMIT ?3);

-- name: OldestEndedHold
SELECT MIN(ended_at)
FROM ended_holds
WHERE restaurant_id = ?1;

-- name: OldHistory
-- Lines stand in the order of versions, and so of time.
SELECT version, ordinal, at
FROM history
WHERE restaurant_id = ?1
ORDER BY version, ordinal
LIMIT ?2;

-- name: PruneNotes
DELETE FROM staff_note
WHERE restaurant_id = ?1
    AND (version, ordinal) <= (?2, ?3);

-- name: PruneHistory
DELETE FROM history
WHERE restaurant_id = ?1
    AND at < ?4
    AND (version, ordinal) <= (?2, ?3);

-- name: OldestHistory
SELECT at
FROM history
WHERE restaurant_id = ?1
ORDER BY version, ordinal
LIMIT 1;

-- name: PrunableVersion
-- The newest checkpoint that is old enough and far enough back.
SELECT c.version
FROM checkpoints AS c
JOIN restaurant_state AS s ON s.restaurant_id = c.restaurant_id
WHERE c.restaurant_id = ?1
    AND c.written_at < ?2
    AND c.version <= s.version - ?3
ORDER BY c.version DESC
LIMIT 1;

-- name: PruneCheckpoints
DELETE FROM checkpoints
WHERE restaurant_id = ?1
    AND version < ?2;

-- name: PruneJournal
-- Never the entry of the current version: without it nothing could be committed.
DELETE FROM journal
WHERE restaurant_id = ?1
    AND version IN (
        SELECT j.version
        FROM journal AS j
        JOIN restaurant_state AS s ON s.restaurant_id = j.restaurant_id
        WHERE j.restaurant_id = ?1
            AND j.version <= ?2
            AND j.version < s.version
        ORDER BY j.version
        LIMIT ?3);

-- name: OldestEntry
SELECT j.written_at
FROM journal AS j
JOIN restaurant_state AS s ON s.restaurant_id = j.restaurant_id
WHERE j.restaurant_id = ?1
    AND j.version <= ?2
    AND j.version < s.version
ORDER BY j.version
LIMIT 1;

-- name: PruneDead
DELETE FROM outbox_dead
WHERE id IN (
    SELECT d.id
    FROM outbox_dead AS d
    WHERE d.dead_at < ?1
    ORDER BY d.dead_at
    LIMIT ?2);

-- name: OldestDead
SELECT MIN(dead_at)
FROM outbox_dead;

-- name: PruneObserved
DELETE FROM observability_events
WHERE dedupe_key IN (
    SELECT e.dedupe_key
    FROM observability_events AS e
    WHERE e.recorded_at < ?1
    ORDER BY e.recorded_at
    LIMIT ?2);

-- name: OldestObserved
SELECT MIN(recorded_at)
FROM observability_events;

-- name: PruneDeliveries
DELETE FROM webhook_deliveries
WHERE id IN (
    SELECT d.id
    FROM webhook_deliveries AS d
    WHERE d.at < ?1
    ORDER BY d.at
    LIMIT ?2);

-- name: OldestDelivery
SELECT MIN(at)
FROM webhook_deliveries;

-- name: PruneOperations
DELETE FROM operations
WHERE id IN (
    SELECT o.id
    FROM operations AS o
    WHERE o.at < ?1
    ORDER BY o.at
    LIMIT ?2);

-- name: OldestOperation
SELECT MIN(at)
FROM operations;

-- name: PutCheckpoint
-- Only of a version that was reached.
INSERT INTO checkpoints (restaurant_id, version, body, written_at)
SELECT s.restaurant_id, ?2, ?3, ?4
FROM restaurant_state AS s
WHERE s.restaurant_id = ?1
    AND s.version >= ?2
ON CONFLICT (restaurant_id, version) DO NOTHING;
