-- References that point nowhere or into another restaurant. The constraints
-- refuse them, but a file may have been written with the constraints off.

-- name: DumpStrays
SELECT 'tables ' || t.id || ' refers by zone_id to ' || t.zone_id || ', which is not in zones of the restaurant'
FROM tables AS t
LEFT JOIN zones AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.zone_id
WHERE t.restaurant_id = ?1
    AND t.zone_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'adjacencies ' || t.a_table_id || ' refers by a_table_id to ' || t.a_table_id || ', which is not in tables of the restaurant'
FROM adjacencies AS t
LEFT JOIN tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.a_table_id
WHERE t.restaurant_id = ?1
    AND t.a_table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'adjacencies ' || t.b_table_id || ' refers by b_table_id to ' || t.b_table_id || ', which is not in tables of the restaurant'
FROM adjacencies AS t
LEFT JOIN tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.b_table_id
WHERE t.restaurant_id = ?1
    AND t.b_table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'combination_tables ' || t.combination_id || ' refers by combination_id to ' || t.combination_id || ', which is not in combinations of the restaurant'
FROM combination_tables AS t
LEFT JOIN combinations AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.combination_id
WHERE t.restaurant_id = ?1
    AND t.combination_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'combination_tables ' || t.combination_id || ' refers by table_id to ' || t.table_id || ', which is not in tables of the restaurant'
FROM combination_tables AS t
LEFT JOIN tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.table_id
WHERE t.restaurant_id = ?1
    AND t.table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'bookings ' || t.id || ' refers by zone_id to ' || t.zone_id || ', which is not in zones of the restaurant'
FROM bookings AS t
LEFT JOIN zones AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.zone_id
WHERE t.restaurant_id = ?1
    AND t.zone_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'holds ' || t.id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM holds AS t
LEFT JOIN bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = ?1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'ended_holds ' || t.id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM ended_holds AS t
LEFT JOIN bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = ?1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by table_id to ' || t.table_id || ', which is not in tables of the restaurant'
FROM allocations AS t
LEFT JOIN tables AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.table_id
WHERE t.restaurant_id = ?1
    AND t.table_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by hold_id to ' || t.hold_id || ', which is not in holds of the restaurant'
FROM allocations AS t
LEFT JOIN holds AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.hold_id
WHERE t.restaurant_id = ?1
    AND t.hold_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM allocations AS t
LEFT JOIN bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = ?1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'allocations ' || t.owner_id || ' refers by block_id to ' || t.block_id || ', which is not in blocks of the restaurant'
FROM allocations AS t
LEFT JOIN blocks AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.block_id
WHERE t.restaurant_id = ?1
    AND t.block_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'guest ' || t.booking_id || ' refers by booking_id to ' || t.booking_id || ', which is not in bookings of the restaurant'
FROM guest AS t
LEFT JOIN bookings AS p ON p.restaurant_id = t.restaurant_id
    AND p.id = t.booking_id
WHERE t.restaurant_id = ?1
    AND t.booking_id IS NOT NULL
    AND p.id IS NULL
UNION ALL
SELECT 'members ' || t.user_id || ' is no user'
FROM members AS t
LEFT JOIN users AS p ON p.id = t.user_id
WHERE t.restaurant_id = ?1
    AND p.id IS NULL
UNION ALL
SELECT 'holds ' || t.id || ' has its anchor in no allocation of its own'
FROM holds AS t
LEFT JOIN allocations AS p ON p.restaurant_id = t.restaurant_id
    AND p.table_id = t.anchor_table_id
    AND p.owner_kind = 'hold'
    AND p.starts_at = t.anchor_starts_at
    AND p.owner_id = t.id
WHERE t.restaurant_id = ?1
    AND p.owner_id IS NULL;
