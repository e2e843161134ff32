-- Read models that are not in memory.

-- name: ListBookings
-- By service date, start, id, after the cursor. The tables are those of the last
-- stretch. The text is searched literally: INSTR knows no wildcards.
SELECT b.id, b.reference, b.covers, b.date, b.time, b.service_date, b.starts_at, b.ends_at, b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status,
    b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at, b.chosen_by,
    b.left_tables, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at, b.created_at, b.created_by, b.version,
    (
        SELECT json_group_array(a.table_id ORDER BY a.table_id)
        FROM allocations AS a
        WHERE a.restaurant_id = b.restaurant_id
            AND a.claimant = b.id
            AND a.owner_kind = 'booking'
            AND a.ends_at = (
                SELECT MAX(l.ends_at)
                FROM allocations AS l
                WHERE l.restaurant_id = b.restaurant_id
                    AND l.claimant = b.id
                    AND l.owner_kind = 'booking'))
FROM bookings AS b
LEFT JOIN guest AS g ON g.restaurant_id = b.restaurant_id
    AND g.booking_id = b.id
WHERE b.restaurant_id = ?1
    AND b.service_date BETWEEN ?2 AND ?3
    AND (b.status IN (SELECT value FROM json_each(?4)) OR json_array_length(?4) = 0)
    AND (?5 = '' OR INSTR(LOWER(b.reference), ?5) > 0 OR INSTR(g.name_key, ?5) > 0)
    AND (b.service_date, b.starts_at, b.id) > (?6, ?7, ?8)
ORDER BY b.service_date, b.starts_at, b.id
LIMIT ?9;

-- name: OneBooking
SELECT b.id, b.reference, b.covers, b.date, b.time, b.service_date, b.starts_at, b.ends_at, b.dining_starts_at, b.dining_ends_at, b.turn_minutes, b.status,
    b.zone_id, b.seating_wish, b.source, b.arrived_at, b.checked_in_at, b.ended_at, b.chosen_by,
    b.left_tables, b.planned_starts_at, b.priority, b.quoted_minutes, b.pending_until, b.late_at, b.overstay_at, b.created_at, b.created_by, b.version,
    (
        SELECT json_group_array(a.table_id ORDER BY a.table_id)
        FROM allocations AS a
        WHERE a.restaurant_id = b.restaurant_id
            AND a.claimant = b.id
            AND a.owner_kind = 'booking'
            AND a.ends_at = (
                SELECT MAX(l.ends_at)
                FROM allocations AS l
                WHERE l.restaurant_id = b.restaurant_id
                    AND l.claimant = b.id
                    AND l.owner_kind = 'booking'))
FROM bookings AS b
WHERE b.restaurant_id = ?1
    AND b.id = ?2;

-- name: Guests
SELECT booking_id, name, phone, email, notes
FROM guest
WHERE restaurant_id = ?1
    AND booking_id IN (SELECT value FROM json_each(?2));

-- name: History
-- Whole versions: all lines down to the version that the last one wanted is of.
SELECT h.version, h.ordinal, h.at, h.principal, h.command, h.subject, h.from_state, h.to_state, h.reason, h.detail, n.text
FROM history AS h
LEFT JOIN staff_note AS n ON n.restaurant_id = h.restaurant_id
    AND n.version = h.version
    AND n.ordinal = h.ordinal
WHERE h.restaurant_id = ?1
    AND h.version < ?2
    AND h.version >= COALESCE((
        SELECT o.version
        FROM history AS o
        WHERE o.restaurant_id = ?1
            AND o.version < ?2
        ORDER BY o.version DESC, o.ordinal DESC
        LIMIT 1 OFFSET ?3 - 1), 0)
ORDER BY h.version DESC, h.ordinal DESC;

-- name: HistoryOfSubject
SELECT h.version, h.ordinal, h.at, h.principal, h.command, h.subject, h.from_state, h.to_state, h.reason, h.detail, n.text
FROM history AS h
LEFT JOIN staff_note AS n ON n.restaurant_id = h.restaurant_id
    AND n.version = h.version
    AND n.ordinal = h.ordinal
WHERE h.restaurant_id = ?1
    AND h.version < ?2
    AND h.subject = ?4
    AND h.version >= COALESCE((
        SELECT o.version
        FROM history AS o
        WHERE o.restaurant_id = ?1
            AND o.version < ?2
            AND o.subject = ?4
        ORDER BY o.version DESC, o.ordinal DESC
        LIMIT 1 OFFSET ?3 - 1), 0)
ORDER BY h.version DESC, h.ordinal DESC;

-- name: AllContacts
-- The newest service date first.
SELECT g.booking_id, g.email, g.phone
FROM guest AS g
JOIN bookings AS b ON b.restaurant_id = g.restaurant_id
    AND b.id = g.booking_id
WHERE g.restaurant_id = ?1
    AND (g.email <> '' OR g.phone <> '')
ORDER BY b.service_date DESC, b.id DESC;

-- name: DayAllocations
SELECT a.table_id, a.starts_at, a.ends_at, a.owner_kind, a.owner_id, a.claimant
FROM bookings AS b
JOIN allocations AS a ON a.restaurant_id = b.restaurant_id
    AND a.claimant = b.id
    AND a.owner_kind = 'booking'
WHERE b.restaurant_id = ?1
    AND b.service_date = ?2
ORDER BY b.id, a.table_id, a.starts_at;
