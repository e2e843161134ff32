-- The tokens of operators, who run the deployment. They belong to no restaurant:
-- no row of one refers to them, and they open none. A transaction of a restaurant
-- has no right on them; the system looks them up, adds them and ends them, and
-- changes nothing else of one.

-- +goose Up
CREATE TABLE maitred.operators (
    id         uuid        NOT NULL,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    hash       bytea       NOT NULL CHECK (length(hash) = 32),
    access_rev bigint      NOT NULL CHECK (access_rev > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (id),
    UNIQUE (hash)
);

GRANT SELECT, INSERT, UPDATE (access_rev, revoked_at) ON maitred.operators TO maitred_system;

-- +goose Down
DROP TABLE maitred.operators;
