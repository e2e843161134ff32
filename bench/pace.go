package main

import (
	"math/rand/v2"
	"sync"
	"time"
)

// watch takes the time between two moments of each fact, whichever of them is told first.
type watch struct {
	mu    sync.Mutex
	begun map[int64]time.Time
	ended map[int64]time.Time
}

func newWatch() *watch {
	return &watch{begun: map[int64]time.Time{}, ended: map[int64]time.Time{}}
}

func (w *watch) begin(n int64) {
	at := now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[n] = at
}

// end keeps the first time of a fact.
func (w *watch) end(n int64) {
	at := now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, again := w.ended[n]; !again {
		w.ended[n] = at
	}
}

// complete reports whether all that began has ended.
func (w *watch) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := range w.begun {
		if _, ok := w.ended[n]; !ok {
			return false
		}
	}
	return true
}

// milliseconds of each; none is below zero: what was seen before its commit was answered
// took no time.
func (w *watch) milliseconds() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []float64
	for n, begun := range w.begun {
		if ended, ok := w.ended[n]; ok {
			all = append(all, max(0, ms(ended.Sub(begun))))
		}
	}
	return all
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// percentiles as readings.
func percentiles(name string, all []float64) []reading {
	return []reading{{name + ": p50", "ms", quantile(all, 0.5)}, {name + ": p95", "ms", quantile(all, 0.95)}}
}

// perSecond is how often something is done by one who does it at a pace.
const perSecond = 50

// paced does something so many times a second, at uneven times, for a while.
func (s *stage) paced(do func()) {
	gap := time.Second / perSecond
	begin := now()
	for at := time.Duration(0); at < s.size.span; at += gap {
		if wait := -since(begin.Add(at + rand.N(gap))); wait > 0 {
			s.rest(wait)
		}
		do()
	}
}

// flatOut has so many writers do something until the time is over, and returns how often
// it was done in a second.
func (s *stage) flatOut(writers int, span time.Duration, do func(writer int)) float64 {
	counts := make([]int, writers)
	var work sync.WaitGroup
	began := now()
	for i := range writers {
		work.Go(func() {
			for since(began) < span && s.ctx.Err() == nil {
				do(i)
				counts[i]++
			}
		})
	}
	work.Wait()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / since(began).Seconds()
}
