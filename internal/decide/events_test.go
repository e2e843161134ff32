package decide_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// toldAsListed demands of every change of the tests that its events are those of
// the table, with the fields that the table promises.
func toldAsListed(t interface{ Errorf(string, ...any) }, c *house.Change) {
	for _, e := range c.Events {
		if err := housetest.FitsTable(e); err != nil {
			t.Errorf("%s: %v", c.Command, err)
		}
		if row, _ := seating.KnownEvent(e.Type); row.Told {
			t.Errorf("%s makes %s, which no change makes", c.Command, e.Type)
		}
	}
}

// TestEvents_AreTheTable: the source of the commands names each event that a change
// makes, and no other.
func TestEvents_AreTheTable(t *testing.T) {
	t.Parallel()
	made := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "seating" && strings.HasPrefix(s.Sel.Name, "Event") {
				made[s.Sel.Name] = true
			}
			return true
		})
	}
	for _, not := range []string{"Event", "EventType", "EventPayload", "EventSchemaVersion"} {
		delete(made, not)
	}
	names := eventNames(t)
	for _, e := range seating.EventTypes() {
		name := names[e.Type]
		if made[name] == e.Told {
			t.Errorf("%s (%s): made by a change is %v, told without one is %v", e.Type, name, made[name], e.Told)
		}
		delete(made, name)
	}
	if len(made) > 0 || len(names) == 0 {
		t.Errorf("events that are not in the table: %v", made)
	}
}

// eventNames are the constants of the types, by type.
func eventNames(t *testing.T) map[seating.EventType]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "seating", "event.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := map[seating.EventType]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "EventType" {
			names[seating.EventType(strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`))] = v.Names[0].Name
		}
		return true
	})
	return names
}
