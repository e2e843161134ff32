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
	NameHTTPRequests     = "maitred_http_request_seconds"            // by operation and status; registered by httpapi
	NameBuild            = "maitred_build_info"                      // 1, with the version
	NameControl          = "maitred_control_operations_total"        // operator's commands by name and outcome
)
