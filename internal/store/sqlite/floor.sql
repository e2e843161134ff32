-- Rows of the restaurant itself, its floor and its rules.

-- name: UpdateRestaurant
UPDATE restaurants
SET slug = ?1,
    name = ?2,
    zone = ?3,
    active = ?4
WHERE id = ?5;

-- name: DeleteEdge
DELETE FROM adjacencies
WHERE restaurant_id = ?
    AND a_table_id = ?
    AND b_table_id = ?;

-- name: DeleteCombinationTables
DELETE FROM combination_tables
WHERE restaurant_id = ?
    AND combination_id = ?;

-- name: DeleteCombination
DELETE FROM combinations
WHERE restaurant_id = ?
    AND id = ?;

-- name: DeleteBlock
DELETE FROM blocks
WHERE restaurant_id = ?
    AND id = ?;

-- name: DeleteTable
DELETE FROM tables
WHERE restaurant_id = ?
    AND id = ?;

-- name: ForgetZoneWish
-- Bookings of closed days are not in any house, so no change can put them
-- without the wish. Those of open days are the change's own part.
UPDATE bookings
SET zone_id = NULL
WHERE restaurant_id = ?1
    AND zone_id = ?2
    AND service_date < (
        SELECT s.open_from
        FROM restaurant_state AS s
        WHERE s.restaurant_id = ?1);

-- name: DeleteZone
DELETE FROM zones
WHERE restaurant_id = ?
    AND id = ?;

-- name: UnnameZone
-- No name begins with a control character.
UPDATE zones
SET name_key = CHAR(1) || id
WHERE restaurant_id = ?
    AND id = ?;

-- name: UpsertZone
INSERT INTO zones (restaurant_id, id, name, name_key, sort_order, active)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET name = excluded.name,
    name_key = excluded.name_key,
    sort_order = excluded.sort_order,
    active = excluded.active;

-- name: UnnumberTable
UPDATE tables
SET number_key = CHAR(1) || id
WHERE restaurant_id = ?
    AND id = ?
    AND retired = 0;

-- name: UpsertTable
INSERT INTO tables (restaurant_id, id, number, number_key, zone_id, min_covers, max_covers, movable, category, seating_type,
    x, y, rotation, shape, width, height, active, ready, retired)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET number = excluded.number,
    number_key = excluded.number_key,
    zone_id = excluded.zone_id,
    min_covers = excluded.min_covers,
    max_covers = excluded.max_covers,
    movable = excluded.movable,
    category = excluded.category,
    seating_type = excluded.seating_type,
    x = excluded.x,
    y = excluded.y,
    rotation = excluded.rotation,
    shape = excluded.shape,
    width = excluded.width,
    height = excluded.height,
    active = excluded.active,
    ready = excluded.ready,
    retired = excluded.retired;

-- name: InsertEdge
INSERT INTO adjacencies (restaurant_id, a_table_id, b_table_id)
VALUES (?, ?, ?)
ON CONFLICT (restaurant_id, a_table_id, b_table_id) DO NOTHING;

-- name: UpsertCombination
INSERT INTO combinations (restaurant_id, id, min_covers, max_covers)
VALUES (?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET min_covers = excluded.min_covers,
    max_covers = excluded.max_covers;

-- name: InsertCombinationTable
INSERT INTO combination_tables (restaurant_id, combination_id, table_id)
VALUES (?, ?, ?);

-- name: UpsertBlock
INSERT INTO blocks (restaurant_id, id, starts_at, ends_at, reason)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    reason = excluded.reason;

-- name: UpsertPolicy
INSERT INTO policies (restaurant_id, body)
VALUES (?, ?)
ON CONFLICT (restaurant_id) DO UPDATE
SET body = excluded.body;

-- name: DeletePeriods
DELETE FROM service_periods
WHERE restaurant_id = ?;

-- name: InsertPeriod
INSERT INTO service_periods (restaurant_id, ordinal, body)
VALUES (?, ?, ?);

-- name: DeleteClosures
DELETE FROM closures
WHERE restaurant_id = ?;

-- name: InsertClosure
INSERT INTO closures (restaurant_id, ordinal, body)
VALUES (?, ?, ?);
