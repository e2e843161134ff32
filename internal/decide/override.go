package decide

import (
	"encoding/json"
	"fmt"

	"github.com/maitred/maitred/internal/seating"
)

// maxNote bounds a staff note, in bytes.
const maxNote = 2000

// override admits an override: it takes the capability, may name only checks
// that can be set aside, and needs a reason code. Nil is admitted.
// Source: docs/domain.md, override.
func (d *draft) override(o *seating.Override, note string) *seating.Error {
	if o == nil {
		return nil
	}
	if !d.env.Actor.Can(seating.CapOverride) {
		return seating.Refuse(seating.CodeOverrideRequired, "Setting a check aside takes the capability override.")
	}
	var fields []seating.Field
	if len(o.Checks) == 0 {
		fields = append(fields, seating.Field{Pointer: "/override/checks", Message: "name at least one check"})
	}
	for i, c := range o.Checks {
		if !c.Overridable() {
			fields = append(fields, seating.Field{Pointer: fmt.Sprintf("/override/checks/%d", i), Message: "only service, slack, minimum, pacing and adjacency can be set aside"})
		}
	}
	if !seating.ReasonCode(o.Reason) {
		fields = append(fields, seating.Field{Pointer: "/override/reason", Message: "a reason is a code like large_party: lower-case letters, digits and _, at most 40"})
	}
	if len(note) > maxNote {
		fields = append(fields, seating.Field{Pointer: "/override/note", Message: fmt.Sprintf("at most %d bytes", maxNote)})
	}
	if err := seating.InvalidFields(fields); err != nil {
		return err
	}
	return nil
}

// overridden records, per check, what was set aside and why; the note of staff
// goes to its own place.
func (d *draft) overridden(subject string, o *seating.Override, note string, checks []seating.Check) {
	if o == nil {
		return
	}
	for _, c := range checks {
		if c.Overridden {
			d.line(subject, "", "override", o.Reason, detail(map[string]any{"check": c.ID, "code": c.Code}))
		}
	}
	if note != "" {
		d.notes = append(d.notes, noteOn(subject, note))
	}
}

// fromTo spells a change of tables out.
func fromTo(from, to []seating.TableID) string {
	list := func(ids []seating.TableID) []seating.TableID { return append([]seating.TableID{}, ids...) }
	return detail(map[string]any{"from": list(from), "to": list(to)})
}

// detail spells ids and codes out as JSON for a history line.
func detail(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
