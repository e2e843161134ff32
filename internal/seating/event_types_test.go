package seating_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// declaredEvents reads the constants of type EventType out of the source.
func declaredEvents(t *testing.T) (types []seating.EventType) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "EventType" {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			types = append(types, seating.EventType(s))
		}
		return true
	})
	return types
}

// TestEventTypes: every constant has one row, and its example is what the row says.
func TestEventTypes(t *testing.T) {
	t.Parallel()
	declared := declaredEvents(t)
	var rows []seating.EventType
	for _, e := range seating.EventTypes() {
		rows = append(rows, e.Type)
		if !slices.Contains(seating.EventFamilies(), e.Family) || !strings.HasSuffix(e.Says, ".") || e.Says == "." {
			t.Errorf("%s is of family %q and says %q", e.Type, e.Family, e.Says)
		}
		for _, s := range e.Severities {
			if err := housetest.FitsTable(seating.Event{Type: e.Type, Severity: s, Payload: e.Example}); err != nil {
				t.Errorf("the example: %v", err)
			}
		}
		if err := housetest.FitsTable(seating.Event{Type: e.Type, Severity: e.Severities[0], Payload: seating.EventPayload{}}); err == nil && len(e.Always) > 0 {
			t.Errorf("%s: an empty payload fits", e.Type)
		}
	}
	slices.Sort(rows)
	slices.Sort(declared)
	if len(declared) == 0 || !slices.Equal(rows, declared) {
		t.Errorf("the table has %v, declared are %v", rows, declared)
	}
}

// TestEventTypes_ToldAreThoseOfNoChange: what a change makes is delivered at least
// once, so no row may say otherwise.
func TestEventTypes_ToldAreThoseOfNoChange(t *testing.T) {
	t.Parallel()
	for _, e := range seating.EventTypes() {
		want := e.Family == seating.FamilyRefusal || e.Family == seating.FamilyDelivery
		if e.Told != want {
			t.Errorf("%s of the family %s: told without a change is %v, want %v", e.Type, e.Family, e.Told, want)
		}
	}
	if _, known := seating.KnownEvent("booking.eaten"); known {
		t.Error("a type that nobody declared is known")
	}
}
