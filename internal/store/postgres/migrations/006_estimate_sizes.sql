-- What the server has to know about sizes. Plans are kept with their statements,
-- and a plan that was made on an empty database must not live on in a busy house:
-- tables are analysed after their first rows and then often, and vacuumed before
-- their dead rows outnumber the live ones.

-- +goose Up
ALTER TABLE maitred.restaurant_state SET (autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.5);
ALTER TABLE maitred.allocations SET (autovacuum_analyze_threshold = 50, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE maitred.bookings SET (autovacuum_analyze_threshold = 50, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE maitred.holds SET (autovacuum_analyze_threshold = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.2);
ALTER TABLE maitred.ended_holds SET (autovacuum_analyze_threshold = 50, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE maitred.journal SET (autovacuum_analyze_threshold = 50, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE maitred.history SET (autovacuum_analyze_threshold = 50, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE maitred.capacity_outbox SET (autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);

-- +goose Down
ALTER TABLE maitred.capacity_outbox RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE maitred.history RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE maitred.journal RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE maitred.ended_holds RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE maitred.holds RESET (autovacuum_analyze_threshold, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE maitred.bookings RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor, autovacuum_vacuum_scale_factor);
ALTER TABLE maitred.allocations RESET (autovacuum_analyze_threshold, autovacuum_analyze_scale_factor, autovacuum_vacuum_scale_factor);
ALTER TABLE maitred.restaurant_state RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
