package main

import (
	"context"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/jobs"
	"github.com/maitred/maitred/internal/telemetry"
)

// startJobs has due work done until stop, which waits for what runs, or until ctx
// ends.
func startJobs(ctx context.Context, a *control.App, every time.Duration, metrics *telemetry.Metrics) (stop func()) {
	runner := jobs.New(jobs.Config{Work: a.Store, Lines: a.Lines, Every: every, Logger: a.Logger, Metrics: metrics, Now: time.Now})
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { runner.Run(ctx) })
	return func() {
		cancel()
		work.Wait()
	}
}
