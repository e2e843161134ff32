package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// maxCall bounds how long one request may take, the line's five seconds for an
// unknown outcome included.
const maxCall = 15 * time.Second

// call is one request on its way through the pipeline.
type call struct {
	api   *API
	op    *operation
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context //nolint:containedctx // a call is the request's own scope and dies with it
	trace string

	caller     access.Caller
	actor      seating.Actor
	restaurant seating.RestaurantID // zero until the caller is known to belong to it
	booking    seating.BookingID
	hold       seating.HoldID
	zone       seating.ZoneID
	table      seating.TableID
	block      seating.BlockID
	endpoint   seating.EndpointID

	query   url.Values
	key     string
	ifMatch *seating.Version
	least   *seating.Version // Min-Version
	body    any              // pointer to the operation's body type
	dryRun  bool             // decide, and do nothing
	asked   string           // the command that was given
	later   func()           // what is told after the answer; nil: nothing
}

// step is one step of the pipeline; it ends the request by an error.
type step func(*call) error

// pipeline is the order in which refusals are told. The first three steps never
// read the body. Source: docs/architecture.md, the life of a hold.
var pipeline = []step{
	(*call).authenticate, // 401
	(*call).locate,       // 404: not a member, malformed ids
	(*call).permit,       // 403
	(*call).readMeta,     // 400: headers, parameters
	(*call).readBody,     // 400, 413, 415, 422
}

// run takes a request through the steps and its handler.
func (c *call) run() (*reply, error) {
	for _, s := range pipeline {
		if err := s(c); err != nil {
			return nil, err
		}
	}
	return c.op.do(c)
}

func (c *call) authenticate() error {
	if c.op.who == anyone {
		return nil
	}
	authorization, refusal := single(c.r.Header, headerAuthorization)
	if refusal != nil && len(c.r.Header.Values(headerAuthorization)) > 1 {
		return refusal
	}
	caller, err := c.api.gate.Authenticate(c.ctx, authorization)
	if err != nil {
		return err
	}
	// A principal of its own; a malformed one is refused with the other headers,
	// after it is known that the token may call here at all.
	if v := c.r.Header.Get(headerActingFor); access.ValidActingFor(v) {
		caller.ActingFor = v
	}
	c.caller = caller
	return nil
}

func (c *call) locate() error {
	if c.op.who != members {
		return nil
	}
	restaurant, err := seating.ParseID[seating.RestaurantID](c.r.PathValue("restaurantId"))
	if err != nil {
		return access.NoRestaurant()
	}
	if c.actor, err = c.api.gate.Actor(c.ctx, c.caller, restaurant); err != nil {
		return err
	}
	c.restaurant = restaurant
	if v := c.r.PathValue("bookingId"); v != "" {
		if c.booking, err = seating.ParseID[seating.BookingID](v); err != nil {
			return noBooking()
		}
	}
	if v := c.r.PathValue("holdId"); v != "" {
		if c.hold, err = seating.ParseID[seating.HoldID](v); err != nil {
			return noHold()
		}
	}
	return c.locateFloor()
}

// locateFloor reads the ids of things of the floor, and of webhooks.
func (c *call) locateFloor() (err error) {
	if v := c.r.PathValue("zoneId"); v != "" {
		if c.zone, err = seating.ParseID[seating.ZoneID](v); err != nil {
			return noZone()
		}
	}
	if v := c.r.PathValue("tableId"); v != "" {
		if c.table, err = seating.ParseID[seating.TableID](v); err != nil {
			return noTable()
		}
	}
	if v := c.r.PathValue("blockId"); v != "" {
		if c.block, err = seating.ParseID[seating.BlockID](v); err != nil {
			return noBlock()
		}
	}
	if v := c.r.PathValue("endpointId"); v != "" {
		if c.endpoint, err = seating.ParseID[seating.EndpointID](v); err != nil {
			return noWebhook()
		}
	}
	return nil
}

// permit knows no restaurant to hide on the routes of operators: the contract
// names them to everyone, so a token of a restaurant is told that it is no
// operator's.
func (c *call) permit() error {
	if c.op.who == operators && !c.caller.IsOperator() {
		return seating.Refuse(seating.CodeForbidden, "this needs the token of an operator of the deployment; yours is a restaurant's")
	}
	if c.op.who != members || c.actor.Can(c.op.cap) {
		return nil
	}
	return forbidden(c.op.cap)
}

func forbidden(capability seating.Capability) *seating.Error {
	return seating.Refuse(seating.CodeForbidden, "this needs the capability %s, which your role does not have", capability)
}

func (c *call) readMeta() error {
	if refusal := c.readHeaders(); refusal != nil {
		return refusal
	}
	if refusal := c.readQuery(); refusal != nil {
		return refusal
	}
	return nil
}

