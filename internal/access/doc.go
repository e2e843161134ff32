// Package access answers who calls and what they may do: it turns the bearer
// token of a request into a Caller, and a Caller at one restaurant into a
// seating.Actor with the capabilities of its role.
//
// An operator's token belongs to the deployment. It makes a Caller that is a member
// nowhere: every restaurant answers it as one that does not exist.
//
// It refuses to know routes, bodies and commands. The only list of what a role
// may do is the table in capabilities.go; the only secrets are hashes. A request
// flows:
//
//	caller, err := gate.Authenticate(ctx, r.Header.Get("Authorization")) // 401
//	actor, err := gate.Actor(ctx, caller, restaurant)                         // 404
//	if !actor.Can(seating.CapAssign) { … }                               // 403
//
// Look-ups are remembered for at most a second, so a read may lag a revocation
// by that much; a change never does, because it commits under a guard on the
// actor's access revision.
package access
