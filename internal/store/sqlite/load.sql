-- A house, read in one transaction.

-- name: LoadRestaurant
SELECT r.id, r.slug, r.name, r.zone, r.active,
    s.epoch, s.version, s.head, s.floor_rev, s.policy_rev, s.bookings_rev, s.holds_rev, s.last_at, s.open_from
FROM restaurant_state AS s
JOIN restaurants AS r ON r.id = s.restaurant_id
WHERE s.restaurant_id = ?1;

-- name: LoadZones
SELECT id, name, sort_order, active
FROM zones
WHERE restaurant_id = ?1;

-- name: LoadTables
SELECT id, number, zone_id, min_covers, max_covers, movable, category, seating_type,
    x, y, rotation, shape, width, height, active, ready, retired
FROM tables
WHERE restaurant_id = ?1;

-- name: LoadEdges
SELECT a_table_id, b_table_id
FROM adjacencies
WHERE restaurant_id = ?1;

-- name: LoadCombinations
SELECT c.id, c.min_covers, c.max_covers, (
    SELECT json_group_array(t.table_id ORDER BY t.table_id)
    FROM combination_tables AS t
    WHERE t.restaurant_id = c.restaurant_id
        AND t.combination_id = c.id)
FROM combinations AS c
WHERE c.restaurant_id = ?1;

-- name: LoadBlocks
-- A block's tables are its allocations.
SELECT b.id, b.starts_at, b.ends_at, b.reason, (
    SELECT json_group_array(a.table_id ORDER BY a.table_id)
    FROM allocations AS a
    WHERE a.restaurant_id = b.restaurant_id
        AND a.block_id = b.id)
FROM blocks AS b
WHERE b.restaurant_id = ?1;

-- name: LoadPolicy
SELECT body
FROM policies
WHERE restaurant_id = ?1;

-- name: LoadPeriods
SELECT body
FROM service_periods
WHERE restaurant_id = ?1
ORDER BY ordinal;

-- name: LoadClosures
SELECT body
FROM closures
WHERE restaurant_id = ?1
ORDER BY ordinal;

-- name: LoadBookings
SELECT id, reference, covers, date, time, service_date, starts_at, ends_at, dining_starts_at, dining_ends_at, turn_minutes, status,
    zone_id, seating_wish, source, arrived_at, checked_in_at, ended_at, chosen_by,
    left_tables, planned_starts_at, priority, quoted_minutes, pending_until, late_at, overstay_at, created_at, created_by, version
FROM bookings
WHERE restaurant_id = ?1
    AND service_date >= ?2;

-- name: LoadHolds
SELECT h.id, h.booking_id, h.starts_at, h.ends_at, h.expires_at, h.held_since, h.created_at, h.created_by, h.require_adjacency,
    h.override, h.made_version
FROM holds AS h
JOIN bookings AS b ON b.restaurant_id = h.restaurant_id
    AND b.id = h.booking_id
WHERE h.restaurant_id = ?1
    AND b.service_date >= ?2;

-- name: LoadAllocations
-- Of bookings on open days and of their holds, past stretches too. A block's
-- follow from the block.
SELECT a.table_id, a.starts_at, a.ends_at, a.owner_kind, a.owner_id, a.claimant
FROM bookings AS b
JOIN allocations AS a ON a.restaurant_id = b.restaurant_id
    AND a.claimant = b.id
WHERE b.restaurant_id = ?1
    AND b.service_date >= ?2;

-- name: LoadGrants
-- A hold, live or ended, is the record of its own creation.
SELECT h.booking_id, h.created_by, h.created_at, h.id
FROM (
    SELECT booking_id, created_by, created_at, id
    FROM holds
    WHERE restaurant_id = ?1
        AND created_at > ?2
    UNION ALL
    SELECT booking_id, created_by, created_at, id
    FROM ended_holds
    WHERE restaurant_id = ?1
        AND created_at > ?2) AS h
JOIN bookings AS b ON b.restaurant_id = ?1
    AND b.id = h.booking_id
WHERE b.service_date >= ?3;
