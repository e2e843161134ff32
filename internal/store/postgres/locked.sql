-- A commit that takes the lock first.

-- name: Lock
-- NO KEY UPDATE, as the update of a commit takes it. Whoever waits here sees, in
-- the statements behind it, what the one before wrote.
SELECT 1
FROM maitred.restaurant_state
WHERE restaurant_id = $1
FOR NO KEY UPDATE;
