package httpapi

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/seating"
)

// operation is the one declaration of a route: what it needs, takes and gives.
// The pipeline, the OpenAPI document and the tests all read it.
type operation struct {
	id      string
	method  string
	path    string
	tag     string
	summary string
	about   string // a longer description

	who     audience
	cap     seating.Capability // required when who is members
	key     keyRule
	ifMatch bool
	dryRun  bool // dryRun=true decides and answers what would happen; do comes from change
	tagged  bool // answers carry the version as ETag, and If-None-Match applies

	query  []param
	body   *bodySpec
	status int            // of success
	answer reflect.Type   // JSON body of success; nil: it has none, or writes it itself
	codes  []seating.Code // refusals of its own, beside those every operation of its kind has
	reads  bool           // a POST that changes nothing: what it asks for does not fit a query
	texts  []textAnswer   // answers of success that are not JSON
	do     func(c *call) (*reply, error)

	schema   *huma.Schema // of the body
	optional bool         // the body may be left out: it requires nothing
}

// audience says who may call an operation at all.
type audience int

// The zero audience is nobody: an operation that forgot to say fails at start.
const (
	nobody    audience = iota
	anyone             // without a token
	callers            // any valid token, an operator's too
	members            // a member of the restaurant in the path, with the capability
	operators          // an operator of the deployment
)

// keyRule says what an Idempotency-Key means to an operation.
type keyRule int

const (
	keyNone     keyRule = iota // read-only: a key is ignored
	keyAccepted                // a key makes the change happen at most once
	keyRequired                // API tokens must send one
)

// param is a query parameter.
type param struct {
	name   string
	about  string
	schema *huma.Schema
}

// bodySpec is the Go type of a body.
type bodySpec struct {
	typ     reflect.Type
	example any
}

// textAnswer is an answer in another format than JSON, with an example.
type textAnswer struct {
	mediaType string
	example   string
}

// changes reports whether the operation may change something.
func (op *operation) changes() bool { return op.method != "GET" && !op.reads }

// takes declares a body of type B with an example.
func takes[B any](example B) *bodySpec {
	return &bodySpec{typ: reflect.TypeFor[B](), example: example}
}

// gives declares the answer of an operation.
func gives[A any]() reflect.Type { return reflect.TypeFor[A]() }

// reply is what a handler answers with.
type reply struct {
	status int // 0: the operation's
	body   any
	etag   string
	replay bool
}

// params are the query parameters of an operation.
func (op *operation) params() []param {
	if op.dryRun {
		return append(slices.Clone(op.query), dryRunParam())
	}
	return op.query
}

// validate refuses a declaration that leaves open who may call it.
func (op *operation) validate() error {
	write := op.method != "GET"
	switch {
	case op.id == "" || op.path == "" || op.summary == "" || op.status == 0 || op.do == nil:
		return fmt.Errorf("operation %q %s %s is not declared in full", op.id, op.method, op.path)
	case op.reads && (op.method != "POST" || op.key != keyNone):
		return fmt.Errorf("operation %q reads by POST, and declares what only a change has", op.id)
	case op.who == nobody:
		return fmt.Errorf("operation %q does not say who may call it", op.id)
	case op.who == members && op.cap == "":
		return fmt.Errorf("operation %q declares no capability", op.id)
	case op.who != members && op.cap != "":
		return fmt.Errorf("operation %q declares a capability without a restaurant", op.id)
	case op.who == operators && (op.key != keyNone || op.ifMatch || op.dryRun || op.tagged):
		return fmt.Errorf("operation %q declares what only a restaurant keeps: receipts and versions", op.id)
	case !write && (op.key != keyNone || op.body != nil || op.ifMatch || op.dryRun):
		return fmt.Errorf("operation %q reads, and declares what only a change has", op.id)
	}
	return nil
}
