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

-- The due work of the bookings there are. A day's own time of closing is found by
-- the job, which moves a row that comes too early.
INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'booking:' || b.id, 'late', b.dining_starts_at + 60000000 * json_extract(p.body, '$.late.afterMinutes'), 0
FROM bookings AS b
JOIN restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
JOIN policies AS p ON p.restaurant_id = b.restaurant_id
WHERE b.status IN ('pending', 'confirmed')
    AND b.arrived_at IS NULL
ON CONFLICT DO NOTHING;
INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'booking:' || b.id, 'overstay', b.ends_at + 300000000, 0
FROM bookings AS b
JOIN restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
WHERE b.status = 'checked_in'
ON CONFLICT DO NOTHING;
INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT b.restaurant_id, 'day:' || b.service_date, 'close_day', MAX(b.ends_at) + 21600000000, 0
FROM bookings AS b
JOIN restaurant_state AS s ON s.restaurant_id = b.restaurant_id
    AND s.open_from <= b.service_date
GROUP BY b.restaurant_id, b.service_date
ON CONFLICT DO NOTHING;

-- +goose Down
-- The due work stays: the binary before this one passes over kinds it does not know.
ALTER TABLE bookings DROP COLUMN overstay_at;
ALTER TABLE bookings DROP COLUMN late_at;
ALTER TABLE bookings DROP COLUMN pending_until;
ALTER TABLE bookings DROP COLUMN quoted_minutes;
ALTER TABLE bookings DROP COLUMN priority;
ALTER TABLE bookings DROP COLUMN planned_starts_at;
ALTER TABLE bookings DROP COLUMN left_tables;
