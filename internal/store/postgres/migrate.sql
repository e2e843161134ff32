-- What of the schema is there.

-- name: AppliedMigrations
-- The last word on each version counts.
SELECT version_id
FROM (
    SELECT DISTINCT ON (version_id) version_id, is_applied
    FROM maitred.goose_db_version
    WHERE version_id > 0
    ORDER BY version_id, id DESC) AS last
WHERE is_applied
ORDER BY version_id;

-- name: OneAtATime
-- Until the connection closes. The number is a name: maitred in ASCII.
SELECT pg_advisory_lock(x'6d616974726564'::bigint);

-- name: ShowVersion
-- What is applied is no secret: whoever serves has to see it.
GRANT SELECT ON maitred.goose_db_version TO PUBLIC;
