// Package decide holds the commands, one file each: what a person, a booking
// site or a job wants of a restaurant. Decide is a pure function from a house, a
// command and the circumstances to a Change, or a refusal, or nothing to do. It
// knows no clock, no store and no caller but the Actor it is given; every new ID
// comes in with the command.
//
// A request flows: package line calls Decide on the newest house, commits the
// Change, and answers with the Result.
//
//	d := decide.Decide(h, decide.Hold{ID: id, Booking: b, Tables: tables}, env)
//	if d.Refusal != nil { … } else if d.Change != nil { commit } else { nothing to do }
package decide
