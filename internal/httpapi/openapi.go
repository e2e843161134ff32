package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/seating"
)

// Arrays of the contract are never null; huma's default is a setting of the
// package, so it is made once, before any schema is.
func init() { huma.DefaultArrayNullable = false }

const description = `The table-capacity engine of a restaurant.

Every answer about a restaurant carries **version**, an opaque name of the state it is of, and **serverNow**.
A change can name the state its author saw in **If-Match**, and is refused with 412 only when something since
then matters to it. A change sent with an **Idempotency-Key** happens at most once: sent again, it answers what it
answered then, with the header Idempotent-Replayed. Every refusal is an RFC 9457 problem with a stable **code**.

Refusals are told in this order: 401, 404 for the restaurant or a malformed id, 403, 400 for headers and
parameters, 400, 413, 415 or 422 for the body, and only then those of the command.`

// contract is the version of the HTTP contract, the one in every path. It only
// grows.
const contract = "v1"

// describe makes the OpenAPI document and prepares the schemas that bodies are
// judged by.
func (a *API) describe() error {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	a.judge = newJudge(schemas)
	a.document = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "maitred", Version: contract, Description: description},
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token":    {Type: "http", Scheme: "bearer", Description: "An API token, mtr_…"},
				"operator": {Type: "http", Scheme: "bearer", Description: "The token of an operator of the deployment, mtro_…; it opens no restaurant."},
			},
		},
	}
	problem := schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	seen := map[string]bool{}
	for _, op := range a.operations {
		if err := op.validate(); err != nil {
			return err
		}
		if seen[op.id] {
			return fmt.Errorf("operation %q is declared twice", op.id)
		}
		seen[op.id] = true
		doc, err := a.documented(op, problem)
		if err != nil {
			return fmt.Errorf("operation %q: %w", op.id, err)
		}
		a.document.AddOperation(doc)
	}
	for _, op := range a.operations {
		if op.schema == nil {
			continue
		}
		if err := a.judge.prepare(op.schema, map[string]bool{}); err != nil {
			return fmt.Errorf("operation %q: %w", op.id, err)
		}
	}
	var err error
	if a.yaml, err = a.document.YAML(); err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	if a.json, err = json.Marshal(a.document); err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	return nil
}

// documented documents one operation.
func (a *API) documented(op *operation, problem *huma.Schema) (*huma.Operation, error) {
	doc := &huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag}, Summary: op.summary, Description: op.about,
		Parameters: a.parameters(op), Responses: map[string]*huma.Response{}, Extensions: map[string]any{},
	}
	switch op.who {
	case members:
		doc.Extensions["x-capability"] = string(op.cap)
		doc.Security = []map[string][]string{{"token": {}}}
	case callers:
		doc.Security = []map[string][]string{{"token": {}}, {"operator": {}}}
	case operators:
		doc.Security = []map[string][]string{{"operator": {}}}
	case anyone, nobody:
		doc.Security = []map[string][]string{}
	}
	if op.body != nil {
		op.schema = a.judge.schemas.Schema(op.body.typ, true, op.id)
		example, err := plainValue(op.body.example)
		if err != nil {
			return nil, err
		}
		op.optional = len(a.judge.schemas.SchemaFromRef(op.schema.Ref).Required) == 0
		doc.RequestBody = &huma.RequestBody{Required: !op.optional, Content: map[string]*huma.MediaType{
			"application/json": {Schema: op.schema, Example: example},
		}}
	}
	success := &huma.Response{Description: http.StatusText(op.status), Headers: map[string]*huma.Param{}}
	if op.answer != nil {
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: a.judge.schemas.Schema(op.answer, true, op.id)}}
	}
	if op.dryRun {
		a.documentDryRun(op, doc, success)
	}
	text := &huma.Schema{Type: huma.TypeString}
	for _, t := range op.texts {
		if success.Content == nil {
			success.Content = map[string]*huma.MediaType{}
		}
		success.Content[t.mediaType] = &huma.MediaType{Schema: text, Example: t.example}
	}
	if op.key != keyNone {
		success.Headers[headerReplayed] = &huma.Param{Description: "true: the answer of an earlier request with this key; nothing was done now.", Schema: text}
	}
	if op.tagged {
		success.Headers["ETag"] = &huma.Param{Description: "The version, in quotes.", Schema: text}
		doc.Responses["304"] = &huma.Response{Description: "The caller has it already."}
	}
	doc.Responses[strconv.Itoa(op.status)] = success
	for status, codes := range op.refusals() {
		words := make([]string, len(codes))
		for i, c := range codes {
			words[i] = string(c)
		}
		doc.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: strings.Join(words, ", "),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
		}
	}
	return doc, nil
}

