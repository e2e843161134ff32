-- What the query planner has to know about sizes. Without it SQLite takes a
-- restaurant to have ten allocations, and walks through all of them to find those
-- of one hold, also for the references it checks itself. The numbers are those of
-- busy houses; ANALYZE may replace them with true ones. Each is the number of
-- rows, then how many share the first column of the index, the first two, ….

-- +goose Up
ANALYZE sqlite_schema;

INSERT INTO sqlite_stat1 (tbl, idx, stat)
VALUES ('allocations', 'allocations', '1000000 50000 500 400 1 1'),
    ('allocations', 'allocations_claimant', '1000000 50000 2 2 2 1 1 1'),
    ('allocations', 'allocations_hold', '500 50 2'),
    ('allocations', 'allocations_block', '1000 100 3'),
    ('bookings', 'bookings', '500000 25000 1'),
    ('bookings', 'bookings_day', '500000 25000 50 2 1'),
    ('ended_holds', 'ended_holds', '500000 25000 1'),
    ('ended_holds', 'ended_holds_created', '500000 25000 2 1 1'),
    ('history', 'history', '1000000 100000 2 1'),
    ('history', 'history_subject', '1000000 100000 4 1 1');

-- +goose Down
DELETE FROM sqlite_stat1;
