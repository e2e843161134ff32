package httpapi

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// tellLoad bounds how long a refusal waits for the house it is told of, which is
// in memory but for the first request for a restaurant.
const tellLoad = 250 * time.Millisecond

// Reasons of access.denied, where it is not the capability that the role lacks.
const (
	reasonForeign  = "foreign_restaurant" // another restaurant, or none
	reasonOperator = "operator"           // a route of the deployment's operators
)

// tellRefusal tells the restaurant's observability what was refused, after the
// answer: once a request, whatever was tried for it. What nobody can learn from,
// such as a field that is wrong, is not told.
func (c *call) tellRefusal(ctx context.Context, err error) {
	if c.api.tell == nil || c.dryRun {
		return
	}
	refusal := refusalOf(err, false)
	switch refusal.Code { //nolint:exhaustive // the others are not told
	case seating.CodeAssignmentConflict, seating.CodeHoldConflict, seating.CodeTableOccupied:
		c.tellCommand(ctx, seating.EventConflict, refusal, "")
	case seating.CodePolicyDrift, seating.CodeTableDrift:
		c.tellCommand(ctx, seating.EventPolicyDrift, refusal, string(refusal.Details.Cause))
	case seating.CodeOverrideRequired:
		c.tellDenied(ctx, refusal.Code, string(seating.CapOverride))
	case seating.CodeForbidden:
		c.tellDenied(ctx, refusal.Code, c.lacking())
	case seating.CodeNotFound:
		if c.foreign() {
			c.tellDenied(ctx, refusal.Code, reasonForeign)
		}
	}
}

// lacking says what a caller who is refused does not have.
func (c *call) lacking() string {
	switch {
	case c.op.who == operators:
		return reasonOperator
	case c.op.who == members && !c.actor.Can(c.op.cap):
		return string(c.op.cap)
	}
	return ""
}

// foreign reports whether a restaurant's token asked for another restaurant. One
// that does not exist is the same: the answer does not tell them apart either.
func (c *call) foreign() bool {
	if c.op.who != members || !c.restaurant.IsZero() || c.caller.Token.Restaurant.IsZero() {
		return false
	}
	id, err := seating.ParseID[seating.RestaurantID](c.r.PathValue("restaurantId"))
	return err == nil && id != c.caller.Token.Restaurant
}

// tellCommand tells of a command that was refused on a house: which tables were in
// the way, and for when.
func (c *call) tellCommand(ctx context.Context, t seating.EventType, refusal *seating.Error, reason string) {
	if !c.op.changes() || c.restaurant.IsZero() {
		return
	}
	h := c.toldHouse(ctx, c.restaurant)
	if h == nil {
		return
	}
	p := seating.EventPayload{
		Booking: c.booking, Hold: c.hold, Command: cmp.Or(c.asked, c.op.id), Code: refusal.Code, Reason: reason, Tables: refusedTables(refusal),
	}
	e := h.Booking(c.booking)
	if !c.hold.IsZero() {
		e = h.Hold(c.hold)
	}
	if e != nil {
		p.Booking, p.Window = e.ID, e.Window
	}
	c.hand(h, seating.Event{Type: t, Severity: seating.SeverityNotice, Booking: p.Booking, Payload: p}, c.actor)
}

// tellDenied tells of an access that was denied, in the caller's own restaurant. It
// names no object: nobody has looked whether it is there, or whose it is.
func (c *call) tellDenied(ctx context.Context, code seating.Code, reason string) {
	own, actor := c.caller.Token.Restaurant, c.actor
	if own.IsZero() {
		return
	}
	h := c.toldHouse(ctx, own)
	if h == nil {
		return
	}
	if actor.Principal == "" {
		actor = seating.Actor{Principal: c.caller.Principal(), Kind: seating.ActorToken}
	}
	c.hand(h, seating.Event{
		Type: seating.EventAccessDenied, Severity: seating.SeverityWarning,
		Payload: seating.EventPayload{Command: c.op.id, Code: code, Reason: reason},
	}, actor)
}

// tellVerdict tells of one question in ten whether tables would do.
func (c *call) tellVerdict(h *house.House, e *house.Entry, verdict planner.Verdict) {
	if c.api.tell == nil || !c.api.sampled.take(c.restaurant) {
		return
	}
	event := seating.Event{
		Type: seating.EventValidate, Severity: seating.SeverityDebug, Booking: e.ID,
		Payload: seating.EventPayload{Booking: e.ID, Window: e.Window, Tables: verdict.Tables, Command: c.op.id},
	}
	if first := seating.FirstError(verdict.Checks); first != nil {
		event.Severity, event.Payload.Code = seating.SeverityInfo, first.Code
	}
	c.later = func() { c.hand(h, event, c.actor) }
}

// hand completes an event and hands it over. The receiver must not block.
func (c *call) hand(h *house.House, e seating.Event, actor seating.Actor) {
	p := &e.Payload
	p.SchemaVersion, p.Restaurant, p.Version = seating.EventSchemaVersion, h.Restaurant.ID, h.Public()
	p.At, p.Actor = c.api.reader.Now(), seating.Actor{Principal: actor.Principal, Kind: actor.Kind}
	c.api.tell(store.Told{Restaurant: h.Restaurant.ID, Version: h.Version, Key: store.ToldKey(c.api.newID()), Event: e})
}

// toldHouse is the house whose version a refusal is told with: the one in memory,
// as it is, so that no refusal waits for the store. An event may be missing.
func (c *call) toldHouse(ctx context.Context, id seating.RestaurantID) *house.House {
	if h := c.api.houses.Known(id); h != nil {
		return h
	}
	ctx, cancel := context.WithTimeout(ctx, tellLoad)
	defer cancel()
	h, err := c.api.reader.House(ctx, id, nil)
	if err != nil {
		return nil
	}
	return h
}

// refusedTables are the tables that a refusal is about.
func refusedTables(refusal *seating.Error) (tables []seating.TableID) {
	add := func(id seating.TableID) {
		if !id.IsZero() && !slices.Contains(tables, id) {
			tables = append(tables, id)
		}
	}
	refs, blockers := refusal.Details.Tables, refusal.Details.Blockers
	for _, check := range refusal.Details.Checks {
		if check.Outcome == seating.OutcomeError {
			refs, blockers = slices.Concat(refs, check.Tables), slices.Concat(blockers, check.Blockers)
		}
	}
	for _, t := range refs {
		add(t.ID)
	}
	for _, b := range blockers {
		add(b.Table.ID)
	}
	return tables
}

// told tells what a handler left to be told after the answer.
func (c *call) told() {
	if c.later != nil {
		c.later()
	}
}

// sampleOf is how many questions one is taken of.
const sampleOf = 10

// sampler takes one of ten of each restaurant, at a place of the ten that cannot be
// foreseen: two screens that ask in turn are both heard.
type sampler struct {
	pick func(n int) int // below n

	mu sync.Mutex
	of map[seating.RestaurantID]*ten
}

// ten is where a restaurant stands in its ten.
type ten struct{ seen, taken int }

func newSampler() *sampler {
	return &sampler{pick: rand.IntN, of: map[seating.RestaurantID]*ten{}}
}

// take counts one question and reports whether it is the one.
func (s *sampler) take(id seating.RestaurantID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.of[id]
	if t == nil {
		t = &ten{}
		s.of[id] = t
	}
	if t.seen == 0 {
		t.taken = s.pick(sampleOf)
	}
	taken := t.seen == t.taken
	t.seen = (t.seen + 1) % sampleOf
	return taken
}