// readBody reads, parses and judges the body, and decodes it into the
// operation's type.
func (c *call) readBody() error {
	if c.op.body == nil {
		return c.refuseBody()
	}
	if c.op.optional && (c.r.Body == nil || c.r.Body == http.NoBody || c.r.ContentLength == 0) {
		c.body = c.op.newBody()
		return nil
	}
	if refusal := jsonContent(c.r.Header); refusal != nil {
		return refusal
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.op.bodyLimit()))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return tooLarge(c.op.bodyLimit())
		}
		return unreadable("", "the body could not be read")
	}
	doc, refusal := readDocument(raw)
	if refusal != nil {
		return refusal
	}
	if refusal := seating.InvalidFields(c.api.judge.check(c.op.schema, doc)); refusal != nil {
		return refusal
	}
	// Decoded from the document, not from the bytes: 1e2 is a whole number to JSON
	// but not to encoding/json.
	plain, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	body := c.op.newBody()
	if err := json.Unmarshal(plain, body); err != nil {
		return seating.Invalid("", "the body does not fit: a value is out of range")
	}
	c.body = body
	return nil
}

// refuseBody lets an operation without a body have an empty one or {}.
func (c *call) refuseBody() error {
	if c.op.method == http.MethodGet || c.r.Body == nil || c.r.ContentLength == 0 {
		return nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, 64))
	switch trimmed := string(slices.DeleteFunc(raw, func(b byte) bool { return b <= ' ' })); {
	case err != nil:
		return tooLarge(64)
	case trimmed != "" && trimmed != "{}":
		return unreadable("", "this operation takes no body")
	}
	return nil
}

func jsonContent(h http.Header) *seating.Error {
	v, refusal := single(h, "Content-Type")
	if refusal != nil && len(h.Values("Content-Type")) > 1 {
		return refusal
	}
	media, params, err := mime.ParseMediaType(v)
	if charset := params["charset"]; err == nil && media == "application/json" && (charset == "" || charset == "utf-8" || charset == "UTF-8") {
		return nil
	}
	return &seating.Error{
		Code: seating.CodeUnreadable, Msg: "send the body as Content-Type: application/json",
		Details: seating.Details{Fields: []seating.Field{{Pointer: "Content-Type", Message: "must be application/json"}}, Reason: reasonMedia},
	}
}

// reasonMedia marks the refusal that is told with status 415.
const reasonMedia = "media_type"

func tooLarge(limit int64) *seating.Error {
	e := seating.Refuse(seating.CodeTooLarge, "the body is larger than %d bytes", limit)
	e.Details.Fields = []seating.Field{{Pointer: "", Message: e.Msg}}
	return e
}

// command gives a command to the restaurant's line. When the caller's rights
// changed while it ran, they are looked up again and it is given once more.
func (c *call) command(cmd decide.Command) (line.Answer, error) {
	request := line.Request{
		Restaurant: c.restaurant, Command: cmd, Actor: c.actor,
		Key: c.key, Status: c.op.status, IfMatch: c.ifMatch,
	}
	if c.key != "" {
		var err error
		if request.Fingerprint, err = c.fingerprint(); err != nil {
			return line.Answer{}, err
		}
	}
	c.asked = cmd.Name()
	answer, err := c.api.lines.Do(c.ctx, request)
	if e, ok := errors.AsType[*seating.Error](err); !ok || !e.Details.Moved {
		return answer, err
	}
	if err := c.reauthorize(); err != nil {
		return line.Answer{}, err
	}
	request.Actor = c.actor
	return c.api.lines.Do(c.ctx, request)
}

func (c *call) reauthorize() error {
	caller, err := c.api.gate.Again(c.ctx, c.caller)
	if err != nil {
		return err
	}
	actor, err := c.api.gate.Actor(c.ctx, caller, c.restaurant)
	if err != nil {
		return err
	}
	c.caller, c.actor = caller, actor
	return c.permit()
}

// fingerprint identifies the request a key was sent with: method, path with its
// ids, parameters, and the body as it was understood.
func (c *call) fingerprint() (string, error) {
	h := sha256.New()
	parts := []string{c.op.method, c.op.path, c.restaurant.String(), c.booking.String(), c.hold.String(), c.query.Encode()}
	if floor := c.zone.String() + c.table.String() + c.block.String(); floor != "" {
		parts = append(parts, floor)
	}
	for _, part := range parts {
		h.Write([]byte(part + "\n"))
	}
	if c.body != nil {
		plain, err := json.Marshal(c.body)
		if err != nil {
			return "", err
		}
		h.Write(plain)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
