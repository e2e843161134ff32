package jobs

import (
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// kind says which command does the due work of a kind.
type kind struct {
	due house.DueKind
	// command of one row's subject.
	command func(subject string) (decide.Command, error)
	// join makes one command of several; nil: each row has a command of its own.
	join func(commands []decide.Command) decide.Command
}

// kinds is the table, in the order in which the work of a restaurant is done: what
// frees tables comes first, and a day is closed last, because it ends the rest.
var kinds = []kind{
	{house.DueHoldExpiry, of("hold:", seating.ParseID[seating.HoldID], expireHold), joinHolds},
	{house.DuePending, of("booking:", seating.ParseID[seating.BookingID], func(id seating.BookingID) decide.Command { return decide.ExpirePending{Booking: id} }), nil},
	{house.DueLate, of("booking:", seating.ParseID[seating.BookingID], func(id seating.BookingID) decide.Command { return decide.MarkLate{Booking: id} }), nil},
	{house.DueOverstay, of("booking:", seating.ParseID[seating.BookingID], func(id seating.BookingID) decide.Command { return decide.MarkOverstay{Booking: id} }), nil},
	{house.DueCloseDay, of("day:", servicetime.ParseDate, func(d servicetime.Date) decide.Command { return decide.CloseDay{Date: d} }), nil},
}

// of reads subjects like "hold:<id>".
func of[T any](prefix string, parse func(string) (T, error), command func(T) decide.Command) func(string) (decide.Command, error) {
	return func(subject string) (decide.Command, error) {
		name, ok := strings.CutPrefix(subject, prefix)
		if !ok {
			return nil, fmt.Errorf("the subject does not begin with %s", prefix)
		}
		v, err := parse(name)
		if err != nil {
			return nil, err
		}
		return command(v), nil
	}
}

func expireHold(id seating.HoldID) decide.Command {
	return decide.ExpireHolds{Holds: []seating.HoldID{id}}
}

// joinHolds records several lapses in one change.
func joinHolds(commands []decide.Command) decide.Command {
	var all decide.ExpireHolds
	for _, c := range commands {
		all.Holds = append(all.Holds, c.(decide.ExpireHolds).Holds...)
	}
	return all
}
