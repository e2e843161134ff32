package backoffice

import (
	"context"
	"errors"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// JobStatus is a job as it is listed.
type JobStatus struct {
	Job           string              `json:"job"`
	Condition     string              `json:"condition" enum:"ok,failing,nobody" doc:"failing: its last run failed. nobody: no process has its lease, so nobody runs it."`
	Holder        string              `json:"holder,omitempty" doc:"The process that runs it."`
	LeaseUntil    servicetime.Instant `json:"leaseUntil,omitempty" format:"date-time"`
	AskedAt       servicetime.Instant `json:"askedAt,omitempty" format:"date-time" doc:"Somebody wants it run now, and it was not yet."`
	LastRunAt     servicetime.Instant `json:"lastRunAt,omitempty" format:"date-time"`
	LastSuccessAt servicetime.Instant `json:"lastSuccessAt,omitempty" format:"date-time"`
	LastError     string              `json:"lastError,omitempty"`
	LastTook      float64             `json:"lastTookSeconds"`
	Done          int64               `json:"done" doc:"Rows, or whatever it counts, in the last run."`
	Lag           servicetime.Seconds `json:"lagSeconds" doc:"How late what it found was."`
}

// The conditions of a job.
const (
	JobOK      = "ok"
	JobFailing = "failing"
	JobNobody  = "nobody"
)

// JobList is the list of jobs.
type JobList struct {
	Jobs []JobStatus         `json:"jobs"`
	Now  servicetime.Instant `json:"now,omitempty" format:"date-time" doc:"The database's time; absent when no job was ever run."`
}

// Jobs lists the jobs by name.
func (o *Office) Jobs(ctx context.Context) (JobList, error) {
	states, err := o.jobs.JobStates(ctx)
	if err != nil {
		return JobList{}, err
	}
	list := JobList{Jobs: []JobStatus{}}
	for _, s := range states {
		list.Jobs, list.Now = append(list.Jobs, jobOf(s)), s.Now
	}
	return list, nil
}

func jobOf(s store.JobState) JobStatus {
	j := JobStatus{
		Job: s.Job, Condition: JobOK, Holder: s.Holder, LeaseUntil: s.LeaseUntil, AskedAt: s.AskedAt, LastRunAt: s.LastRunAt,
		LastSuccessAt: s.LastSuccessAt, LastError: s.LastError, LastTook: s.LastTook.Seconds(), Done: s.Done,
		Lag: servicetime.Seconds(s.Lag.Seconds()),
	}
	switch {
	case s.Holder == "" || !s.LeaseUntil.After(s.Now):
		j.Condition = JobNobody
	case s.LastError != "":
		j.Condition = JobFailing
	}
	return j
}

// JobAsked is the job that will be run.
type JobAsked struct {
	Job string `json:"job"`
}

// RunJob wants a job run now, by the process that has its lease.
func (o *Office) RunJob(ctx context.Context, principal, job string) (JobAsked, error) {
	if job == "" || plain("job", job) != nil {
		return JobAsked{}, noJob(job)
	}
	err := o.jobs.AskJob(ctx, job, store.Note{Principal: principal, Action: ActionJobRun, Detail: map[string]any{"job": job}})
	if errors.Is(err, store.ErrNotFound) {
		return JobAsked{}, noJob(job)
	}
	if err != nil {
		return JobAsked{}, err
	}
	return JobAsked{Job: job}, nil
}

func noJob(job string) error {
	return seating.Refuse(seating.CodeNotFound, "there is no job %q that was ever held by a process", strings.TrimSpace(clipped(job)))
}
