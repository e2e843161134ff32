package telemetry

// The names of all metrics. A name that was released never changes its meaning.
const (
	NameLineBatchSize    = "maitred_line_batch_size"                 // changes in one commit
	NameLineCommit       = "maitred_line_commit_seconds"             // one store.Commit, whatever its outcome
	NameLineCommands     = "maitred_line_commands_total"             // by command and outcome: "ok" or the code of the refusal
	NameLineLocked       = "maitred_line_locked_total"               // batches of contended restaurants: the lock was taken first
	NameHousesLoaded     = "maitred_houses_loaded_total"             // houses read from the store
	NameHousesFollowed   = "maitred_houses_followed_total"           // houses brought forward by what other processes committed
	NameHouses           = "maitred_houses"                          // houses in memory
	NameStoreDiskCommits = "maitred_store_disk_commits_total"        // transactions that reached the disk; SQLite
	NameStoreFlushes     = "maitred_store_flushes_total"             // round trips to PostgreSQL
	NameSent             = "maitred_notifications_sent_total"        // restaurants told to other processes
	NameHeard            = "maitred_notifications_heard_total"       // restaurants heard of from other processes
	NameConnected        = "maitred_notifications_connections_total" // connections that the listener made
	NameJobsRuns         = "maitred_jobs_runs_total"                 // questions for due work, by kind and outcome: "ok" or "failed"
	NameJobsDone         = "maitred_jobs_done_total"                 // rows of due work that were done, by kind
	NameJobsFailed       = "maitred_jobs_failed_total"               // tries of rows that failed, by kind
	NameJobsLag          = "maitred_jobs_lag_seconds"                // how long the oldest due row waits, by kind
	NameJobsHeld         = "maitred_jobs_held"                       // 1 while this process runs the job
	NamePruneRows        = "maitred_prune_rows_total"                // rows that were pruned, by kind
	NamePruneBehind      = "maitred_prune_behind_seconds"            // how much older than its keep the oldest row is, by kind
	NameHTTPRequests     = "maitred_http_request_seconds"            // by operation and status; registered by httpapi
	NameBuild            = "maitred_build_info"                      // 1, with the version
	NameControl          = "maitred_control_operations_total"        // operator's commands by name and outcome

	// Of the outbox.
	NameOutboxBacklog    = "maitred_outbox_backlog"                    // rows that wait, by sink; an estimate above 10,000
	NameOutboxOldest     = "maitred_outbox_oldest_age_seconds"         // since the commit of the oldest waiting row, by sink: the alert
	NameOutboxPaused     = "maitred_outbox_paused"                     // 1 while a sink is paused, by sink
	NameOutboxParked     = "maitred_outbox_parked_aggregates"          // that wait behind a failed row, by sink
	NameOutboxLag        = "maitred_outbox_commit_to_dispatch_seconds" // from a commit until its delivery begins, by sink
	NameOutboxDispatch   = "maitred_outbox_dispatch_seconds"           // one call of a sink, by sink and worst result
	NameOutboxAttempts   = "maitred_outbox_attempts_total"             // rows that were tried, by sink and result: delivered, failed, dead
	NameOutboxDead       = "maitred_outbox_dead_total"                 // rows that were given up, by sink and cause
	NameOutboxBatchSize  = "maitred_outbox_batch_size"                 // rows handed out in one exchange, by sink
	NameOutboxHandovers  = "maitred_outbox_lane_handovers_total"       // lanes that this process took over
	NameOutboxFenced     = "maitred_outbox_fence_rejected_total"       // rows whose outcome did not count: their lane was lost
	NameOutboxWakes      = "maitred_outbox_wake_total"                 // reasons to look, by source: commit, notify, poll, sweep
	NameOutboxUnknown    = "maitred_outbox_unknown_total"              // deliveries put off for a type this binary does not know
	NameTelemetryDropped = "maitred_telemetry_dropped_total"           // events told without a change that were dropped, by event
)
