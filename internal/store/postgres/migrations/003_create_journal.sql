-- What happened: the journal for replay, the history for people, receipts for
-- retries, due work for jobs, checkpoints for verify.

-- +goose Up
-- One row a version. body is the change; NULL for a reload, which cannot be
-- replayed. events and history count the rows the change made. It has no
-- reference to its restaurant: an entry is only taken behind a state row.
CREATE TABLE maitred.journal (
    restaurant_id uuid        NOT NULL,
    version       bigint      NOT NULL CHECK (version >= 0),
    head          uuid,
    base_head     uuid,
    at            timestamptz NOT NULL,
    written_at    timestamptz NOT NULL,
    command       text        NOT NULL CHECK (length(command) BETWEEN 1 AND 100),
    principal     text        NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    format        integer     NOT NULL CHECK (format >= 1),
    body          json        CHECK (octet_length(body::text) <= 262144),
    events        integer     NOT NULL CHECK (events >= 0),
    history       integer     NOT NULL CHECK (history >= 0),
    PRIMARY KEY (restaurant_id, version),
    UNIQUE (restaurant_id, head),
    CHECK (version = 0 OR head IS NOT NULL)
);

ALTER TABLE maitred.journal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.journal TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.journal TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.journal TO maitred_app;

-- Refuses a version that has no entry, at the end of its transaction.
ALTER TABLE maitred.restaurant_state ADD CONSTRAINT restaurant_state_journal
    FOREIGN KEY (restaurant_id, version) REFERENCES maitred.journal (restaurant_id, version) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE maitred.history (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    version       bigint      NOT NULL CHECK (version >= 0),
    ordinal       integer     NOT NULL CHECK (ordinal >= 0),
    at            timestamptz NOT NULL,
    principal     text        NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    command       text        NOT NULL CHECK (length(command) BETWEEN 1 AND 100),
    subject       text        NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    from_state    text        NOT NULL,
    to_state      text        NOT NULL,
    reason        text        NOT NULL,
    detail        json,
    PRIMARY KEY (restaurant_id, version, ordinal)
);

CREATE INDEX history_subject ON maitred.history (restaurant_id, subject, version, ordinal);

ALTER TABLE maitred.history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.history TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.history TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.history TO maitred_app;

-- The only place with staff's free text.
CREATE TABLE maitred.staff_note (
    restaurant_id uuid    NOT NULL,
    version       bigint  NOT NULL,
    ordinal       integer NOT NULL,
    text          text    NOT NULL CHECK (length(text) <= 2000),
    PRIMARY KEY (restaurant_id, version, ordinal),
    FOREIGN KEY (restaurant_id, version, ordinal) REFERENCES maitred.history (restaurant_id, version, ordinal)
);

ALTER TABLE maitred.staff_note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.staff_note TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.staff_note TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.staff_note TO maitred_app;

CREATE TABLE maitred.receipts (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    principal     text        NOT NULL CHECK (length(principal) BETWEEN 1 AND 200),
    key           text        NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    fingerprint   text        NOT NULL,
    command       text        NOT NULL,
    status        integer     NOT NULL CHECK (status BETWEEN 0 AND 599),
    epoch         text        NOT NULL,
    version       bigint      NOT NULL,
    body          json,
    at            timestamptz NOT NULL,
    PRIMARY KEY (restaurant_id, principal, key)
);

ALTER TABLE maitred.receipts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.receipts TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.receipts TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.receipts TO maitred_app;

-- It names ids only, so that jobs may look for what is due in all restaurants.
CREATE TABLE maitred.due_work (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    subject       text        NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    kind          text        NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    run_at        timestamptz NOT NULL,
    attempt       integer     NOT NULL CHECK (attempt >= 0),
    PRIMARY KEY (restaurant_id, subject, kind)
);

CREATE INDEX due_work_run ON maitred.due_work (kind, run_at, restaurant_id, subject, attempt);

ALTER TABLE maitred.due_work ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.due_work TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY due ON maitred.due_work FOR SELECT TO maitred_system USING (true);
CREATE POLICY owner ON maitred.due_work TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.due_work TO maitred_app;
GRANT SELECT ON maitred.due_work TO maitred_system;

-- The house at a version, from which the kept journal can be replayed.
CREATE TABLE maitred.checkpoints (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    version       bigint      NOT NULL CHECK (version >= 0),
    body          json        NOT NULL,
    written_at    timestamptz NOT NULL,
    PRIMARY KEY (restaurant_id, version)
);

ALTER TABLE maitred.checkpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.checkpoints TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.checkpoints TO maitred_owner USING (true);
GRANT SELECT, INSERT, DELETE ON maitred.checkpoints TO maitred_app;

-- +goose Down
DROP TABLE maitred.checkpoints;
DROP TABLE maitred.due_work;
DROP TABLE maitred.receipts;
DROP TABLE maitred.staff_note;
DROP TABLE maitred.history;
ALTER TABLE maitred.restaurant_state DROP CONSTRAINT restaurant_state_journal;
DROP TABLE maitred.journal;
