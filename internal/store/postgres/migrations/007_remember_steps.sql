-- What a booking remembers for the steps back and for the waitlist, and what jobs
-- have noticed of it. Each column has a value for the bookings there are, so that
-- the binary before this one goes on writing. No row is rewritten; the lock is short.

-- +goose Up
ALTER TABLE maitred.bookings
    ADD COLUMN left_tables       jsonb, -- the tables it had when it ended
    ADD COLUMN planned_starts_at timestamptz, -- the start of its window before an early check-in moved it
    ADD COLUMN priority          integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),
    ADD COLUMN quoted_minutes    integer NOT NULL DEFAULT 0 CHECK (quoted_minutes BETWEEN 0 AND 600),
    ADD COLUMN pending_until     timestamptz,
    ADD COLUMN late_at           timestamptz,
    ADD COLUMN overstay_at       timestamptz;

-- +goose Down
ALTER TABLE maitred.bookings
    DROP COLUMN overstay_at,
    DROP COLUMN late_at,
    DROP COLUMN pending_until,
    DROP COLUMN quoted_minutes,
    DROP COLUMN priority,
    DROP COLUMN planned_starts_at,
    DROP COLUMN left_tables;
