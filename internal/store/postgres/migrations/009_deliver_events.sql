-- Delivery: who serves which rows of the outbox, where webhooks lead, what the
-- observability sink keeps, the leases of jobs, and what operators did.
--
-- A row belongs to a flow, which is served fairly beside the others and in order
-- by itself: the endpoint of a webhook, else the restaurant. A lane is a share of
-- the flows of a sink. The binary before this one goes on writing: it knows no
-- endpoints, and its rows find their flow by themselves.

-- +goose Up
ALTER TABLE maitred.capacity_outbox
    ADD COLUMN endpoint_id uuid,
    ADD COLUMN flow        uuid    NOT NULL GENERATED ALWAYS AS (COALESCE(endpoint_id, restaurant_id)) STORED,
    ADD COLUMN handovers   integer NOT NULL DEFAULT 0 CHECK (handovers >= 0), -- how often a worker that had it died
    ADD COLUMN failed_for  bigint  NOT NULL DEFAULT 0 CHECK (failed_for >= 0); -- µs of failing, without those of an open circuit

DROP INDEX maitred.capacity_outbox_lane;
CREATE INDEX capacity_outbox_flow ON maitred.capacity_outbox (sink, lane, flow, id);
-- Rows that were put off, which are few: others of their aggregate wait behind them.
CREATE INDEX capacity_outbox_delayed ON maitred.capacity_outbox (sink, flow, aggregate, id) WHERE next_attempt_at > created_at;
ALTER TABLE maitred.capacity_outbox SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01);
GRANT INSERT ON maitred.capacity_outbox TO maitred_system;

-- Nobody has parked or given up anything yet: nothing was served.
DROP TABLE maitred.outbox_block;
CREATE TABLE maitred.outbox_block (
    sink          text        NOT NULL,
    flow          uuid        NOT NULL,
    aggregate     text        NOT NULL, -- parked behind its head; '': the whole flow, its circuit is open
    restaurant_id uuid        NOT NULL,
    until         timestamptz NOT NULL,
    since         timestamptz NOT NULL,
    head_id       bigint      NOT NULL,
    failures      integer     NOT NULL CHECK (failures >= 0), -- in a row
    reason        text        NOT NULL,
    PRIMARY KEY (sink, flow, aggregate)
);

ALTER TABLE maitred.outbox_block ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.outbox_block TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.outbox_block TO maitred_system USING (true);
CREATE POLICY owner ON maitred.outbox_block TO maitred_owner USING (true);
GRANT SELECT, DELETE ON maitred.outbox_block TO maitred_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_block TO maitred_system;

ALTER TABLE maitred.outbox_dead
    ADD COLUMN endpoint_id uuid,
    ADD COLUMN flow        uuid    NOT NULL GENERATED ALWAYS AS (COALESCE(endpoint_id, restaurant_id)) STORED,
    ADD COLUMN handovers   integer NOT NULL DEFAULT 0,
    ADD COLUMN failed_for  bigint  NOT NULL DEFAULT 0;
CREATE INDEX outbox_dead_at ON maitred.outbox_dead (dead_at);

ALTER TABLE maitred.outbox_worker
    DROP COLUMN token,
    ADD COLUMN started_at timestamptz NOT NULL;

-- What a lane's worker was handed and has not acknowledged, as a list of flow and
-- last id: a worker that takes the lane over from a dead one tries these one by one.
ALTER TABLE maitred.outbox_lane ADD COLUMN handed json;

INSERT INTO maitred.outbox_sink (sink)
VALUES ('webhook');
INSERT INTO maitred.outbox_lane (sink, lane)
SELECT 'webhook', lane
FROM generate_series(0, 15) AS lane;

CREATE TABLE maitred.webhook_endpoints (
    restaurant_id   uuid        NOT NULL REFERENCES maitred.restaurants (id),
    id              uuid        NOT NULL,
    url             text        NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    description     text        NOT NULL CHECK (length(description) <= 200),
    events          text[]      NOT NULL, -- types, or prefixes like booking.*; none: all
    active          boolean     NOT NULL,
    secret          bytea       NOT NULL, -- sealed
    previous_secret bytea, -- sealed; signs beside the new one
    previous_until  timestamptz,
    created_at      timestamptz NOT NULL,
    created_by      text        NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (restaurant_id, id)
);

ALTER TABLE maitred.webhook_endpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.webhook_endpoints TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.webhook_endpoints FOR SELECT TO maitred_system USING (true);
CREATE POLICY owner ON maitred.webhook_endpoints TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.webhook_endpoints TO maitred_app;
GRANT SELECT ON maitred.webhook_endpoints TO maitred_system;

