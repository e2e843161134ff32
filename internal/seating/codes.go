package seating

// Code is the stable word for a refusal. The table below is the only list; the
// documentation page and the OpenAPI enum are generated from it.
type Code string

// The codes.
const (
	CodeTablesRequired         Code = "TABLES_REQUIRED"
	CodeTooManyTables          Code = "TOO_MANY_TABLES"
	CodeTableNotFound          Code = "TABLE_NOT_FOUND"
	CodeTableUnavailable       Code = "TABLE_UNAVAILABLE"
	CodeTableOccupied          Code = "TABLE_OCCUPIED"
	CodeCapacityInsufficient   Code = "CAPACITY_INSUFFICIENT"
	CodeBelowMinimum           Code = "BELOW_MINIMUM"
	CodeSlackExceeded          Code = "SLACK_EXCEEDED"
	CodeZoneMismatch           Code = "ZONE_MISMATCH"
	CodeTableFixed             Code = "TABLE_FIXED"
	CodeNotAdjacent            Code = "NOT_ADJACENT"
	CodeOutsideServiceHours    Code = "OUTSIDE_SERVICE_HOURS"
	CodeServiceOverrun         Code = "SERVICE_OVERRUN"
	CodeClosed                 Code = "CLOSED"
	CodePast                   Code = "PAST"
	CodePacingExceeded         Code = "PACING_EXCEEDED"
	CodeAssignmentConflict     Code = "ASSIGNMENT_CONFLICT"
	CodeHoldConflict           Code = "HOLD_CONFLICT"
	CodeBookingState           Code = "BOOKING_STATE"
	CodeTableDrift             Code = "TABLE_DRIFT"
	CodePolicyDrift            Code = "POLICY_DRIFT"
	CodeIdempotencyConflict    Code = "IDEMPOTENCY_CONFLICT"
	CodeNoTable                Code = "NO_TABLE"
	CodeTableInUse             Code = "TABLE_IN_USE"
	CodeDayClosed              Code = "DAY_CLOSED"
	CodeHoldExpired            Code = "HOLD_EXPIRED"
	CodeHoldEnded              Code = "HOLD_ENDED"
	CodeStaleContext           Code = "STALE_CONTEXT"
	CodeLocalTimeInvalid       Code = "LOCAL_TIME_INVALID"
	CodeForbidden              Code = "FORBIDDEN"
	CodeOverrideRequired       Code = "OVERRIDE_REQUIRED"
	CodeUnauthenticated        Code = "UNAUTHENTICATED"
	CodeNotFound               Code = "NOT_FOUND"
	CodeRateLimited            Code = "RATE_LIMITED"
	CodeTooLarge               Code = "TOO_LARGE"
	CodeInternal               Code = "INTERNAL"
	CodeIdempotencyKeyRequired Code = "IDEMPOTENCY_KEY_REQUIRED"
	CodeUnreadable             Code = "UNREADABLE" // told as INVALID with status 400
	CodeInvalid                Code = "INVALID"
	CodeUnavailable            Code = "UNAVAILABLE"
	CodeBehind                 Code = "BEHIND"
	CodeNotConfigured          Code = "NOT_CONFIGURED"
)

// CodeEntry is one row of the table of codes.
type CodeEntry struct {
	Code    Code   // what the caller sees
	Status  int    // HTTP status
	Meaning string // one sentence for the documentation page
}

