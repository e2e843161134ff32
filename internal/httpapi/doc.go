// Package httpapi is the HTTP contract of maitred: routes, shapes, problem
// details, and the OpenAPI document made from them.
//
// It refuses to decide anything about seating. An operation is declared in one
// place (operation.go): its path, capability, headers, body and answers. Every
// request flows through the same steps (pipeline.go), in the order in which
// refusals are told:
//
//	401 → 404 (restaurant, malformed id) → 403 → headers, parameters → body → handler → line
//
// The first three never read the body. Handlers translate between the wire
// (wire_*.go) and commands or read models, one file per resource.
//
// Huma gives the OpenAPI document and the schemas from Go types; its own
// parameter and body pipeline is not used, because it reads the body before it
// can refuse, and cannot point into a body exactly.
package httpapi
