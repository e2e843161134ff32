-- The heart of a commit. The store's clock and the changes come as parameters;
-- nothing here reads a time.

-- name: BumpState
-- Lock, compare and set in one: no row, when the restaurant is not at the base.
-- A revision that is NULL stays, as does open_from.
UPDATE restaurant_state
SET epoch = ?1,
    version = ?2,
    head = ?3,
    floor_rev = COALESCE(?4, floor_rev),
    policy_rev = COALESCE(?5, policy_rev),
    bookings_rev = COALESCE(?6, bookings_rev),
    holds_rev = COALESCE(?7, holds_rev),
    last_at = MAX(last_at, ?8),
    open_from = COALESCE(?9, open_from)
WHERE restaurant_id = ?10
    AND epoch = ?11
    AND version = ?12
    AND head IS ?13;

-- name: JournalHas
-- Whether a change is the one that led to a version: it had been committed.
SELECT 1
FROM journal
WHERE restaurant_id = ?1
    AND version = ?2
    AND head = ?3;

-- name: State
SELECT epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev
FROM restaurant_state
WHERE restaurant_id = ?1;

-- name: Receipt
SELECT fingerprint, command, status, epoch, version, body, at
FROM receipts
WHERE restaurant_id = ?1
    AND principal = ?2
    AND key = ?3;

-- name: HoldExpiry
-- For the guards: when a hold that has not ended expires.
SELECT expires_at
FROM holds
WHERE restaurant_id = ?1
    AND id = ?2;

-- name: MemberAccess
-- A removed member keeps the row, so that an old revision never fits again.
SELECT access_rev
FROM members
WHERE restaurant_id = ?1
    AND user_id = ?2;

-- name: TokenAccess
-- No row for a token that is revoked or past its expiry: its guard fails.
SELECT access_rev
FROM tokens
WHERE restaurant_id = ?1
    AND id = ?2
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > ?3);

-- name: ReferenceTaken
SELECT 1
FROM bookings
WHERE restaurant_id = ?1
    AND reference = ?2;
