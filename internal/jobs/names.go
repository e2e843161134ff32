package jobs

import "github.com/maitred/maitred/internal/house"

// The jobs that are not due work.
const (
	JobCheckpoint = "checkpoint"
	JobPrune      = "prune"
)

// Job is a job as people are told of it.
type Job struct {
	Name string // that of its lease
	Does string
}

// List names all jobs, in the order in which a round sees to them.
func List() []Job {
	list := make([]Job, 0, len(kinds)+2)
	for _, k := range kinds {
		list = append(list, Job{Name: string(k.due), Does: does[k.due]})
	}
	return append(list,
		Job{Name: JobCheckpoint, Does: "writes each restaurant that changed down as a whole, once a day, so that its journal can be shortened"},
		Job{Name: JobPrune, Does: "deletes what is older than it is kept"},
	)
}

var does = map[house.DueKind]string{
	house.DueHoldExpiry: "records holds that have lapsed",
	house.DuePending:    "ends bookings that nobody confirmed in time",
	house.DueLate:       "marks parties that are late",
	house.DueOverstay:   "marks parties that sit past their end",
	house.DueCloseDay:   "closes service dates that are over",
}
