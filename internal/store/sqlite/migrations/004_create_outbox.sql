-- Events on their way to sinks. A row that is here is to be delivered; there is
-- no state column. Source: docs/outbox.md.

-- +goose Up
CREATE TABLE capacity_outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    sink            TEXT    NOT NULL,
    lane            INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 15),
    restaurant_id   TEXT    NOT NULL CHECK (length(restaurant_id) = 36),
    booking_id      TEXT    CHECK (length(booking_id) = 36),
    aggregate       TEXT    NOT NULL,
    aggregate_seq   INTEGER NOT NULL,
    event_type      TEXT    NOT NULL,
    severity        TEXT    NOT NULL CHECK (severity IN ('debug', 'info', 'notice', 'warning', 'error', 'critical')),
    schema_version  INTEGER NOT NULL CHECK (schema_version >= 1),
    dedupe_key      TEXT    NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    headers         TEXT    CHECK (json_valid(headers)),
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at INTEGER NOT NULL,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    UNIQUE (sink, dedupe_key)
) STRICT;

CREATE INDEX capacity_outbox_lane ON capacity_outbox (sink, lane, id);

CREATE TABLE outbox_worker (
    id          TEXT    NOT NULL,
    token       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_sink (
    sink   TEXT    NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    PRIMARY KEY (sink)
) STRICT, WITHOUT ROWID;

INSERT INTO outbox_sink (sink)
VALUES ('observability');

CREATE TABLE outbox_lane (
    sink      TEXT    NOT NULL REFERENCES outbox_sink (sink),
    lane      INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 15),
    worker_id TEXT,
    token     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sink, lane)
) STRICT, WITHOUT ROWID;

INSERT INTO outbox_lane (sink, lane)
VALUES ('observability', 0), ('observability', 1), ('observability', 2), ('observability', 3),
    ('observability', 4), ('observability', 5), ('observability', 6), ('observability', 7),
    ('observability', 8), ('observability', 9), ('observability', 10), ('observability', 11),
    ('observability', 12), ('observability', 13), ('observability', 14), ('observability', 15);

CREATE TABLE outbox_block (
    sink          TEXT    NOT NULL,
    restaurant_id TEXT    NOT NULL,
    aggregate     TEXT    NOT NULL,
    until         INTEGER NOT NULL,
    head_id       INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    PRIMARY KEY (sink, restaurant_id, aggregate)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_dead (
    id              INTEGER NOT NULL PRIMARY KEY,
    sink            TEXT    NOT NULL,
    lane            INTEGER NOT NULL,
    restaurant_id   TEXT    NOT NULL,
    booking_id      TEXT,
    aggregate       TEXT    NOT NULL,
    aggregate_seq   INTEGER NOT NULL,
    event_type      TEXT    NOT NULL,
    severity        TEXT    NOT NULL,
    schema_version  INTEGER NOT NULL,
    dedupe_key      TEXT    NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    headers         TEXT    CHECK (json_valid(headers)),
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    dead_at         INTEGER NOT NULL,
    cause           TEXT    NOT NULL,
    UNIQUE (sink, dedupe_key)
) STRICT;

-- +goose Down
DROP TABLE outbox_dead;
DROP TABLE outbox_block;
DROP TABLE outbox_lane;
DROP TABLE outbox_sink;
DROP TABLE outbox_worker;
DROP INDEX capacity_outbox_lane;
DROP TABLE capacity_outbox;
