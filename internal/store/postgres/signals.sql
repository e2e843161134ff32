-- Wake-ups between processes.

-- name: Notify
SELECT pg_notify($1, $2);
