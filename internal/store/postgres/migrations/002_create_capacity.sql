-- What a restaurant is at its current version. Every reference names the
-- restaurant, so that none can point at another's rows.

-- +goose Up
-- Narrow, one row a restaurant, written first by each commit; no reference points
-- at it, so that nobody else locks it. Its reference to the journal, which
-- refuses a version without an entry, is made with the journal.
CREATE TABLE maitred.restaurant_state (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id) DEFERRABLE INITIALLY DEFERRED,
    epoch         text        NOT NULL CHECK (epoch ~ '^[a-z0-9]{1,32}$'),
    version       bigint      NOT NULL CHECK (version >= 0),
    head          uuid,
    floor_rev     bigint      NOT NULL CHECK (floor_rev BETWEEN 0 AND version),
    policy_rev    bigint      NOT NULL CHECK (policy_rev BETWEEN 0 AND version),
    bookings_rev  bigint      NOT NULL CHECK (bookings_rev BETWEEN 0 AND version),
    holds_rev     bigint      NOT NULL CHECK (holds_rev BETWEEN 0 AND version),
    last_at       timestamptz NOT NULL,
    open_from     date        NOT NULL,
    PRIMARY KEY (restaurant_id)
) WITH (fillfactor = 50);

ALTER TABLE maitred.restaurant_state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.restaurant_state TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY states ON maitred.restaurant_state FOR SELECT TO maitred_system USING (true);
CREATE POLICY owner ON maitred.restaurant_state TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.restaurant_state TO maitred_app;
GRANT SELECT ON maitred.restaurant_state TO maitred_system;

-- name_key is the name with case folded by the store, the same on every database.
CREATE TABLE maitred.zones (
    restaurant_id uuid    NOT NULL REFERENCES maitred.restaurants (id),
    id            uuid    NOT NULL,
    name          text    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key      text    NOT NULL,
    sort_order    bigint  NOT NULL,
    active        boolean NOT NULL,
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, name_key)
);

ALTER TABLE maitred.zones ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.zones TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.zones TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.zones TO maitred_app;

-- number_key is the number with case folded; a retired table has none, its
-- number is free. Nor does it keep its zone. Zones are dropped before tables are
-- put, so the key to the zone is judged at the end.
CREATE TABLE maitred.tables (
    restaurant_id uuid    NOT NULL REFERENCES maitred.restaurants (id),
    id            uuid    NOT NULL,
    number        text    NOT NULL CHECK (length(number) BETWEEN 1 AND 200),
    number_key    text,
    zone_id       uuid,
    min_covers    integer NOT NULL CHECK (min_covers >= 1),
    max_covers    integer NOT NULL CHECK (max_covers BETWEEN min_covers AND 50),
    movable       boolean NOT NULL,
    category      text    NOT NULL CHECK (category IN ('bar', 'dining', 'lounge', 'patio', 'private')),
    seating_type  text    NOT NULL CHECK (seating_type IN ('standard', 'sofa', 'booth', 'high_top')),
    x             bigint  NOT NULL,
    y             bigint  NOT NULL,
    rotation      bigint  NOT NULL,
    shape         text    NOT NULL CHECK (shape IN ('', 'round', 'square', 'rectangle')),
    width         bigint  NOT NULL,
    height        bigint  NOT NULL,
    active        boolean NOT NULL,
    ready         boolean NOT NULL,
    retired       boolean NOT NULL,
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, number_key),
    CHECK (retired = (number_key IS NULL)),
    CHECK (retired OR zone_id IS NOT NULL),
    FOREIGN KEY (restaurant_id, zone_id) REFERENCES maitred.zones (restaurant_id, id) DEFERRABLE INITIALLY DEFERRED
);

ALTER TABLE maitred.tables ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.tables TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.tables TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.tables TO maitred_app;

CREATE TABLE maitred.adjacencies (
    restaurant_id uuid NOT NULL,
    a_table_id    uuid NOT NULL,
    b_table_id    uuid NOT NULL CHECK (a_table_id < b_table_id),
    PRIMARY KEY (restaurant_id, a_table_id, b_table_id),
    FOREIGN KEY (restaurant_id, a_table_id) REFERENCES maitred.tables (restaurant_id, id),
    FOREIGN KEY (restaurant_id, b_table_id) REFERENCES maitred.tables (restaurant_id, id)
);

ALTER TABLE maitred.adjacencies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.adjacencies TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.adjacencies TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.adjacencies TO maitred_app;

