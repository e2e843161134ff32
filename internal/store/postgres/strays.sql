-- References that point nowhere or into another restaurant. The constraints
-- refuse them, but a superuser may have written with the constraints off.

-- name: DumpStrays
SELECT 'tables ' || t.id || ' refers by zone_id to ' || t.zone_id || ', which is not in zones of the restaurant'
FROM maitred.tables AS t
LEFT JOIN maitred.zones AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.zone_id
WHERE t.restaurant_id = $1
    AND t.zone_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'adjacencies ' || t.a_table_id || ' refers by a_table_id to ' || t.a_table_id || ', which is not in tables of the restaurant'
FROM maitred.adjacencies AS t
LEFT JOIN maitred.tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.a_table_id
WHERE t.restaurant_id = $1
    AND t.a_table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'adjacencies ' || t.b_table_id || ' refers by b_table_id to ' || t.b_table_id || ', which is not in tables of the restaurant'
FROM maitred.adjacencies AS t
LEFT JOIN maitred.tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.b_table_id
WHERE t.restaurant_id = $1
    AND t.b_table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'combination_tables ' || t.combination_id || ' refers by combination_id to ' || t.combination_id || ', which is not in combinations of the restaurant'
FROM maitred.combination_tables AS t
LEFT JOIN maitred.combinations AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.combination_id
WHERE t.restaurant_id = $1
    AND t.combination_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'combination_tables ' || t.combination_id || ' refers by table_id to ' || t.table_id || ', which is not in tables of the restaurant'
FROM maitred.combination_tables AS t
LEFT JOIN maitred.tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.table_id
WHERE t.restaurant_id = $1
    AND t.table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'bookings ' || t.id || ' refers by zone_id to ' || t.zone_id || ', which is not in zones of the restaurant'
FROM maitred.bookings AS t
LEFT JOIN maitred.zones AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.zone_id
WHERE t.restaurant_id = $1
    AND t.zone_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'holds ' || t.id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM maitred.holds AS t
LEFT JOIN maitred.bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = $1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'ended_holds ' || t.id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM maitred.ended_holds AS t
LEFT JOIN maitred.bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = $1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by table_id to ' || t.table_id || ', which is not in tables of the restaurant'
FROM maitred.allocations AS t
LEFT JOIN maitred.tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.table_id
WHERE t.restaurant_id = $1
    AND t.table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by hold_id to ' || t.hold_id || ', which is not in holds of the restaurant'
FROM maitred.allocations AS t
LEFT JOIN maitred.holds AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.hold_id
WHERE t.restaurant_id = $1
    AND t.hold_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM maitred.allocations AS t
LEFT JOIN maitred.bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = $1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by block_id to ' || t.block_id || ', which is not in blocks of the restaurant'
FROM maitred.allocations AS t
LEFT JOIN maitred.blocks AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.block_id
WHERE t.restaurant_id = $1
    AND t.block_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'guest ' || t.booking_id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM maitred.guest AS t
LEFT JOIN maitred.bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = $1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'members ' || t.user_id || ' is no user'
FROM maitred.members AS t
LEFT JOIN maitred.users AS p ON p.id = t.user_id
WHERE t.restaurant_id = $1
    AND p.id IS NULL
UNION ALL
SELECT 'holds ' || t.id || ' has its anchor in no allocation of its own'
FROM maitred.holds AS t
LEFT JOIN maitred.allocations AS p ON p.restaurant_id = t.restaurant_id
    AND p.table_id = t.anchor_table_id
    AND p.owner_kind = 'hold'
    AND p.starts_at = t.anchor_starts_at
    AND p.owner_id = t.id
WHERE t.restaurant_id = $1
    AND p.owner_id IS NULL;
