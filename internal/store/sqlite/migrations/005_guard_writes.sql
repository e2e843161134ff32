-- What the database refuses whoever writes: overlapping allocations, writes
-- without a new version, versions that fall or leave a gap.

-- +goose Up
-- Rows of one kind on a table never overlap, so of those that start before the
-- new one ends only the last can reach into it: one look-up a kind, however long
-- the history is. A claimant's rows may overlap across kinds only (its hold over
-- its own assignment).
-- +goose StatementBegin
CREATE TRIGGER allocations_overlap_insert BEFORE INSERT ON allocations
WHEN EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'hold'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'hold')
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
    OR EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'booking'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'booking')
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
    OR EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'block'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'block')
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'maitred: overlap');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER allocations_overlap_update BEFORE UPDATE OF restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant ON allocations
WHEN EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'hold'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'hold')
            AND (a.owner_kind, a.starts_at, a.owner_id, a.table_id) <> (old.owner_kind, old.starts_at, old.owner_id, old.table_id)
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
    OR EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'booking'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'booking')
            AND (a.owner_kind, a.starts_at, a.owner_id, a.table_id) <> (old.owner_kind, old.starts_at, old.owner_id, old.table_id)
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
    OR EXISTS (
    SELECT 1
    FROM (
        SELECT a.ends_at
        FROM allocations AS a
        WHERE a.restaurant_id = new.restaurant_id
            AND a.table_id = new.table_id
            AND a.owner_kind = 'block'
            AND a.starts_at < new.ends_at
            AND (a.claimant <> new.claimant OR new.owner_kind = 'block')
            AND (a.owner_kind, a.starts_at, a.owner_id, a.table_id) <> (old.owner_kind, old.starts_at, old.owner_id, old.table_id)
        ORDER BY a.starts_at DESC
        LIMIT 1) AS last
    WHERE last.ends_at > new.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'maitred: overlap');
END;
-- +goose StatementEnd

-- A version only rises, and the row changes with it alone.
-- +goose StatementBegin
CREATE TRIGGER restaurant_state_rises BEFORE UPDATE ON restaurant_state
WHEN new.version <= old.version
    OR new.restaurant_id <> old.restaurant_id
BEGIN
    SELECT RAISE(ABORT, 'maitred: the version must rise');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER restaurant_state_last BEFORE DELETE ON restaurant_state
WHEN EXISTS (
    SELECT 1
    FROM journal AS j
    WHERE j.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: the state goes last');
END;
-- +goose StatementEnd

-- An entry follows the one before it and is of a version that was reached.
-- +goose StatementBegin
CREATE TRIGGER journal_chains BEFORE INSERT ON journal
WHEN NOT EXISTS (
        SELECT 1
        FROM restaurant_state AS s
        WHERE s.restaurant_id = new.restaurant_id
            AND (s.version > new.version OR s.version = new.version AND s.head IS new.head))
    OR new.version > 0 AND NOT EXISTS (
        SELECT 1
        FROM journal AS j
        WHERE j.restaurant_id = new.restaurant_id
            AND j.version = new.version - 1
            AND j.head IS new.base_head)
BEGIN
    SELECT RAISE(ABORT, 'maitred: the journal does not chain');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_stands BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'maitred: a journal entry never changes');
END;
-- +goose StatementEnd

-- The entry of the current version stays: without it, writes would need no bump.
-- +goose StatementBegin
CREATE TRIGGER journal_kept BEFORE DELETE ON journal
WHEN EXISTS (
    SELECT 1
    FROM restaurant_state AS s
    WHERE s.restaurant_id = old.restaurant_id
        AND s.version = old.version)
BEGIN
    SELECT RAISE(ABORT, 'maitred: the entry of the current version stays');
END;
-- +goose StatementEnd

