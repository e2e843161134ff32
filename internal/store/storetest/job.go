package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/store"
)

// jobTests say who runs which job, and what is kept of its runs.
var jobTests = []test{
	{"AJobIsHeldByOne", jobIsHeldByOne},
	{"AJobGoesOverWhenItsLeaseEnds", jobGoesOver},
	{"JobsThatAreFreedAreTakenAtOnce", freedJobsAreTaken},
	{"ARunIsReportedByWhoHoldsTheJob", runIsReported},
	{"AJobThatIsAskedForIsAsked", jobIsAsked},
	{"JobsAreListedByName", jobsAreListed},
}

func (e Env) holds(t *testing.T, holder string, jobs ...string) []store.JobLease {
	t.Helper()
	leases, err := e.Store.HoldJobs(t.Context(), holder, jobs, lease)
	if err != nil {
		t.Fatalf("HoldJobs = %v", err)
	}
	return leases
}

// leases demands what a holder is given.
func leases(t *testing.T, got []store.JobLease, want ...store.JobLease) {
	t.Helper()
	byJob := cmp.Transformer("byJob", func(all []store.JobLease) map[string]store.JobLease {
		m := map[string]store.JobLease{}
		for _, l := range all {
			m[l.Job] = l
		}
		return m
	})
	if diff := cmp.Diff(want, got, byJob); len(want) != len(got) || diff != "" {
		t.Errorf("leases (-want +got):\n%s", diff)
	}
}

func jobIsHeldByOne(t *testing.T, e Env) {
	until := Opening.Add(lease)
	leases(t, e.holds(t, "a", "late", "prune"), store.JobLease{Job: "late", Token: 1, Until: until}, store.JobLease{Job: "prune", Token: 1, Until: until})
	leases(t, e.holds(t, "b", "late", "prune", "overstay"), store.JobLease{Job: "overstay", Token: 1, Until: until})
	e.Clock.Advance(time.Second)
	leases(t, e.holds(t, "a", "late"), store.JobLease{Job: "late", Token: 1, Until: until.Add(time.Second)})
	leases(t, e.holds(t, "a"))
}

func jobGoesOver(t *testing.T, e Env) {
	e.holds(t, "a", "late")
	e.Clock.Advance(lease - time.Microsecond)
	leases(t, e.holds(t, "b", "late"))
	e.Clock.Advance(time.Microsecond)
	leases(t, e.holds(t, "b", "late"), store.JobLease{Job: "late", Token: 2, Until: e.Clock.Instant().Add(lease)})
	leases(t, e.holds(t, "a", "late"))
	e.Clock.Advance(lease)
	leases(t, e.holds(t, "a", "late"), store.JobLease{Job: "late", Token: 3, Until: e.Clock.Instant().Add(lease)})
}

func freedJobsAreTaken(t *testing.T, e Env) {
	e.holds(t, "a", "late", "prune")
	e.holds(t, "b", "overstay")
	if err := e.Store.FreeJobs(t.Context(), "a"); err != nil {
		t.Fatalf("FreeJobs = %v", err)
	}
	got := e.holds(t, "c", "late", "prune", "overstay")
	if len(got) != 2 || got[0].Token != 2 || got[1].Token != 2 {
		t.Errorf("leases = %+v, want the two that were freed, with a new token", got)
	}
	if err := e.Store.FreeJobs(t.Context(), "nobody"); err != nil {
		t.Errorf("FreeJobs of who has none = %v", err)
	}
}

func (e Env) reports(t *testing.T, r store.JobReport, want bool) {
	t.Helper()
	if held, err := e.Store.ReportJob(t.Context(), r); err != nil || held != want {
		t.Errorf("ReportJob(%+v) = %t, %v, want %t", r, held, err, want)
	}
}

func (e Env) state(t *testing.T, job string) store.JobState {
	t.Helper()
	states, err := e.Store.JobStates(t.Context())
	if err != nil {
		t.Fatalf("JobStates = %v", err)
	}
	for _, s := range states {
		if s.Job == job {
			return s
		}
	}
	t.Fatalf("JobStates = %+v, want %s among them", states, job)
	return store.JobState{}
}

