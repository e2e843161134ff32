-- Delivery: who serves which rows of the outbox, where webhooks lead, what the
-- observability sink keeps, the leases of jobs, and what operators did.
--
-- A row belongs to a flow, which is served fairly beside the others and in order
-- by itself: the endpoint of a webhook, else the restaurant. A lane is a share of
-- the flows of a sink.

-- +goose Up
ALTER TABLE capacity_outbox ADD COLUMN endpoint_id TEXT CHECK (length(endpoint_id) = 36);
ALTER TABLE capacity_outbox ADD COLUMN flow TEXT NOT NULL GENERATED ALWAYS AS (COALESCE(endpoint_id, restaurant_id)) VIRTUAL;
-- How often a worker that had it died.
ALTER TABLE capacity_outbox ADD COLUMN handovers INTEGER NOT NULL DEFAULT 0 CHECK (handovers >= 0);
-- µs of failing, without those of an open circuit.
ALTER TABLE capacity_outbox ADD COLUMN failed_for INTEGER NOT NULL DEFAULT 0 CHECK (failed_for >= 0);

DROP INDEX capacity_outbox_lane;
CREATE INDEX capacity_outbox_flow ON capacity_outbox (sink, lane, flow, id);

-- Nobody has parked or given up anything yet: nothing was served.
DROP TABLE outbox_block;
CREATE TABLE outbox_block (
    sink          TEXT    NOT NULL,
    flow          TEXT    NOT NULL CHECK (length(flow) = 36),
    aggregate     TEXT    NOT NULL, -- parked behind its head; '': the whole flow, its circuit is open
    restaurant_id TEXT    NOT NULL CHECK (length(restaurant_id) = 36),
    until         INTEGER NOT NULL,
    since         INTEGER NOT NULL,
    head_id       INTEGER NOT NULL,
    failures      INTEGER NOT NULL CHECK (failures >= 0), -- in a row
    reason        TEXT    NOT NULL,
    PRIMARY KEY (sink, flow, aggregate)
) STRICT, WITHOUT ROWID;

ALTER TABLE outbox_dead ADD COLUMN endpoint_id TEXT;
ALTER TABLE outbox_dead ADD COLUMN flow TEXT NOT NULL GENERATED ALWAYS AS (COALESCE(endpoint_id, restaurant_id)) VIRTUAL;
ALTER TABLE outbox_dead ADD COLUMN handovers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox_dead ADD COLUMN failed_for INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_dead_at ON outbox_dead (dead_at);

