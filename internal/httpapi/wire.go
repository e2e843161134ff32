package httpapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Stamp is in every answer about a restaurant.
type Stamp struct {
	Version   seating.Version     `json:"version" doc:"The state the answer is of; opaque. Send it as If-Match or Min-Version." example:"e7k2m4q9.42"`
	ServerNow servicetime.Instant `json:"serverNow" format:"date-time" doc:"The server's time, to count expiries down by." example:"2026-11-27T18:30:00Z"`
}

// stamp of a house that was read.
func (c *call) stamp(h *house.House) Stamp {
	return Stamp{Version: h.Public(), ServerNow: c.api.reader.Now()}
}

// Code is a stable word for a refusal.
type Code seating.Code

// Schema lists the closed set of codes, from the one table.
func (Code) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "A stable word for the refusal. The set only grows."}
	for _, e := range seating.Codes() {
		if !slices.Contains(s.Enum, any(string(e.Code))) {
			s.Enum = append(s.Enum, string(e.Code))
		}
	}
	return s
}

// Principal is who did or holds something.
type Principal struct {
	Principal string `json:"principal" doc:"The canonical key." example:"token:019ac0de-0000-7000-8000-000000000001"`
	Name      string `json:"name,omitempty" doc:"What people call them, when it is known." example:"Front desk"`
}

func nameOf(principal string, known map[string]Principal) Principal {
	if p, ok := known[principal]; ok {
		return p
	}
	return Principal{Principal: principal}
}

func appendPrincipal(list []string, principal string) []string {
	if principal == "" || slices.Contains(list, principal) {
		return list
	}
	return append(list, principal)
}

// names resolves principals of the call's restaurant.
func (c *call) names(principals ...string) map[string]Principal {
	return c.api.names.of(c.ctx, c.restaurant, principals)
}

// Check is the verdict of one rule, with the operands a person can act on.
type Check struct {
	ID         seating.CheckID     `json:"id" enum:"tables,available,occupied,capacity,minimum,slack,zone,movable,adjacency,service,pacing,conflict,holds"`
	Outcome    seating.Outcome     `json:"outcome" enum:"ok,warning,error"`
	Code       seating.Code        `json:"code,omitempty" doc:"The code a command would be refused with."`
	Message    string              `json:"message,omitempty"`
	Overridden bool                `json:"overridden,omitempty" doc:"Set aside by an override."`
	Tables     []seating.TableRef  `json:"tables,omitempty"`
	Blockers   []Blocker           `json:"blockers,omitempty"`
	Party      int                 `json:"party,omitempty"`
	Covers     int                 `json:"covers,omitempty"`
	Limit      int                 `json:"limit,omitempty"`
	Ends       servicetime.Instant `json:"ends,omitempty" format:"date-time"`

	Starts  servicetime.Instant    `json:"starts,omitempty" format:"date-time" doc:"PAST: the start that was chosen."`
	Slot    *servicetime.Window    `json:"slot,omitempty" doc:"PACING_EXCEEDED: the stretch that is full."`
	Hours   []seating.ServiceHours `json:"hours,omitempty" doc:"OUTSIDE_SERVICE_HOURS: the services around that time."`
	Closure *Closure               `json:"closure,omitempty" doc:"The closure that stands in the way."`
}

// Blocker is somebody else's claim that stands in the way.
type Blocker struct {
	Table     seating.TableRef    `json:"table"`
	Kind      seating.OwnerKind   `json:"kind" enum:"hold,booking,block"`
	Window    servicetime.Window  `json:"window"`
	Booking   seating.BookingID   `json:"bookingId,omitzero" format:"uuid"`
	Reference string              `json:"reference,omitempty" doc:"The other booking's reference."`
	Hold      seating.HoldID      `json:"holdId,omitzero" format:"uuid"`
	HeldBy    *Principal          `json:"heldBy,omitempty" doc:"Who holds."`
	Until     servicetime.Instant `json:"until,omitempty" format:"date-time" doc:"Until when, unless it is extended."`
	Reason    string              `json:"reason,omitempty" doc:"A block's reason code."`
	Minutes   int                 `json:"overstayMinutes,omitempty"`
}

func checksOf(checks []seating.Check, known map[string]Principal) []Check {
	var list []Check
	for _, c := range checks {
		list = append(list, Check{
			ID: c.ID, Outcome: c.Outcome, Code: c.Code, Message: c.Message, Overridden: c.Overridden, Tables: c.Tables,
			Blockers: blockersOf(c.Blockers, known), Party: c.Party, Covers: c.Covers, Limit: c.Limit, Ends: c.Ends,
			Starts: c.Starts, Slot: c.Slot, Hours: c.Hours, Closure: closureOf(c.Closure),
		})
	}
	return list
}

func closureOf(c *servicetime.Closure) *Closure {
	if c == nil {
		return nil
	}
	return &Closure{From: c.From.String(), To: c.To.String(), Reason: c.Reason}
}

func blockersOf(blockers []seating.Blocker, known map[string]Principal) []Blocker {
	var list []Blocker
	for _, b := range blockers {
		w := Blocker{
			Table: b.Table, Kind: b.Kind, Window: b.Window, Booking: b.Booking, Reference: b.Reference,
			Hold: b.Hold, Until: b.Until, Reason: b.Reason, Minutes: b.Minutes,
		}
		if b.HeldBy != "" {
			by := nameOf(b.HeldBy, known)
			w.HeldBy = &by
		}
		list = append(list, w)
	}
	return list
}

