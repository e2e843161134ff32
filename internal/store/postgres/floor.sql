-- Rows of the restaurant itself, its floor and its rules. They change seldom, so
-- they come as JSON with the names of the columns.

-- name: UpdateRestaurant
WITH put AS (
    UPDATE maitred.restaurants
    SET slug = $2,
        name = $3,
        zone = $4,
        active = $5
    WHERE id = $1
    RETURNING 1)
SELECT maitred.expect((SELECT COUNT(*) FROM put), 1);

-- name: DropBlockAllocations
DELETE FROM maitred.allocations
WHERE restaurant_id = $1
    AND block_id = ANY($2::uuid[]);

-- name: DropEdges
DELETE FROM maitred.adjacencies AS e
USING unnest($2::uuid[], $3::uuid[]) AS d (a, b)
WHERE e.restaurant_id = $1
    AND e.a_table_id = d.a
    AND e.b_table_id = d.b;

-- name: DropCombinationTables
DELETE FROM maitred.combination_tables
WHERE restaurant_id = $1
    AND combination_id = ANY($2::uuid[]);

-- name: DropCombinations
DELETE FROM maitred.combinations
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[]);

-- name: DropBlocks
DELETE FROM maitred.blocks
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[]);

-- name: DropTables
DELETE FROM maitred.tables
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[]);

-- name: ForgetZoneWishes
-- Bookings of closed days are not in any house, so no change can put them
-- without the wish. Those of open days are the change's own part.
UPDATE maitred.bookings
SET zone_id = NULL
WHERE restaurant_id = $1
    AND zone_id = ANY($2::uuid[])
    AND service_date < (
        SELECT s.open_from
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = $1);

-- name: DropZones
DELETE FROM maitred.zones
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[]);

-- name: UnnameZones
-- Names can be traded: those that are put lose theirs first. No name begins with
-- a control character.
UPDATE maitred.zones
SET name_key = CHR(1) || id::text
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[]);

-- name: PutZones
INSERT INTO maitred.zones (restaurant_id, id, name, name_key, sort_order, active)
SELECT $1, z.id, z.name, z.name_key, z.sort_order, z.active
FROM json_to_recordset($2::json) AS z (id uuid, name text, name_key text, sort_order bigint, active boolean)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET name = excluded.name,
    name_key = excluded.name_key,
    sort_order = excluded.sort_order,
    active = excluded.active;

-- name: UnnumberTables
UPDATE maitred.tables
SET number_key = CHR(1) || id::text
WHERE restaurant_id = $1
    AND id = ANY($2::uuid[])
    AND NOT retired;

-- name: PutTables
INSERT INTO maitred.tables (restaurant_id, id, number, number_key, zone_id, min_covers, max_covers, movable, category, seating_type,
    x, y, rotation, shape, width, height, active, ready, retired)
SELECT $1, t.id, t.number, t.number_key, t.zone_id, t.min_covers, t.max_covers, t.movable, t.category, t.seating_type,
    t.x, t.y, t.rotation, t.shape, t.width, t.height, t.active, t.ready, t.retired
FROM json_to_recordset($2::json) AS t (id uuid, number text, number_key text, zone_id uuid, min_covers integer, max_covers integer, movable boolean,
    category text, seating_type text, x bigint, y bigint, rotation bigint, shape text, width bigint, height bigint, active boolean, ready boolean,
    retired boolean)
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

-- name: PutEdges
INSERT INTO maitred.adjacencies (restaurant_id, a_table_id, b_table_id)
SELECT $1, e.a, e.b
FROM unnest($2::uuid[], $3::uuid[]) AS e (a, b)
ON CONFLICT (restaurant_id, a_table_id, b_table_id) DO NOTHING;

-- name: PutCombinations
INSERT INTO maitred.combinations (restaurant_id, id, min_covers, max_covers)
SELECT $1, c.id, c.min_covers, c.max_covers
FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS c (id, min_covers, max_covers)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET min_covers = excluded.min_covers,
    max_covers = excluded.max_covers;

-- name: PutCombinationTables
INSERT INTO maitred.combination_tables (restaurant_id, combination_id, table_id)
SELECT $1, c.combination_id, c.table_id
FROM unnest($2::uuid[], $3::uuid[]) AS c (combination_id, table_id);

-- name: PutBlocks
INSERT INTO maitred.blocks (restaurant_id, id, starts_at, ends_at, reason)
SELECT $1, b.id, b.starts_at, b.ends_at, b.reason
FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[]) AS b (id, starts_at, ends_at, reason)
ON CONFLICT (restaurant_id, id) DO UPDATE
SET starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    reason = excluded.reason;

-- name: PutPolicy
INSERT INTO maitred.policies (restaurant_id, body)
VALUES ($1, $2::jsonb)
ON CONFLICT (restaurant_id) DO UPDATE
SET body = excluded.body;

-- name: DropPeriods
DELETE FROM maitred.service_periods
WHERE restaurant_id = $1;

-- name: PutPeriods
INSERT INTO maitred.service_periods (restaurant_id, ordinal, body)
SELECT $1, p.ordinal - 1, p.body
FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS p (body, ordinal);

-- name: DropClosures
DELETE FROM maitred.closures
WHERE restaurant_id = $1;

-- name: PutClosures
INSERT INTO maitred.closures (restaurant_id, ordinal, body)
SELECT $1, c.ordinal - 1, c.body
FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS c (body, ordinal);
