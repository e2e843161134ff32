package access

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
)

// capabilities is the one table of what each role may do in its restaurant.
// Source: docs/domain.md, roles.
var capabilities = map[seating.Role][]seating.Capability{
	seating.RoleOwner: {
		seating.CapSee, seating.CapSeeContact, seating.CapWalkIn, seating.CapSeat, seating.CapAssign, seating.CapBook,
		seating.CapOverride, seating.CapCorrect, seating.CapConfigure, seating.CapAdminister, seating.CapOwn,
	},
	seating.RoleManager: {
		seating.CapSee, seating.CapSeeContact, seating.CapWalkIn, seating.CapSeat, seating.CapAssign, seating.CapBook,
		seating.CapOverride, seating.CapCorrect, seating.CapConfigure, seating.CapAdminister,
	},
	seating.RoleHost: {
		seating.CapSee, seating.CapSeeContact, seating.CapWalkIn, seating.CapSeat, seating.CapAssign, seating.CapBook,
	},
	seating.RoleServer: {
		seating.CapSee, seating.CapWalkIn, seating.CapSeat,
	},
}

// Capabilities lists what a role may do; an unknown role may do nothing.
func Capabilities(role seating.Role) []seating.Capability { return slices.Clone(capabilities[role]) }

// Allowed reports whether the role has the capability.
func Allowed(role seating.Role, c seating.Capability) bool {
	return slices.Contains(capabilities[role], c)
}