func principalsOfChecks(checks []seating.Check) []string {
	var list []string
	for _, c := range checks {
		for _, b := range c.Blockers {
			list = appendPrincipal(list, b.HeldBy)
		}
	}
	return list
}

// Changed is one committed change since a version that somebody saw.
type Changed struct {
	Version  seating.Version     `json:"version"`
	What     string              `json:"what" doc:"The command."`
	Bookings []seating.BookingID `json:"bookingIds,omitempty"`
	Tables   []seating.TableRef  `json:"tables,omitempty"`
	Window   *servicetime.Window `json:"window,omitempty"`
	Aspects  []seating.Aspect    `json:"aspects,omitempty"`
}

func changedOf(facts []seating.ChangedFact) []Changed {
	var list []Changed
	for _, f := range facts {
		c := Changed{Version: f.Version, What: f.What, Bookings: f.Bookings, Tables: f.Tables, Aspects: f.Aspects}
		if !f.Window.Empty() {
			c.Window = &f.Window
		}
		list = append(list, c)
	}
	return list
}

// Hold is a temporary claim of a booking on tables.
type Hold struct {
	ID        seating.HoldID      `json:"id" format:"uuid"`
	Booking   seating.BookingID   `json:"bookingId" format:"uuid"`
	Tables    []seating.TableID   `json:"tableIds"`
	Window    servicetime.Window  `json:"window"`
	ExpiresAt servicetime.Instant `json:"expiresAt" format:"date-time"`
	HeldSince servicetime.Instant `json:"heldSince" format:"date-time" doc:"Inherited by a replacement that shares a table; a hold lasts 30 minutes from it at most."`
	CreatedBy Principal           `json:"createdBy"`
	Status    query.HoldStatus    `json:"status" enum:"live,lapsed,released,expired,superseded,confirmed"`
	EndedAt   servicetime.Instant `json:"endedAt,omitempty" format:"date-time"`
	EndedBy   *Principal          `json:"endedBy,omitempty"`
	TTLRaised bool                `json:"ttlRaised,omitempty" doc:"The request was below the restaurant's minimum and was raised to it."`
}

func holdOf(h query.Hold, known map[string]Principal) Hold {
	w := Hold{
		ID: h.ID, Booking: h.Booking, Tables: list(h.Tables), Window: h.Window, ExpiresAt: h.ExpiresAt, HeldSince: h.HeldSince,
		CreatedBy: nameOf(h.CreatedBy, known), Status: h.Status, EndedAt: h.EndedAt,
	}
	if h.EndedBy != "" {
		by := nameOf(h.EndedBy, known)
		w.EndedBy = &by
	}
	return w
}

// grantedHold is the hold a command made or changed, as it was then.
func grantedHold(h *decide.Hold, known map[string]Principal) Hold {
	w := holdOf(query.Hold{Hold: h.Hold, Tables: h.Tables, Status: query.HoldLive}, known)
	w.TTLRaised = h.Raised
	return w
}

// Assignment is the tables of a booking in its window.
type Assignment struct {
	Booking  seating.BookingID  `json:"bookingId" format:"uuid"`
	Tables   []seating.TableID  `json:"tableIds"`
	Window   servicetime.Window `json:"window"`
	Combined bool               `json:"combined" doc:"More than one table, as one unit."`
}

func assignmentOf(a *decide.Assignment) *Assignment {
	if a == nil {
		return nil
	}
	return &Assignment{Booking: a.Booking, Tables: list(a.Tables), Window: a.Window, Combined: a.Combined}
}

// list is never null on the wire.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Override sets overridable checks aside.
type Override struct {
	Checks []seating.CheckID `json:"checks" enum:"service,slack,minimum,pacing,adjacency" minItems:"1" maxItems:"5" doc:"The checks to set aside."`
	Reason string            `json:"reason" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like large_party" example:"large_party"`
	Note   string            `json:"note,omitempty" maxLength:"500" format:"lines" doc:"Staff's free text; kept apart from the history."`
}

func (o *Override) domain() (*seating.Override, string) {
	if o == nil {
		return nil, ""
	}
	checks := slices.Clone(o.Checks)
	slices.Sort(checks)
	return &seating.Override{Checks: slices.Compact(checks), Reason: o.Reason}, o.Note
}

// uuidPattern is the one spelling of an id.
const uuidPattern = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// UUID is an id in a body, of whatever kind its field says.
type UUID string

// Schema says how an id is spelled.
func (UUID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "uuid", Pattern: uuidPattern, PatternDescription: "an id as answers give it",
		Examples: []any{"019ac0de-0000-7000-8000-000000000001"},
	}
}

// parseUUID reads an id of a body; the schema has checked its spelling.
func parseUUID[I ~[16]byte](u UUID, pointer string) (I, *seating.Error) {
	id, err := seating.ParseID[I](string(u))
	if err != nil {
		return id, seating.Invalid(pointer, "is not an id")
	}
	return id, nil
}

// parseTables reads the tables of a selection.
func parseTables(us []UUID) ([]seating.TableID, *seating.Error) {
	ids := make([]seating.TableID, len(us))
	for i, u := range us {
		id, refusal := parseUUID[seating.TableID](u, "/tableIds/"+itoa(i))
		if refusal != nil {
			return nil, refusal
		}
		ids[i] = id
	}
	return ids, nil
}
