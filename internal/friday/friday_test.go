package friday

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Two Fridays in a row at the same restaurant, in the same processes. What is left
// in memory after the second is what was left after the first.
func TestTwoFridays(t *testing.T) {
	for _, tt := range []struct {
		name string
		open func(*testing.T, *clock) []*process
		size int
		thin int // with the race detector
	}{
		{"sqlite", onSQLite, 300, 50},
		{"postgres", onPostgres, 100, 40},
	} {
		t.Run(tt.name, func(t *testing.T) {
			weeks, size := 2, tt.size
			switch {
			case soak():
				weeks, size = 5, 300
			case racing: // it looks for races; without it there are more parties, and two evenings to compare
				weeks, size = 1, tt.thin
			}
			s := newStage(t, tt.open)
			var first footprint
			count := map[string]int{}
			for week := range weeks {
				e := s.play(week, uint64(2026+week), size)
				e.keep()
				for what, n := range e.count {
					count[what] += n
				}
				now := s.footprint()
				t.Logf("after Friday %d: %d KiB, %d goroutines", week+1, now.heap>>10, now.goroutines)
				if week == 0 {
					first = now
				} else if now.heap > first.heap+first.heap/5+4<<20 || now.goroutines > first.goroutines {
					t.Errorf("after Friday %d there are %+v, after the first %+v", week+1, now, first)
				}
			}
			busy(t, size, count)
		})
	}
}

// keep leaves the evening sheet of eight o'clock for people to look at.
func (e *evening) keep() {
	if err := os.WriteFile(filepath.Join(e.t.ArtifactDir(), e.day+".html"), e.timeline, 0o600); err != nil {
		e.t.Error(err)
	}
}

// footprint is what an evening leaves in the process.
type footprint struct {
	heap       uint64
	goroutines int
}

// footprint measures when the connections have been closed and what was going to
// end has ended.
func (s *stage) footprint() footprint {
	s.client.CloseIdleConnections()
	var f footprint
	for range 200 {
		now := runtime.NumGoroutine()
		if now == f.goroutines {
			break
		}
		f.goroutines = now
		<-time.After(20 * time.Millisecond)
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = m.HeapAlloc
	return f
}
