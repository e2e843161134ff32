-- The heart of a commit.

-- name: Advance
-- Lock, compare and set, receipts, guards and the time, see migrations/005.
SELECT maitred.advance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::date, $13, $14, $15, $16, $17, $18, $19, $20);
