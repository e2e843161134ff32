-- The leases of jobs, and what came of their runs.

-- name: HoldJob
-- Taking over raises the token, renewing keeps it. A lease that is another's stays.
INSERT INTO jobs (job, holder, token, lease_until)
VALUES (?1, ?2, 1, ?3)
ON CONFLICT (job) DO UPDATE
SET holder = excluded.holder,
    token = jobs.token + (jobs.holder IS NOT excluded.holder),
    lease_until = excluded.lease_until
WHERE jobs.holder IS NULL
    OR jobs.holder = excluded.holder
    OR jobs.lease_until <= ?4
RETURNING job, token, lease_until, asked_at IS NOT NULL;

-- name: JobHeld
SELECT 1
FROM jobs
WHERE job = ?1
    AND holder = ?2
    AND token = ?3
    AND lease_until > ?4;

-- name: ReportJob
-- Who asked while the run was under way may have meant the next one.
UPDATE jobs
SET asked_at = CASE WHEN asked_at > ?5 - ?7 THEN asked_at END,
    last_run_at = ?5,
    last_success_at = CASE ?6 WHEN '' THEN ?5 ELSE last_success_at END,
    last_error = ?6,
    last_took = ?7,
    done = ?8,
    lag = ?9
WHERE job = ?1
    AND holder = ?2
    AND token = ?3
    AND lease_until > ?4;

-- name: FreeJobs
UPDATE jobs
SET holder = NULL,
    lease_until = NULL
WHERE holder = ?1;

-- name: AskJob
UPDATE jobs
SET asked_at = ?2
WHERE job = ?1;

-- name: JobStates
SELECT job, holder, token, lease_until, asked_at, last_run_at, last_success_at, last_error, last_took, done, lag
FROM jobs
ORDER BY job;
