package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// jobs measures due work.
type jobs struct {
	runs   *prometheus.CounterVec
	done   *prometheus.CounterVec
	failed *prometheus.CounterVec
	lag    *prometheus.GaugeVec
}

func newJobs(r *prometheus.Registry) jobs {
	byKind := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"kind"}, more...))
	}
	j := jobs{
		runs:   byKind(NameJobsRuns, "Questions for due work, by kind and outcome.", "outcome"),
		done:   byKind(NameJobsDone, "Rows of due work that were done, by kind."),
		failed: byKind(NameJobsFailed, "Tries of rows of due work that failed, by kind."),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: NameJobsLag, Help: "Seconds that the oldest row of due work waits, by kind.",
		}, []string{"kind"}),
	}
	r.MustRegister(j.runs, j.done, j.failed, j.lag)
	return j
}

// JobsRun counts one question for due work of a kind.
func (m *Metrics) JobsRun(kind string, answered bool) {
	if m == nil {
		return
	}
	outcome := "ok"
	if !answered {
		outcome = "failed"
	}
	m.jobs.runs.WithLabelValues(kind, outcome).Inc()
}

// JobsDone counts rows whose work was done.
func (m *Metrics) JobsDone(kind string, rows int) {
	if m != nil {
		m.jobs.done.WithLabelValues(kind).Add(float64(rows))
	}
}

// JobsFailed counts rows that were tried in vain.
func (m *Metrics) JobsFailed(kind string, rows int) {
	if m != nil {
		m.jobs.failed.WithLabelValues(kind).Add(float64(rows))
	}
}

// JobsLag shows how long the oldest row of a kind waits. It keeps its value while
// the store does not answer; that shows in the failed questions.
func (m *Metrics) JobsLag(kind string, lag time.Duration) {
	if m != nil {
		m.jobs.lag.WithLabelValues(kind).Set(lag.Seconds())
	}
}
