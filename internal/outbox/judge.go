package outbox

import (
	"cmp"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// The outcomes of a row in the delivery log and in metrics.
const (
	outcomeDelivered = "delivered"
	outcomeFailed    = "failed"
	outcomeDead      = "dead"
)

var errNoAnswer = errors.New("the sink gave no answer for this row")

// judge says what becomes of rows of one flow, in the order of their outcomes.
type judge struct {
	circuit circuit
	random  func(time.Duration) time.Duration
	newID   func() [16]byte
	now     func() time.Time

	opened bool // the circuit, by a row that was judged here
	asked  time.Duration

	found   settlement
	unknown int
}

// knows reports whether this binary knows events of a type.
func knows(t seating.EventType) bool {
	_, known := seating.KnownEvent(t)
	return known
}

// known reads a row; false when there is nothing to deliver, which is settled.
// A type that this binary does not know is left for one that does.
func (j *judge) known(row store.OutboxRow) (Item, bool) {
	switch {
	case row.Handovers >= handoversMost:
		j.dies(row, store.CauseCrashLoop, "its worker died at each of "+strconv.Itoa(row.Handovers)+" deliveries")
	case !knows(row.EventType) || row.SchemaVersion != seating.EventSchemaVersion:
		j.unknown++
		j.found.failed = append(j.found.failed, store.Failed{
			Settled: settled(row), Wait: unknownWait, Reason: store.ParkedUnknownType,
			Error: "this binary does not know " + string(row.EventType) + " in version " + strconv.Itoa(row.SchemaVersion),
		})
	default:
		item := Item{Row: row}
		err := json.Unmarshal(row.Payload, &item.Event)
		if err == nil {
			return item, true
		}
		j.dies(row, store.CauseMalformed, "the payload cannot be read: "+err.Error())
	}
	return Item{}, false
}

// delivered notes the result of a row and reports whether its aggregate may go on.
func (j *judge) delivered(row store.OutboxRow, r Result) (on bool) {
	log := j.logged(row, r.Log)
	switch r.Outcome {
	case Delivered:
		j.closes(row)
		j.found.done = append(j.found.done, settled(row))
		on = true
	case Dead:
		j.closes(row)
		j.dies(row, cmp.Or(r.Cause, store.CauseRefused), message(r.Err))
		log.outcome(outcomeDead)
		on = true
	default:
		died := j.fails(row, r)
		if died {
			log.outcome(outcomeDead)
		}
		on = died
	}
	if log != nil {
		j.found.log = append(j.found.log, store.Delivery(*log))
	}
	return on
}

// closes notes that the receiver is there. It does not close a circuit that the
// receiver itself has just asked for.
func (j *judge) closes(row store.OutboxRow) {
	if j.opened && j.asked > 0 {
		return
	}
	if opened := j.opened; j.circuit.answered() {
		if j.opened = false; opened {
			j.found.circuits = nil // nobody has heard of it yet
			return
		}
		j.found.circuits = append(j.found.circuits, store.Circuit{Lane: row.Lane, Flow: row.Flow, Restaurant: row.Restaurant})
	}
}

// fails notes a failure; it reports whether it was the row's last. What fails while
// the circuit is open is the receiver's failure, not the row's, and not counted.
func (j *judge) fails(row store.OutboxRow, r Result) (died bool) {
	if j.opened {
		// Rows that were on their way when it opened: nothing is new, but perhaps how long
		// the receiver wants to be left alone.
		if r.After > j.asked {
			j.opens(row, r.After, max(r.After, j.asked))
		}
		return false
	}
	probe := j.circuit.open
	if wait := j.circuit.failed(r.After, j.random); wait > 0 {
		j.opens(row, r.After, wait)
		if probe {
			j.found.failed = append(j.found.failed, store.Failed{
				Settled: settled(row), Error: message(r.Err), Wait: wait + probeApart, Reason: store.ParkedFailed,
			})
			return false
		}
	}
	if exhausted(row) {
		j.dies(row, store.CauseExhausted, message(r.Err))
		return true
	}
	wait := backoff(row.Attempts, j.random)
	j.found.failed = append(j.found.failed, store.Failed{
		Settled: settled(row), Error: message(r.Err), Wait: wait, Counted: true, Spent: spent(wait), Reason: store.ParkedFailed,
	})
	return false
}

func (j *judge) opens(row store.OutboxRow, asked, wait time.Duration) {
	j.opened, j.asked = true, asked
	j.found.circuits = append(j.found.circuits, store.Circuit{
		Lane: row.Lane, Flow: row.Flow, Restaurant: row.Restaurant, Open: true,
		Wait: min(wait, askedMost), Failures: j.circuit.failures,
	})
}

func (j *judge) dies(row store.OutboxRow, cause, why string) {
	j.found.dead = append(j.found.dead, store.Died{
		Settled: settled(row), Cause: cause, Error: why, Key: store.ToldKey(j.newID()),
	})
}

// logLine is a line of the delivery log that is being written; nil: none is.
type logLine store.Delivery

func (l *logLine) outcome(o string) {
	if l != nil {
		l.Outcome = o
	}
}

func (j *judge) logged(row store.OutboxRow, l *store.Delivery) *logLine {
	if l == nil {
		return nil
	}
	line := logLine(*l)
	line.Restaurant, line.Endpoint = row.Restaurant, row.Endpoint
	line.EventID, line.EventType, line.DedupeKey = row.ID, row.EventType, row.DedupeKey
	line.Attempt = row.Attempts + 1
	if line.At.IsZero() {
		line.At = servicetime.InstantOf(j.now())
	}
	return &line
}

func settled(row store.OutboxRow) store.Settled { return store.Settled{ID: row.ID, Lane: row.Lane} }

func message(err error) string {
	if err == nil {
		return "the sink gave no reason"
	}
	return err.Error()
}
