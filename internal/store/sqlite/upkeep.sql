-- For jobs, operators and verify. Due crosses restaurants.

-- name: Due
SELECT restaurant_id, subject, kind, run_at, attempt
FROM due_work
WHERE kind = ?1
    AND run_at <= ?2
ORDER BY run_at, restaurant_id, subject
LIMIT ?3;

-- name: IntegrityCheck
SELECT integrity_check
FROM pragma_integrity_check
WHERE integrity_check <> 'ok';

-- name: ForeignKeyCheck
SELECT "table" || ' refers to a row of ' || parent || ' that is not there'
FROM pragma_foreign_key_check;

-- name: DumpHolds
-- All of them, whatever became of their bookings.
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version
FROM holds
WHERE restaurant_id = ?1;

-- name: DumpTableCounts
SELECT id, table_count
FROM holds
WHERE restaurant_id = ?1;

-- name: DumpEnded
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version,
    tables, how, ended_at, ended_by
FROM ended_holds
WHERE restaurant_id = ?1
ORDER BY id;

-- name: DumpPast
SELECT b.id, b.reference, b.covers, b.date, b.time, b.service_date, b.starts_at, b.ends_at, b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status,
    b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at, b.chosen_by,
    b.left_tables, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at, b.created_at, b.created_by, b.version
FROM bookings AS b
WHERE b.restaurant_id = ?1
    AND b.service_date < ?2
ORDER BY b.id;

-- name: DumpOccupancy
SELECT table_id, starts_at, ends_at, owner_kind, owner_id, claimant
FROM allocations
WHERE restaurant_id = ?1
ORDER BY table_id, starts_at, owner_kind, owner_id;

-- name: DumpCheckpoint
-- Of the oldest version there is one for.
SELECT body
FROM checkpoints
WHERE restaurant_id = ?1
ORDER BY version
LIMIT 1;

-- name: DumpExpected
SELECT version, events
FROM journal
WHERE restaurant_id = ?1;

-- name: DumpHistory
SELECT version, COUNT(ordinal)
FROM history
WHERE restaurant_id = ?1
GROUP BY version;

-- name: DumpOutbox
-- Events of changes on their way to the observability sink, arrived there, or dead.
SELECT dedupe_key, aggregate_seq
FROM capacity_outbox
WHERE sink = 'observability'
    AND lane = ?2
    AND flow = ?1
    AND dedupe_key NOT LIKE 'told/%'
UNION ALL
SELECT dedupe_key, version
FROM observability_events
WHERE restaurant_id = ?1
    AND dedupe_key NOT LIKE 'told/%'
UNION ALL
SELECT dedupe_key, aggregate_seq
FROM outbox_dead
WHERE restaurant_id = ?1
    AND sink = 'observability'
    AND dedupe_key NOT LIKE 'told/%';

-- name: DumpReceipts
SELECT principal, key, fingerprint, command, status, epoch, version, body, at
FROM receipts
WHERE restaurant_id = ?1
ORDER BY principal, key;

-- name: DumpDue
SELECT subject, kind, run_at, attempt
FROM due_work
WHERE restaurant_id = ?1
ORDER BY subject, kind;
