-- What a restaurant is at its current version. Every reference names the
-- restaurant, so that none can point at another's rows.

-- +goose Up
-- Narrow, one row a restaurant, written first by each commit. The deferred
-- reference to the journal refuses a version that has no entry.
CREATE TABLE restaurant_state (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id) DEFERRABLE INITIALLY DEFERRED,
    epoch         TEXT    NOT NULL CHECK (length(epoch) BETWEEN 1 AND 32 AND epoch NOT GLOB '*[^a-z0-9]*'),
    version       INTEGER NOT NULL CHECK (version >= 0),
    head          TEXT    CHECK (length(head) = 36),
    floor_rev     INTEGER NOT NULL CHECK (floor_rev BETWEEN 0 AND version),
    policy_rev    INTEGER NOT NULL CHECK (policy_rev BETWEEN 0 AND version),
    bookings_rev  INTEGER NOT NULL CHECK (bookings_rev BETWEEN 0 AND version),
    holds_rev     INTEGER NOT NULL CHECK (holds_rev BETWEEN 0 AND version),
    last_at       INTEGER NOT NULL,
    open_from     TEXT    NOT NULL CHECK (length(open_from) = 10),
    PRIMARY KEY (restaurant_id),
    FOREIGN KEY (restaurant_id, version) REFERENCES journal (restaurant_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- name_key is the name with case folded in Go: SQLite folds ASCII only.
CREATE TABLE zones (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    id            TEXT    NOT NULL CHECK (length(id) = 36),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key      TEXT    NOT NULL,
    sort_order    INTEGER NOT NULL,
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, name_key)
) STRICT, WITHOUT ROWID;

