-- Leases of jobs and what came of their runs; they belong to the deployment.

-- name: HoldJobs
-- In their order, so that two who want the same ones do not wait for each other
-- crosswise.
INSERT INTO maitred.jobs AS j (job, holder, token, lease_until)
SELECT g.job, $1, 1, maitred.clock() + $3::interval
FROM unnest($2::text[]) AS g (job)
GROUP BY g.job
ORDER BY g.job
ON CONFLICT (job) DO UPDATE
SET holder = excluded.holder,
    token = j.token + CASE WHEN j.holder = excluded.holder THEN 0 ELSE 1 END,
    lease_until = excluded.lease_until
WHERE j.holder IS NULL
    OR j.holder = excluded.holder
    OR j.lease_until <= maitred.clock()
RETURNING j.job, j.token, j.lease_until, j.asked_at IS NOT NULL;

-- name: ReportJob
-- Who asked while the run was under way may have meant the next one.
UPDATE maitred.jobs
SET last_run_at = maitred.clock(),
    last_success_at = CASE WHEN $7 = '' THEN maitred.clock() ELSE last_success_at END,
    last_error = left($7, 500),
    last_took = $4,
    done = $5,
    lag = $6,
    asked_at = CASE WHEN asked_at > maitred.clock() - $4::bigint * interval '1 microsecond' THEN asked_at END
WHERE job = $1
    AND holder = $2
    AND token = $3
    AND lease_until > maitred.clock()
RETURNING 1;

-- name: FreeJobs
UPDATE maitred.jobs
SET holder = NULL,
    lease_until = NULL
WHERE holder = $1;

-- name: AskJob
UPDATE maitred.jobs
SET asked_at = maitred.clock()
WHERE job = $1
RETURNING 1;

-- name: JobStates
SELECT job, holder, token, lease_until, asked_at, last_run_at, last_success_at, last_error, last_took, done, lag, maitred.clock()
FROM maitred.jobs
ORDER BY job COLLATE "C";

-- name: HoldsJob
-- Whoever takes the lease over waits for what is done under it.
SELECT 1
FROM maitred.jobs
WHERE job = $1
    AND holder = $2
    AND token = $3
    AND lease_until > maitred.clock()
FOR SHARE;
