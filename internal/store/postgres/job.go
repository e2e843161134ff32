package postgres

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// HoldJobs implements store.Jobs.
func (s *Store) HoldJobs(ctx context.Context, holder string, jobs []string, lease time.Duration) ([]store.JobLease, error) {
	var held []store.JobLease
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	rowsOf(f, "HoldJobs", []any{holder, list(jobs), lease}, &held, func(l *store.JobLease) []any {
		return []any{&l.Job, &l.Token, instant(&l.Until), &l.Asked}
	})
	if err := s.once(ctx, f); err != nil {
		return nil, err
	}
	return held, nil
}

// ReportJob implements store.Jobs.
func (s *Store) ReportJob(ctx context.Context, r store.JobReport) (bool, error) {
	var held bool
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.one("ReportJob", []any{r.Job, r.Holder, r.Token, r.Took.Microseconds(), r.Done, r.Lag.Microseconds(), text(r.Error)}, &held, new(int))
	return held, s.once(ctx, f)
}

// FreeJobs implements store.Jobs.
func (s *Store) FreeJobs(ctx context.Context, holder string) error {
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("FreeJobs", holder)
	return s.once(ctx, f)
}

// AskJob implements store.Jobs.
func (s *Store) AskJob(ctx context.Context, job string, n store.Note) error {
	return s.operate(ctx, n, func(send sender) (seating.RestaurantID, error) {
		var found bool
		err := send(func(f *flush) { f.one("AskJob", []any{job}, &found, new(int)) })
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return noRestaurant, err
	})
}

// JobStates implements store.Jobs.
func (s *Store) JobStates(ctx context.Context) ([]store.JobState, error) {
	var all []store.JobState
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "JobStates", nil, &all, func(j *store.JobState) []any {
			return []any{
				&j.Job, word(&j.Holder), &j.Token, instant(&j.LeaseUntil), instant(&j.AskedAt), instant(&j.LastRunAt), instant(&j.LastSuccessAt),
				&j.LastError, micros(&j.LastTook), &j.Done, micros(&j.Lag), instant(&j.Now),
			}
		})
	})
	return all, err
}