DROP TABLE outbox_worker;
CREATE TABLE outbox_worker (
    id          TEXT    NOT NULL,
    lease_until INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- What a lane's worker was handed and has not acknowledged, as a list of flow and
-- last id: a worker that takes the lane over from a dead one tries these one by one.
ALTER TABLE outbox_lane ADD COLUMN handed TEXT CHECK (json_valid(handed));

INSERT INTO outbox_sink (sink)
VALUES ('webhook');
INSERT INTO outbox_lane (sink, lane)
SELECT 'webhook', lane
FROM outbox_lane
WHERE sink = 'observability';

CREATE TABLE webhook_endpoints (
    restaurant_id   TEXT    NOT NULL REFERENCES restaurants (id),
    id              TEXT    NOT NULL CHECK (length(id) = 36),
    url             TEXT    NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    description     TEXT    NOT NULL CHECK (length(description) <= 200),
    events          TEXT    NOT NULL CHECK (json_valid(events)), -- types, or prefixes like booking.*; none: all
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    secret          BLOB    NOT NULL, -- sealed
    previous_secret BLOB, -- sealed; signs beside the new one
    previous_until  INTEGER,
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    changed_at      INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (restaurant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    restaurant_id TEXT    NOT NULL,
    endpoint_id   TEXT    NOT NULL,
    event_id      INTEGER NOT NULL, -- of the outbox
    event_type    TEXT    NOT NULL,
    dedupe_key    TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    took          INTEGER NOT NULL, -- µs
    outcome       TEXT    NOT NULL CHECK (outcome IN ('delivered', 'failed', 'dead')),
    status        INTEGER NOT NULL, -- of HTTP; 0: no answer
    error         TEXT    NOT NULL
) STRICT;

CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (restaurant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);

-- Written by the sink alone, in the transaction that takes the row from the outbox.
CREATE TABLE observability_events (
    dedupe_key     TEXT    NOT NULL,
    id             INTEGER NOT NULL, -- the one it had in the outbox
    restaurant_id  TEXT    NOT NULL,
    booking_id     TEXT,
    source         TEXT    NOT NULL, -- the first word of the type
    event_type     TEXT    NOT NULL,
    severity       TEXT    NOT NULL,
    version        INTEGER NOT NULL, -- of the restaurant
    schema_version INTEGER NOT NULL,
    context        TEXT    NOT NULL CHECK (json_valid(context)), -- the payload
    created_at     INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    PRIMARY KEY (dedupe_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX observability_events_restaurant ON observability_events (restaurant_id, id);
CREATE INDEX observability_events_recorded ON observability_events (recorded_at);

-- One row per job; its holder is the process that runs it.
CREATE TABLE jobs (
    job             TEXT    NOT NULL,
    holder          TEXT,
    token           INTEGER NOT NULL DEFAULT 0,
    lease_until     INTEGER,
    asked_at        INTEGER, -- somebody wants it run now
    last_run_at     INTEGER,
    last_success_at INTEGER,
    last_error      TEXT    NOT NULL DEFAULT '',
    last_took       INTEGER NOT NULL DEFAULT 0, -- µs
    done            INTEGER NOT NULL DEFAULT 0, -- in the last run
    lag             INTEGER NOT NULL DEFAULT 0, -- µs, at the last run
    PRIMARY KEY (job)
) STRICT, WITHOUT ROWID;

-- What operators did to the outbox and the jobs.
CREATE TABLE operations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    principal     TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    restaurant_id TEXT,
    detail        TEXT    NOT NULL CHECK (json_valid(detail))
) STRICT;

CREATE INDEX operations_at ON operations (at);

-- +goose Down
DROP TABLE operations;
DROP TABLE jobs;
DROP TABLE observability_events;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_endpoints;
DELETE FROM capacity_outbox WHERE sink = 'webhook';
DELETE FROM outbox_dead WHERE sink = 'webhook';
DELETE FROM outbox_lane WHERE sink = 'webhook';
DELETE FROM outbox_sink WHERE sink = 'webhook';
ALTER TABLE outbox_lane DROP COLUMN handed;
UPDATE outbox_lane SET worker_id = NULL;
DROP TABLE outbox_worker;
CREATE TABLE outbox_worker (
    id          TEXT    NOT NULL,
    token       INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
DROP INDEX outbox_dead_at;
ALTER TABLE outbox_dead DROP COLUMN failed_for;
ALTER TABLE outbox_dead DROP COLUMN handovers;
ALTER TABLE outbox_dead DROP COLUMN flow;
ALTER TABLE outbox_dead DROP COLUMN endpoint_id;
DROP TABLE outbox_block;
CREATE TABLE outbox_block (
    sink          TEXT    NOT NULL,
    restaurant_id TEXT    NOT NULL,
    aggregate     TEXT    NOT NULL,
    until         INTEGER NOT NULL,
    head_id       INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    PRIMARY KEY (sink, restaurant_id, aggregate)
) STRICT, WITHOUT ROWID;
DROP INDEX capacity_outbox_flow;
CREATE INDEX capacity_outbox_lane ON capacity_outbox (sink, lane, id);
ALTER TABLE capacity_outbox DROP COLUMN failed_for;
ALTER TABLE capacity_outbox DROP COLUMN handovers;
ALTER TABLE capacity_outbox DROP COLUMN flow;
ALTER TABLE capacity_outbox DROP COLUMN endpoint_id;
