package main

import (
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
)

type jobsCmd struct {
	Ls  jobsLsCmd  `cmd:"" help:"List the jobs, who runs them and how the last run went."`
	Run jobsRunCmd `cmd:"" help:"Have a job run now, by the server that has its lease."`
}

type jobsLsCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists jobs.
func (c *jobsLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		list, err := control.JobsList(s.ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(list)
		}
		t := s.table("JOB", "CONDITION", "HOLDER", "LAST RUN", "LAST SUCCESS", "TOOK", "DONE", "LAG", "ASKED", "ERROR")
		for _, j := range list.Jobs {
			took := time.Duration(j.LastTook * float64(time.Second)).Round(time.Microsecond)
			t.row(j.Job, j.Condition, j.Holder, when(j.LastRunAt), when(j.LastSuccessAt), took.String(), strconv.FormatInt(j.Done, 10),
				j.Lag.Duration().String(), when(j.AskedAt), j.LastError)
		}
		return t.Flush()
	})
}

type jobsRunCmd struct {
	Job  string `arg:"" help:"Name of the job, from jobs ls."`
	JSON bool   `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*jobsRunCmd) Help() string {
	return `It is run at the next look of the server that has its lease; without a server, when one is there. jobs ls shows when.`
}

// Run asks for a job.
func (c *jobsRunCmd) Run(s *session) error {
	var asked backoffice.JobAsked
	if err := s.change(c.Flags, control.JobRun, control.JobRef{Job: c.Job}, &asked); err != nil {
		return err
	}
	if c.JSON {
		return s.json(asked)
	}
	s.printf("%s will be run at the next look of the server that has its lease\n", asked.Job)
	return nil
}
