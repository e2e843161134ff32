package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Verdict is what all checks say of one selection.
type Verdict struct {
	OK      bool // no check refuses
	Checks  []seating.Check
	Summary seating.Summary
	Tables  []seating.TableID // known, sorted, each once
}

// checks is the one list of rules, in the order in which their errors are told.
var checks = []struct {
	id   seating.CheckID
	rule func(*house.House, Request, Selection) seating.Check
}{
	{seating.CheckTables, CheckTables},
	{seating.CheckAvailable, CheckAvailable},
	{seating.CheckOccupied, CheckOccupied},
	{seating.CheckCapacity, CheckCapacity},
	{seating.CheckMinimum, CheckMinimum},
	{seating.CheckSlack, CheckSlack},
	{seating.CheckZone, CheckZone},
	{seating.CheckMovable, CheckMovable},
	{seating.CheckAdjacency, CheckAdjacency},
	{seating.CheckService, CheckService},
	{seating.CheckPacing, CheckPacing},
	{seating.CheckConflict, CheckConflict},
	{seating.CheckHolds, CheckHolds},
}

// Judge applies every check to the selection. An override turns the errors it
// covers into warnings; the checks that cannot be set aside stand.
func Judge(h *house.House, r Request, ids []seating.TableID) Verdict {
	s := Select(h, ids)
	v := Verdict{OK: true, Checks: make([]seating.Check, len(checks)), Tables: s.IDs()}
	for i, c := range checks {
		v.Checks[i] = judged(c.id, c.rule(h, r, s), r.Override)
		v.OK = v.OK && v.Checks[i].Outcome != seating.OutcomeError
	}
	v.Summary = seating.Summary{
		Covers: s.Covers, Party: r.Covers, Minimum: s.Minimum, Slack: s.Covers - r.Covers,
		Tables: len(s.Tables), Zones: s.zones(),
	}
	if s.Combination != nil {
		v.Summary.Combination = s.Combination.ID
	}
	return v
}

// JudgeArrival applies only the checks that a chosen start must pass without
// any table: service and pacing.
func JudgeArrival(h *house.House, r Request) Verdict {
	v := Verdict{OK: true}
	for _, c := range checks {
		if c.id == seating.CheckService || c.id == seating.CheckPacing {
			check := judged(c.id, c.rule(h, r, Selection{}), r.Override)
			v.Checks = append(v.Checks, check)
			v.OK = v.OK && check.Outcome != seating.OutcomeError
		}
	}
	v.Summary = seating.Summary{Party: r.Covers}
	return v
}

func judged(id seating.CheckID, c seating.Check, o *seating.Override) seating.Check {
	c.ID = id
	if c.Outcome == "" {
		c.Outcome = seating.OutcomeOK
	}
	if c.Outcome == seating.OutcomeError && id.Overridable() && o.Covers(id) {
		c.Outcome, c.Overridden = seating.OutcomeWarning, true
	}
	return c
}

// refuse and warn make a verdict that is not ok.
func refuse(code seating.Code, message string) seating.Check {
	return seating.Check{Outcome: seating.OutcomeError, Code: code, Message: message}
}

func warn(code seating.Code, message string) seating.Check {
	return seating.Check{Outcome: seating.OutcomeWarning, Code: code, Message: message}
}