-- An ended hold does not come back.
-- +goose StatementBegin
CREATE TRIGGER holds_end_once BEFORE INSERT ON holds
WHEN EXISTS (
    SELECT 1
    FROM ended_holds AS e
    WHERE e.restaurant_id = new.restaurant_id
        AND e.id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: the hold has ended');
END;
-- +goose StatementEnd

-- Every write to a capacity table comes after the version was raised and before
-- its journal entry is written, in the same transaction.

-- +goose StatementBegin
CREATE TRIGGER restaurants_versioned_insert BEFORE INSERT ON restaurants
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER restaurants_versioned_update BEFORE UPDATE ON restaurants
WHEN new.id <> old.id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER restaurants_versioned_delete BEFORE DELETE ON restaurants
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER zones_versioned_insert BEFORE INSERT ON zones
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER zones_versioned_update BEFORE UPDATE ON zones
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER zones_versioned_delete BEFORE DELETE ON zones
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tables_versioned_insert BEFORE INSERT ON tables
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tables_versioned_update BEFORE UPDATE ON tables
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tables_versioned_delete BEFORE DELETE ON tables
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER adjacencies_versioned_insert BEFORE INSERT ON adjacencies
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER adjacencies_versioned_update BEFORE UPDATE ON adjacencies
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER adjacencies_versioned_delete BEFORE DELETE ON adjacencies
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combinations_versioned_insert BEFORE INSERT ON combinations
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combinations_versioned_update BEFORE UPDATE ON combinations
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combinations_versioned_delete BEFORE DELETE ON combinations
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combination_tables_versioned_insert BEFORE INSERT ON combination_tables
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combination_tables_versioned_update BEFORE UPDATE ON combination_tables
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER combination_tables_versioned_delete BEFORE DELETE ON combination_tables
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER blocks_versioned_insert BEFORE INSERT ON blocks
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER blocks_versioned_update BEFORE UPDATE ON blocks
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER blocks_versioned_delete BEFORE DELETE ON blocks
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_versioned_insert BEFORE INSERT ON policies
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_versioned_update BEFORE UPDATE ON policies
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_versioned_delete BEFORE DELETE ON policies
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_periods_versioned_insert BEFORE INSERT ON service_periods
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_periods_versioned_update BEFORE UPDATE ON service_periods
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_periods_versioned_delete BEFORE DELETE ON service_periods
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER closures_versioned_insert BEFORE INSERT ON closures
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER closures_versioned_update BEFORE UPDATE ON closures
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER closures_versioned_delete BEFORE DELETE ON closures
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER bookings_versioned_insert BEFORE INSERT ON bookings
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER bookings_versioned_update BEFORE UPDATE ON bookings
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER bookings_versioned_delete BEFORE DELETE ON bookings
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER holds_versioned_insert BEFORE INSERT ON holds
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER holds_versioned_update BEFORE UPDATE ON holds
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER holds_versioned_delete BEFORE DELETE ON holds
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ended_holds_versioned_insert BEFORE INSERT ON ended_holds
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ended_holds_versioned_update BEFORE UPDATE ON ended_holds
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER allocations_versioned_insert BEFORE INSERT ON allocations
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER allocations_versioned_update BEFORE UPDATE ON allocations
WHEN new.restaurant_id <> old.restaurant_id
    OR NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = new.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER allocations_versioned_delete BEFORE DELETE ON allocations
WHEN NOT EXISTS (SELECT 1 FROM open_changes AS o WHERE o.restaurant_id = old.restaurant_id)
BEGIN
    SELECT RAISE(ABORT, 'maitred: unversioned write');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER allocations_versioned_delete;
DROP TRIGGER allocations_versioned_update;
DROP TRIGGER allocations_versioned_insert;
DROP TRIGGER ended_holds_versioned_update;
DROP TRIGGER ended_holds_versioned_insert;
DROP TRIGGER holds_versioned_delete;
DROP TRIGGER holds_versioned_update;
DROP TRIGGER holds_versioned_insert;
DROP TRIGGER bookings_versioned_delete;
DROP TRIGGER bookings_versioned_update;
DROP TRIGGER bookings_versioned_insert;
DROP TRIGGER closures_versioned_delete;
DROP TRIGGER closures_versioned_update;
DROP TRIGGER closures_versioned_insert;
DROP TRIGGER service_periods_versioned_delete;
DROP TRIGGER service_periods_versioned_update;
DROP TRIGGER service_periods_versioned_insert;
DROP TRIGGER policies_versioned_delete;
DROP TRIGGER policies_versioned_update;
DROP TRIGGER policies_versioned_insert;
DROP TRIGGER blocks_versioned_delete;
DROP TRIGGER blocks_versioned_update;
DROP TRIGGER blocks_versioned_insert;
DROP TRIGGER combination_tables_versioned_delete;
DROP TRIGGER combination_tables_versioned_update;
DROP TRIGGER combination_tables_versioned_insert;
DROP TRIGGER combinations_versioned_delete;
DROP TRIGGER combinations_versioned_update;
DROP TRIGGER combinations_versioned_insert;
DROP TRIGGER adjacencies_versioned_delete;
DROP TRIGGER adjacencies_versioned_update;
DROP TRIGGER adjacencies_versioned_insert;
DROP TRIGGER tables_versioned_delete;
DROP TRIGGER tables_versioned_update;
DROP TRIGGER tables_versioned_insert;
DROP TRIGGER zones_versioned_delete;
DROP TRIGGER zones_versioned_update;
DROP TRIGGER zones_versioned_insert;
DROP TRIGGER restaurants_versioned_delete;
DROP TRIGGER restaurants_versioned_update;
DROP TRIGGER restaurants_versioned_insert;
DROP TRIGGER holds_end_once;
DROP TRIGGER journal_kept;
DROP TRIGGER journal_stands;
DROP TRIGGER journal_chains;
DROP TRIGGER restaurant_state_last;
DROP TRIGGER restaurant_state_rises;
DROP TRIGGER allocations_overlap_update;
DROP TRIGGER allocations_overlap_insert;
