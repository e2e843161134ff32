package telemetry_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/telemetry"
)

func TestEveryNameIsOneOfOurs(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("names.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`"([^"]+)"  *//`).FindAllStringSubmatch(string(source), -1)
	if len(names) < 9 {
		t.Fatalf("found %d names, want at least 9", len(names))
	}
	seen := map[string]bool{}
	for _, n := range names {
		if !regexp.MustCompile(`^maitred_[a-z_]+$`).MatchString(n[1]) || seen[n[1]] {
			t.Errorf("name %q is doubled or not snake case", n[1])
		}
		seen[n[1]] = true
	}
}

func TestMetricsCount(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := telemetry.New(r, "v1")
	m.Batch(3, time.Millisecond)
	m.Command("hold", "")
	m.Command("hold", seating.CodeHoldConflict)
	m.HouseLoaded()
	m.Control("restaurant.create", "ok")
	m.Counter(telemetry.NameStoreDiskCommits, "Disk commits.", func() float64 { return 7 })
	m.Gauge(telemetry.NameHouses, "Houses.", func() float64 { return 2 })
	m.JobsRun("late", true)
	m.JobsRun("late", false)
	m.JobsDone("late", 3)
	m.JobsFailed("late", 2)
	m.JobsLag("late", 90*time.Second)
	m.JobsHeld("late", true)
	m.JobsHeld("prune", true)
	m.JobsHeld("prune", false)
	m.PruneRows("receipts", 500)
	m.PruneRows("receipts", 7)
	m.PruneBehind("receipts", time.Minute)
	want := `
# HELP maitred_jobs_done_total Rows of due work that were done, by kind.
# TYPE maitred_jobs_done_total counter
maitred_jobs_done_total{kind="late"} 3
# HELP maitred_jobs_failed_total Tries of rows of due work that failed, by kind.
# TYPE maitred_jobs_failed_total counter
maitred_jobs_failed_total{kind="late"} 2
# HELP maitred_jobs_lag_seconds Seconds that the oldest row of due work waits, by kind.
# TYPE maitred_jobs_lag_seconds gauge
maitred_jobs_lag_seconds{kind="late"} 90
# HELP maitred_jobs_runs_total Questions for due work, by kind and outcome.
# TYPE maitred_jobs_runs_total counter
maitred_jobs_runs_total{kind="late",outcome="failed"} 1
maitred_jobs_runs_total{kind="late",outcome="ok"} 1
# HELP maitred_jobs_held 1 while this process runs the job.
# TYPE maitred_jobs_held gauge
maitred_jobs_held{job="late"} 1
maitred_jobs_held{job="prune"} 0
# HELP maitred_prune_behind_seconds Seconds by which the oldest row is older than it is to be kept, by kind.
# TYPE maitred_prune_behind_seconds gauge
maitred_prune_behind_seconds{kept="receipts"} 60
# HELP maitred_prune_rows_total Rows that were pruned, by kind.
# TYPE maitred_prune_rows_total counter
maitred_prune_rows_total{kept="receipts"} 507
# HELP maitred_houses Houses.
# TYPE maitred_houses gauge
maitred_houses 2
# HELP maitred_line_commands_total Commands by name and outcome: ok, or the code of the refusal.
# TYPE maitred_line_commands_total counter
maitred_line_commands_total{command="hold",outcome="HOLD_CONFLICT"} 1
maitred_line_commands_total{command="hold",outcome="ok"} 1
# HELP maitred_store_disk_commits_total Disk commits.
# TYPE maitred_store_disk_commits_total counter
maitred_store_disk_commits_total 7
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), telemetry.NameLineCommands, telemetry.NameStoreDiskCommits, telemetry.NameHouses,
		telemetry.NameJobsRuns, telemetry.NameJobsDone, telemetry.NameJobsFailed, telemetry.NameJobsLag,
		telemetry.NameJobsHeld, telemetry.NamePruneRows, telemetry.NamePruneBehind); err != nil {
		t.Error(err)
	}
	for _, name := range []string{telemetry.NameLineBatchSize, telemetry.NameLineCommit, telemetry.NameControl, telemetry.NameHousesLoaded, telemetry.NameBuild} {
		if n, err := testutil.GatherAndCount(r, name); n != 1 || err != nil {
			t.Errorf("%s has %d series, want 1 (%v)", name, n, err)
		}
	}
}

func TestNilMeasuresNothing(t *testing.T) {
	t.Parallel()
	var m *telemetry.Metrics
	m.Batch(1, 0)
	m.Command("x", "")
	m.HouseLoaded()
	m.JobsRun("x", true)
	m.JobsDone("x", 1)
	m.JobsFailed("x", 1)
	m.JobsLag("x", 1)
	m.JobsHeld("x", true)
	m.PruneRows("x", 1)
	m.PruneBehind("x", 1)
	m.Control("x", "ok")
	m.Counter("x", "", nil)
	m.Gauge("x", "", nil)
}

func TestLoggerLevelsFormatAndUTC(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log := telemetry.NewLogger(&b, slog.LevelWarn, true)
	log.Info("unseen")
	log.Warn("seen", slog.String("restaurant", "r"))
	var line map[string]any
	if err := json.Unmarshal([]byte(b.String()), &line); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	if at, _ := line["time"].(string); line["msg"] != "seen" || !strings.HasSuffix(at, "Z") {
		t.Errorf("line = %v", line)
	}
	b.Reset()
	telemetry.NewLogger(&b, slog.LevelInfo, false).Info("text")
	if !strings.Contains(b.String(), "msg=text") {
		t.Errorf("line = %q", b.String())
	}
}