-- number_key is the number with case folded; a retired table has none, its
-- number is free. Nor does it keep its zone. Zones are dropped before tables are
-- put, so the key to the zone is judged at the end.
CREATE TABLE tables (
    restaurant_id TEXT    NOT NULL,
    id            TEXT    NOT NULL CHECK (length(id) = 36),
    number        TEXT    NOT NULL CHECK (length(number) BETWEEN 1 AND 200),
    number_key    TEXT,
    zone_id       TEXT,
    min_covers    INTEGER NOT NULL CHECK (min_covers >= 1),
    max_covers    INTEGER NOT NULL CHECK (max_covers BETWEEN min_covers AND 50),
    movable       INTEGER NOT NULL CHECK (movable IN (0, 1)),
    category      TEXT    NOT NULL CHECK (category IN ('bar', 'dining', 'lounge', 'patio', 'private')),
    seating_type  TEXT    NOT NULL CHECK (seating_type IN ('standard', 'sofa', 'booth', 'high_top')),
    x             INTEGER NOT NULL,
    y             INTEGER NOT NULL,
    rotation      INTEGER NOT NULL,
    shape         TEXT    NOT NULL CHECK (shape IN ('', 'round', 'square', 'rectangle')),
    width         INTEGER NOT NULL,
    height        INTEGER NOT NULL,
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    ready         INTEGER NOT NULL CHECK (ready IN (0, 1)),
    retired       INTEGER NOT NULL CHECK (retired IN (0, 1)),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, number_key),
    CHECK ((retired = 1) = (number_key IS NULL)),
    CHECK (retired = 1 OR zone_id IS NOT NULL),
    FOREIGN KEY (restaurant_id, zone_id) REFERENCES zones (restaurant_id, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE adjacencies (
    restaurant_id TEXT NOT NULL,
    a_table_id    TEXT NOT NULL,
    b_table_id    TEXT NOT NULL CHECK (a_table_id < b_table_id),
    PRIMARY KEY (restaurant_id, a_table_id, b_table_id),
    FOREIGN KEY (restaurant_id, a_table_id) REFERENCES tables (restaurant_id, id),
    FOREIGN KEY (restaurant_id, b_table_id) REFERENCES tables (restaurant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE combinations (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    id            TEXT    NOT NULL CHECK (length(id) = 36),
    min_covers    INTEGER NOT NULL CHECK (min_covers >= 1),
    max_covers    INTEGER NOT NULL CHECK (max_covers >= min_covers),
    PRIMARY KEY (restaurant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE combination_tables (
    restaurant_id  TEXT NOT NULL,
    combination_id TEXT NOT NULL,
    table_id       TEXT NOT NULL,
    PRIMARY KEY (restaurant_id, combination_id, table_id),
    FOREIGN KEY (restaurant_id, combination_id) REFERENCES combinations (restaurant_id, id),
    FOREIGN KEY (restaurant_id, table_id) REFERENCES tables (restaurant_id, id)
) STRICT, WITHOUT ROWID;

-- A block's tables are its allocations, all of exactly its window.
CREATE TABLE blocks (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    id            TEXT    NOT NULL CHECK (length(id) = 36),
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL CHECK (ends_at > starts_at),
    reason        TEXT    NOT NULL CHECK (length(reason) <= 200),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, id, starts_at, ends_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
    restaurant_id TEXT NOT NULL REFERENCES restaurants (id),
    body          TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (restaurant_id),
    CHECK (json_extract(body, '$.bufferBeforeMinutes') BETWEEN 0 AND 120),
    CHECK (json_extract(body, '$.bufferAfterMinutes') BETWEEN 0 AND 120),
    CHECK (json_extract(body, '$.hold.minTtlSeconds') BETWEEN 1 AND 600),
    CHECK (json_extract(body, '$.hold.maxTtlSeconds') BETWEEN 30 AND 600),
    CHECK (json_extract(body, '$.hold.defaultTtlSeconds')
        BETWEEN json_extract(body, '$.hold.minTtlSeconds') AND json_extract(body, '$.hold.maxTtlSeconds')),
    CHECK (json_extract(body, '$.hold.budgetMax') BETWEEN 1 AND 100),
    CHECK (json_extract(body, '$.hold.budgetWindowSeconds') BETWEEN 5 AND 3600),
    CHECK (json_extract(body, '$.slackBudget') BETWEEN 0 AND 12),
    CHECK (json_extract(body, '$.maxTables') BETWEEN 1 AND 8),
    CHECK (json_extract(body, '$.late.afterMinutes') BETWEEN 1 AND 240),
    CHECK (json_extract(body, '$.pendingMinutes') BETWEEN 1 AND 1440),
    CHECK (json_extract(body, '$.maxAdvanceDays') BETWEEN 1 AND 730)
) STRICT, WITHOUT ROWID;

-- Periods and closures are lists that are replaced whole.
CREATE TABLE service_periods (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    ordinal       INTEGER NOT NULL CHECK (ordinal >= 0),
    body          TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (restaurant_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE closures (
    restaurant_id TEXT    NOT NULL REFERENCES restaurants (id),
    ordinal       INTEGER NOT NULL CHECK (ordinal >= 0),
    body          TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (restaurant_id, ordinal),
    CHECK (json_extract(body, '$.from') <= json_extract(body, '$.to'))
) STRICT, WITHOUT ROWID;

-- The wish for a zone is checked at commit: a change may drop a zone before it
-- puts the bookings that wished for it.
CREATE TABLE bookings (
    restaurant_id    TEXT    NOT NULL REFERENCES restaurants (id),
    id               TEXT    NOT NULL CHECK (length(id) = 36),
    reference        TEXT    NOT NULL CHECK (length(reference) BETWEEN 1 AND 32),
    covers           INTEGER NOT NULL CHECK (covers BETWEEN 1 AND 100),
    date             TEXT    NOT NULL CHECK (length(date) = 10),
    time             TEXT    NOT NULL CHECK (time GLOB '[0-2][0-9]:[0-5][0-9]'),
    service_date     TEXT    NOT NULL CHECK (length(service_date) = 10),
    starts_at        INTEGER NOT NULL,
    ends_at          INTEGER NOT NULL CHECK (ends_at > starts_at),
    dining_starts_at INTEGER NOT NULL,
    dining_ends_at   INTEGER NOT NULL CHECK (dining_ends_at > dining_starts_at),
    turn_minutes     INTEGER NOT NULL CHECK (turn_minutes BETWEEN 0 AND 600),
    status           TEXT    NOT NULL CHECK (status IN
        ('waitlisted', 'pending', 'confirmed', 'checked_in', 'completed', 'cancelled', 'no_show')),
    zone_id          TEXT,
    seating_wish     TEXT    CHECK (seating_wish IN ('standard', 'sofa', 'booth', 'high_top')),
    source           TEXT    NOT NULL CHECK (source IN ('web', 'phone', 'walk_in', 'api', 'import')),
    arrived_at       INTEGER,
    checked_in_at    INTEGER,
    ended_at         INTEGER,
    chosen_by        TEXT    CHECK (chosen_by IN ('person', 'planner')),
    created_at       INTEGER NOT NULL,
    created_by       TEXT    NOT NULL CHECK (length(created_by) BETWEEN 1 AND 200),
    version          INTEGER NOT NULL CHECK (version >= 0),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, reference),
    FOREIGN KEY (restaurant_id, zone_id) REFERENCES zones (restaurant_id, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE INDEX bookings_day ON bookings (restaurant_id, service_date, starts_at, id);

-- Only holds that have not ended are here. The anchor is one of the hold's own
-- allocations: owner_kind and id make it that, and the deferred reference
-- refuses a hold without any. changed_at is when the row was last put: no write
-- may set an expiry more than ten minutes ahead.
CREATE TABLE holds (
    restaurant_id     TEXT    NOT NULL REFERENCES restaurants (id),
    id                TEXT    NOT NULL CHECK (length(id) = 36),
    booking_id        TEXT    NOT NULL,
    starts_at         INTEGER NOT NULL,
    ends_at           INTEGER NOT NULL CHECK (ends_at > starts_at),
    expires_at        INTEGER NOT NULL,
    held_since        INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    created_by        TEXT    NOT NULL CHECK (length(created_by) BETWEEN 1 AND 200),
    require_adjacency INTEGER NOT NULL CHECK (require_adjacency IN (0, 1)),
    override          TEXT    CHECK (json_valid(override)),
    made_version      INTEGER NOT NULL CHECK (made_version >= 0),
    changed_at        INTEGER NOT NULL,
    owner_kind        TEXT    NOT NULL DEFAULT 'hold' CHECK (owner_kind = 'hold'),
    anchor_table_id   TEXT    NOT NULL,
    anchor_starts_at  INTEGER NOT NULL,
    table_count       INTEGER NOT NULL CHECK (table_count >= 1),
    PRIMARY KEY (restaurant_id, id),
    UNIQUE (restaurant_id, booking_id),
    UNIQUE (restaurant_id, id, booking_id),
    CHECK (held_since <= created_at),
    CHECK (expires_at > held_since),
    CHECK (expires_at <= held_since + 1800000000),
    CHECK (expires_at <= changed_at + 600000000),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES bookings (restaurant_id, id),
    FOREIGN KEY (restaurant_id, anchor_table_id, owner_kind, anchor_starts_at, id)
        REFERENCES allocations (restaurant_id, table_id, owner_kind, starts_at, owner_id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE ended_holds (
    restaurant_id     TEXT    NOT NULL,
    id                TEXT    NOT NULL CHECK (length(id) = 36),
    booking_id        TEXT    NOT NULL,
    starts_at         INTEGER NOT NULL,
    ends_at           INTEGER NOT NULL CHECK (ends_at > starts_at),
    expires_at        INTEGER NOT NULL,
    held_since        INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    created_by        TEXT    NOT NULL,
    require_adjacency INTEGER NOT NULL CHECK (require_adjacency IN (0, 1)),
    override          TEXT    CHECK (json_valid(override)),
    made_version      INTEGER NOT NULL,
    tables            TEXT    NOT NULL CHECK (json_valid(tables)),
    how               TEXT    NOT NULL CHECK (how IN ('released', 'expired', 'superseded', 'confirmed')),
    ended_at          INTEGER NOT NULL,
    ended_by          TEXT    NOT NULL CHECK (length(ended_by) BETWEEN 1 AND 200),
    PRIMARY KEY (restaurant_id, id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES bookings (restaurant_id, id)
) STRICT, WITHOUT ROWID;

-- For the budget (creations of the last hour) and for a booking's own.
CREATE INDEX ended_holds_created ON ended_holds (restaurant_id, created_at, booking_id, created_by);

-- The only record of occupancy. A hold's rows name its booking as claimant and
-- a block's have exactly its window, by reference. The key has the kind before
-- the start: the overlap trigger looks for the last row of a kind.
CREATE TABLE allocations (
    restaurant_id TEXT    NOT NULL,
    table_id      TEXT    NOT NULL,
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL CHECK (ends_at > starts_at),
    owner_kind    TEXT    NOT NULL CHECK (owner_kind IN ('hold', 'booking', 'block')),
    owner_id      TEXT    NOT NULL,
    claimant      TEXT    NOT NULL,
    hold_id       TEXT,
    booking_id    TEXT,
    block_id      TEXT,
    PRIMARY KEY (restaurant_id, table_id, owner_kind, starts_at, owner_id),
    CHECK (CASE owner_kind
        WHEN 'hold' THEN hold_id IS owner_id AND booking_id IS NULL AND block_id IS NULL
        WHEN 'booking' THEN booking_id IS owner_id AND claimant = owner_id AND hold_id IS NULL AND block_id IS NULL
        ELSE block_id IS owner_id AND claimant = owner_id AND hold_id IS NULL AND booking_id IS NULL END),
    FOREIGN KEY (restaurant_id, table_id) REFERENCES tables (restaurant_id, id),
    FOREIGN KEY (restaurant_id, hold_id, claimant) REFERENCES holds (restaurant_id, id, booking_id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES bookings (restaurant_id, id),
    FOREIGN KEY (restaurant_id, block_id, starts_at, ends_at) REFERENCES blocks (restaurant_id, id, starts_at, ends_at)
) STRICT, WITHOUT ROWID;

-- Covers what a load reads of a booking.
CREATE INDEX allocations_claimant ON allocations (restaurant_id, claimant, owner_kind, owner_id, table_id, starts_at, ends_at);

-- What a hold or a block owns: for its end, and for the check that it owns
-- nothing then. Small, because both are few.
CREATE INDEX allocations_hold ON allocations (restaurant_id, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX allocations_block ON allocations (restaurant_id, block_id) WHERE block_id IS NOT NULL;

-- The only place with guest data; name_key is the name with case folded.
CREATE TABLE guest (
    restaurant_id TEXT NOT NULL,
    booking_id    TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    phone         TEXT NOT NULL,
    email         TEXT NOT NULL,
    notes         TEXT NOT NULL,
    PRIMARY KEY (restaurant_id, booking_id),
    FOREIGN KEY (restaurant_id, booking_id) REFERENCES bookings (restaurant_id, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE guest;
DROP TABLE allocations;
DROP TABLE ended_holds;
DROP TABLE holds;
DROP TABLE bookings;
DROP TABLE closures;
DROP TABLE service_periods;
DROP TABLE policies;
DROP TABLE blocks;
DROP TABLE combination_tables;
DROP TABLE combinations;
DROP TABLE adjacencies;
DROP TABLE tables;
DROP TABLE zones;
DROP TABLE restaurant_state;
