package httpapi

import (
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// ValidateRequest asks whether a selection would do.
type ValidateRequest struct {
	Tables           []UUID    `json:"tableIds" maxItems:"100"`
	RequireAdjacency bool      `json:"requireAdjacency,omitempty" doc:"Tighten the policy for this selection; it can never be loosened."`
	Override         *Override `json:"override,omitempty"`
}

// HoldRequest asks for a hold.
type HoldRequest struct {
	Tables           []UUID    `json:"tableIds" maxItems:"100"`
	TTLSeconds       int       `json:"ttlSeconds,omitempty" minimum:"30" maximum:"600" doc:"Default and minimum are the policy's; a shorter request is raised, and the answer says so."`
	RequireAdjacency bool      `json:"requireAdjacency,omitempty" doc:"Tighten the policy for this selection; it can never be loosened."`
	Override         *Override `json:"override,omitempty"`
}

// ExtendRequest asks for more time, counted from now.
type ExtendRequest struct {
	Seconds int `json:"seconds" minimum:"1" maximum:"600"`
}

// TakeOverRequest says why somebody else's hold is taken over.
type TakeOverRequest struct {
	Reason string `json:"reason" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like guest_waiting" example:"guest_waiting"`
}

// ConfirmRequest says what a confirm does to the booking's state.
type ConfirmRequest struct {
	Transition string `json:"transition,omitempty" enum:"confirmed,checked_in,none" doc:"Default confirmed for a pending or waitlisted booking, none otherwise."`
}

// AssignRequest seats a booking.
type AssignRequest struct {
	Tables     []UUID    `json:"tableIds" maxItems:"100"`
	Transition string    `json:"transition,omitempty" enum:"confirmed,checked_in,none" doc:"Default confirmed for a pending or waitlisted booking, none otherwise."`
	Override   *Override `json:"override,omitempty"`
}

// SwapRequest names two bookings that exchange their tables.
type SwapRequest struct {
	A UUID `json:"a"`
	B UUID `json:"b"`
}

// Verdict is how a selection was judged.
type Verdict struct {
	OK      bool            `json:"ok"`
	Checks  []Check         `json:"checks"`
	Summary seating.Summary `json:"summary"`
	Moved   *Moved          `json:"moved,omitempty" doc:"What changed since the version in If-Match, when that matters to this selection."`
	Stamp
}

// Moved says what changed since somebody looked.
type Moved struct {
	Reason  string    `json:"reason" doc:"too_old: it is not known any more what changed." enum:"changed,too_old"`
	Changed []Changed `json:"changed"`
}

// HoldAnswer is a hold that was made or changed.
type HoldAnswer struct {
	Hold    Hold             `json:"hold"`
	Checks  []Check          `json:"checks,omitempty"`
	Summary *seating.Summary `json:"summary,omitempty"`
	Stamp
}

// ReleaseAnswer names a hold that is over.
type ReleaseAnswer struct {
	HoldID  seating.HoldID    `json:"holdId" format:"uuid"`
	Booking seating.BookingID `json:"bookingId" format:"uuid"`
	Stamp
}

// HoldsAnswer lists the live holds.
type HoldsAnswer struct {
	Holds []Hold `json:"holds"`
	Stamp
}

// AssignedAnswer is a booking with its tables.
type AssignedAnswer struct {
	Assignment *Assignment `json:"assignment,omitempty" doc:"Absent when the booking has no table any more."`
	Booking    Booking     `json:"booking"`
	Checks     []Check     `json:"checks,omitempty"`
	Stamp
}

// SwapAnswer is two bookings with each other's tables.
type SwapAnswer struct {
	A AssignedPart `json:"a"`
	B AssignedPart `json:"b"`
	Stamp
}

// AssignedPart is one half of a swap.
type AssignedPart struct {
	Assignment *Assignment `json:"assignment"`
	Booking    Booking     `json:"booking"`
}

// ContextAnswer is everything a person needs to choose tables for a booking.
type ContextAnswer struct {
	Booking      Booking           `json:"booking" doc:"Without guest data."`
	Window       BookingWindow     `json:"window"`
	Tables       []ContextTable    `json:"tables"`
	Zones        []Zone            `json:"zones"`
	Adjacencies  [][2]string       `json:"adjacencies"`
	Combinations []Combination     `json:"combinations"`
	Assignment   *Assignment       `json:"assignment,omitempty"`
	Hold         *Hold             `json:"hold,omitempty" doc:"The booking's live hold, whoever made it."`
	OtherHolds   []Hold            `json:"otherHolds" doc:"Live holds of other bookings that meet the window."`
	Policy       seating.Policy    `json:"policy"`
	Suggestions  []Suggestion      `json:"suggestions" doc:"The best selections that pass every check, best first."`
	Truncated    bool              `json:"suggestionsTruncated,omitempty" doc:"The search was stopped by its bound: a better selection may exist."`
	Revisions    seating.Revisions `json:"revisions" doc:"The version number at which each aspect last changed."`
	Stamp
}

// ContextTable is a table as the booking finds it in its window.
type ContextTable struct {
	Table
	State      query.TableState  `json:"state" enum:"free,own,own_hold,held,assigned,blocked,unavailable"`
	Neighbours []seating.TableID `json:"neighbours"`
	Conflicts  []Blocker         `json:"conflicts,omitempty" doc:"Whose claims stand in the way."`
}

// Suggestion is a selection that passes every check.
type Suggestion struct {
	Tables        []seating.TableID     `json:"tableIds"`
	Numbers       []string              `json:"numbers"`
	Summary       seating.Summary       `json:"summary"`
	Waste         int                   `json:"waste" doc:"Covers it seats beyond the party."`
	CombinationID seating.CombinationID `json:"combinationId,omitzero" format:"uuid"`
	Reasons       []string              `json:"reasons"`
}

func (c *call) contextAnswer(x query.Context, version seating.Version, now servicetime.Instant) ContextAnswer {
	who := []string{}
	for _, t := range x.Tables {
		for _, b := range t.Conflicts {
			who = appendPrincipal(who, b.HeldBy)
		}
	}
	for _, h := range x.OtherHolds {
		who = appendPrincipal(who, h.CreatedBy)
	}
	if x.Hold != nil {
		who = appendPrincipal(who, x.Hold.CreatedBy)
	}
	known := c.names(who...)
	b := bookingOf(x.Booking, version.Epoch)
	a := ContextAnswer{
		Booking: b, Window: b.Window, Zones: zonesOf(x.Zones), Adjacencies: edgesOf(x.Edges), Combinations: combinationsOf(x.Combinations),
		Policy: x.Policy, Revisions: x.Revisions, Truncated: x.Truncated, Tables: []ContextTable{}, OtherHolds: []Hold{}, Suggestions: []Suggestion{},
		Stamp: Stamp{Version: version, ServerNow: now},
	}
	numbers := map[seating.TableID]string{}
	for _, t := range x.Tables {
		numbers[t.ID] = t.Number
		a.Tables = append(a.Tables, ContextTable{
			Table: tableOf(t.Table), State: t.State, Neighbours: list(t.Neighbours), Conflicts: blockersOf(t.Conflicts, known),
		})
	}
	for _, h := range x.OtherHolds {
		a.OtherHolds = append(a.OtherHolds, holdOf(h, known))
	}
	if x.Hold != nil {
		h := holdOf(*x.Hold, known)
		a.Hold = &h
	}
	if n := len(x.Booking.Tables); n > 0 {
		a.Assignment = &Assignment{Booking: b.ID, Tables: b.Tables, Window: x.Booking.Window, Combined: n > 1}
	}
	for _, s := range x.Suggestions {
		a.Suggestions = append(a.Suggestions, suggestionOf(s, numbers))
	}
	return a
}

func suggestionOf(s planner.Candidate, numbers map[seating.TableID]string) Suggestion {
	w := Suggestion{Tables: s.Tables, Summary: s.Summary, Waste: s.Waste, CombinationID: s.Combination, Reasons: list(s.Reasons), Numbers: []string{}}
	for _, t := range s.Tables {
		w.Numbers = append(w.Numbers, numbers[t])
	}
	return w
}
