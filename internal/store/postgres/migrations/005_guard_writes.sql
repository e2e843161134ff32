-- What the database refuses whoever writes: writes without a new version,
-- versions that fall or leave a gap, overlaps of one claimant. And the guard that
-- begins each commit. Overlaps of different claimants are refused by the
-- exclusion constraint of maitred.allocations.
--
-- Every function runs with the rights of its caller.

-- +goose Up

-- Whether the caller sees the rows of all restaurants: an operator who is above
-- row-level security, or the owner, whose policies let every row pass.
-- +goose StatementBegin
CREATE FUNCTION maitred.unbound() RETURNS boolean
    LANGUAGE sql STABLE
    AS 'SELECT NOT row_security_active(''maitred.restaurant_state'') OR pg_has_role(''maitred_owner'', ''USAGE'')';
-- +goose StatementEnd

-- A version only rises, and the row changes with it alone. For an operator, the
-- restaurant whose version rises is the one that the transaction is about: a hand
-- edit need not say it twice. Whoever is bound to a restaurant stays bound to it.
-- +goose StatementBegin
CREATE FUNCTION maitred.state_rises() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (new.version <= old.version OR new.restaurant_id <> old.restaurant_id) THEN
        RAISE EXCEPTION 'maitred: the version must rise' USING ERRCODE = 'MT009';
    END IF;
    IF maitred.unbound() AND maitred.tenant() IS DISTINCT FROM new.restaurant_id THEN
        PERFORM set_config('maitred.restaurant', new.restaurant_id::text, true);
    END IF;
    RETURN new;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER state_rises BEFORE INSERT OR UPDATE ON maitred.restaurant_state
    FOR EACH ROW EXECUTE FUNCTION maitred.state_rises();

-- +goose StatementBegin
CREATE FUNCTION maitred.state_goes_last() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM maitred.journal AS j WHERE j.restaurant_id = old.restaurant_id) THEN
        RAISE EXCEPTION 'maitred: the state goes last' USING ERRCODE = 'MT009';
    END IF;
    RETURN old;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER state_goes_last BEFORE DELETE ON maitred.restaurant_state
    FOR EACH ROW EXECUTE FUNCTION maitred.state_goes_last();

-- An entry follows the one before it and is of a version that was reached.
-- +goose StatementBegin
CREATE FUNCTION maitred.journal_chains() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = new.restaurant_id
            AND (s.version > new.version OR s.version = new.version AND s.head IS NOT DISTINCT FROM new.head))
    OR new.version > 0 AND NOT EXISTS (
        SELECT
        FROM maitred.journal AS j
        WHERE j.restaurant_id = new.restaurant_id
            AND j.version = new.version - 1
            AND j.head IS NOT DISTINCT FROM new.base_head) THEN
        RAISE EXCEPTION 'maitred: the journal does not chain' USING ERRCODE = 'MT009';
    END IF;
    RETURN new;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_chains BEFORE INSERT ON maitred.journal
    FOR EACH ROW EXECUTE FUNCTION maitred.journal_chains();

-- +goose StatementBegin
CREATE FUNCTION maitred.journal_stands() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'maitred: a journal entry never changes' USING ERRCODE = 'MT009';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_stands BEFORE UPDATE ON maitred.journal
    FOR EACH ROW EXECUTE FUNCTION maitred.journal_stands();

-- The entry of the current version stays: without it, writes would need no bump.
-- +goose StatementBegin
CREATE FUNCTION maitred.journal_kept() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM maitred.restaurant_state AS s WHERE s.restaurant_id = old.restaurant_id AND s.version = old.version) THEN
        RAISE EXCEPTION 'maitred: the entry of the current version stays' USING ERRCODE = 'MT009';
    END IF;
    RETURN old;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_kept BEFORE DELETE ON maitred.journal
    FOR EACH ROW EXECUTE FUNCTION maitred.journal_kept();

-- An ended hold does not come back.
-- +goose StatementBegin
CREATE FUNCTION maitred.holds_end_once() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM maitred.ended_holds AS e WHERE e.restaurant_id = new.restaurant_id AND e.id = new.id) THEN
        RAISE EXCEPTION 'maitred: the hold has ended' USING ERRCODE = 'MT009';
    END IF;
    RETURN new;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER holds_end_once BEFORE INSERT ON maitred.holds
    FOR EACH ROW EXECUTE FUNCTION maitred.holds_end_once();

