-- What is kept for a time and then goes, a batch at a time, the oldest first. Each
-- kind has a statement that deletes, and judges in it what it deletes, and one that
-- tells how old the oldest is that ought to have gone. What is chosen is chosen once
-- (MATERIALIZED): the server may run a sub-select with a limit once for each row, and
-- then more would go.

-- name: PruneReceipts
WITH old AS MATERIALIZED (
    SELECT o.principal, o.key
    FROM maitred.receipts AS o
    WHERE o.restaurant_id = $1
        AND o.at < (SELECT maitred.clock() - $2::interval)
    ORDER BY o.at
    LIMIT $3)
DELETE FROM maitred.receipts AS r
USING old AS o
WHERE r.restaurant_id = $1
    AND r.at < maitred.clock() - $2::interval
    AND r.principal = o.principal
    AND r.key = o.key;

-- name: OldestReceipt
SELECT MIN(at), maitred.clock()
FROM maitred.receipts
WHERE restaurant_id = $1;

-- name: PruneEndedHolds
-- A hold ends after its creation, which has an index.
WITH old AS MATERIALIZED (
    SELECT o.id
    FROM maitred.ended_holds AS o
    WHERE o.restaurant_id = $1
        AND o.created_at < (SELECT maitred.clock() - $2::interval)
        AND o.ended_at < (SELECT maitred.clock() - $2::interval)
    ORDER BY o.created_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED)
DELETE FROM maitred.ended_holds AS h
USING old AS o
WHERE h.restaurant_id = $1
    AND h.ended_at < maitred.clock() - $2::interval
    AND h.id = o.id;

-- name: OldestEndedHold
SELECT MIN(ended_at), maitred.clock()
FROM maitred.ended_holds
WHERE restaurant_id = $1
    AND created_at < maitred.clock() - $2::interval;

-- name: PruneNotes
-- Beside the lines that PruneHistory is about to delete.
WITH old AS MATERIALIZED (
    SELECT o.version, o.ordinal
    FROM (
        SELECT h.version, h.ordinal, h.at
        FROM maitred.history AS h
        WHERE h.restaurant_id = $1
        ORDER BY h.version, h.ordinal
        LIMIT $3) AS o
    WHERE o.at < (SELECT maitred.clock() - $2::interval))
DELETE FROM maitred.staff_note AS n
USING old AS o
WHERE n.restaurant_id = $1
    AND n.version = o.version
    AND n.ordinal = o.ordinal;

-- name: PruneHistory
-- Lines are dated in the order of their versions: the first by key are the oldest.
-- A line whose note was written meanwhile stays for another time.
WITH old AS MATERIALIZED (
    SELECT o.version, o.ordinal
    FROM (
        SELECT h.version, h.ordinal, h.at
        FROM maitred.history AS h
        WHERE h.restaurant_id = $1
        ORDER BY h.version, h.ordinal
        LIMIT $3) AS o
    WHERE o.at < (SELECT maitred.clock() - $2::interval))
DELETE FROM maitred.history AS l
USING old AS o
WHERE l.restaurant_id = $1
    AND l.at < maitred.clock() - $2::interval
    AND l.version = o.version
    AND l.ordinal = o.ordinal
    AND NOT EXISTS (
        SELECT
        FROM maitred.staff_note AS n
        WHERE n.restaurant_id = l.restaurant_id
            AND n.version = l.version
            AND n.ordinal = l.ordinal);

-- name: OldestHistory
SELECT (
    SELECT h.at
    FROM maitred.history AS h
    WHERE h.restaurant_id = $1
    ORDER BY h.version, h.ordinal
    LIMIT 1), maitred.clock();

-- name: PruneCheckpoints
-- Those behind the newest that the journal may begin at. They go first: what is
-- replayed begins at the oldest that is kept, and every entry behind that is kept.
DELETE FROM maitred.checkpoints AS c
WHERE c.restaurant_id = $1
    AND c.version < (
        SELECT MAX(k.version)
        FROM maitred.checkpoints AS k
        JOIN maitred.restaurant_state AS s ON s.restaurant_id = k.restaurant_id
        WHERE k.restaurant_id = $1
            AND k.written_at < maitred.clock() - $2::interval
            AND k.version <= s.version - $3::bigint);

