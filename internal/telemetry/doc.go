// Package telemetry is what maitred tells about itself: the names of its
// metrics (names.go, the only list), the collectors behind them, and the set-up
// of the log. It refuses to know who measures; the packages that do are handed a
// *Metrics, whose methods do nothing on nil.
//
//	m := telemetry.New(registry)
//	m.Batch(len(changes), took)
package telemetry
