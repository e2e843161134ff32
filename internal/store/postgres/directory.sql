-- Restaurants, users, members and tokens. The only file, with queue and upkeep,
-- whose statements may cross restaurants.

-- name: InsertState
-- Before the restaurant and all else: without it no capacity row may be written.
INSERT INTO maitred.restaurant_state (restaurant_id, epoch, version, head, floor_rev, policy_rev, bookings_rev, holds_rev, last_at, open_from)
VALUES ($1, $2, 0, $3, 0, 0, 0, 0, $4, $5);

-- name: InsertRestaurant
INSERT INTO maitred.restaurants (id, slug, name, zone, active, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: InsertFirstEntry
INSERT INTO maitred.journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, body, events, history)
VALUES ($1, 0, $2, NULL, $3, $4, $5, $6, $7, NULL, 0, 0);

-- name: InsertCheckpoint
INSERT INTO maitred.checkpoints (restaurant_id, version, body, written_at)
VALUES ($1, $2, $3, $4);

-- name: Restaurants
SELECT id, slug, name, zone, active
FROM maitred.restaurants
ORDER BY slug COLLATE "C";

-- name: RestaurantBySlug
SELECT id, slug, name, zone, active
FROM maitred.restaurants
WHERE slug = $1;

-- name: UserByEmail
SELECT id, email, name
FROM maitred.users
WHERE email_key = $1;

-- name: InsertUser
-- Whoever is there already stays as it is. Another one's id is refused.
INSERT INTO maitred.users (id, email, email_key, name, created_at)
VALUES ($1, $2, $3, $4, maitred.clock())
ON CONFLICT (email_key) DO NOTHING;

-- name: Member
-- A removed member too: its access revision goes on from there.
SELECT role, access_rev
FROM maitred.members
WHERE restaurant_id = $1
    AND user_id = $2;

-- name: CountOwners
SELECT COUNT(user_id)
FROM maitred.members
WHERE restaurant_id = $1
    AND role = 'owner';

-- name: UpsertMember
INSERT INTO maitred.members (restaurant_id, user_id, role, access_rev)
VALUES ($1, $2, $3, $4)
ON CONFLICT (restaurant_id, user_id) DO UPDATE
SET role = excluded.role,
    access_rev = excluded.access_rev;

-- name: Members
SELECT m.restaurant_id, m.user_id, u.email, u.name, m.role, m.access_rev
FROM maitred.members AS m
JOIN maitred.users AS u ON u.id = m.user_id
WHERE m.restaurant_id = $1
    AND m.role IS NOT NULL
ORDER BY u.email_key COLLATE "C";

-- name: InsertToken
INSERT INTO maitred.tokens (restaurant_id, id, name, role, hash, hold_cap, access_rev, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, maitred.clock(), $7);

-- name: HasToken
SELECT 1
FROM maitred.tokens
WHERE restaurant_id = $1
    AND id = $2;

-- name: RevokeToken
-- The first revocation counts.
UPDATE maitred.tokens
SET revoked_at = maitred.clock(),
    access_rev = access_rev + 1
WHERE restaurant_id = $1
    AND id = $2
    AND revoked_at IS NULL;

-- name: Tokens
SELECT id, restaurant_id, name, role, hash, hold_cap, access_rev, created_at, expires_at, revoked_at
FROM maitred.tokens
WHERE restaurant_id = $1
ORDER BY created_at, id;

-- name: TokenByHash
-- The secret names its restaurant, so this one crosses them.
SELECT id, restaurant_id, name, role, hash, hold_cap, access_rev, created_at, expires_at, revoked_at
FROM maitred.tokens
WHERE hash = $1
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > maitred.clock());

-- name: Names
-- Of removed members too: the history still names them.
SELECT 'user:' || m.user_id, u.name
FROM maitred.members AS m
JOIN maitred.users AS u ON u.id = m.user_id
WHERE m.restaurant_id = $1
    AND m.user_id = ANY($2)
UNION ALL
SELECT 'token:' || t.id, t.name
FROM maitred.tokens AS t
WHERE t.restaurant_id = $1
    AND t.id = ANY($3);
