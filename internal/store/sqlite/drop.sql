-- A restaurant goes with all its rows. The version is raised first, because the
-- database refuses every other way; the state goes last.

-- name: BumpForDrop
UPDATE restaurant_state
SET version = version + 1
WHERE restaurant_id = ?;

-- name: DropAllocations
DELETE FROM allocations
WHERE restaurant_id = ?;

-- name: DropHolds
DELETE FROM holds
WHERE restaurant_id = ?;

-- name: DropEndedHolds
DELETE FROM ended_holds
WHERE restaurant_id = ?;

-- name: DropBlocks
DELETE FROM blocks
WHERE restaurant_id = ?;

-- name: DropGuests
DELETE FROM guest
WHERE restaurant_id = ?;

-- name: DropBookings
DELETE FROM bookings
WHERE restaurant_id = ?;

-- name: DropAdjacencies
DELETE FROM adjacencies
WHERE restaurant_id = ?;

-- name: DropCombinationTables
DELETE FROM combination_tables
WHERE restaurant_id = ?;

-- name: DropCombinations
DELETE FROM combinations
WHERE restaurant_id = ?;

-- name: DropTables
DELETE FROM tables
WHERE restaurant_id = ?;

-- name: DropZones
DELETE FROM zones
WHERE restaurant_id = ?;

-- name: DropPeriods
DELETE FROM service_periods
WHERE restaurant_id = ?;

-- name: DropClosures
DELETE FROM closures
WHERE restaurant_id = ?;

-- name: DropPolicy
DELETE FROM policies
WHERE restaurant_id = ?;

-- name: DropReceipts
DELETE FROM receipts
WHERE restaurant_id = ?;

-- name: DropDue
DELETE FROM due_work
WHERE restaurant_id = ?;

-- name: DropNotes
DELETE FROM staff_note
WHERE restaurant_id = ?;

-- name: DropHistory
DELETE FROM history
WHERE restaurant_id = ?;

-- name: DropCheckpoints
DELETE FROM checkpoints
WHERE restaurant_id = ?;

-- name: DropOutbox
DELETE FROM capacity_outbox
WHERE restaurant_id = ?;

-- name: DropOutboxBlocks
DELETE FROM outbox_block
WHERE restaurant_id = ?;

-- name: DropOutboxDead
DELETE FROM outbox_dead
WHERE restaurant_id = ?;

-- name: DropDeliveries
DELETE FROM webhook_deliveries
WHERE restaurant_id = ?;

-- name: DropWebhooks
DELETE FROM webhook_endpoints
WHERE restaurant_id = ?;

-- name: DropObserved
DELETE FROM observability_events
WHERE restaurant_id = ?;

-- name: DropMembers
DELETE FROM members
WHERE restaurant_id = ?;

-- name: DropTokens
DELETE FROM tokens
WHERE restaurant_id = ?;

-- name: DropRestaurantRow
DELETE FROM restaurants
WHERE id = ?;

-- name: DropJournal
DELETE FROM journal
WHERE restaurant_id = ?;

-- name: DropState
DELETE FROM restaurant_state
WHERE restaurant_id = ?;
