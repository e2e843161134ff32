-- The transaction of the writer. It takes the lock at once: a transaction that
-- reads first and then writes fails when another wrote in between.

-- name: Begin
BEGIN IMMEDIATE;

-- name: Savepoint
-- One for each job of a group.
SAVEPOINT job;

-- name: RollbackTo
ROLLBACK TO job;

-- name: Release
RELEASE job;

-- name: Commit
COMMIT;

-- name: Rollback
ROLLBACK;

-- name: BeginRead
-- A read sees the state at its first statement, whatever is committed meanwhile.
BEGIN DEFERRED;