-- Rows of one claimant may overlap across kinds only (a hold over the booking's
-- own assignment). The versions of a restaurant are written one after the other,
-- so looking is enough.
-- +goose StatementBegin
CREATE FUNCTION maitred.allocations_overlap() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM changed AS n
        JOIN maitred.allocations AS a ON a.restaurant_id = n.restaurant_id
            AND a.claimant = n.claimant
            AND a.owner_kind = n.owner_kind
            AND a.table_id = n.table_id
            AND a.starts_at < n.ends_at
            AND a.ends_at > n.starts_at
            AND (a.starts_at, a.owner_id) IS DISTINCT FROM (n.starts_at, n.owner_id)) THEN
        RAISE EXCEPTION 'maitred: overlap' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER allocations_overlap_insert AFTER INSERT ON maitred.allocations
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maitred.allocations_overlap();

CREATE TRIGGER allocations_overlap_update AFTER UPDATE ON maitred.allocations
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION maitred.allocations_overlap();

-- Every write to a capacity table comes after the version was raised and before
-- its journal entry is written, in the same transaction.
-- +goose StatementBegin
CREATE FUNCTION maitred.versioned() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = maitred.tenant()
            AND NOT EXISTS (
                SELECT
                FROM maitred.journal AS j
                WHERE j.restaurant_id = s.restaurant_id
                    AND j.version = s.version)) THEN
        RAISE EXCEPTION 'maitred: unversioned write' USING ERRCODE = 'MT008';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- An operator, too, may only write rows of the restaurant whose version was
-- raised.
-- +goose StatementBegin
CREATE FUNCTION maitred.own_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM changed AS c WHERE c.restaurant_id IS DISTINCT FROM maitred.tenant()) THEN
        RAISE EXCEPTION 'maitred: unversioned write' USING ERRCODE = 'MT008', DETAIL = 'The rows are of another restaurant.';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION maitred.own_rows_moved() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed AS c WHERE c.restaurant_id IS DISTINCT FROM maitred.tenant()
        UNION ALL
        SELECT FROM gone AS g WHERE g.restaurant_id IS DISTINCT FROM maitred.tenant()) THEN
        RAISE EXCEPTION 'maitred: unversioned write' USING ERRCODE = 'MT008', DETAIL = 'The rows are of another restaurant.';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION maitred.own_restaurant() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF COALESCE(new.id, old.id) IS DISTINCT FROM maitred.tenant() OR TG_OP = 'UPDATE' AND new.id <> old.id THEN
        RAISE EXCEPTION 'maitred: unversioned write' USING ERRCODE = 'MT008', DETAIL = 'The row is of another restaurant.';
    END IF;
    RETURN COALESCE(new, old);
END
$$;
-- +goose StatementEnd

CREATE TRIGGER versioned BEFORE INSERT OR UPDATE OR DELETE ON maitred.restaurants
    FOR EACH STATEMENT EXECUTE FUNCTION maitred.versioned();

CREATE TRIGGER own_restaurant BEFORE INSERT OR UPDATE OR DELETE ON maitred.restaurants
    FOR EACH ROW EXECUTE FUNCTION maitred.own_restaurant();

-- The pruner deletes ended holds without a new version: no rule looks at them.
CREATE TRIGGER versioned BEFORE INSERT OR UPDATE ON maitred.ended_holds
    FOR EACH STATEMENT EXECUTE FUNCTION maitred.versioned();

-- +goose StatementBegin
DO $$
DECLARE
    capacity text;
