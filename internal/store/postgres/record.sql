-- What is told of changes: for replay, for people, for other systems, for
-- retries, for jobs.

-- name: Record
-- In one statement: none of its parts reads what another writes. The entries close
-- the batch: no capacity row can be written behind them. An event's place in the
-- outbox is that of its change. It goes to each active endpoint whose filter takes
-- it, too.
WITH entries AS (
    INSERT INTO maitred.journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, body, events, history)
    SELECT $1, e.version, e.head, e.base_head, e.at, maitred.clock(), e.command, e.principal, $2, e.body::json, e.events, e.history
    FROM unnest($3::bigint[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::integer[])
        AS e (version, head, base_head, at, command, principal, body, events, history)
    ORDER BY e.version),
lines AS (
    INSERT INTO maitred.history (restaurant_id, version, ordinal, at, principal, command, subject, from_state, to_state, reason, detail)
    SELECT $1, h.version, h.ordinal, e.at, e.principal, e.command, h.subject, h.from_state, h.to_state, h.reason, h.detail::json
    FROM unnest($12::bigint[], $13::integer[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[])
        AS h (version, ordinal, subject, from_state, to_state, reason, detail)
    JOIN unnest($3::bigint[], $6::timestamptz[], $7::text[], $8::text[]) AS e (version, at, command, principal) ON e.version = h.version),
given AS MATERIALIZED (
    SELECT o.sink, o.lane, o.booking_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity, o.schema_version, o.dedupe_key,
        o.payload::json AS payload, o.headers::json AS headers, o.n
    FROM unnest($19::text[], $20::integer[], $21::uuid[], $22::text[], $23::bigint[], $24::text[], $25::text[], $26::integer[],
        $27::text[], $28::text[], $29::text[]) WITH ORDINALITY
        AS o (sink, lane, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, headers, n)),
events AS (
    INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
        dedupe_key, payload, headers, next_attempt_at, created_at)
    SELECT o.sink, o.lane, $1, o.booking_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity, o.schema_version,
        o.dedupe_key, o.payload, o.headers, maitred.clock(), maitred.clock()
    FROM given AS o
    ORDER BY o.n),
hooks AS (
    INSERT INTO maitred.capacity_outbox (sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity,
        schema_version, dedupe_key, payload, headers, next_attempt_at, created_at)
    SELECT $39, get_byte(uuid_send(w.id), 15) % 16, $1, o.booking_id, w.id, w.id || '/' || o.aggregate, o.aggregate_seq, o.event_type, o.severity,
        o.schema_version, o.dedupe_key || '/' || w.id, o.payload, o.headers, maitred.clock(), maitred.clock()
    FROM given AS o
    JOIN maitred.webhook_endpoints AS w ON w.restaurant_id = $1
        AND w.active
        AND (
            cardinality(w.events) = 0
            OR o.event_type = ANY(w.events)
            OR EXISTS (
                SELECT
                FROM unnest(w.events) AS p (pattern)
                WHERE p.pattern LIKE '%.*'
                    AND starts_with(o.event_type, left(p.pattern, -1))))
    ORDER BY o.n, w.id)
INSERT INTO maitred.receipts (restaurant_id, principal, key, fingerprint, command, status, epoch, version, body, at)
SELECT $1, r.principal, r.key, r.fingerprint, r.command, r.status, r.epoch, r.version, r.body::json, r.at
FROM unnest($30::text[], $31::text[], $32::text[], $33::text[], $34::integer[], $35::text[], $36::bigint[], $37::text[], $38::timestamptz[])
    AS r (principal, key, fingerprint, command, status, epoch, version, body, at);

-- name: DropDue
-- All kinds of the subject when none is named.
DELETE FROM maitred.due_work AS d
USING unnest($2::text[], $3::text[]) AS g (subject, kind)
WHERE d.restaurant_id = $1
    AND d.subject = g.subject
    AND (d.kind = g.kind OR g.kind = '');

-- name: PutDue
INSERT INTO maitred.due_work (restaurant_id, subject, kind, run_at, attempt)
SELECT $1, d.subject, d.kind, d.run_at, d.attempt
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::integer[]) AS d (subject, kind, run_at, attempt)
ON CONFLICT (restaurant_id, subject, kind) DO UPDATE
SET run_at = excluded.run_at,
    attempt = excluded.attempt;

-- name: EraseGuests
DELETE FROM maitred.guest
WHERE restaurant_id = $1
    AND booking_id = ANY($2::uuid[]);

-- name: EraseNotes
-- Those beside the lines of these bookings and of their holds, whatever became of
-- the holds. Notes are few, and each knows its line by key; the ended holds are
-- looked through only when a note stands beside the line of a hold.
DELETE FROM maitred.staff_note AS n
WHERE n.restaurant_id = $1
    AND (
        SELECT h.subject = ANY($3::text[])
            OR starts_with(h.subject, 'hold:')
            AND (
                h.subject IN (
                    SELECT 'hold:' || l.id
                    FROM maitred.holds AS l
                    WHERE l.restaurant_id = $1
                        AND l.booking_id = ANY($2::uuid[]))
                OR h.subject IN (
                    SELECT 'hold:' || e.id
                    FROM maitred.ended_holds AS e
                    WHERE e.restaurant_id = $1
                        AND e.booking_id = ANY($2::uuid[])))
        FROM maitred.history AS h
        WHERE h.restaurant_id = n.restaurant_id
            AND h.version = n.version
            AND h.ordinal = n.ordinal);

-- name: PatchGuests
-- What is NULL stays, or is empty when nothing was known of the guest.
WITH given AS (
    SELECT p.booking_id, p.name, p.name_key, p.phone, p.email, p.notes
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS p (booking_id, name, name_key, phone, email, notes)),
known AS (
    UPDATE maitred.guest AS g
    SET name = COALESCE(p.name, g.name),
        name_key = COALESCE(p.name_key, g.name_key),
        phone = COALESCE(p.phone, g.phone),
        email = COALESCE(p.email, g.email),
        notes = COALESCE(p.notes, g.notes)
    FROM given AS p
    WHERE g.restaurant_id = $1
        AND g.booking_id = p.booking_id
    RETURNING g.booking_id)
INSERT INTO maitred.guest (restaurant_id, booking_id, name, name_key, phone, email, notes)
SELECT $1, p.booking_id, COALESCE(p.name, ''), COALESCE(p.name_key, ''), COALESCE(p.phone, ''), COALESCE(p.email, ''), COALESCE(p.notes, '')
FROM given AS p
WHERE p.booking_id NOT IN (SELECT k.booking_id FROM known AS k);

-- name: PutGuests
INSERT INTO maitred.guest (restaurant_id, booking_id, name, name_key, phone, email, notes)
SELECT $1, g.booking_id, g.name, g.name_key, g.phone, g.email, g.notes
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS g (booking_id, name, name_key, phone, email, notes)
ON CONFLICT (restaurant_id, booking_id) DO UPDATE
SET name = excluded.name,
    name_key = excluded.name_key,
    phone = excluded.phone,
    email = excluded.email,
    notes = excluded.notes;

-- name: PutNotes
INSERT INTO maitred.staff_note (restaurant_id, version, ordinal, text)
SELECT $1, n.version, n.ordinal, n.text
FROM unnest($2::bigint[], $3::integer[], $4::text[]) AS n (version, ordinal, text);
