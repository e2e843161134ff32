-- Who there is: restaurants, users, members, tokens.
--
-- Everywhere: ids are canonical lower-case UUIDs, instants are microseconds
-- since 1970 in columns named *_at, dates are 'YYYY-MM-DD'.

-- +goose Up
CREATE TABLE restaurants (
    id         TEXT    NOT NULL CHECK (length(id) = 36),
    slug       TEXT    NOT NULL CHECK (length(slug) BETWEEN 1 AND 60 AND slug NOT GLOB '*[^a-z0-9-]*'),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    zone       TEXT    NOT NULL CHECK (length(zone) BETWEEN 1 AND 100),
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug)
) STRICT, WITHOUT ROWID;

-- A user is one person in the deployment; email_key is the address with case folded.
CREATE TABLE users (
    id         TEXT    NOT NULL CHECK (length(id) = 36),
    email      TEXT    NOT NULL CHECK (length(email) BETWEEN 1 AND 320),
    email_key  TEXT    NOT NULL,
    name       TEXT    NOT NULL CHECK (length(name) <= 200),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email_key)
) STRICT, WITHOUT ROWID;

-- A removed member keeps its row without a role: its access revision has to go
-- on rising, so that a change decided before the removal fails its guard.
CREATE TABLE members (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    user_id       TEXT    NOT NULL REFERENCES users (id),
    role          TEXT    CHECK (role IN ('owner', 'manager', 'host', 'server')),
    access_rev    INTEGER NOT NULL CHECK (access_rev > 0),
    PRIMARY KEY (restaurant_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_user ON members (user_id);

CREATE TABLE tokens (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    id            TEXT    NOT NULL CHECK (length(id) = 36),
    name          TEXT    NOT NULL CHECK (length(name) <= 200),
    role          TEXT    NOT NULL CHECK (role IN ('owner', 'manager', 'host', 'server')),
    hash          BLOB    NOT NULL CHECK (length(hash) = 32),
    hold_cap      INTEGER NOT NULL CHECK (hold_cap BETWEEN 1 AND 10000),
    access_rev    INTEGER NOT NULL CHECK (access_rev > 0),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE tokens;
DROP TABLE members;
DROP TABLE users;
DROP TABLE restaurants;
