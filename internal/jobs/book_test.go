package jobs

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// book stands in for the leases of a store and for what it keeps.
type book struct {
	mu      sync.Mutex
	silent  error // of all that has to do with leases
	jobs    map[string]*bookJob
	asked   []time.Time // questions for leases
	reports []store.JobReport
	freed   int

	places      []seating.Restaurant
	kept        map[store.Kept]map[seating.RestaurantID]int64 // rows that are too old
	prunes      []store.Prune
	checkpoints []seating.RestaurantID
	prune       func(ctx context.Context, p store.Prune) (store.Pruned, error) // nil: what kept says
	checkpoint  func(ctx context.Context, id seating.RestaurantID) error
}

type bookJob struct {
	holder  string
	token   int64
	until   time.Time
	wanted  bool
	success time.Time
}

func newBook() *book {
	return &book{jobs: map[string]*bookJob{}, kept: map[store.Kept]map[seating.RestaurantID]int64{}}
}

// HoldJobs implements Work.
func (b *book) HoldJobs(_ context.Context, holder string, jobs []string, lease time.Duration) (got []store.JobLease, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, time.Now())
	if b.silent != nil {
		return nil, b.silent
	}
	for _, name := range jobs {
		j := b.jobs[name]
		if j == nil {
			j = &bookJob{}
			b.jobs[name] = j
		}
		if j.holder != holder && j.holder != "" && time.Now().Before(j.until) {
			continue
		}
		if j.holder != holder || !time.Now().Before(j.until) {
			j.token++
		}
		j.holder, j.until = holder, time.Now().Add(lease)
		got = append(got, store.JobLease{Job: name, Token: j.token, Until: servicetime.InstantOf(j.until), Asked: j.wanted})
	}
	return got, nil
}

// ReportJob implements Work.
func (b *book) ReportJob(_ context.Context, r store.JobReport) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent != nil {
		return false, b.silent
	}
	if !b.holds(r.Job, r.Holder, r.Token) {
		return false, nil
	}
	b.jobs[r.Job].wanted = false
	if r.Error == "" {
		b.jobs[r.Job].success = time.Now()
	}
	b.reports = append(b.reports, r)
	return true, nil
}

func (b *book) holds(job, holder string, token int64) bool {
	j := b.jobs[job]
	return j != nil && j.holder == holder && j.token == token && time.Now().Before(j.until)
}

// FreeJobs implements Work.
func (b *book) FreeJobs(_ context.Context, holder string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.freed++
	for _, j := range b.jobs {
		if j.holder == holder {
			j.holder = ""
		}
	}
	return b.silent
}

// JobStates implements Work.
func (b *book) JobStates(context.Context) (states []store.JobState, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.jobs)) {
		s := store.JobState{Job: name, Now: servicetime.InstantOf(time.Now())}
		if at := b.jobs[name].success; !at.IsZero() {
			s.LastSuccessAt = servicetime.InstantOf(at)
		}
		states = append(states, s)
	}
	return states, b.silent
}

// Restaurants implements Work.
func (b *book) Restaurants(context.Context) ([]seating.Restaurant, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.places), b.silent
}

// Prune implements Work.
func (b *book) Prune(ctx context.Context, p store.Prune) (store.Pruned, error) {
	b.mu.Lock()
	b.prunes = append(b.prunes, p)
	prune := b.prune
	b.mu.Unlock()
	if prune != nil {
		return prune(ctx, p)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.holds(p.Job.Job, p.Holder, p.Job.Token) {
		return store.Pruned{Lost: true}, nil
	}
	left := b.kept[p.Kept][p.Restaurant]
	n := min(left, int64(p.Limit))
	if n > 0 {
		b.kept[p.Kept][p.Restaurant] = left - n
	}
	return store.Pruned{Rows: n, More: n == int64(p.Limit), Oldest: time.Duration(left-n) * time.Second}, nil
}

// Checkpoint implements Work.
func (b *book) Checkpoint(ctx context.Context, id seating.RestaurantID) error {
	b.mu.Lock()
	b.checkpoints = append(b.checkpoints, id)
	checkpoint := b.checkpoint
	b.mu.Unlock()
	if checkpoint != nil {
		return checkpoint(ctx, id)
	}
	return nil
}

// steal gives a job to somebody else, as when this process stood still.
func (b *book) steal(job string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.jobs[job]
	j.holder, j.token, j.until = "thief", j.token+1, time.Now().Add(time.Hour)
}

// want asks for a run.
func (b *book) want(job string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs[job].wanted = true
}

// told are the reports of a job.
func (b *book) told(job string) (reports []store.JobReport) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.reports {
		if r.Job == job {
			reports = append(reports, r)
		}
	}
	return reports
}

// looks are the prunes of a kind, by restaurant.
func (b *book) looks(k store.Kept) map[seating.RestaurantID]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := map[seating.RestaurantID]int{}
	for _, p := range b.prunes {
		if p.Kept == k {
			n[p.Restaurant]++
		}
	}
	return n
}
