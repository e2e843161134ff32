package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outbox measures deliveries after a commit.
type outbox struct {
	backlog   *prometheus.GaugeVec
	oldest    *prometheus.GaugeVec
	paused    *prometheus.GaugeVec
	parked    *prometheus.GaugeVec
	lag       *prometheus.HistogramVec
	dispatch  *prometheus.HistogramVec
	attempts  *prometheus.CounterVec
	dead      *prometheus.CounterVec
	batchSize *prometheus.HistogramVec
	wakes     *prometheus.CounterVec
	unknown   *prometheus.CounterVec
	dropped   *prometheus.CounterVec
	handovers prometheus.Counter
	fenced    prometheus.Counter
}

func newOutbox(r *prometheus.Registry) outbox {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"sink"})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	o := outbox{
		backlog: gauge(NameOutboxBacklog, "Rows of the outbox that wait, parked ones too; estimated when there are many."),
		oldest:  gauge(NameOutboxOldest, "Seconds since the oldest waiting row was committed."),
		paused:  gauge(NameOutboxPaused, "1 while an operator has paused the sink."),
		parked:  gauge(NameOutboxParked, "Aggregates that wait behind a row that failed."),
		lag: histogram(NameOutboxLag, "Seconds from the commit of an event until its delivery begins.",
			prometheus.ExponentialBuckets(0.0005, 2, 20), "sink"),
		dispatch: histogram(NameOutboxDispatch, "Seconds of one call of a sink, by the worst result of its batch.",
			prometheus.ExponentialBuckets(0.0001, 2, 20), "sink", "result"),
		attempts:  counters(NameOutboxAttempts, "Deliveries that were tried, by result.", "sink", "result"),
		dead:      counters(NameOutboxDead, "Rows that were given up, by cause.", "sink", "cause"),
		batchSize: histogram(NameOutboxBatchSize, "Rows handed out in one exchange.", prometheus.ExponentialBuckets(1, 2, 12), "sink"),
		wakes:     counters(NameOutboxWakes, "What made the worker look: commit, notify, poll, sweep.", "source"),
		unknown:   counters(NameOutboxUnknown, "Deliveries put off because this binary does not know the type of the event.", "type"),
		dropped:   counters(NameTelemetryDropped, "Events told without a change that were dropped because too many waited.", "event"),
		handovers: counter(NameOutboxHandovers, "Lanes that this worker took over."),
		fenced:    counter(NameOutboxFenced, "Rows whose outcome did not count because their lane was lost."),
	}
	r.MustRegister(o.backlog, o.oldest, o.paused, o.parked, o.lag, o.dispatch, o.attempts, o.dead, o.batchSize, o.wakes, o.unknown, o.dropped,
		o.handovers, o.fenced)
	return o
}

// OutboxBacklog shows how a sink stands.
func (m *Metrics) OutboxBacklog(sink string, rows, parked int64, oldest time.Duration, paused bool) {
	if m == nil {
		return
	}
	m.outbox.paused.WithLabelValues(sink).Set(map[bool]float64{true: 1}[paused])
	m.outbox.backlog.WithLabelValues(sink).Set(float64(rows))
	m.outbox.parked.WithLabelValues(sink).Set(float64(parked))
	m.outbox.oldest.WithLabelValues(sink).Set(oldest.Seconds())
}

// OutboxHanded counts rows handed out in one exchange.
func (m *Metrics) OutboxHanded(sink string, rows int) {
	if m != nil && rows > 0 {
		m.outbox.batchSize.WithLabelValues(sink).Observe(float64(rows))
	}
}

// OutboxLag measures the way of one row from its commit to its delivery.
func (m *Metrics) OutboxLag(sink string, lag time.Duration) {
	if m != nil {
		m.outbox.lag.WithLabelValues(sink).Observe(max(0, lag).Seconds())
	}
}

// OutboxDispatched measures one call of a sink.
func (m *Metrics) OutboxDispatched(sink, result string, took time.Duration) {
	if m != nil {
		m.outbox.dispatch.WithLabelValues(sink, result).Observe(took.Seconds())
	}
}

// OutboxAttempts counts rows that were tried.
func (m *Metrics) OutboxAttempts(sink, result string, rows int) {
	if m != nil && rows > 0 {
		m.outbox.attempts.WithLabelValues(sink, result).Add(float64(rows))
	}
}

// OutboxDead counts a row that was given up.
func (m *Metrics) OutboxDead(sink, cause string) {
	if m != nil {
		m.outbox.dead.WithLabelValues(sink, cause).Inc()
	}
}

// OutboxWake counts a reason to look.
func (m *Metrics) OutboxWake(source string) {
	if m != nil {
		m.outbox.wakes.WithLabelValues(source).Inc()
	}
}

// OutboxUnknown counts a delivery put off for its type. The type itself is no
// label: who writes the rows would choose how many there are.
func (m *Metrics) OutboxUnknown() {
	if m != nil {
		m.outbox.unknown.WithLabelValues("unknown").Inc()
	}
}

// OutboxHandover counts lanes that were taken over.
func (m *Metrics) OutboxHandover(lanes int) {
	if m != nil {
		m.outbox.handovers.Add(float64(lanes))
	}
}

// OutboxFenced counts rows whose outcome did not count.
func (m *Metrics) OutboxFenced(rows int) {
	if m != nil {
		m.outbox.fenced.Add(float64(rows))
	}
}

// TelemetryDropped counts events that were told and not kept.
func (m *Metrics) TelemetryDropped(event string, n int) {
	if m != nil && n > 0 {
		m.outbox.dropped.WithLabelValues(event).Add(float64(n))
	}
}
