-- What refreshes a house and what proves a refusal.

-- name: State
SELECT epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev
FROM maitred.restaurant_state
WHERE restaurant_id = $1;

-- name: Journal
SELECT version, head, base_head, at, command, format, body
FROM maitred.journal
WHERE restaurant_id = $1
    AND version > $2
ORDER BY version
LIMIT $3;

-- name: States
SELECT restaurant_id, epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev
FROM maitred.restaurant_state
WHERE restaurant_id = ANY($1);

-- name: Prove
SELECT epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev, maitred.clock()
FROM maitred.restaurant_state
WHERE restaurant_id = $1;

-- name: LookUp
SELECT r.principal, r.key, r.fingerprint, r.command, r.status, r.epoch, r.version, r.body, r.at
FROM unnest($2::text[], $3::text[]) AS k (principal, key)
JOIN maitred.receipts AS r ON r.restaurant_id = $1
    AND r.principal = k.principal
    AND r.key = k.key;

-- name: EndedHolds
SELECT id, booking_id, starts_at, ends_at, expires_at, held_since, created_at, created_by, require_adjacency, override, made_version,
    tables, how, ended_at, ended_by
FROM maitred.ended_holds
WHERE restaurant_id = $1
    AND id = ANY($2);

-- name: ClosedBookings
-- Only bookings on days that are closed: those on open days are in the house.
SELECT b.id, b.service_date
FROM maitred.bookings AS b
JOIN maitred.restaurant_state AS s ON s.restaurant_id = b.restaurant_id
WHERE b.restaurant_id = $1
    AND b.id = ANY($2)
    AND b.service_date < s.open_from;
