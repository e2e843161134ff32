-- The tokens of operators, who run the deployment. They belong to no restaurant:
-- no row of one refers to them, and they open none.

-- +goose Up
CREATE TABLE operators (
    id         TEXT    NOT NULL CHECK (length(id) = 36),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    access_rev INTEGER NOT NULL CHECK (access_rev > 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (id),
    UNIQUE (hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE operators;
