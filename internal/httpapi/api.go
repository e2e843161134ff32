package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/webhook"
)

// Lines gives commands to restaurants; line.Lines is one.
type Lines interface {
	// Do returns the answer of a granted command, or a *seating.Error.
	Do(ctx context.Context, r line.Request) (line.Answer, error)
}

var _ Lines = (*line.Lines)(nil)

// Houses is the part of live.Houses that the API needs.
type Houses interface {
	query.Houses
	Invalidate(id seating.RestaurantID, reason string)
	// Known returns the house in memory as it is; nil when there is none.
	Known(id seating.RestaurantID) *house.House
}

var _ Houses = (*live.Houses)(nil)

// Deps is what the API stands on.
type Deps struct {
	Houses    Houses
	Lines     Lines
	Lists     store.Lists
	Directory Directory
	Gate      *access.Gate
	Found     Founder
	Webhooks  store.Webhooks
	Sealer    *webhook.Sealer // of the secrets of webhooks; nil: none can be made
	Allow     webhook.Allow   // what webhooks may reach besides public addresses
	Office    *backoffice.Office
	Logger    *slog.Logger
	Now       func() time.Time // the process's clock, for durations and memories
	CursorKey []byte           // ≥ 16 bytes, the same in every process of a deployment
	NewID     func() [16]byte  // UUIDv7
	Registry  *prometheus.Registry
	Ready     func(ctx context.Context) error // nil error: may serve; nil func: always
	Tell      func(store.Told)                // takes what was refused, without ever blocking; nil: nobody listens
}

// Validate reports what is missing.
func (d Deps) Validate() error {
	var missing []error
	for name, v := range map[string]bool{
		"Houses": d.Houses == nil, "Lines": d.Lines == nil, "Lists": d.Lists == nil, "Directory": d.Directory == nil,
		"Gate": d.Gate == nil, "Found": d.Found == nil, "Webhooks": d.Webhooks == nil, "Office": d.Office == nil, "Logger": d.Logger == nil, "Now": d.Now == nil, "NewID": d.NewID == nil, "Registry": d.Registry == nil,
	} {
		if v {
			missing = append(missing, fmt.Errorf("httpapi: %s is missing", name))
		}
	}
	if len(d.CursorKey) < 16 {
		missing = append(missing, errors.New("httpapi: CursorKey has fewer than 16 bytes"))
	}
	return errors.Join(missing...)
}

// API is the HTTP contract, ready to serve. It is safe for concurrent use.
type API struct {
	reader    *query.Reader
	houses    Houses
	lines     Lines
	directory Directory
	gate      *access.Gate
	found     Founder
	webhooks  store.Webhooks
	sealer    *webhook.Sealer
	allow     webhook.Allow
	office    *backoffice.Office
	names     *names
	logger    *slog.Logger
	now       func() time.Time
	newID     func() [16]byte
	ready     func(ctx context.Context) error
	tell      func(store.Told)
	sampled   *sampler
	cursors   cursors
	judge     *judge
	metrics   *metrics
	registry  *prometheus.Registry

	operations []*operation
	document   *huma.OpenAPI
	yaml, json []byte
	handler    http.Handler
}

var _ http.Handler = (*API)(nil)

// New declares the operations, makes their document and the handler. It fails
// when an operation is not declared in full.
func New(d Deps) (*API, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	a := &API{
		reader: query.New(d.Houses, d.Lists), lines: d.Lines, gate: d.Gate, names: newNames(d.Directory, d.Now, d.Logger),
		houses: d.Houses, directory: d.Directory, found: d.Found, office: d.Office,
		webhooks: d.Webhooks, sealer: d.Sealer, allow: d.Allow,
		logger: d.Logger, now: d.Now, newID: d.NewID, ready: d.Ready, cursors: cursors{key: d.CursorKey}, registry: d.Registry,
	}
	a.tell, a.sampled = d.Tell, newSampler()
	var err error
	if a.metrics, err = newMetrics(d.Registry); err != nil {
		return nil, err
	}
	a.operations = a.declare()
	if err := a.describe(); err != nil {
		return nil, err
	}
	a.handler = a.route()
	return a, nil
}

// declare lists all operations, in the order of the document.
func (a *API) declare() []*operation {
	var list []*operation
	for _, part := range [][]*operation{
		a.identity(), a.founding(), a.bookings(), a.changes(), a.lifecycle(), a.evening(), a.guests(), a.records(), a.selection(), a.holds(), a.assignments(),
		a.floor(), a.policy(), a.calendar(), a.system(), a.restaurant(), a.zones(), a.tables(), a.joins(), a.blocks(), a.hooks(), a.observability(),
		a.officeOperations(),
	} {
		list = append(list, part...)
	}
	return list
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// OpenAPI returns the contract as YAML; always the same bytes for one version.
func (a *API) OpenAPI() []byte { return a.yaml }

// freshID makes a new ID of any kind.
func freshID[I ~[16]byte](a *API) I { return I(a.newID()) }

func (op *operation) newBody() any { return reflect.New(op.body.typ).Interface() }

// The limits of bodies, in bytes. A whole floor is larger than anything else.
const (
	maxBody  = 256 << 10
	maxFloor = 1 << 20
)

func (op *operation) bodyLimit() int64 {
	if op.tag == tagFloor {
		return maxFloor
	}
	return maxBody
}

// base is where everything of a restaurant lives.
const base = "/v1/restaurants/{restaurantId}"

func noBooking() *seating.Error { return query.NoBooking() }

func noHold() *seating.Error { return query.NoHold() }