CREATE TABLE maitred.webhook_deliveries (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    restaurant_id uuid        NOT NULL,
    endpoint_id   uuid        NOT NULL,
    event_id      bigint      NOT NULL, -- of the outbox
    event_type    text        NOT NULL,
    dedupe_key    text        NOT NULL,
    attempt       integer     NOT NULL,
    at            timestamptz NOT NULL,
    took          bigint      NOT NULL, -- µs
    outcome       text        NOT NULL CHECK (outcome IN ('delivered', 'failed', 'dead')),
    status        integer     NOT NULL, -- of HTTP; 0: no answer
    error         text        NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX webhook_deliveries_endpoint ON maitred.webhook_deliveries (restaurant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_at ON maitred.webhook_deliveries (at);
ALTER TABLE maitred.webhook_deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.webhook_deliveries TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.webhook_deliveries TO maitred_system USING (true);
CREATE POLICY owner ON maitred.webhook_deliveries TO maitred_owner USING (true);
GRANT SELECT, DELETE ON maitred.webhook_deliveries TO maitred_app;
GRANT SELECT, INSERT, DELETE ON maitred.webhook_deliveries TO maitred_system;

-- Written by the sink alone, in the statement that takes the row from the outbox.
CREATE TABLE maitred.observability_events (
    dedupe_key     text        NOT NULL,
    id             bigint      NOT NULL, -- the one it had in the outbox
    restaurant_id  uuid        NOT NULL,
    booking_id     uuid,
    source         text        NOT NULL, -- the first word of the type
    event_type     text        NOT NULL,
    severity       text        NOT NULL,
    version        bigint      NOT NULL, -- of the restaurant
    schema_version integer     NOT NULL,
    context        json        NOT NULL, -- the payload
    created_at     timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (dedupe_key)
);

CREATE INDEX observability_events_restaurant ON maitred.observability_events (restaurant_id, id);
CREATE INDEX observability_events_recorded ON maitred.observability_events (recorded_at);
ALTER TABLE maitred.observability_events SET (autovacuum_vacuum_insert_scale_factor = 0.1);
ALTER TABLE maitred.observability_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.observability_events TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.observability_events TO maitred_system USING (true);
CREATE POLICY owner ON maitred.observability_events TO maitred_owner USING (true);
GRANT SELECT, DELETE ON maitred.observability_events TO maitred_app;
GRANT SELECT, INSERT, DELETE ON maitred.observability_events TO maitred_system;

-- One row per job; its holder is the process that runs it.
CREATE TABLE maitred.jobs (
    job             text        NOT NULL,
    holder          text,
    token           bigint      NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    asked_at        timestamptz, -- somebody wants it run now
    last_run_at     timestamptz,
    last_success_at timestamptz,
    last_error      text        NOT NULL DEFAULT '',
    last_took       bigint      NOT NULL DEFAULT 0, -- µs
    done            bigint      NOT NULL DEFAULT 0, -- in the last run
    lag             bigint      NOT NULL DEFAULT 0, -- µs, at the last run
    PRIMARY KEY (job)
);

GRANT SELECT, INSERT, UPDATE ON maitred.jobs TO maitred_system;

-- What operators did to the outbox and the jobs.
CREATE TABLE maitred.operations (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    at            timestamptz NOT NULL,
    principal     text        NOT NULL,
    action        text        NOT NULL,
    restaurant_id uuid,
    detail        json        NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX operations_at ON maitred.operations (at);
ALTER TABLE maitred.operations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY queue ON maitred.operations TO maitred_system USING (true);
CREATE POLICY owner ON maitred.operations TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.operations TO maitred_system;

-- +goose Down
DROP TABLE maitred.operations;
DROP TABLE maitred.jobs;
DROP TABLE maitred.observability_events;
DROP TABLE maitred.webhook_deliveries;
DROP TABLE maitred.webhook_endpoints;
DELETE FROM maitred.capacity_outbox WHERE sink = 'webhook';
DELETE FROM maitred.outbox_dead WHERE sink = 'webhook';
DELETE FROM maitred.outbox_lane WHERE sink = 'webhook';
DELETE FROM maitred.outbox_sink WHERE sink = 'webhook';
ALTER TABLE maitred.outbox_lane DROP COLUMN handed;
DROP TABLE maitred.outbox_worker;
CREATE TABLE maitred.outbox_worker (
    id          text        NOT NULL,
    token       bigint      NOT NULL,
    lease_until timestamptz NOT NULL,
    PRIMARY KEY (id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_worker TO maitred_system;
UPDATE maitred.outbox_lane SET worker_id = NULL;
DROP INDEX maitred.outbox_dead_at;
ALTER TABLE maitred.outbox_dead
    DROP COLUMN failed_for,
    DROP COLUMN handovers,
    DROP COLUMN flow,
    DROP COLUMN endpoint_id;
DROP TABLE maitred.outbox_block;
CREATE TABLE maitred.outbox_block (
    sink          text        NOT NULL,
    restaurant_id uuid        NOT NULL,
    aggregate     text        NOT NULL,
    until         timestamptz NOT NULL,
    head_id       bigint      NOT NULL,
    reason        text        NOT NULL,
    PRIMARY KEY (sink, restaurant_id, aggregate)
);
ALTER TABLE maitred.outbox_block ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.outbox_block TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.outbox_block TO maitred_system USING (true);
CREATE POLICY owner ON maitred.outbox_block TO maitred_owner USING (true);
GRANT SELECT, DELETE ON maitred.outbox_block TO maitred_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_block TO maitred_system;
REVOKE INSERT ON maitred.capacity_outbox FROM maitred_system;
DROP INDEX maitred.capacity_outbox_delayed;
DROP INDEX maitred.capacity_outbox_flow;
CREATE INDEX capacity_outbox_lane ON maitred.capacity_outbox (sink, lane, id);
ALTER TABLE maitred.capacity_outbox
    SET (autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.1);
ALTER TABLE maitred.capacity_outbox
    DROP COLUMN failed_for,
    DROP COLUMN handovers,
    DROP COLUMN flow,
    DROP COLUMN endpoint_id;
