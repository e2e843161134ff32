-- A house, read in one flush: a statement cannot use what another one answers, so
-- the first open day is looked up where it is needed.

-- name: Clock
SELECT maitred.clock();

-- name: LoadRestaurant
SELECT r.id, r.slug, r.name, r.zone, r.active,
    s.epoch, s.version, s.head, s.floor_rev, s.policy_rev, s.bookings_rev, s.holds_rev, s.last_at, s.open_from
FROM maitred.restaurant_state AS s
JOIN maitred.restaurants AS r ON r.id = s.restaurant_id
WHERE s.restaurant_id = $1;

-- name: LoadZones
SELECT id, name, sort_order, active
FROM maitred.zones
WHERE restaurant_id = $1;

-- name: LoadTables
SELECT id, number, zone_id, min_covers, max_covers, movable, category, seating_type,
    x, y, rotation, shape, width, height, active, ready, retired
FROM maitred.tables
WHERE restaurant_id = $1;

-- name: LoadEdges
SELECT a_table_id, b_table_id
FROM maitred.adjacencies
WHERE restaurant_id = $1;

-- name: LoadCombinations
SELECT c.id, c.min_covers, c.max_covers, (
    SELECT COALESCE(json_agg(t.table_id ORDER BY t.table_id), '[]')
    FROM maitred.combination_tables AS t
    WHERE t.restaurant_id = c.restaurant_id
        AND t.combination_id = c.id)
FROM maitred.combinations AS c
WHERE c.restaurant_id = $1;

-- name: LoadBlocks
-- A block's tables are its allocations.
SELECT b.id, b.starts_at, b.ends_at, b.reason, (
    SELECT COALESCE(json_agg(a.table_id ORDER BY a.table_id), '[]')
    FROM maitred.allocations AS a
    WHERE a.restaurant_id = b.restaurant_id
        AND a.block_id = b.id)
FROM maitred.blocks AS b
WHERE b.restaurant_id = $1;

-- name: LoadPolicy
SELECT body
FROM maitred.policies
WHERE restaurant_id = $1;

-- name: LoadPeriods
SELECT body
FROM maitred.service_periods
WHERE restaurant_id = $1
ORDER BY ordinal;

-- name: LoadClosures
SELECT body
FROM maitred.closures
WHERE restaurant_id = $1
ORDER BY ordinal;

-- name: LoadBookings
SELECT b.id, b.reference, b.covers, b.date, b.time, b.service_date, b.starts_at, b.ends_at, b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status,
    b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at, b.chosen_by,
    b.left_tables, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at, b.created_at, b.created_by, b.version
FROM maitred.bookings AS b
WHERE b.restaurant_id = $1
    AND b.service_date >= (
        SELECT s.open_from
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = $1);

-- name: LoadHolds
SELECT h.id, h.booking_id, h.starts_at, h.ends_at, h.expires_at, h.held_since, h.created_at, h.created_by, h.require_adjacency,
    h.override, h.made_version
FROM maitred.holds AS h
JOIN maitred.bookings AS b ON b.restaurant_id = h.restaurant_id
    AND b.id = h.booking_id
WHERE h.restaurant_id = $1
    AND b.service_date >= (
        SELECT s.open_from
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = $1);

-- name: LoadAllocations
-- Of bookings on open days and of their holds, past stretches too. A block's
-- follow from the block. How many days are open is not known when a plan is made:
-- OFFSET 0 keeps it to looking up each booking, and away from reading all there
-- are.
SELECT a.table_id, a.starts_at, a.ends_at, a.owner_kind, a.owner_id, a.claimant
FROM maitred.bookings AS b
CROSS JOIN LATERAL (
    SELECT c.table_id, c.starts_at, c.ends_at, c.owner_kind, c.owner_id, c.claimant
    FROM maitred.allocations AS c
    WHERE c.restaurant_id = b.restaurant_id
        AND c.claimant = b.id
    OFFSET 0) AS a
WHERE b.restaurant_id = $1
    AND b.service_date >= (
        SELECT s.open_from
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = $1);

-- name: LoadGrants
-- A hold, live or ended, is the record of its own creation. None that a budget
-- can count is older than its longest window.
SELECT h.booking_id, h.created_by, h.created_at, h.id
FROM (
    SELECT l.booking_id, l.created_by, l.created_at, l.id
    FROM maitred.holds AS l
    WHERE l.restaurant_id = $1
        AND l.created_at > (
            SELECT s.last_at - $2::interval
            FROM maitred.restaurant_state AS s
            WHERE s.restaurant_id = $1)
    UNION ALL
    SELECT e.booking_id, e.created_by, e.created_at, e.id
    FROM maitred.ended_holds AS e
    WHERE e.restaurant_id = $1
        AND e.created_at > (
            SELECT s.last_at - $2::interval
            FROM maitred.restaurant_state AS s
            WHERE s.restaurant_id = $1)) AS h
JOIN maitred.bookings AS b ON b.restaurant_id = $1
    AND b.id = h.booking_id
WHERE b.service_date >= (
    SELECT s.open_from
    FROM maitred.restaurant_state AS s
    WHERE s.restaurant_id = $1);
