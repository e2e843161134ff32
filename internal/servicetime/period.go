package servicetime

import "time"

// TurnBand says how long a party of up to UpTo covers keeps its table. The last
// band of a period has UpTo 0 and takes every larger party.
type TurnBand struct {
	UpTo int     `json:"upToCovers"`
	Turn Minutes `json:"minutes"`
}

// Period is a named local-time stretch in which parties are served. It happens
// on each of its weekdays or, when Date is set, on that date alone, where it
// replaces the weekly periods of the date (a special day). End at or before
// Start means past midnight. LastSeating is the last wall-clock start that is
// accepted, inclusive; it lies in [Start, End). Overrun allows a dining end
// past the period's end.
type Period struct {
	Name        string         `json:"name"`
	Weekdays    []time.Weekday `json:"weekdays,omitempty"`
	Date        *Date          `json:"date,omitempty"`
	Start       Clock          `json:"start"`
	End         Clock          `json:"end"`
	LastSeating Clock          `json:"lastSeating"`
	Overrun     bool           `json:"overrunAllowed"`
	Bands       []TurnBand     `json:"turnBands"`
}

// Closure is a run of service dates, both ends included, on which nothing is
// served, whatever the periods say. Reason is a short word for staff.
type Closure struct {
	From   Date   `json:"from"`
	To     Date   `json:"to"`
	Reason string `json:"reason"`
}

// Turn is how long a party of that many covers keeps its table in this period.
func (p Period) Turn(covers int) Minutes {
	for _, b := range p.Bands {
		if b.UpTo == 0 || covers <= b.UpTo {
			return b.Turn
		}
	}
	return 0
}
