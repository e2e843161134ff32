package httpapi

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/telemetry"
)

// metrics measures requests by operation and status. The operation is a name from
// the contract, never a path.
type metrics struct{ requests *prometheus.HistogramVec }

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: telemetry.NameHTTPRequests, Help: "Seconds of an HTTP request by operation and status.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"operation", "status"})}
	if err := r.Register(m.requests); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return m, nil
}

func (m *metrics) count(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
}
