package seating_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/seating"
)

// declaredCodes reads the constants of type Code out of the source.
func declaredCodes(t *testing.T) []seating.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []seating.Code
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Code" {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, seating.Code(s))
		}
		return true
	})
	return codes
}

// TestCodes: every constant has a row, with the status of docs/domain.md.
func TestCodes(t *testing.T) {
	status := map[seating.Code]int{
		"TABLES_REQUIRED": 422, "TOO_MANY_TABLES": 422, "TABLE_NOT_FOUND": 422, "TABLE_UNAVAILABLE": 422, "TABLE_OCCUPIED": 422,
		"CAPACITY_INSUFFICIENT": 422, "BELOW_MINIMUM": 422, "SLACK_EXCEEDED": 422, "ZONE_MISMATCH": 422, "TABLE_FIXED": 422, "NOT_ADJACENT": 422,
		"OUTSIDE_SERVICE_HOURS": 422, "SERVICE_OVERRUN": 422, "CLOSED": 422, "PAST": 422, "PACING_EXCEEDED": 422,
		"ASSIGNMENT_CONFLICT": 409, "HOLD_CONFLICT": 409, "BOOKING_STATE": 409, "TABLE_DRIFT": 409, "POLICY_DRIFT": 409, "IDEMPOTENCY_CONFLICT": 409,
		"NO_TABLE": 409, "TABLE_IN_USE": 409, "DAY_CLOSED": 409, "HOLD_EXPIRED": 410, "HOLD_ENDED": 410, "STALE_CONTEXT": 412, "LOCAL_TIME_INVALID": 422,
		"FORBIDDEN": 403, "OVERRIDE_REQUIRED": 403, "UNAUTHENTICATED": 401, "NOT_FOUND": 404, "RATE_LIMITED": 429, "TOO_LARGE": 413, "INTERNAL": 500,
		"IDEMPOTENCY_KEY_REQUIRED": 400, "UNREADABLE": 400, "INVALID": 422, "UNAVAILABLE": 503, "BEHIND": 503, "NOT_CONFIGURED": 501,
	}
	codes := declaredCodes(t)
	if len(codes) != len(status) || len(seating.Codes()) != len(codes) {
		t.Errorf("%d constants, %d in docs/domain.md, %d in Codes(), want all the same", len(codes), len(status), len(seating.Codes()))
	}
	for _, c := range codes {
		want := c
		if c == seating.CodeUnreadable {
			want = seating.CodeInvalid
		}
		e := c.Entry()
		if e.Code != want || e.Status != status[c] || e.Meaning == "" || !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("%s.Entry() = %+v, want %s with status %d and a sentence", c, e, want, status[c])
		}
		if !slices.Contains(seating.Codes(), e) {
			t.Errorf("Codes() lacks %s", c)
		}
	}
	if got := seating.Code("NO_SUCH").Entry(); got.Code != seating.CodeInternal || got.Status != 500 {
		t.Errorf("Entry() of an unknown code = %+v, want INTERNAL", got)
	}
}

func TestCodeOf(t *testing.T) {
	if got := seating.CodeOf(seating.Refuse(seating.CodePast, "late")); got != seating.CodePast {
		t.Errorf("CodeOf(PAST) = %s", got)
	}
	if got := seating.CodeOf(strconv.ErrRange); got != seating.CodeInternal {
		t.Errorf("CodeOf(other) = %s, want INTERNAL", got)
	}
	if got := seating.InvalidFields(nil); got != nil {
		t.Errorf("InvalidFields(nil) = %v, want nil", got)
	}
}

// TestStates: the steps of docs/domain.md, booking states, and no others.
func TestStates(t *testing.T) {
	const table = `
waitlisted: pending confirmed checked_in cancelled
pending: confirmed checked_in cancelled no_show waitlisted
confirmed: pending checked_in cancelled no_show waitlisted
checked_in: completed confirmed no_show
completed: checked_in
cancelled: pending
no_show: confirmed pending`
	for line := range strings.Lines(strings.TrimSpace(table)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, s := range seating.Statuses() {
			if got, want := seating.Status(from).CanBecome(s), slices.Contains(strings.Fields(to), string(s)); got != want {
				t.Errorf("%s.CanBecome(%s) = %v, want %v", from, s, got, want)
			}
		}
	}
	blocks := []seating.Status{seating.Pending, seating.Confirmed, seating.CheckedIn, seating.Completed}
	ended := []seating.Status{seating.Completed, seating.Cancelled, seating.NoShow}
	for _, s := range seating.Statuses() {
		if s.Blocks() != slices.Contains(blocks, s) || s.Ended() != slices.Contains(ended, s) {
			t.Errorf("%s: blocks %v, ended %v", s, s.Blocks(), s.Ended())
		}
	}
	if len(seating.Statuses()) != 7 {
		t.Errorf("Statuses() = %v, want seven", seating.Statuses())
	}
}

// TestOverridable: exactly five checks, in the one order of docs/domain.md.
func TestOverridable(t *testing.T) {
	want := "tables available occupied capacity minimum slack zone movable adjacency service pacing conflict holds"
	var ids []string
	for _, id := range seating.CheckIDs() {
		ids = append(ids, string(id))
		five := slices.Contains([]seating.CheckID{"service", "slack", "minimum", "pacing", "adjacency"}, id)
		if id.Overridable() != five {
			t.Errorf("%s.Overridable() = %v, want %v", id, !five, five)
		}
		o := &seating.Override{Checks: []seating.CheckID{id}}
		if !o.Covers(id) || (*seating.Override)(nil).Covers(id) || o.Covers("other") {
			t.Errorf("Override{%s}.Covers is wrong", id)
		}
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("CheckIDs() = %s, want %s", got, want)
	}
}
