-- Restaurants, users, members and tokens. The only file, with queue and upkeep,
-- whose statements may cross restaurants.

-- name: InsertState
-- Before the restaurant and all else: without it no capacity row may be written.
INSERT INTO restaurant_state (restaurant_id, epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev, last_at, open_from)
VALUES (?, ?, 0, ?, 0, 0, 0, 0, ?, ?);

-- name: InsertRestaurant
INSERT INTO restaurants (id, slug, name, zone, active, created_at)
VALUES (?, ?, ?, ?, ?, ?);

-- name: InsertCheckpoint
INSERT INTO checkpoints (restaurant_id, version, body, written_at)
VALUES (?, ?, ?, ?);

-- name: Restaurants
SELECT id, slug, name, zone, active
FROM restaurants
ORDER BY slug;

-- name: RestaurantBySlug
SELECT id, slug, name, zone, active
FROM restaurants
WHERE slug = ?1;

-- name: UserByEmail
SELECT id, email, name
FROM users
WHERE email_key = ?1;

-- name: InsertUser
INSERT INTO users (id, email, email_key, name, created_at)
VALUES (?, ?, ?, ?, ?);

-- name: Member
-- A removed member too: its access revision goes on from there.
SELECT role, access_rev
FROM members
WHERE restaurant_id = ?1
    AND user_id = ?2;

-- name: CountOwners
SELECT COUNT(user_id)
FROM members
WHERE restaurant_id = ?1
    AND role = 'owner';

-- name: UpsertMember
INSERT INTO members (restaurant_id, user_id, role, access_rev)
VALUES (?, ?, ?, ?)
ON CONFLICT (restaurant_id, user_id) DO UPDATE
SET role = excluded.role,
    access_rev = excluded.access_rev;

-- name: Members
SELECT m.restaurant_id, m.user_id, u.email, u.name, m.role, m.access_rev
FROM members AS m
JOIN users AS u ON u.id = m.user_id
WHERE m.restaurant_id = ?1
    AND m.role IS NOT NULL
ORDER BY u.email_key;

-- name: InsertToken
INSERT INTO tokens (restaurant_id, id, name, role, hash, hold_cap, access_rev, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?);

-- name: HasToken
SELECT 1
FROM tokens
WHERE restaurant_id = ?1
    AND id = ?2;

-- name: RevokeToken
-- The first revocation counts.
UPDATE tokens
SET revoked_at = ?1,
    access_rev = access_rev + 1
WHERE restaurant_id = ?2
    AND id = ?3
    AND revoked_at IS NULL;

-- name: Tokens
SELECT id, restaurant_id, name, role, hash, hold_cap, access_rev, created_at, expires_at, revoked_at
FROM tokens
WHERE restaurant_id = ?1
ORDER BY created_at, id;

-- name: TokenByHash
-- The secret names its restaurant, so this one crosses them.
SELECT id, restaurant_id, name, role, hash, hold_cap, access_rev, created_at, expires_at, revoked_at
FROM tokens
WHERE hash = ?1
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > ?2);

-- name: UserName
-- Of removed members too: the history still names them.
SELECT u.name
FROM members AS m
JOIN users AS u ON u.id = m.user_id
WHERE m.restaurant_id = ?1
    AND m.user_id = ?2;

-- name: TokenName
SELECT name
FROM tokens
WHERE restaurant_id = ?1
    AND id = ?2;
