package sqlite

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// HoldJobs implements store.Jobs.
func (s *Store) HoldJobs(ctx context.Context, holder string, jobs []string, lease time.Duration) ([]store.JobLease, error) {
	var leases []store.JobLease
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		var has []store.JobLease
		for _, job := range jobs {
			args := []any{job, holder, int64(now.Add(lease)), int64(now)}
			err := rowsOf(ctx, q, "HoldJob", args, &has, func(l *store.JobLease) []any {
				return []any{&l.Job, &l.Token, instant(&l.Until), &l.Asked}
			})
			if err != nil {
				return err
			}
		}
		leases = has
		return nil
	})
	if err != nil {
		return nil, err
	}
	return leases, nil
}

// ReportJob implements store.Jobs.
func (s *Store) ReportJob(ctx context.Context, r store.JobReport) (bool, error) {
	held := false
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		n, err := q.exec(ctx, "ReportJob", r.Job, r.Holder, r.Token, int64(now), int64(now), clipped(r.Error), inMicros(r.Took), r.Done, inMicros(r.Lag))
		held = n == 1
		return err
	})
	return held && err == nil, err
}

// FreeJobs implements store.Jobs.
func (s *Store) FreeJobs(ctx context.Context, holder string) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		_, err := q.exec(ctx, "FreeJobs", holder)
		return err
	})
}

// AskJob implements store.Jobs.
func (s *Store) AskJob(ctx context.Context, job string, n store.Note) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		found, err := q.exec(ctx, "AskJob", job, int64(now))
		if err != nil {
			return err
		}
		if found == 0 {
			return store.ErrNotFound
		}
		return operate(ctx, q, now, seating.RestaurantID{}, n)
	})
}

// JobStates implements store.Jobs.
func (s *Store) JobStates(ctx context.Context) ([]store.JobState, error) {
	var all []store.JobState
	now := s.clock()
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "JobStates", nil, &all, func(j *store.JobState) []any {
			j.Now = now
			return []any{
				&j.Job, word(&j.Holder), &j.Token, instant(&j.LeaseUntil), instant(&j.AskedAt), instant(&j.LastRunAt), instant(&j.LastSuccessAt),
				&j.LastError, micros(&j.LastTook), &j.Done, micros(&j.Lag),
			}
		})
	})
	return all, err
}
