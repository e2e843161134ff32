-- What a booking remembers for the steps back and for the waitlist, and what jobs
-- have noticed of it. Each column has a value for the bookings there are, so that
-- the binary before this one goes on writing.

-- +goose Up
-- The tables it had when it ended.
ALTER TABLE bookings ADD COLUMN left_tables TEXT CHECK (json_valid(left_tables));
-- The start of its window before an early check-in moved it.
ALTER TABLE bookings ADD COLUMN planned_starts_at INTEGER;
ALTER TABLE bookings ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9);
ALTER TABLE bookings ADD COLUMN quoted_minutes INTEGER NOT NULL DEFAULT 0 CHECK (quoted_minutes BETWEEN 0 AND 600);
ALTER TABLE bookings ADD COLUMN pending_until INTEGER;
ALTER TABLE bookings ADD COLUMN late_at INTEGER;
ALTER TABLE bookings ADD COLUMN overstay_at INTEGER;

-- +goose Down
ALTER TABLE bookings DROP COLUMN overstay_at;
ALTER TABLE bookings DROP COLUMN late_at;
ALTER TABLE bookings DROP COLUMN pending_until;
ALTER TABLE bookings DROP COLUMN quoted_minutes;
ALTER TABLE bookings DROP COLUMN priority;
ALTER TABLE bookings DROP COLUMN planned_starts_at;
ALTER TABLE bookings DROP COLUMN left_tables;
