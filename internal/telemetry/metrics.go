package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/maitred/maitred/internal/seating"
)

// Metrics measures a process. A nil *Metrics measures nothing.
type Metrics struct {
	registry  *prometheus.Registry
	batchSize prometheus.Histogram
	commit    prometheus.Histogram
	commands  *prometheus.CounterVec
	locked    prometheus.Counter
	loaded    prometheus.Counter
	followed  prometheus.Counter
	sent      prometheus.Counter
	heard     prometheus.Counter
	connected prometheus.Counter
	control   *prometheus.CounterVec
	jobs      jobs
	outbox    outbox
	prune     prune
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// New makes the collectors and registers them, with those of the Go runtime.
func New(r *prometheus.Registry, version string) *Metrics {
	m := &Metrics{
		registry: r,
		batchSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: NameLineBatchSize, Help: "Changes in one commit of a restaurant's line.",
			Buckets: []float64{1, 2, 4, 8, 16, 32},
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: NameLineCommit, Help: "Seconds of one commit.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: NameLineCommands, Help: "Commands by name and outcome: ok, or the code of the refusal.",
		}, []string{"command", "outcome"}),
		locked:    counter(NameLineLocked, "Batches of contended restaurants: the lock was taken first."),
		loaded:    counter(NameHousesLoaded, "Houses read from the store."),
		followed:  counter(NameHousesFollowed, "Houses brought forward by what other processes committed."),
		sent:      counter(NameSent, "Restaurants that other processes were told of."),
		heard:     counter(NameHeard, "Restaurants that other processes told of."),
		connected: counter(NameConnected, "Connections made to hear of other processes."),
		control: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: NameControl, Help: "Operator's commands by name and outcome.",
		}, []string{"operation", "outcome"}),
	}
	m.jobs = newJobs(r)
	m.outbox = newOutbox(r)
	m.prune = newPrune(r)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: NameBuild, Help: "The version that runs."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	r.MustRegister(m.batchSize, m.commit, m.commands, m.locked, m.loaded, m.followed, m.sent, m.heard, m.connected, m.control, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Batch counts one commit of so many changes.
func (m *Metrics) Batch(changes int, took time.Duration) {
	if m == nil {
		return
	}
	m.batchSize.Observe(float64(changes))
	m.commit.Observe(took.Seconds())
}

// Command counts one answered command; code is empty when it was granted.
func (m *Metrics) Command(name string, code seating.Code) {
	if m == nil {
		return
	}
	outcome := "ok"
	if code != "" {
		outcome = string(code)
	}
	m.commands.WithLabelValues(name, outcome).Inc()
}

// Locked counts a batch of a contended restaurant.
func (m *Metrics) Locked() {
	if m != nil {
		m.locked.Inc()
	}
}

// HouseFollowed counts a house brought forward by another process's commits.
func (m *Metrics) HouseFollowed() {
	if m != nil {
		m.followed.Inc()
	}
}

// Sent counts restaurants that other processes were told of.
func (m *Metrics) Sent(restaurants int) {
	if m != nil {
		m.sent.Add(float64(restaurants))
	}
}

// Heard counts restaurants that other processes told of.
func (m *Metrics) Heard(restaurants int) {
	if m != nil {
		m.heard.Add(float64(restaurants))
	}
}

// Connected counts a connection made to hear of other processes.
func (m *Metrics) Connected() {
	if m != nil {
		m.connected.Inc()
	}
}

// HouseLoaded counts a house read from the store.
func (m *Metrics) HouseLoaded() {
	if m != nil {
		m.loaded.Inc()
	}
}

// Control counts an operator's command.
func (m *Metrics) Control(operation, outcome string) {
	if m != nil {
		m.control.WithLabelValues(operation, outcome).Inc()
	}
}

// Counter shows a number that somebody else counts and that only grows, such as
// the store's disk commits. It is read at each scrape.
func (m *Metrics) Counter(name, help string, read func() float64) {
	if m != nil {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
	}
}

// Gauge shows a number that somebody else knows.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	if m != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
}