BEGIN
    FOREACH capacity IN ARRAY ARRAY['zones', 'tables', 'adjacencies', 'combinations', 'combination_tables', 'blocks', 'policies',
        'service_periods', 'closures', 'bookings', 'holds', 'allocations'] LOOP
        EXECUTE format('CREATE TRIGGER versioned BEFORE INSERT OR UPDATE OR DELETE ON maitred.%I
            FOR EACH STATEMENT EXECUTE FUNCTION maitred.versioned()', capacity);
    END LOOP;
    FOREACH capacity IN ARRAY ARRAY['zones', 'tables', 'adjacencies', 'combinations', 'combination_tables', 'blocks', 'policies',
        'service_periods', 'closures', 'bookings', 'holds', 'allocations', 'ended_holds'] LOOP
        EXECUTE format('CREATE TRIGGER own_rows_insert AFTER INSERT ON maitred.%I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT WHEN (maitred.unbound()) EXECUTE FUNCTION maitred.own_rows()', capacity);
        EXECUTE format('CREATE TRIGGER own_rows_update AFTER UPDATE ON maitred.%I REFERENCING OLD TABLE AS gone NEW TABLE AS changed
            FOR EACH STATEMENT WHEN (maitred.unbound()) EXECUTE FUNCTION maitred.own_rows_moved()', capacity);
        IF capacity <> 'ended_holds' THEN
            EXECUTE format('CREATE TRIGGER own_rows_delete AFTER DELETE ON maitred.%I REFERENCING OLD TABLE AS changed
                FOR EACH STATEMENT WHEN (maitred.unbound()) EXECUTE FUNCTION maitred.own_rows()', capacity);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Instants in the details of errors are microseconds since 1970.
-- +goose StatementBegin
CREATE FUNCTION maitred.micros(at timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS 'SELECT (EXTRACT(EPOCH FROM at) * 1000000)::bigint';
-- +goose StatementEnd

-- Begins a commit: moves the state from the base over the changes, and judges
-- receipts, guards and the time they were decided with, all after the lock. It
-- returns the time.
--
-- It must be VOLATILE and these must be statements of their own: after waiting for
-- the lock each sees what the one who had it committed. A single statement would
-- still look with the snapshot it waited with. The update takes the lock and
-- compares in one; FOR UPDATE would block on references and deadlock.
--
-- Guards are parallel lists: what is demanded, of whom, and the number or word it
-- is compared with. Errors: MT000 no such restaurant for this tenant, MT001 moved,
-- MT002 a key has a receipt, MT003 a guard failed, MT004 decided with another time,
-- MT007 the changes had been committed. DETAIL is JSON; n counts from 1.
-- +goose StatementBegin
CREATE FUNCTION maitred.advance(
    p_restaurant uuid, p_epoch text, p_version bigint, p_head uuid,
    p_changes uuid[], p_to_epoch text,
    p_floor bigint, p_policy bigint, p_bookings bigint, p_holds bigint,
    p_last_at timestamptz, p_open_from date,
    p_decided_first timestamptz, p_decided_last timestamptz,
    p_principals text[], p_keys text[],
    p_kinds text[], p_subjects uuid[], p_numbers bigint[], p_words text[]
) RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    v_now    timestamptz;
    v_detail jsonb;
    v_count  bigint;
BEGIN
    UPDATE maitred.restaurant_state AS s
    SET epoch = p_to_epoch,
        version = p_version + cardinality(p_changes),
        head = p_changes[cardinality(p_changes)],
        floor_rev = COALESCE(p_floor, s.floor_rev),
        policy_rev = COALESCE(p_policy, s.policy_rev),
        bookings_rev = COALESCE(p_bookings, s.bookings_rev),
        holds_rev = COALESCE(p_holds, s.holds_rev),
        last_at = GREATEST(s.last_at, p_last_at),
        open_from = COALESCE(p_open_from, s.open_from)
    WHERE s.restaurant_id = p_restaurant
        AND s.epoch = p_epoch
        AND s.version = p_version
        AND s.head IS NOT DISTINCT FROM p_head;

    IF NOT FOUND THEN
        v_now := maitred.clock();
        SELECT COUNT(*) INTO v_count
        FROM unnest(p_changes) WITH ORDINALITY AS c (id, n)
        JOIN maitred.journal AS j ON j.restaurant_id = p_restaurant
            AND j.version = p_version + c.n
            AND j.head = c.id;
        IF v_count = cardinality(p_changes) THEN
            RAISE EXCEPTION 'maitred: committed before' USING ERRCODE = 'MT007',
                DETAIL = jsonb_build_object('now', maitred.micros(v_now))::text;
        END IF;
        SELECT jsonb_build_object('now', maitred.micros(v_now), 'epoch', s.epoch, 'version', s.version, 'head', s.head,
            'floor', s.floor_rev, 'policy', s.policy_rev, 'bookings', s.bookings_rev, 'holds', s.holds_rev)
        INTO v_detail
        FROM maitred.restaurant_state AS s
        WHERE s.restaurant_id = p_restaurant;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'maitred: no such restaurant' USING ERRCODE = 'MT000';
        END IF;
        RAISE EXCEPTION 'maitred: moved' USING ERRCODE = 'MT001', DETAIL = v_detail::text;
    END IF;

    v_now := maitred.clock();

    IF cardinality(p_keys) > 0 THEN
        SELECT jsonb_build_object('now', maitred.micros(v_now), 'n', k.n, 'fingerprint', r.fingerprint, 'command', r.command,
            'status', r.status, 'epoch', r.epoch, 'version', r.version, 'body', r.body::text, 'at', maitred.micros(r.at))
        INTO v_detail
        FROM unnest(p_principals, p_keys) WITH ORDINALITY AS k (principal, key, n)
        JOIN maitred.receipts AS r ON r.restaurant_id = p_restaurant
            AND r.principal = k.principal
            AND r.key = k.key
        ORDER BY k.n
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'maitred: replay' USING ERRCODE = 'MT002', DETAIL = v_detail::text;
        END IF;
    END IF;

    IF cardinality(p_kinds) > 0 THEN
        SELECT g.n INTO v_count
        FROM unnest(p_kinds, p_subjects, p_numbers, p_words) WITH ORDINALITY AS g (kind, subject, number, word, n)
        WHERE NOT CASE g.kind
            WHEN 'hold_live' THEN EXISTS (
                SELECT FROM maitred.holds AS h WHERE h.restaurant_id = p_restaurant AND h.id = g.subject AND h.expires_at > v_now)
            WHEN 'hold_lapsed' THEN EXISTS (
                SELECT FROM maitred.holds AS h WHERE h.restaurant_id = p_restaurant AND h.id = g.subject AND h.expires_at <= v_now)
            WHEN 'user' THEN EXISTS (
                SELECT FROM maitred.members AS m WHERE m.restaurant_id = p_restaurant AND m.user_id = g.subject AND m.access_rev = g.number)
            WHEN 'token' THEN EXISTS (
                SELECT FROM maitred.tokens AS t
                WHERE t.restaurant_id = p_restaurant
                    AND t.id = g.subject
                    AND t.access_rev = g.number
                    AND t.revoked_at IS NULL
                    AND (t.expires_at IS NULL OR t.expires_at > v_now))
            WHEN 'reference' THEN NOT EXISTS (
                SELECT FROM maitred.bookings AS b WHERE b.restaurant_id = p_restaurant AND b.reference = g.word)
            WHEN 'before' THEN maitred.micros(v_now) < g.number
            WHEN 'from' THEN maitred.micros(v_now) >= g.number
            ELSE false -- a demand nobody can judge is not met
        END
        ORDER BY g.n
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'maitred: guard' USING ERRCODE = 'MT003',
                DETAIL = jsonb_build_object('now', maitred.micros(v_now), 'n', v_count)::text;
        END IF;
    END IF;

    IF p_decided_first < v_now - interval '1 second' OR p_decided_last > v_now + interval '1 second' THEN
        RAISE EXCEPTION 'maitred: decided with another time' USING ERRCODE = 'MT004',
            DETAIL = jsonb_build_object('now', maitred.micros(v_now))::text;
    END IF;
    RETURN v_now;
END
$$;
-- +goose StatementEnd

-- Counts where it counts: what a client learns of affected rows it learns after
-- the commit.
-- +goose StatementBegin
CREATE FUNCTION maitred.expect(p_found bigint, p_wanted bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF p_found IS DISTINCT FROM p_wanted THEN
        RAISE EXCEPTION 'maitred: a row was not there' USING ERRCODE = 'MT006',
            DETAIL = jsonb_build_object('found', p_found, 'wanted', p_wanted)::text;
    END IF;
    RETURN p_found;
END
$$;
-- +goose StatementEnd

-- An operator's hand edit: call it, edit rows of the restaurant, commit. It raises
-- the version and writes a line of the history; at the commit the edit gets its
-- journal entry, a reload. The reason is a code, as everywhere in the history.
-- +goose StatementBegin
CREATE FUNCTION maitred.touch(p_restaurant uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_version bigint;
    v_at      timestamptz;
BEGIN
    IF (p_reason ~ '^[a-z0-9_]{1,100}$') IS NOT TRUE THEN
        RAISE EXCEPTION 'maitred: a reason is a code of small letters, digits and underscores' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('maitred.touch', p_restaurant::text, true);
    UPDATE maitred.restaurant_state AS s
    SET version = s.version + 1,
        head = gen_random_uuid(),
        floor_rev = s.version + 1,
        policy_rev = s.version + 1,
        bookings_rev = s.version + 1,
        holds_rev = s.version + 1,
        last_at = GREATEST(s.last_at, maitred.clock())
    WHERE s.restaurant_id = p_restaurant
    RETURNING s.version, s.last_at INTO v_version, v_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'maitred: no such restaurant' USING ERRCODE = 'MT000';
    END IF;
    PERFORM set_config('maitred.touch', '', true);
    INSERT INTO maitred.history (restaurant_id, version, ordinal, at, principal, command, subject, from_state, to_state, reason)
    VALUES (p_restaurant, v_version, 0, v_at, 'operator', 'touch', 'restaurant', '', '', p_reason);
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION maitred.touch_ends() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO maitred.journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, events, history)
    VALUES (new.restaurant_id, new.version, new.head, old.head, new.last_at, maitred.clock(), 'touch', 'operator', 1, 0, 1);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Its name sorts before those of references, so that it is judged first.
CREATE CONSTRAINT TRIGGER "0_touch_ends" AFTER UPDATE ON maitred.restaurant_state
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (current_setting('maitred.touch', true) = new.restaurant_id::text)
    EXECUTE FUNCTION maitred.touch_ends();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA maitred FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maitred.unbound(), maitred.micros(timestamptz), maitred.expect(bigint, bigint), maitred.touch(uuid, text),
    maitred.advance(uuid, text, bigint, uuid, uuid[], text, bigint, bigint, bigint, bigint, timestamptz, date,
        timestamptz, timestamptz, text[], text[], text[], uuid[], bigint[], text[]) TO maitred_app;

-- +goose Down
DROP TRIGGER "0_touch_ends" ON maitred.restaurant_state;
DROP FUNCTION maitred.touch_ends();
DROP FUNCTION maitred.touch(uuid, text);
DROP FUNCTION maitred.expect(bigint, bigint);
DROP FUNCTION maitred.advance(uuid, text, bigint, uuid, uuid[], text, bigint, bigint, bigint, bigint, timestamptz, date,
    timestamptz, timestamptz, text[], text[], text[], uuid[], bigint[], text[]);
DROP FUNCTION maitred.micros(timestamptz);

-- +goose StatementBegin
DO $$
DECLARE
    capacity text;
BEGIN
    FOREACH capacity IN ARRAY ARRAY['zones', 'tables', 'adjacencies', 'combinations', 'combination_tables', 'blocks', 'policies',
        'service_periods', 'closures', 'bookings', 'holds', 'allocations', 'ended_holds'] LOOP
        EXECUTE format('DROP TRIGGER versioned ON maitred.%I', capacity);
        EXECUTE format('DROP TRIGGER own_rows_insert ON maitred.%I', capacity);
        EXECUTE format('DROP TRIGGER own_rows_update ON maitred.%I', capacity);
        EXECUTE format('DROP TRIGGER IF EXISTS own_rows_delete ON maitred.%I', capacity);
    END LOOP;
END
$$;
-- +goose StatementEnd

DROP TRIGGER own_restaurant ON maitred.restaurants;
DROP TRIGGER versioned ON maitred.restaurants;
DROP FUNCTION maitred.own_restaurant();
DROP FUNCTION maitred.own_rows_moved();
DROP FUNCTION maitred.own_rows();
DROP FUNCTION maitred.versioned();
DROP TRIGGER allocations_overlap_update ON maitred.allocations;
DROP TRIGGER allocations_overlap_insert ON maitred.allocations;
DROP FUNCTION maitred.allocations_overlap();
DROP TRIGGER holds_end_once ON maitred.holds;
DROP FUNCTION maitred.holds_end_once();
DROP TRIGGER journal_kept ON maitred.journal;
DROP FUNCTION maitred.journal_kept();
DROP TRIGGER journal_stands ON maitred.journal;
DROP FUNCTION maitred.journal_stands();
DROP TRIGGER journal_chains ON maitred.journal;
DROP FUNCTION maitred.journal_chains();
DROP TRIGGER state_goes_last ON maitred.restaurant_state;
DROP FUNCTION maitred.state_goes_last();
DROP TRIGGER state_rises ON maitred.restaurant_state;
DROP FUNCTION maitred.state_rises();
DROP FUNCTION maitred.unbound();
