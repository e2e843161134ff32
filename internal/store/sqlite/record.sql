-- What is told of a change: for replay, for people, for other systems, for
-- retries, for jobs.

-- name: InsertJournal
INSERT INTO journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, body, events, history)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertHistory
INSERT INTO history (restaurant_id, version, ordinal, at, principal, command, subject, from_state, to_state, reason, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertEvent
INSERT INTO capacity_outbox (sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version,
    dedupe_key, payload, headers, next_attempt_at, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13);

-- name: InsertWebhookEvents
-- The same event for each active endpoint whose filter names its type, or a prefix
-- of it, or nothing. The lane is that of the endpoint.
INSERT INTO capacity_outbox (sink, lane, restaurant_id, booking_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version,
    dedupe_key, payload, headers, next_attempt_at, created_at)
SELECT 'webhook', INSTR('0123456789abcdef', SUBSTR(e.id, 36)) - 1, e.restaurant_id, ?2, e.id, e.id || '/' || ?3, ?4, ?5, ?6, ?7,
    ?8 || '/' || e.id, ?9, ?10, ?11, ?11
FROM webhook_endpoints AS e
WHERE e.restaurant_id = ?1
    AND e.active = 1
    AND (
        json_array_length(e.events) = 0
        OR EXISTS (
            SELECT 1
            FROM json_each(e.events) AS f
            WHERE f.value = ?5
                OR SUBSTR(f.value, -2) = '.*' AND INSTR(?5, SUBSTR(f.value, 1, LENGTH(f.value) - 1)) = 1))
ORDER BY e.id;

-- name: InsertReceipt
INSERT INTO receipts (restaurant_id, principal, key, fingerprint, command, status, epoch, version, body, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: DeleteDue
-- All kinds of the subject when none is named.
DELETE FROM due_work
WHERE restaurant_id = ?1
    AND subject = ?2
    AND (kind = ?3 OR ?3 = '');

-- name: UpsertDue
INSERT INTO due_work (restaurant_id, subject, kind, run_at, attempt)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, subject, kind) DO UPDATE
SET run_at = excluded.run_at,
    attempt = excluded.attempt;

-- name: EraseGuests
DELETE FROM guest
WHERE restaurant_id = ?1
    AND booking_id IN (SELECT value FROM json_each(?2));

-- name: EraseNotes
-- Those beside the lines of these bookings and of their holds, whatever became of
-- the holds. Notes are few; the ended holds are looked through only when a note
-- stands beside the line of a hold.
DELETE FROM staff_note
WHERE restaurant_id = ?1
    AND EXISTS (
        SELECT 1
        FROM history AS h
        WHERE h.restaurant_id = ?1
            AND h.version = staff_note.version
            AND h.ordinal = staff_note.ordinal
            AND (
                h.subject IN (SELECT 'booking:' || value FROM json_each(?2))
                OR h.subject GLOB 'hold:*'
                AND (
                    h.subject IN (
                        SELECT 'hold:' || l.id
                        FROM holds AS l
                        WHERE l.restaurant_id = ?1
                            AND l.booking_id IN (SELECT value FROM json_each(?2)))
                    OR h.subject IN (
                        SELECT 'hold:' || e.id
                        FROM ended_holds AS e
                        WHERE e.restaurant_id = ?1
                            AND e.booking_id IN (SELECT value FROM json_each(?2))))));

-- name: PatchGuest
-- What is NULL stays, or is empty when nothing was known of the guest.
INSERT INTO guest (restaurant_id, booking_id, name, name_key, phone, email, notes)
VALUES (?1, ?2, COALESCE(?3, ''), COALESCE(?4, ''), COALESCE(?5, ''), COALESCE(?6, ''), COALESCE(?7, ''))
ON CONFLICT (restaurant_id, booking_id) DO UPDATE
SET name = COALESCE(?3, guest.name),
    name_key = COALESCE(?4, guest.name_key),
    phone = COALESCE(?5, guest.phone),
    email = COALESCE(?6, guest.email),
    notes = COALESCE(?7, guest.notes);

-- name: UpsertGuest
INSERT INTO guest (restaurant_id, booking_id, name, name_key, phone, email, notes)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (restaurant_id, booking_id) DO UPDATE
SET name = excluded.name,
    name_key = excluded.name_key,
    phone = excluded.phone,
    email = excluded.email,
    notes = excluded.notes;

-- name: InsertNote
INSERT INTO staff_note (restaurant_id, version, ordinal, text)
VALUES (?, ?, ?, ?);
