package decide

import (
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Bounds of what a party on the waitlist is given.
const (
	mostPriority = 9
	mostQuoted   = servicetime.Minutes(600)
)

// partyFields refuses a party, a stay or a wish that no booking can have.
func (d *draft) partyFields(add func(pointer, message string), covers int, turn servicetime.Minutes, zone seating.ZoneID, kind seating.SeatingType) {
	if covers < 1 || covers > seating.MaxPartyCovers {
		add("/covers", "a party has 1 to 100 covers")
	}
	if turn != 0 && (turn < servicetime.MinTurn || turn > servicetime.MaxTurn) {
		add("/turnMinutes", "a stay lasts 1 to 600 minutes")
	}
	if !zone.IsZero() && d.h.Floor.Zone(zone) == nil {
		add("/zoneId", "there is no such zone")
	}
	switch kind {
	case "", seating.SeatingStandard, seating.SeatingSofa, seating.SeatingBooth, seating.SeatingHighTop:
	default:
		add("/seatingPreference", "one of standard, sofa, booth, high_top")
	}
}

// waitingFields refuses a place on the waitlist that cannot be; at is where the
// request says it.
func waitingFields(add func(pointer, message string), at string, priority int, quoted servicetime.Minutes) {
	if priority < 0 || priority > mostPriority {
		add(at+"/priority", "a priority is 0 to 9, the highest first")
	}
	if quoted < 0 || quoted > mostQuoted {
		add(at+"/quotedMinutes", "a quoted wait is 0 to 600 minutes")
	}
}

// noTable says why the planner found none, and when one would be free.
func noTable(truncated bool, choices []seating.Choice) *NoTable {
	if truncated {
		return &NoTable{Reason: "search_stopped", Choices: choices}
	}
	return &NoTable{Reason: "no_table_free", Choices: choices}
}

// refusal is NO_TABLE with the same operands; start is when the party would dine.
func (d *draft) noTable(n *NoTable, covers int, start servicetime.Instant) *seating.Error {
	err := seating.Refuse(seating.CodeNoTable, "No table is free for %d on %s.", covers,
		start.Time().In(d.h.Calendar.Zone).Format("2006-01-02 at 15:04"))
	err.Details.Reason, err.Details.Choices = n.Reason, n.Choices
	return err
}
