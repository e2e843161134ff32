-- What happened: the journal for replay, the history for people, receipts for
-- retries, due work for jobs, checkpoints for verify.

-- +goose Up
-- One row a version. body is the change; NULL for a reload, which cannot be
-- replayed. events and history count the rows the change made.
CREATE TABLE journal (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    version       INTEGER NOT NULL CHECK (version >= 0),
    head          TEXT    CHECK (length(head) = 36),
    base_head     TEXT    CHECK (length(base_head) = 36),
    at            INTEGER NOT NULL,
    written_at    INTEGER NOT NULL,
    command       TEXT    NOT NULL CHECK (length(command) BETWEEN 1 AND 100),
    principal     TEXT    NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    format        INTEGER NOT NULL CHECK (format >= 1),
    body          TEXT    CHECK (length(CAST(body AS BLOB)) <= 262144 AND json_valid(body)),
    events        INTEGER NOT NULL CHECK (events >= 0),
    history       INTEGER NOT NULL CHECK (history >= 0),
    PRIMARY KEY (restaurant_id, version),
    UNIQUE (restaurant_id, head),
    CHECK (version = 0 OR head IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- A name in the trigger language: the restaurants whose version has been raised
-- in this transaction and whose journal entry is not yet written.
CREATE VIEW open_changes AS
SELECT s.restaurant_id
FROM restaurant_state AS s
WHERE NOT EXISTS (
    SELECT 1
    FROM journal AS j
    WHERE j.restaurant_id = s.restaurant_id
        AND j.version = s.version);

CREATE TABLE history (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    version       INTEGER NOT NULL CHECK (version >= 0),
    ordinal       INTEGER NOT NULL CHECK (ordinal >= 0),
    at            INTEGER NOT NULL,
    principal     TEXT    NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    command       TEXT    NOT NULL CHECK (length(command) BETWEEN 1 AND 100),
    subject       TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    from_state    TEXT    NOT NULL,
    to_state      TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    detail        TEXT    CHECK (json_valid(detail)),
    PRIMARY KEY (restaurant_id, version, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX history_subject ON history (restaurant_id, subject, version, ordinal);

-- The only place with staff's free text.
CREATE TABLE staff_note (
    restaurant_id TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    ordinal       INTEGER NOT NULL,
    text          TEXT    NOT NULL CHECK (length(text) <= 2000),
    PRIMARY KEY (restaurant_id, version, ordinal),
    FOREIGN KEY (restaurant_id, version, ordinal) REFERENCES history (restaurant_id, version, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    principal     TEXT    NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    key           TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    fingerprint   TEXT    NOT NULL,
    command       TEXT    NOT NULL,
    status        INTEGER NOT NULL CHECK (status BETWEEN 0 AND 599),
    epoch         TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    body          TEXT    CHECK (json_valid(body)),
    at            INTEGER NOT NULL,
    PRIMARY KEY (restaurant_id, principal, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE due_work (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    subject       TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    kind          TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    run_at        INTEGER NOT NULL,
    attempt       INTEGER NOT NULL CHECK (attempt >= 0),
    PRIMARY KEY (restaurant_id, subject, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX due_work_run ON due_work (kind, run_at, restaurant_id, subject, attempt);

-- The house at a version, from which the kept journal can be replayed.
CREATE TABLE checkpoints (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    version       INTEGER NOT NULL CHECK (version >= 0),
    body          TEXT    NOT NULL CHECK (json_valid(body)),
    written_at    INTEGER NOT NULL,
    PRIMARY KEY (restaurant_id, version)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE checkpoints;
DROP TABLE due_work;
DROP TABLE receipts;
DROP TABLE staff_note;
DROP TABLE history;
DROP VIEW open_changes;
DROP TABLE journal;
