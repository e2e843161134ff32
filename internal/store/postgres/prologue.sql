-- What each transaction begins with. Everything is set for the transaction only:
-- nothing stays on a connection that others get after it.

-- name: As
-- The role and the restaurant. A statement, a lock and an idle transaction end in
-- time, and so does one whose client has gone. A database that is set not to wait
-- for its disk waits for these.
SELECT set_config('role', $1, true), set_config('maitred.restaurant', $2, true),
    set_config('statement_timeout', '5s', true), set_config('lock_timeout', '2s', true),
    set_config('idle_in_transaction_session_timeout', '2s', true), set_config('client_connection_check_interval', '1s', true),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true);

-- name: BeginRead
-- A read sees the state at its first statement, whatever is committed meanwhile.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: Begin
BEGIN;

-- name: Commit
COMMIT;

-- name: Rollback
ROLLBACK;
