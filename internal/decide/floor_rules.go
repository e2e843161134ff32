package decide

import (
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// ruling collects what the rules of a floor refuse. The rules are the same for a
// whole plan and for one thing of it; at is where the thing is in the body.
type ruling struct{ fields []seating.Field }

func (r *ruling) fault(pointer, format string, args ...any) {
	r.fields = append(r.fields, seating.Field{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

// bound admits at most so many of a kind.
func (r *ruling) bound(pointer string, n, most int) {
	if n > most {
		r.fault(pointer, "at most %d, this would be %d", most, n)
	}
}

// zone judges one zone; names are those of the others, in lower case.
func (r *ruling) zone(at string, z seating.Zone, names map[string]bool) {
	r.name(at+"/name", z.Name, 60, names)
	if z.Order < 0 || z.Order > 10000 {
		r.fault(at+"/order", "must be 0 to 10000")
	}
}

// table judges one table but for its zone; numbers are those of the others, in
// lower case.
func (r *ruling) table(at string, t seating.Table, numbers map[string]bool) {
	r.name(at+"/number", t.Number, 20, numbers)
	if t.MaxCovers < 1 || t.MaxCovers > seating.MaxTableCovers {
		r.fault(at+"/maxCovers", "must be 1 to %d", seating.MaxTableCovers)
	}
	if t.MinCovers < 1 || t.MinCovers > max(t.MaxCovers, 1) {
		r.fault(at+"/minCovers", "must be 1 to maxCovers")
	}
	for _, f := range t.Faults() {
		r.fault(at+f.Pointer, "%s", f.Message)
	}
}

// combination judges one declared combination, its tables sorted, each once.
func (r *ruling) combination(at string, c seating.Combination) {
	if len(c.Tables) < 2 || len(c.Tables) > 8 {
		r.fault(at+"/tableIds", "a combination joins 2 to 8 tables")
	}
	if c.MaxCovers < 1 || c.MaxCovers > seating.MaxPartyCovers {
		r.fault(at+"/maxCovers", "must be 1 to %d", seating.MaxPartyCovers)
	}
	if c.MinCovers < 1 || c.MinCovers > max(c.MaxCovers, 1) {
		r.fault(at+"/minCovers", "must be 1 to maxCovers")
	}
}

// name admits a name of at most so many characters that nothing else has, case
// ignored.
func (r *ruling) name(pointer, name string, most int, names map[string]bool) {
	folded := strings.ToLower(name)
	switch {
	case !seating.Printable(name, most):
		r.fault(pointer, "1 to %d characters, none of them a control character, no space at the ends", most)
	case names[folded]:
		r.fault(pointer, "%q is there twice", name)
	}
	names[folded] = true
}
