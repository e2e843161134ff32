-- Rows of bookings, holds and allocations. A put replaces by key and never with
-- REPLACE, which would delete the row that others point at.

-- name: DeleteAllocation
DELETE FROM allocations
WHERE restaurant_id = ?
    AND table_id = ?
    AND owner_kind = ?
    AND starts_at = ?
    AND owner_id = ?;

-- name: DeleteBlockAllocations
DELETE FROM allocations
WHERE restaurant_id = ?1
    AND block_id = ?2;

-- name: ReownAllocations
-- The same rows change their owner: at no instant is a table free.
UPDATE allocations
SET owner_kind = 'booking',
    owner_id = claimant,
    booking_id = claimant,
    hold_id = NULL
WHERE restaurant_id = ?1
    AND hold_id = ?2;

-- name: InsertEndedHold
INSERT INTO ended_holds (restaurant_id, id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
    require_adjacency, override, made_version, tables, how, ended_at, ended_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: DeleteHold
-- The reference of its allocations refuses this while there are any.
DELETE FROM holds
WHERE restaurant_id = ?
    AND id = ?;

-- name: UpsertBooking
INSERT INTO bookings (restaurant_id, id, reference, covers, date, time, service_date, starts_at, ends_at,
    dining_starts_at, dining_ends_at, turn_minutes, status, zone_id, seating_wish, source, arrived_at, checked_in_at, ended_at,
    chosen_by, left_tables, planned_starts_at, priority, quoted_minutes, pending_until, late_at, overstay_at,
    created_at, created_by, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET reference = excluded.reference,
    covers = excluded.covers,
    date = excluded.date,
    time = excluded.time,
    service_date = excluded.service_date,
    starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    dining_starts_at = excluded.dining_starts_at,
    dining_ends_at = excluded.dining_ends_at,
    turn_minutes = excluded.turn_minutes,
    status = excluded.status,
    zone_id = excluded.zone_id,
    seating_wish = excluded.seating_wish,
    source = excluded.source,
    arrived_at = excluded.arrived_at,
    checked_in_at = excluded.checked_in_at,
    ended_at = excluded.ended_at,
    chosen_by = excluded.chosen_by,
    left_tables = excluded.left_tables,
    planned_starts_at = excluded.planned_starts_at,
    priority = excluded.priority,
    quoted_minutes = excluded.quoted_minutes,
    pending_until = excluded.pending_until,
    late_at = excluded.late_at,
    overstay_at = excluded.overstay_at,
    created_at = excluded.created_at,
    created_by = excluded.created_by,
    version = excluded.version;

-- name: UpsertHold
-- Anchor and count of a hold that is there already are set by AnchorHold.
INSERT INTO holds (restaurant_id, id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
    require_adjacency, override, made_version, changed_at, anchor_table_id, anchor_starts_at, table_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    expires_at = excluded.expires_at,
    held_since = excluded.held_since,
    created_at = excluded.created_at,
    created_by = excluded.created_by,
    require_adjacency = excluded.require_adjacency,
    override = excluded.override,
    made_version = excluded.made_version,
    changed_at = excluded.changed_at;

-- name: AnchorHold
-- NOT NULL refuses a hold that has no allocation left. Nothing is written when
-- anchor and count stand.
UPDATE holds
SET anchor_table_id = a.table_id,
    anchor_starts_at = a.starts_at,
    table_count = a.tables
FROM (
    SELECT MIN(o.table_id) AS table_id, o.starts_at AS starts_at, COUNT(o.table_id) AS tables
    FROM allocations AS o
    WHERE o.restaurant_id = ?1
        AND o.hold_id = ?2) AS a
WHERE holds.restaurant_id = ?1
    AND holds.id = ?2
    AND (a.table_id IS NULL OR a.tables <> table_count OR a.table_id <> anchor_table_id OR a.starts_at <> anchor_starts_at);

-- name: InsertAllocation
INSERT INTO allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, hold_id, booking_id, block_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
