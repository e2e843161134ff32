-- Who there is: restaurants, users, members, tokens.
--
-- Everywhere: a table whose rows belong to a restaurant has row-level security,
-- forced, and its policies beside it. maitred_app sees the rows of the restaurant
-- its transaction names and no others; maitred_system has a policy only where its
-- work crosses restaurants; maitred_owner sees all, for migrations and backups.

-- +goose Up
-- The store's only clock.
-- +goose StatementBegin
CREATE FUNCTION maitred.clock() RETURNS timestamptz
    LANGUAGE sql VOLATILE
    AS 'SELECT clock_timestamp()';
-- +goose StatementEnd

-- The restaurant that the transaction is about; NULL when it names none. After
-- the first transaction of a connection the setting is '' and not NULL.
-- +goose StatementBegin
CREATE FUNCTION maitred.tenant() RETURNS uuid
    LANGUAGE sql STABLE
    AS 'SELECT NULLIF(current_setting(''maitred.restaurant'', true), '''')::uuid';
-- +goose StatementEnd

REVOKE ALL ON FUNCTION maitred.clock(), maitred.tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION maitred.clock(), maitred.tenant() TO maitred_app, maitred_system;

CREATE TABLE maitred.restaurants (
    id         uuid        NOT NULL,
    slug       text        NOT NULL CHECK (slug ~ '^[a-z0-9-]{1,60}$'),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    zone       text        NOT NULL CHECK (length(zone) BETWEEN 1 AND 100),
    active     boolean     NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug)
);

ALTER TABLE maitred.restaurants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.restaurants TO maitred_app USING (id = (SELECT maitred.tenant()));
CREATE POLICY directory ON maitred.restaurants FOR SELECT TO maitred_system USING (true);
CREATE POLICY owner ON maitred.restaurants TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.restaurants TO maitred_app;
GRANT SELECT ON maitred.restaurants TO maitred_system;

-- A user is one person in the deployment; email_key is the address with case
-- folded. A restaurant sees its own members only.
CREATE TABLE maitred.users (
    id         uuid        NOT NULL,
    email      text        NOT NULL CHECK (length(email) BETWEEN 1 AND 320),
    email_key  text        NOT NULL,
    name       text        NOT NULL CHECK (length(name) <= 200),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email_key)
);

-- A removed member keeps its row without a role: its access revision has to go
-- on rising, so that a change decided before the removal fails its guard.
CREATE TABLE maitred.members (
    restaurant_id uuid   NOT NULL REFERENCES maitred.restaurants (id),
    user_id       uuid   NOT NULL REFERENCES maitred.users (id),
    role          text   CHECK (role IN ('owner', 'manager', 'host', 'server')),
    access_rev    bigint NOT NULL CHECK (access_rev > 0),
    PRIMARY KEY (restaurant_id, user_id)
);

CREATE INDEX members_user ON maitred.members (user_id);

ALTER TABLE maitred.members ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.members TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.members TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.members TO maitred_app;

ALTER TABLE maitred.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.users FOR SELECT TO maitred_app
    USING (EXISTS (SELECT FROM maitred.members AS m WHERE m.restaurant_id = (SELECT maitred.tenant()) AND m.user_id = users.id));
CREATE POLICY directory ON maitred.users TO maitred_system USING (true);
CREATE POLICY owner ON maitred.users TO maitred_owner USING (true);
GRANT SELECT ON maitred.users TO maitred_app;
GRANT SELECT, INSERT ON maitred.users TO maitred_system;

CREATE TABLE maitred.tokens (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    id            uuid        NOT NULL,
    name          text        NOT NULL CHECK (length(name) <= 200),
    role          text        NOT NULL CHECK (role IN ('owner', 'manager', 'host', 'server')),
    hash          bytea       NOT NULL CHECK (length(hash) = 32),
    hold_cap      integer     NOT NULL CHECK (hold_cap BETWEEN 1 AND 10000),
    access_rev    bigint      NOT NULL CHECK (access_rev > 0),
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (hash)
);

ALTER TABLE maitred.tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.tokens TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
-- The secret names its restaurant: who comes with one is looked up in all.
CREATE POLICY directory ON maitred.tokens FOR SELECT TO maitred_system USING (true);
CREATE POLICY owner ON maitred.tokens TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.tokens TO maitred_app;
GRANT SELECT ON maitred.tokens TO maitred_system;

-- +goose Down
DROP TABLE maitred.tokens;
DROP POLICY tenant ON maitred.users;
DROP TABLE maitred.members;
DROP TABLE maitred.users;
DROP TABLE maitred.restaurants;
DROP FUNCTION maitred.tenant();
DROP FUNCTION maitred.clock();
