package seating

import (
	"slices"
	"strings"
)

// Capability is one thing a role may do in a restaurant. Which role has which
// is one table, in package access.
type Capability string

// The capabilities. Source: docs/domain.md, roles.
const (
	CapSee        Capability = "see"
	CapSeeContact Capability = "see_contact"
	CapWalkIn     Capability = "walk_in"
	CapSeat       Capability = "seat"
	CapAssign     Capability = "assign"
	CapBook       Capability = "book"
	CapOverride   Capability = "override"
	CapCorrect    Capability = "correct"
	CapConfigure  Capability = "configure"
	CapAdminister Capability = "administer"
	CapOwn        Capability = "own"
)

// Role of a principal in a restaurant.
type Role string

// The roles, strongest first.
const (
	RoleOwner   Role = "owner"
	RoleManager Role = "manager"
	RoleHost    Role = "host"
	RoleServer  Role = "server"
)

// Roles lists the roles, strongest first.
func Roles() []Role { return []Role{RoleOwner, RoleManager, RoleHost, RoleServer} }

// ActorKind says what kind of principal acts.
type ActorKind string

// The kinds of actors. System is a job of maitred itself, operator whoever runs the
// deployment, by the command line or with a token.
const (
	ActorPerson   ActorKind = "person"
	ActorToken    ActorKind = "token"
	ActorSystem   ActorKind = "system"
	ActorOperator ActorKind = "operator"
)

// Actor is who gives a command, with the rights they have at this restaurant
// at this moment.
type Actor struct {
	Principal string    `json:"principal"` // "user:<id>", "token:<id>[/<acting for>]", "system", "operator"
	Kind      ActorKind `json:"kind"`

	Caps    []Capability `json:"-"`
	HoldCap int          `json:"-"` // live holds of this principal in one restaurant
	// Access is the revision of the principal's rights; a change commits only
	// while it is current. 0: not guarded (system, operator).
	Access int64 `json:"-"`
	// Subject is the row that carries Access: "user:<id>" or "token:<id>".
	Subject string `json:"-"`
}

// System is the actor of maitred's own jobs.
func System() Actor { return Actor{Principal: "system", Kind: ActorSystem} }

// Operator is the actor of the deployment's command line; it may do everything
// in every restaurant.
func Operator() Actor {
	return Actor{Principal: "operator", Kind: ActorOperator, HoldCap: TokenHoldCap, Caps: []Capability{
		CapSee, CapSeeContact, CapWalkIn, CapSeat, CapAssign, CapBook, CapOverride, CapCorrect, CapConfigure, CapAdminister, CapOwn,
	}}
}

// Can reports whether the actor has the capability here.
func (a Actor) Can(c Capability) bool {
	return slices.Contains(a.Caps, c)
}

// UserPrincipal and TokenPrincipal give the canonical key under which a
// principal is stored, counted and shown (H22: one spelling everywhere).
func UserPrincipal(id UserID) string { return "user:" + id.String() }

// TokenPrincipal of a token, or of the one it acts for.
func TokenPrincipal(id TokenID, actingFor string) string {
	if actingFor == "" {
		return "token:" + id.String()
	}
	return "token:" + id.String() + "/" + actingFor
}

// OperatorPrincipal is the canonical key of an operator with a token. A restaurant's
// history names all of them "operator": which one it was is the deployment's affair.
func OperatorPrincipal(id OperatorID) string { return "operator:" + id.String() }

// SubjectOf strips what a token acts for: the row that carries the rights.
func SubjectOf(principal string) string {
	subject, _, _ := strings.Cut(principal, "/")
	return subject
}