CREATE TABLE maitred.combinations (
    restaurant_id uuid    NOT NULL REFERENCES maitred.restaurants (id),
    id            uuid    NOT NULL,
    min_covers    integer NOT NULL CHECK (min_covers >= 1),
    max_covers    integer NOT NULL CHECK (max_covers >= min_covers),
    PRIMARY KEY (restaurant_id, id)
);

ALTER TABLE maitred.combinations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.combinations TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.combinations TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.combinations TO maitred_app;

CREATE TABLE maitred.combination_tables (
    restaurant_id  uuid NOT NULL,
    combination_id uuid NOT NULL,
    table_id       uuid NOT NULL,
    PRIMARY KEY (restaurant_id, combination_id, table_id),
    FOREIGN KEY (restaurant_id, combination_id) REFERENCES maitred.combinations (restaurant_id, id),
    FOREIGN KEY (restaurant_id, table_id) REFERENCES maitred.tables (restaurant_id, id)
);

ALTER TABLE maitred.combination_tables ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.combination_tables TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.combination_tables TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.combination_tables TO maitred_app;

-- A block's tables are its allocations, all of exactly its window.
CREATE TABLE maitred.blocks (
    restaurant_id uuid        NOT NULL REFERENCES maitred.restaurants (id),
    id            uuid        NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL CHECK (ends_at > starts_at),
    reason        text        NOT NULL CHECK (length(reason) <= 200),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, id, starts_at, ends_at)
);

ALTER TABLE maitred.blocks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.blocks TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.blocks TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.blocks TO maitred_app;

