-- A flush that broke off half way.

-- name: EndStuck
-- Backends of this login that hold the lock of a restaurant and have waited for
-- the rest of what their client began to send. No whole flush waits for its client.
-- None of the server's time-outs ends them: the transaction is not idle, no
-- statement runs, and the connection looks alive.
SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(a.pid))
FROM pg_stat_activity AS a
WHERE a.datname = current_database()
    AND a.usename = session_user
    AND a.pid <> pg_backend_pid()
    AND a.wait_event = 'ClientRead'
    AND a.xact_start < clock_timestamp() - interval '1500 milliseconds'
    AND EXISTS (
        SELECT
        FROM pg_locks AS l
        WHERE l.pid = a.pid
            AND l.relation = 'maitred.restaurant_state'::regclass
            AND l.mode IN ('RowExclusiveLock', 'RowShareLock')
            AND l.granted);
