-- What a booking remembers for the steps back and for the waitlist, and what jobs
-- have noticed of it. Each column has a value for the bookings there are, so that
-- the binary before this one goes on writing. No row of a booking
-- is rewritten; the lock is as long as it takes to list the open bookings.

-- +goose Up
ALTER TABLE maitred.bookings
    ADD COLUMN left_tables       jsonb, -- the tables it had when it ended
    ADD COLUMN planned_starts_at timestamptz, -- the start of its window before an early check-in moved it
    ADD COLUMN priority          integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),
    ADD COLUMN quoted_minutes    integer NOT NULL DEFAULT 0 CHECK (quoted_minutes BETWEEN 0 AND 600),
    ADD COLUMN pending_until     timestamptz,
    ADD COLUMN late_at           timestamptz,
    ADD COLUMN overstay_at       timestamptz;

-- The due work of the bookings there are. A day's own time of closing is found by
-- the job, which moves a row that comes too early.
INSERT INTO maitred.due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'booking:' || b.id, 'late', b.dining_starts_at + make_interval(mins => (p.body #>> '{late,afterMinutes}')::int), 0
FROM maitred.bookings AS b
JOIN maitred.restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
JOIN maitred.policies AS p ON p.restaurant_id = b.restaurant_id
WHERE b.status IN ('pending', 'confirmed')
    AND b.arrived_at IS NULL
ON CONFLICT DO NOTHING;
INSERT INTO maitred.due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'booking:' || b.id, 'overstay', b.ends_at + interval '5 minutes', 0
FROM maitred.bookings AS b
JOIN maitred.restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
WHERE b.status = 'checked_in'
ON CONFLICT DO NOTHING;
INSERT INTO maitred.due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'day:' || b.service_date, 'close_day', max(b.ends_at) + interval '6 hours', 0
FROM maitred.bookings AS b
JOIN maitred.restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
GROUP BY b.restaurant_id, b.service_date
ON CONFLICT DO NOTHING;

-- +goose Down
-- The due work stays: the binary before this one passes over kinds it does not know.
ALTER TABLE maitred.bookings
    DROP COLUMN overstay_at,
    DROP COLUMN late_at,
    DROP COLUMN pending_until,
    DROP COLUMN quoted_minutes,
    DROP COLUMN priority,
    DROP COLUMN planned_starts_at,
    DROP COLUMN left_tables;