CREATE TABLE maitred.policies (
    restaurant_id uuid  NOT NULL REFERENCES maitred.restaurants (id),
    body          jsonb NOT NULL,
    PRIMARY KEY (restaurant_id),
    CHECK ((body -> 'bufferBeforeMinutes')::integer BETWEEN 0 AND 120),
    CHECK ((body -> 'bufferAfterMinutes')::integer BETWEEN 0 AND 120),
    CHECK ((body #> '{hold,minTtlSeconds}')::integer BETWEEN 1 AND 600),
    CHECK ((body #> '{hold,maxTtlSeconds}')::integer BETWEEN 30 AND 600),
    CHECK ((body #> '{hold,defaultTtlSeconds}')::integer
        BETWEEN (body #> '{hold,minTtlSeconds}')::integer AND (body #> '{hold,maxTtlSeconds}')::integer),
    CHECK ((body #> '{hold,budgetMax}')::integer BETWEEN 1 AND 100),
    CHECK ((body #> '{hold,budgetWindowSeconds}')::integer BETWEEN 5 AND 3600),
    CHECK ((body -> 'slackBudget')::integer BETWEEN 0 AND 12),
    CHECK ((body -> 'maxTables')::integer BETWEEN 1 AND 8),
    CHECK ((body #> '{late,afterMinutes}')::integer BETWEEN 1 AND 240),
    CHECK ((body -> 'pendingMinutes')::integer BETWEEN 1 AND 1440),
    CHECK ((body -> 'maxAdvanceDays')::integer BETWEEN 1 AND 730)
);

ALTER TABLE maitred.policies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.policies TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.policies TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.policies TO maitred_app;

-- Periods and closures are lists that are replaced whole.
CREATE TABLE maitred.service_periods (
    restaurant_id uuid    NOT NULL REFERENCES maitred.restaurants (id),
    ordinal       integer NOT NULL CHECK (ordinal >= 0),
    body          jsonb   NOT NULL,
    PRIMARY KEY (restaurant_id, ordinal)
);

ALTER TABLE maitred.service_periods ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.service_periods TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.service_periods TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.service_periods TO maitred_app;

CREATE TABLE maitred.closures (
    restaurant_id uuid    NOT NULL REFERENCES maitred.restaurants (id),
    ordinal       integer NOT NULL CHECK (ordinal >= 0),
    body          jsonb   NOT NULL,
    PRIMARY KEY (restaurant_id, ordinal),
    CHECK ((body ->> 'from') <= (body ->> 'to'))
);

ALTER TABLE maitred.closures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.closures TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.closures TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.closures TO maitred_app;

-- The wish for a zone is checked at commit: a change may drop a zone before it
-- puts the bookings that wished for it.
CREATE TABLE maitred.bookings (
    restaurant_id    uuid        NOT NULL REFERENCES maitred.restaurants (id),
    id               uuid        NOT NULL,
    reference        text        NOT NULL CHECK (length(reference) BETWEEN 1 AND 32),
    covers           integer     NOT NULL CHECK (covers BETWEEN 1 AND 100),
    date             date        NOT NULL,
    time             text        NOT NULL CHECK (time ~ '^[0-2][0-9]:[0-5][0-9]$'),
    service_date     date        NOT NULL,
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL CHECK (ends_at > starts_at),
    dining_starts_at timestamptz NOT NULL,
    dining_ends_at   timestamptz NOT NULL CHECK (dining_ends_at > dining_starts_at),
    turn_minutes     integer     NOT NULL CHECK (turn_minutes BETWEEN 0 AND 600),
    status           text        NOT NULL CHECK (status IN
        ('waitlisted', 'pending', 'confirmed', 'checked_in', 'completed', 'cancelled', 'no_show')),
    zone_id          uuid,
    seating_wish     text        CHECK (seating_wish IN ('standard', 'sofa', 'booth', 'high_top')),
    source           text        NOT NULL CHECK (source IN ('web', 'phone', 'walk_in', 'api', 'import')),
    arrived_at       timestamptz,
    checked_in_at    timestamptz,
    ended_at         timestamptz,
    chosen_by        text        CHECK (chosen_by IN ('person', 'planner')),
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL CHECK (length(created_by) BETWEEN 1 AND 200),
    version          bigint      NOT NULL CHECK (version >= 0),
    PRIMARY KEY (restaurant_id, id),
    CONSTRAINT bookings_reference UNIQUE (restaurant_id, reference),
    FOREIGN KEY (restaurant_id, zone_id) REFERENCES maitred.zones (restaurant_id, id) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80);

CREATE INDEX bookings_day ON maitred.bookings (restaurant_id, service_date, starts_at, id);

ALTER TABLE maitred.bookings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.bookings TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.bookings TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.bookings TO maitred_app;

-- Only holds that have not ended are here. The anchor is one of the hold's own
-- allocations: owner_kind and id make it that, and the deferred reference
-- refuses a hold without any. changed_at is when the row was last put: no write
-- may set an expiry more than ten minutes ahead.
CREATE TABLE maitred.holds (
    restaurant_id     uuid        NOT NULL,
    id                uuid        NOT NULL,
    booking_id        uuid        NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL CHECK (ends_at > starts_at),
    expires_at        timestamptz NOT NULL,
    held_since        timestamptz NOT NULL,
    created_at        timestamptz NOT NULL,
    created_by        text        NOT NULL CHECK (length(created_by) BETWEEN 1 AND 200),
    require_adjacency boolean     NOT NULL,
    override          jsonb,
    made_version      bigint      NOT NULL CHECK (made_version >= 0),
    changed_at        timestamptz NOT NULL,
    owner_kind        text        NOT NULL DEFAULT 'hold' CHECK (owner_kind = 'hold'),
    anchor_table_id   uuid        NOT NULL,
    anchor_starts_at  timestamptz NOT NULL,
    table_count       integer     NOT NULL CHECK (table_count >= 1),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, booking_id),
    UNIQUE (restaurant_id, id, booking_id),
    CHECK (held_since <= created_at),
    CHECK (expires_at > held_since),
    CHECK (expires_at <= held_since + interval '30 minutes'),
    CHECK (expires_at <= changed_at + interval '10 minutes'),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES maitred.bookings (restaurant_id, id)
) WITH (fillfactor = 80);

ALTER TABLE maitred.holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.holds TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.holds TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.holds TO maitred_app;

CREATE TABLE maitred.ended_holds (
    restaurant_id     uuid        NOT NULL,
    id                uuid        NOT NULL,
    booking_id        uuid        NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL CHECK (ends_at > starts_at),
    expires_at        timestamptz NOT NULL,
    held_since        timestamptz NOT NULL,
    created_at        timestamptz NOT NULL,
    created_by        text        NOT NULL,
    require_adjacency boolean     NOT NULL,
    override          jsonb,
    made_version      bigint      NOT NULL,
    tables            jsonb       NOT NULL,
    how               text        NOT NULL CHECK (how IN ('released', 'expired', 'superseded', 'confirmed')),
    ended_at          timestamptz NOT NULL,
    ended_by          text        NOT NULL CHECK (length(ended_by) BETWEEN 1 AND 200),
    PRIMARY KEY (restaurant_id, id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES maitred.bookings (restaurant_id, id)
);

-- For the budget (creations of the last hour) and for a booking's own.
CREATE INDEX ended_holds_created ON maitred.ended_holds (restaurant_id, created_at, booking_id, created_by);

ALTER TABLE maitred.ended_holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.ended_holds TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.ended_holds TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.ended_holds TO maitred_app;

-- The only record of occupancy. A hold's rows name its booking as claimant and
-- a block's have exactly its window, by reference. Two rows of one table whose
-- claimants differ never overlap, whoever writes them. Start and end are columns
-- of their own for the reads: behind row-level security a range index serves none.
CREATE TABLE maitred.allocations (
    restaurant_id uuid        NOT NULL,
    table_id      uuid        NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL CHECK (ends_at > starts_at),
    owner_kind    text        NOT NULL CHECK (owner_kind IN ('hold', 'booking', 'block')),
    owner_id      uuid        NOT NULL,
    claimant      uuid        NOT NULL,
    hold_id       uuid,
    booking_id    uuid,
    block_id      uuid,
    PRIMARY KEY (restaurant_id, table_id, owner_kind, starts_at, owner_id),
    CHECK (CASE owner_kind
        WHEN 'hold' THEN hold_id IS NOT DISTINCT FROM owner_id AND booking_id IS NULL AND block_id IS NULL
        WHEN 'booking' THEN booking_id IS NOT DISTINCT FROM owner_id AND claimant = owner_id AND hold_id IS NULL AND block_id IS NULL
        ELSE block_id IS NOT DISTINCT FROM owner_id AND claimant = owner_id AND hold_id IS NULL AND booking_id IS NULL END),
    FOREIGN KEY (restaurant_id, table_id) REFERENCES maitred.tables (restaurant_id, id),
    FOREIGN KEY (restaurant_id, hold_id, claimant) REFERENCES maitred.holds (restaurant_id, id, booking_id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES maitred.bookings (restaurant_id, id),
    FOREIGN KEY (restaurant_id, block_id, starts_at, ends_at) REFERENCES maitred.blocks (restaurant_id, id, starts_at, ends_at),
    CONSTRAINT allocations_no_overlap EXCLUDE USING gist (
        restaurant_id WITH =, table_id WITH =, tstzrange(starts_at, ends_at) WITH &&, claimant WITH <>)
) WITH (fillfactor = 80);

-- Covers what a load reads of a booking.
CREATE INDEX allocations_claimant ON maitred.allocations (restaurant_id, claimant, owner_kind, owner_id, table_id, starts_at, ends_at);

-- What a hold or a block owns: for its end, and for the check that it owns
-- nothing then. Small, because both are few.
CREATE INDEX allocations_hold ON maitred.allocations (restaurant_id, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX allocations_block ON maitred.allocations (restaurant_id, block_id) WHERE block_id IS NOT NULL;

ALTER TABLE maitred.allocations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.allocations TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.allocations TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.allocations TO maitred_app;

ALTER TABLE maitred.holds ADD CONSTRAINT holds_anchor
    FOREIGN KEY (restaurant_id, anchor_table_id, owner_kind, anchor_starts_at, id)
    REFERENCES maitred.allocations (restaurant_id, table_id, owner_kind, starts_at, owner_id) DEFERRABLE INITIALLY DEFERRED;

-- The only place with guest data; name_key is the name with case folded.
CREATE TABLE maitred.guest (
    restaurant_id uuid NOT NULL,
    booking_id    uuid NOT NULL,
    name          text NOT NULL,
    name_key      text NOT NULL,
    phone         text NOT NULL,
    email         text NOT NULL,
    notes         text NOT NULL,
    PRIMARY KEY (restaurant_id, booking_id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES maitred.bookings (restaurant_id, id)
);

ALTER TABLE maitred.guest ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON maitred.guest TO maitred_app USING (restaurant_id = (SELECT maitred.tenant()));
CREATE POLICY owner ON maitred.guest TO maitred_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON maitred.guest TO maitred_app;

-- +goose Down
DROP TABLE maitred.guest;
ALTER TABLE maitred.holds DROP CONSTRAINT holds_anchor;
DROP TABLE maitred.allocations;
DROP TABLE maitred.ended_holds;
DROP TABLE maitred.holds;
DROP TABLE maitred.bookings;
DROP TABLE maitred.closures;
DROP TABLE maitred.service_periods;
DROP TABLE maitred.policies;
DROP TABLE maitred.blocks;
DROP TABLE maitred.combination_tables;
DROP TABLE maitred.combinations;
DROP TABLE maitred.adjacencies;
DROP TABLE maitred.tables;
DROP TABLE maitred.zones;
DROP TABLE maitred.restaurant_state;
