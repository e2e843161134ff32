-- Rows of bookings, holds and allocations, many at a time: a list for each column.
-- A put replaces by key. What must be there is counted on the server.

-- name: DropAllocations
WITH gone AS (
    DELETE FROM maitred.allocations AS a
    USING unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[]) AS d (table_id, owner_kind, starts_at, owner_id)
    WHERE a.restaurant_id = $1
        AND a.table_id = d.table_id
        AND a.owner_kind = d.owner_kind
        AND a.starts_at = d.starts_at
        AND a.owner_id = d.owner_id
    RETURNING 1)
SELECT maitred.expect((SELECT COUNT(*) FROM gone), $6);

-- name: Reown
-- The same rows change their owner: at no instant is a table free. A booking has
-- one hold at most, so as many claimants as holds must be found.
WITH moved AS (
    UPDATE maitred.allocations
    SET owner_kind = 'booking',
        owner_id = claimant,
        booking_id = claimant,
        hold_id = NULL
    WHERE restaurant_id = $1
        AND hold_id = ANY($2::uuid[])
    RETURNING claimant)
SELECT maitred.expect((SELECT COUNT(DISTINCT claimant) FROM moved), $3);

-- name: EndHolds
-- The reference of their allocations refuses this while there are any.
WITH ended AS (
    INSERT INTO maitred.ended_holds (restaurant_id, id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
        require_adjacency, override, made_version, tables, how, ended_at, ended_by)
    SELECT $1, h.id, h.booking_id, h.starts_at, h.ends_at, h.expires_at, h.held_since, h.created_at, h.created_by,
        h.require_adjacency, h.override::jsonb, h.made_version, h.tables::jsonb, h.how, h.ended_at, h.ended_by
    FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[],
        $10::boolean[], $11::text[], $12::bigint[], $13::text[], $14::text[], $15::timestamptz[], $16::text[])
        AS h (id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
            require_adjacency, override, made_version, tables, how, ended_at, ended_by)),
gone AS (
    DELETE FROM maitred.holds
    WHERE restaurant_id = $1
        AND id = ANY($2::uuid[])
    RETURNING 1)
SELECT maitred.expect((SELECT COUNT(*) FROM gone), $17);

-- name: PutBookings
INSERT INTO maitred.bookings (restaurant_id, id, reference, covers, date, time, service_date, starts_at, ends_at,
    dining_starts_at, dining_ends_at, turn_minutes, status, zone_id, seating_wish, source, arrived_at, checked_in_at, ended_at,
    chosen_by, left_tables, planned_starts_at, priority, quoted_minutes, pending_until, late_at, overstay_at,
    created_at, created_by, version)
SELECT $1, b.id, b.reference, b.covers, b.date::date, b.time, b.service_date::date, b.starts_at, b.ends_at,
    b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status, b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at,
    b.chosen_by, b.left_tables::jsonb, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at,
    b.created_at, b.created_by, b.version
FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[],
    $10::timestamptz[], $11::timestamptz[], $12::integer[], $13::text[], $14::uuid[], $15::text[], $16::text[], $17::timestamptz[],
    $18::timestamptz[], $19::timestamptz[], $20::text[], $21::text[], $22::timestamptz[],
    $23::integer[], $24::integer[], $25::timestamptz[], $26::timestamptz[], $27::timestamptz[], $28::timestamptz[], $29::text[], $30::bigint[])
    AS b (id, reference, covers, date, time, service_date, starts_at, ends_at,
        dining_starts_at, dining_ends_at, turn_minutes, status, zone_id, seating_wish, source, arrived_at, checked_in_at, ended_at,
        chosen_by, left_tables, planned_starts_at, priority, quoted_minutes, pending_until, late_at, overstay_at,
        created_at, created_by, version)
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

-- name: PutHolds
-- Anchor and count of a hold that is there already are set by AnchorHolds.
INSERT INTO maitred.holds (restaurant_id, id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
    require_adjacency, override, made_version, changed_at, anchor_table_id, anchor_starts_at, table_count)
SELECT $1, h.id, h.booking_id, h.starts_at, h.ends_at, h.expires_at, h.held_since, h.created_at, h.created_by,
    h.require_adjacency, h.override::jsonb, h.made_version, h.changed_at, h.anchor_table_id, h.anchor_starts_at, h.table_count
FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[],
    $10::boolean[], $11::text[], $12::bigint[], $13::timestamptz[], $14::uuid[], $15::timestamptz[], $16::integer[])
    AS h (id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by,
        require_adjacency, override, made_version, changed_at, anchor_table_id, anchor_starts_at, table_count)
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

-- name: PutAllocations
INSERT INTO maitred.allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, hold_id, booking_id, block_id)
SELECT $1, a.table_id, a.starts_at, a.ends_at, a.owner_kind, a.owner_id, a.claimant,
    CASE a.owner_kind WHEN 'hold' THEN a.owner_id END,
    CASE a.owner_kind WHEN 'booking' THEN a.owner_id END,
    CASE a.owner_kind WHEN 'block' THEN a.owner_id END
FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::uuid[], $7::uuid[])
    AS a (table_id, starts_at, ends_at, owner_kind, owner_id, claimant);

-- name: AnchorHolds
-- NOT NULL refuses a hold that has no allocation left. Nothing is written when
-- anchor and count stand.
UPDATE maitred.holds AS h
SET anchor_table_id = a.table_id,
    anchor_starts_at = a.starts_at,
    table_count = a.tables
FROM (
    SELECT w.id, (array_agg(o.table_id ORDER BY o.table_id))[1] AS table_id, (array_agg(o.starts_at ORDER BY o.table_id))[1] AS starts_at,
        COUNT(o.table_id) AS tables
    FROM unnest($2::uuid[]) AS w (id)
    LEFT JOIN maitred.allocations AS o ON o.restaurant_id = $1
        AND o.hold_id = w.id
    GROUP BY w.id) AS a
WHERE h.restaurant_id = $1
    AND h.id = a.id
    AND (a.table_id, a.starts_at, a.tables) IS DISTINCT FROM (h.anchor_table_id, h.anchor_starts_at, h.table_count::bigint);