// documentDryRun adds the answer of a trial, which is 200 whatever the change
// itself answers.
func (a *API) documentDryRun(op *operation, doc *huma.Operation, success *huma.Response) {
	tried := a.judge.schemas.Schema(reflect.TypeFor[DryRunAnswer](), true, op.id)
	if op.status != http.StatusOK {
		doc.Responses["200"] = &huma.Response{
			Description: "With dryRun=true.", Content: map[string]*huma.MediaType{"application/json": {Schema: tried}},
		}
		return
	}
	done := success.Content["application/json"].Schema
	success.Content["application/json"] = &huma.MediaType{Schema: &huma.Schema{AnyOf: []*huma.Schema{done, tried}}}
}

// refusals lists the codes an operation may refuse with, by status.
func (op *operation) refusals() map[int][]seating.Code {
	byStatus := map[int][]seating.Code{}
	add := func(codes ...seating.Code) {
		for _, c := range codes {
			e := c.Entry()
			if !slices.Contains(byStatus[e.Status], e.Code) {
				byStatus[e.Status] = append(byStatus[e.Status], e.Code)
			}
		}
	}
	add(seating.CodeUnreadable, seating.CodeInternal, seating.CodeUnavailable)
	if op.who != anyone {
		add(seating.CodeUnauthenticated)
	}
	if op.who == operators {
		add(seating.CodeForbidden)
	}
	if op.who == members {
		add(seating.CodeForbidden, seating.CodeNotFound)
		if op.method == http.MethodGet {
			add(seating.CodeBehind)
		}
	}
	if op.key == keyRequired {
		add(seating.CodeIdempotencyKeyRequired)
	}
	if op.key != keyNone {
		add(seating.CodeIdempotencyConflict)
	}
	if op.body != nil {
		add(seating.CodeTooLarge, seating.CodeInvalid)
		byStatus[http.StatusUnsupportedMediaType] = []seating.Code{seating.CodeInvalid}
	}
	add(op.codes...)
	return byStatus
}

var pathParam = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

func (a *API) parameters(op *operation) []*huma.Param {
	var list []*huma.Param
	text := func() *huma.Schema { return &huma.Schema{Type: huma.TypeString} }
	for _, m := range pathParam.FindAllStringSubmatch(op.path, -1) {
		s := text()
		if strings.HasSuffix(m[1], "Id") {
			s.Format = "uuid"
		}
		list = append(list, &huma.Param{Name: m[1], In: "path", Required: true, Schema: s})
	}
	for _, p := range op.params() {
		list = append(list, &huma.Param{Name: p.name, In: "query", Description: p.about, Schema: p.schema})
	}
	header := func(name, about string, required bool, example any) {
		list = append(list, &huma.Param{Name: name, In: "header", Description: about, Required: required, Schema: text(), Example: example})
	}
	if op.who == members || op.who == callers {
		header(headerActingFor, "Whom the token acts for, opaque, 1 to 64 visible ASCII characters; a principal of its own with its own budget and caps.", false, "agent-7")
	}
	switch op.key {
	case keyRequired:
		header(headerKey, "1 to 200 visible ASCII characters. API tokens must send one: the change happens at most once.", true, "7f1c0c1e-hold-1")
	case keyAccepted:
		header(headerKey, "1 to 200 visible ASCII characters: the change happens at most once.", false, "7f1c0c1e-cancel-1")
	case keyNone:
	}
	if op.ifMatch {
		header(headerIfMatch, "One version in quotes: the state the caller saw.", false, `"e7k2m4q9.42"`)
	}
	if op.who == members && op.method == http.MethodGet {
		header(headerMinVersion, "Wait up to a second until this version has been reached, else 503 BEHIND.", false, "e7k2m4q9.42")
	}
	if op.tagged {
		header(headerIfNoneMatch, "304 when the version is still this one.", false, `"e7k2m4q9.42"`)
	}
	return list
}

// plainValue is a Go value as JSON shows it.
func plainValue(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	err = json.Unmarshal(b, &plain)
	return plain, err
}