-- name: PruneJournal
-- The entry of the current version stays whatever is asked for.
WITH bound AS MATERIALIZED (
    SELECT LEAST(MAX(k.version), MIN(s.version) - 1) AS version
    FROM maitred.checkpoints AS k
    JOIN maitred.restaurant_state AS s ON s.restaurant_id = k.restaurant_id
    WHERE k.restaurant_id = $1
        AND k.written_at < maitred.clock() - $2::interval
        AND k.version <= s.version - $3::bigint),
old AS MATERIALIZED (
    SELECT e.version
    FROM maitred.journal AS e
    WHERE e.restaurant_id = $1
        AND e.version <= (SELECT b.version FROM bound AS b)
    ORDER BY e.version
    LIMIT $4)
DELETE FROM maitred.journal AS j
USING old AS o
WHERE j.restaurant_id = $1
    AND j.version = o.version;

-- name: OldestJournal
-- Of those that may go.
WITH bound AS MATERIALIZED (
    SELECT LEAST(MAX(k.version), MIN(s.version) - 1) AS version
    FROM maitred.checkpoints AS k
    JOIN maitred.restaurant_state AS s ON s.restaurant_id = k.restaurant_id
    WHERE k.restaurant_id = $1
        AND k.written_at < maitred.clock() - $2::interval
        AND k.version <= s.version - $3::bigint)
SELECT (
    SELECT e.written_at
    FROM maitred.journal AS e
    WHERE e.restaurant_id = $1
        AND e.version <= (SELECT b.version FROM bound AS b)
    ORDER BY e.version
    LIMIT 1), maitred.clock();

-- name: PruneDead
WITH old AS MATERIALIZED (
    SELECT o.id
    FROM maitred.outbox_dead AS o
    WHERE o.dead_at < (SELECT maitred.clock() - $1::interval)
    ORDER BY o.dead_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED)
DELETE FROM maitred.outbox_dead AS d
USING old AS o
WHERE d.dead_at < maitred.clock() - $1::interval
    AND d.id = o.id;

-- name: OldestDead
SELECT MIN(dead_at), maitred.clock()
FROM maitred.outbox_dead;

-- name: PruneObserved
WITH old AS MATERIALIZED (
    SELECT o.dedupe_key
    FROM maitred.observability_events AS o
    WHERE o.recorded_at < (SELECT maitred.clock() - $1::interval)
    ORDER BY o.recorded_at
    LIMIT $2)
DELETE FROM maitred.observability_events AS v
USING old AS o
WHERE v.recorded_at < maitred.clock() - $1::interval
    AND v.dedupe_key = o.dedupe_key;

-- name: OldestObserved
SELECT MIN(recorded_at), maitred.clock()
FROM maitred.observability_events;

-- name: PruneDeliveries
WITH old AS MATERIALIZED (
    SELECT o.id
    FROM maitred.webhook_deliveries AS o
    WHERE o.at < (SELECT maitred.clock() - $1::interval)
    ORDER BY o.at
    LIMIT $2)
DELETE FROM maitred.webhook_deliveries AS d
USING old AS o
WHERE d.at < maitred.clock() - $1::interval
    AND d.id = o.id;

-- name: OldestDelivery
SELECT MIN(at), maitred.clock()
FROM maitred.webhook_deliveries;

-- name: PruneOperations
WITH old AS MATERIALIZED (
    SELECT o.id
    FROM maitred.operations AS o
    WHERE o.at < (SELECT maitred.clock() - $1::interval)
    ORDER BY o.at
    LIMIT $2)
DELETE FROM maitred.operations AS p
USING old AS o
WHERE p.at < maitred.clock() - $1::interval
    AND p.id = o.id;

-- name: OldestOperation
SELECT MIN(at), maitred.clock()
FROM maitred.operations;

-- name: PutCheckpoint
INSERT INTO maitred.checkpoints (restaurant_id, version, body, written_at)
SELECT r.id, $2, $3, maitred.clock()
FROM maitred.restaurants AS r
WHERE r.id = $1
ON CONFLICT (restaurant_id, version) DO NOTHING;
