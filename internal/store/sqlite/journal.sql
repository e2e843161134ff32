-- What refreshes a house and what proves a refusal.

-- name: Journal
SELECT version, head, base_head, at, command, format, body
FROM journal
WHERE restaurant_id = ?1
    AND version > ?2
ORDER BY version
LIMIT ?3;

-- name: States
SELECT restaurant_id, epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev
FROM restaurant_state
WHERE restaurant_id IN (SELECT value FROM json_each(?1));

-- name: EndedHold
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version,
    tables, how, ended_at, ended_by
FROM ended_holds
WHERE restaurant_id = ?1
    AND id = ?2;

-- name: ClosedBooking
-- Only a booking on a day that is closed: one on an open day is in the house.
SELECT b.service_date
FROM bookings AS b
JOIN restaurant_state AS s ON s.restaurant_id = b.restaurant_id
WHERE b.restaurant_id = ?1
    AND b.id = ?2
    AND b.service_date < s.open_from;
