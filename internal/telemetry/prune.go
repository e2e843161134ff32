package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// prune measures what is deleted because it was kept long enough, and by whom.
type prune struct {
	rows   *prometheus.CounterVec
	behind *prometheus.GaugeVec
	held   *prometheus.GaugeVec
}

func newPrune(r *prometheus.Registry) prune {
	p := prune{
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{Name: NamePruneRows, Help: "Rows that were pruned, by kind."}, []string{"kept"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: NamePruneBehind, Help: "Seconds by which the oldest row is older than it is to be kept, by kind.",
		}, []string{"kept"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: NameJobsHeld, Help: "1 while this process runs the job."}, []string{"job"}),
	}
	r.MustRegister(p.rows, p.behind, p.held)
	return p
}

// PruneRows counts rows that were pruned.
func (m *Metrics) PruneRows(kept string, rows int64) {
	if m != nil {
		m.prune.rows.WithLabelValues(kept).Add(float64(rows))
	}
}

// PruneBehind shows by how much the oldest row of a kind is older than its keep.
func (m *Metrics) PruneBehind(kept string, by time.Duration) {
	if m != nil {
		m.prune.behind.WithLabelValues(kept).Set(by.Seconds())
	}
}

// JobsHeld shows whether this process has the lease of a job.
func (m *Metrics) JobsHeld(job string, held bool) {
	if m == nil {
		return
	}
	v := 0.0
	if held {
		v = 1
	}
	m.prune.held.WithLabelValues(job).Set(v)
}
