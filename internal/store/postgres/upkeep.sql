-- For jobs, operators and verify. Due crosses restaurants.

-- name: Due
SELECT restaurant_id, subject, kind, run_at, attempt
FROM maitred.due_work
WHERE kind = $1
    AND run_at <= (SELECT maitred.clock())
ORDER BY run_at, restaurant_id, subject
LIMIT $2;

-- name: UnvalidatedConstraints
SELECT format('the constraint %I of %s is not validated', c.conname, c.conrelid::regclass)
FROM pg_catalog.pg_constraint AS c
WHERE c.connamespace = 'maitred'::regnamespace
    AND NOT c.convalidated
ORDER BY c.conrelid::regclass::text, c.conname;

-- name: DisabledTriggers
-- Those of references too: they are triggers of the server's own.
SELECT format('the trigger %I of %s is disabled', t.tgname, t.tgrelid::regclass)
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS r ON r.oid = t.tgrelid
WHERE r.relnamespace = 'maitred'::regnamespace
    AND t.tgenabled NOT IN ('O', 'A')
ORDER BY t.tgrelid::regclass::text, t.tgname;

-- name: UnprotectedTables
-- Tables whose rows belong to a restaurant.
SELECT format('the rows of %s are not held apart by restaurant: row-level security is %s, %s, with %s policies', r.oid::regclass,
    CASE WHEN r.relrowsecurity THEN 'enabled' ELSE 'disabled' END,
    CASE WHEN r.relforcerowsecurity THEN 'forced' ELSE 'not forced' END, p.count)
FROM pg_catalog.pg_class AS r
CROSS JOIN LATERAL (
    SELECT COUNT(*)
    FROM pg_catalog.pg_policy AS o
    WHERE o.polrelid = r.oid) AS p
WHERE r.relnamespace = 'maitred'::regnamespace
    AND r.relkind IN ('r', 'p')
    AND (
        r.relname = 'restaurants'
        OR EXISTS (
            SELECT
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = r.oid
                AND a.attname = 'restaurant_id'
                AND NOT a.attisdropped))
    AND NOT (r.relrowsecurity AND r.relforcerowsecurity AND p.count > 0)
ORDER BY r.relname;

-- name: InvalidIndexes
SELECT format('the index %s of %s is not valid', i.indexrelid::regclass, i.indrelid::regclass)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS r ON r.oid = i.indrelid
WHERE r.relnamespace = 'maitred'::regnamespace
    AND NOT (i.indisvalid AND i.indisready)
ORDER BY i.indexrelid::regclass::text;

-- name: DumpHolds
-- All of them, whatever became of their bookings.
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version
FROM maitred.holds
WHERE restaurant_id = $1;

-- name: DumpTableCounts
SELECT id, table_count
FROM maitred.holds
WHERE restaurant_id = $1;

-- name: DumpEnded
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version,
    tables, how, ended_at, ended_by
FROM maitred.ended_holds
WHERE restaurant_id = $1
ORDER BY id;

-- name: DumpPast
SELECT b.id, b.reference, b.covers, b.date, b.time, b.service_date, b.starts_at, b.ends_at, b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status,
    b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at, b.chosen_by,
    b.left_tables, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at, b.created_at, b.created_by, b.version
FROM maitred.bookings AS b
WHERE b.restaurant_id = $1
    AND b.service_date < (
        SELECT s.open_from
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = $1)
ORDER BY b.id;

-- name: DumpOccupancy
SELECT table_id, starts_at, ends_at, owner_kind, owner_id, claimant
FROM maitred.allocations
WHERE restaurant_id = $1
ORDER BY table_id, starts_at, owner_kind, owner_id;

-- name: DumpCheckpoint
-- Of the oldest version there is one for.
SELECT body
FROM maitred.checkpoints
WHERE restaurant_id = $1
ORDER BY version
LIMIT 1;

-- name: DumpExpected
SELECT version, events
FROM maitred.journal
WHERE restaurant_id = $1;

-- name: DumpHistory
SELECT version, COUNT(ordinal)
FROM maitred.history
WHERE restaurant_id = $1
GROUP BY version;

-- name: DumpOutbox
-- Events of changes, wherever they are on their way to the observability sink.
SELECT dedupe_key, aggregate_seq
FROM maitred.capacity_outbox
WHERE restaurant_id = $1
    AND sink = $2
    AND NOT starts_with(dedupe_key, $3)
UNION
SELECT dedupe_key, aggregate_seq
FROM maitred.outbox_dead
WHERE restaurant_id = $1
    AND sink = $2
    AND NOT starts_with(dedupe_key, $3)
UNION
SELECT dedupe_key, version
FROM maitred.observability_events
WHERE restaurant_id = $1
    AND NOT starts_with(dedupe_key, $3);

-- name: DumpEventsFrom
SELECT maitred.clock() - $1::interval;

-- name: DumpReceipts
SELECT principal, key, fingerprint, command, status, epoch, version, body, at
FROM maitred.receipts
WHERE restaurant_id = $1
ORDER BY principal COLLATE "C", key COLLATE "C";

-- name: DumpDue
SELECT subject, kind, run_at, attempt
FROM maitred.due_work
WHERE restaurant_id = $1
ORDER BY subject COLLATE "C", kind COLLATE "C";
