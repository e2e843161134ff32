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
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

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
