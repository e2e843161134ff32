-- Operators belong to the deployment: no statement here names a restaurant.

-- name: InsertOperator
INSERT INTO maitred.operators (id, name, hash, access_rev, created_at, expires_at)
VALUES ($1, $2, $3, 1, maitred.clock(), $4);

-- name: HasOperator
SELECT 1
FROM maitred.operators
WHERE id = $1;

-- name: RevokeOperator
-- The first revocation counts.
UPDATE maitred.operators
SET revoked_at = maitred.clock(),
    access_rev = access_rev + 1
WHERE id = $1
    AND revoked_at IS NULL;

-- name: Operators
SELECT id, name, hash, access_rev, created_at, expires_at, revoked_at
FROM maitred.operators
ORDER BY created_at, id;

-- name: OperatorByHash
SELECT id, name, hash, access_rev, created_at, expires_at, revoked_at
FROM maitred.operators
WHERE hash = $1
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > maitred.clock());
