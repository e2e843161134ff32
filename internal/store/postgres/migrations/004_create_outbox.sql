-- Events on their way to sinks. A row that is here is to be delivered; there is
-- no state column. The tables with a restaurant are written with its rights and
-- served with those of the system.

-- +goose Up
CREATE TABLE maitred.capacity_outbox (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    sink            text        NOT NULL,
    lane            integer     NOT NULL CHECK (lane BETWEEN 0 AND 15),
    restaurant_id   uuid        NOT NULL,
    booking_id      uuid,
    aggregate       text        NOT NULL,
    aggregate_seq   bigint      NOT NULL,
    event_type      text        NOT NULL,
    severity        text        NOT NULL CHECK (severity IN ('debug', 'info', 'notice', 'warning', 'error', 'critical')),
    schema_version  integer     NOT NULL CHECK (schema_version >= 1),
    dedupe_key      text        NOT NULL,
    payload         json        NOT NULL,
    headers         json,
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL,
    last_error      text,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (sink, dedupe_key)
);

CREATE INDEX capacity_outbox_lane ON maitred.capacity_outbox (sink, lane, id);

ALTER TABLE maitred.capacity_outbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.capacity_outbox TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.capacity_outbox TO maitred_system USING (true);
CREATE POLICY owner ON maitred.capacity_outbox TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.capacity_outbox TO maitred_app;
GRANT SELECT, UPDATE, DELETE ON maitred.capacity_outbox TO maitred_system;

CREATE TABLE maitred.outbox_worker (
    id          text        NOT NULL,
    token       bigint      NOT NULL,
    lease_until timestamptz NOT NULL,
    PRIMARY KEY (id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_worker TO maitred_system;

CREATE TABLE maitred.outbox_sink (
    sink   text    NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    PRIMARY KEY (sink)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_sink TO maitred_system;

INSERT INTO maitred.outbox_sink (sink)
VALUES ('observability');

CREATE TABLE maitred.outbox_lane (
    sink      text    NOT NULL REFERENCES maitred.outbox_sink (sink),
    lane      integer NOT NULL CHECK (lane BETWEEN 0 AND 15),
    worker_id text,
    token     bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (sink, lane)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_lane TO maitred_system;

INSERT INTO maitred.outbox_lane (sink, lane)
SELECT 'observability', lane
FROM generate_series(0, 15) AS lane;

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

CREATE TABLE maitred.outbox_dead (
    id              bigint      NOT NULL,
    sink            text        NOT NULL,
    lane            integer     NOT NULL,
    restaurant_id   uuid        NOT NULL,
    booking_id      uuid,
    aggregate       text        NOT NULL,
    aggregate_seq   bigint      NOT NULL,
    event_type      text        NOT NULL,
    severity        text        NOT NULL,
    schema_version  integer     NOT NULL,
    dedupe_key      text        NOT NULL,
    payload         json        NOT NULL,
    headers         json,
    attempts        integer     NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    last_error      text,
    created_at      timestamptz NOT NULL,
    dead_at         timestamptz NOT NULL,
    cause           text        NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (sink, dedupe_key)
);

ALTER TABLE maitred.outbox_dead ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.outbox_dead TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY queue ON maitred.outbox_dead TO maitred_system USING (true);
CREATE POLICY owner ON maitred.outbox_dead TO maitred_owner USING (true);
GRANT SELECT, DELETE ON maitred.outbox_dead TO maitred_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.outbox_dead TO maitred_system;

-- +goose Down
DROP TABLE maitred.outbox_dead;
DROP TABLE maitred.outbox_block;
DROP TABLE maitred.outbox_lane;
DROP TABLE maitred.outbox_sink;
DROP TABLE maitred.outbox_worker;
DROP TABLE maitred.capacity_outbox;
