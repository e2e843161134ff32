-- A restaurant goes with all its rows. The version is raised first, because the
-- database refuses every other way; the state goes last.

-- name: TakeTime
-- What reads or removes all there is of a restaurant may take longer than a
-- request may.
SELECT set_config('statement_timeout', '10min', true);

-- name: BumpForDrop
UPDATE maitred.restaurant_state
SET version = version + 1
WHERE restaurant_id = $1
RETURNING 1;

-- name: EmptyAllocations
DELETE FROM maitred.allocations
WHERE restaurant_id = $1;

-- name: EmptyHolds
DELETE FROM maitred.holds
WHERE restaurant_id = $1;

-- name: EmptyEndedHolds
DELETE FROM maitred.ended_holds
WHERE restaurant_id = $1;

-- name: EmptyBlocks
DELETE FROM maitred.blocks
WHERE restaurant_id = $1;

-- name: EmptyGuests
DELETE FROM maitred.guest
WHERE restaurant_id = $1;

-- name: EmptyBookings
DELETE FROM maitred.bookings
WHERE restaurant_id = $1;

-- name: EmptyAdjacencies
DELETE FROM maitred.adjacencies
WHERE restaurant_id = $1;

-- name: EmptyCombinationTables
DELETE FROM maitred.combination_tables
WHERE restaurant_id = $1;

-- name: EmptyCombinations
DELETE FROM maitred.combinations
WHERE restaurant_id = $1;

-- name: EmptyTables
DELETE FROM maitred.tables
WHERE restaurant_id = $1;

-- name: EmptyZones
DELETE FROM maitred.zones
WHERE restaurant_id = $1;

-- name: EmptyPeriods
DELETE FROM maitred.service_periods
WHERE restaurant_id = $1;

-- name: EmptyClosures
DELETE FROM maitred.closures
WHERE restaurant_id = $1;

-- name: EmptyPolicy
DELETE FROM maitred.policies
WHERE restaurant_id = $1;

-- name: EmptyReceipts
DELETE FROM maitred.receipts
WHERE restaurant_id = $1;

-- name: EmptyDue
DELETE FROM maitred.due_work
WHERE restaurant_id = $1;

-- name: EmptyNotes
DELETE FROM maitred.staff_note
WHERE restaurant_id = $1;

-- name: EmptyHistory
DELETE FROM maitred.history
WHERE restaurant_id = $1;

-- name: EmptyCheckpoints
DELETE FROM maitred.checkpoints
WHERE restaurant_id = $1;

-- name: EmptyOutbox
DELETE FROM maitred.capacity_outbox
WHERE restaurant_id = $1;

-- name: EmptyOutboxBlocks
DELETE FROM maitred.outbox_block
WHERE restaurant_id = $1;

-- name: EmptyOutboxDead
DELETE FROM maitred.outbox_dead
WHERE restaurant_id = $1;

-- name: EmptyWebhooks
DELETE FROM maitred.webhook_endpoints
WHERE restaurant_id = $1;

-- name: EmptyDeliveries
DELETE FROM maitred.webhook_deliveries
WHERE restaurant_id = $1;

-- name: EmptyObserved
DELETE FROM maitred.observability_events
WHERE restaurant_id = $1;

-- name: EmptyMembers
DELETE FROM maitred.members
WHERE restaurant_id = $1;

-- name: EmptyTokens
DELETE FROM maitred.tokens
WHERE restaurant_id = $1;

-- name: DropRestaurantRow
DELETE FROM maitred.restaurants
WHERE id = $1;

-- name: EmptyJournal
DELETE FROM maitred.journal
WHERE restaurant_id = $1;

-- name: DropState
DELETE FROM maitred.restaurant_state
WHERE restaurant_id = $1;