var codeTable = map[Code]CodeEntry{
	CodeTablesRequired:         {CodeTablesRequired, 422, "The selection names no table."},
	CodeTooManyTables:          {CodeTooManyTables, 422, "The selection has more tables than the policy allows."},
	CodeTableNotFound:          {CodeTableNotFound, 422, "A table of the selection does not exist in this restaurant."},
	CodeTableUnavailable:       {CodeTableUnavailable, 422, "A table or its zone is inactive, or blocked in the window."},
	CodeTableOccupied:          {CodeTableOccupied, 422, "The party before has overstayed and has not left."},
	CodeCapacityInsufficient:   {CodeCapacityInsufficient, 422, "The selection seats fewer covers than the party has."},
	CodeBelowMinimum:           {CodeBelowMinimum, 422, "The party is smaller than the selection's minimum."},
	CodeSlackExceeded:          {CodeSlackExceeded, 422, "The selection wastes more covers than the slack budget."},
	CodeZoneMismatch:           {CodeZoneMismatch, 422, "The selection spans zones and the policy does not allow it."},
	CodeTableFixed:             {CodeTableFixed, 422, "A table of a combination cannot be moved, and the set is not declared."},
	CodeNotAdjacent:            {CodeNotAdjacent, 422, "The tables are not adjacent by the policy's rule, and the set is not declared."},
	CodeOutsideServiceHours:    {CodeOutsideServiceHours, 422, "No service period takes a party at that time."},
	CodeServiceOverrun:         {CodeServiceOverrun, 422, "Dining would end after the period does."},
	CodeClosed:                 {CodeClosed, 422, "The restaurant is closed on that date."},
	CodePast:                   {CodePast, 422, "The start, or the whole window, is in the past."},
	CodePacingExceeded:         {CodePacingExceeded, 422, "Too many covers or parties arrive at that time."},
	CodeAssignmentConflict:     {CodeAssignmentConflict, 409, "Another booking or a block has a table in the window."},
	CodeHoldConflict:           {CodeHoldConflict, 409, "A live hold of somebody else stands in the way."},
	CodeBookingState:           {CodeBookingState, 409, "The booking's state does not allow it."},
	CodeTableDrift:             {CodeTableDrift, 409, "A held table is gone or unavailable since the hold."},
	CodePolicyDrift:            {CodePolicyDrift, 409, "The floor or the policy changed since the hold, and the selection no longer passes."},
	CodeIdempotencyConflict:    {CodeIdempotencyConflict, 409, "The idempotency key was used for another request."},
	CodeNoTable:                {CodeNoTable, 409, "No legal table or combination is free."},
	CodeTableInUse:             {CodeTableInUse, 409, "A table has allocations from now on, or stands in a zone that is to go."},
	CodeDayClosed:              {CodeDayClosed, 409, "The service date has been closed."},
	CodeHoldExpired:            {CodeHoldExpired, 410, "The hold has expired; select again."},
	CodeHoldEnded:              {CodeHoldEnded, 410, "The hold is over: released, superseded or confirmed."},
	CodeStaleContext:           {CodeStaleContext, 412, "Something that matters here changed since the version named by If-Match."},
	CodeLocalTimeInvalid:       {CodeLocalTimeInvalid, 422, "The local time does not exist on that date, or the UTC offset does not fit."},
	CodeForbidden:              {CodeForbidden, 403, "The role lacks the capability."},
	CodeOverrideRequired:       {CodeOverrideRequired, 403, "It takes the capability override."},
	CodeUnauthenticated:        {CodeUnauthenticated, 401, "No valid credential."},
	CodeNotFound:               {CodeNotFound, 404, "It does not exist, or not for this caller."},
	CodeRateLimited:            {CodeRateLimited, 429, "Too many holds; Retry-After says when to try again."},
	CodeTooLarge:               {CodeTooLarge, 413, "The request is larger than the limit."},
	CodeInternal:               {CodeInternal, 500, "A bug; the trace id finds it in the log."},
	CodeIdempotencyKeyRequired: {CodeIdempotencyKeyRequired, 400, "API tokens must send an Idempotency-Key here."},
	CodeUnreadable:             {CodeInvalid, 400, "The request cannot be read: syntax, header, parameter or cursor."},
	CodeInvalid:                {CodeInvalid, 422, "The request was read and refused; each field has a pointer."},
	CodeUnavailable:            {CodeUnavailable, 503, "The store does not answer; try again."},
	CodeBehind:                 {CodeBehind, 503, "This process has not reached Min-Version yet; try again."},
	CodeNotConfigured:          {CodeNotConfigured, 501, "This deployment is not set up for it; the answer names the setting."},
}

// Entry returns the code's row; an unknown code is INTERNAL.
func (c Code) Entry() CodeEntry {
	if e, ok := codeTable[c]; ok {
		return e
	}
	return codeTable[CodeInternal]
}

// Codes lists the table in a fixed order for generated documents.
func Codes() []CodeEntry {
	order := []Code{
		CodeUnreadable, CodeIdempotencyKeyRequired, CodeUnauthenticated, CodeForbidden, CodeOverrideRequired, CodeNotFound,
		CodeTooLarge, CodeInvalid, CodeLocalTimeInvalid, CodeTablesRequired, CodeTooManyTables, CodeTableNotFound,
		CodeTableUnavailable, CodeTableOccupied, CodeCapacityInsufficient, CodeBelowMinimum, CodeSlackExceeded,
		CodeZoneMismatch, CodeTableFixed, CodeNotAdjacent, CodeOutsideServiceHours, CodeServiceOverrun, CodeClosed, CodePast,
		CodePacingExceeded, CodeAssignmentConflict, CodeHoldConflict, CodeBookingState, CodeTableDrift, CodePolicyDrift,
		CodeIdempotencyConflict, CodeNoTable, CodeTableInUse, CodeDayClosed, CodeHoldExpired, CodeHoldEnded, CodeStaleContext,
		CodeRateLimited, CodeInternal, CodeUnavailable, CodeBehind, CodeNotConfigured,
	}
	entries := make([]CodeEntry, len(order))
	for i, c := range order {
		entries[i] = codeTable[c]
	}
	return entries
}