func runIsReported(t *testing.T, e Env) {
	e.holds(t, "a", "late", "prune")
	e.Clock.Advance(time.Second)
	first := e.Clock.Instant()
	report := store.JobReport{Job: "late", Holder: "a", Token: 1, Took: 20 * time.Millisecond, Done: 7, Lag: 3 * time.Second}
	e.reports(t, report, true)
	want := store.JobState{
		Job: "late", Holder: "a", Token: 1, LeaseUntil: Opening.Add(lease), LastRunAt: first, LastSuccessAt: first, LastTook: 20 * time.Millisecond,
		Done: 7, Lag: 3 * time.Second, Now: first,
	}
	if diff := cmp.Diff(want, e.state(t, "late")); diff != "" {
		t.Errorf("after a run (-want +got):\n%s", diff)
	}
	if other := e.state(t, "prune"); other.LastRunAt != 0 || other.Done != 0 {
		t.Errorf("the other job has run: %+v", other)
	}
	e.Clock.Advance(time.Second)
	report.Error, report.Done = "the database does not answer", 0
	e.reports(t, report, true)
	if s := e.state(t, "late"); s.LastRunAt != first.Add(time.Second) || s.LastSuccessAt != first || s.LastError != report.Error || s.Done != 0 {
		t.Errorf("after a run that failed = %+v, want the last success to stay", s)
	}
	report.Error = ""
	e.reports(t, report, true)
	if s := e.state(t, "late"); s.LastError != "" || s.LastSuccessAt != first.Add(time.Second) {
		t.Errorf("after a run that succeeded = %+v, want the error gone", s)
	}
	before := e.state(t, "late")
	for _, bad := range []store.JobReport{
		{Job: "late", Holder: "b", Token: 1, Done: 99}, {Job: "late", Holder: "a", Token: 2, Done: 99}, {Job: "unknown", Holder: "a", Token: 1, Done: 99},
	} {
		e.reports(t, bad, false)
	}
	e.Clock.Set(Opening.Add(lease))
	e.reports(t, report, false)
	before.Now = e.Clock.Instant()
	if diff := cmp.Diff(before, e.state(t, "late")); diff != "" {
		t.Errorf("a report that was refused left something (-before +after):\n%s", diff)
	}
	e.holds(t, "b", "late")
	e.reports(t, report, false)
	report.Holder, report.Token = "b", 2
	e.reports(t, report, true)
}

func jobIsAsked(t *testing.T, e Env) {
	ask := note("job.run")
	notFound(t, "AskJob(unknown)", e.Store.AskJob(t.Context(), "late", ask))
	e.holds(t, "a", "late", "prune")
	e.Clock.Advance(time.Second)
	if err := e.Store.AskJob(t.Context(), "late", ask); err != nil {
		t.Fatalf("AskJob = %v", err)
	}
	if s := e.state(t, "late"); s.AskedAt != e.Clock.Instant() {
		t.Errorf("JobStates = %+v, want it asked for now", s)
	}
	for _, l := range e.holds(t, "a", "late", "prune") {
		if l.Asked != (l.Job == "late") {
			t.Errorf("lease = %+v, want late asked for, alone", l)
		}
	}
	if l := e.holds(t, "a", "late"); len(l) != 1 || !l[0].Asked {
		t.Errorf("leases = %+v, want it asked for until it has run", l)
	}
	e.Clock.Advance(5 * time.Second)
	e.reports(t, store.JobReport{Job: "late", Holder: "a", Token: 1, Took: time.Second}, true)
	if l := e.holds(t, "a", "late"); len(l) != 1 || l[0].Asked {
		t.Errorf("leases = %+v, want it not asked for any more", l)
	}
	e.Clock.Advance(time.Second)
	if err := e.Store.AskJob(t.Context(), "late", ask); err != nil {
		t.Fatalf("AskJob = %v", err)
	}
	e.Clock.Advance(time.Second)
	e.reports(t, store.JobReport{Job: "late", Holder: "a", Token: 1, Took: 3 * time.Second}, true)
	if l := e.holds(t, "a", "late"); len(l) != 1 || !l[0].Asked {
		t.Errorf("leases = %+v, want it asked for: the run that ended had begun before", l)
	}
	ops, err := e.Store.Operations(t.Context(), 0, 10)
	if err != nil || len(ops) != 2 || ops[0].Action != "job.run" {
		t.Errorf("Operations = %+v, %v, want the two", ops, err)
	}
}

func jobsAreListed(t *testing.T, e Env) {
	e.holds(t, "a", "prune", "late")
	if err := e.Store.FreeJobs(t.Context(), "a"); err != nil {
		t.Fatalf("FreeJobs = %v", err)
	}
	e.holds(t, "b", "overstay")
	states, err := e.Store.JobStates(t.Context())
	want := []store.JobState{
		{Job: "late", Token: 1, Now: Opening},
		{Job: "overstay", Holder: "b", Token: 1, LeaseUntil: Opening.Add(lease), Now: Opening},
		{Job: "prune", Token: 1, Now: Opening},
	}
	if diff := cmp.Diff(want, states); err != nil || diff != "" {
		t.Errorf("JobStates = %v (-want +got):\n%s", err, diff)
	}
}
