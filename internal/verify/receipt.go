package verify

import (
	"encoding/json"
	"slices"

	"github.com/maitred/maitred/internal/house"
)

func receipt(k house.ReceiptKey) string { return "receipt " + k.Key + " of " + k.Principal }

func checkReceiptUnique(v *view) {
	keys := map[house.ReceiptKey]bool{}
	versions := map[int64]house.ReceiptKey{}
	for _, r := range v.Receipts {
		if keys[r.ReceiptKey] {
			v.report(receipt(r.ReceiptKey), "is there twice")
		}
		keys[r.ReceiptKey] = true
		if other, ok := versions[r.Version.N]; ok && other != r.ReceiptKey {
			v.report(receipt(r.ReceiptKey), "answers with version %d, as %s does", r.Version.N, receipt(other))
		}
		versions[r.Version.N] = r.ReceiptKey
	}
}

func checkReceiptEffect(v *view) {
	for _, r := range v.Receipts {
		if r.Key == "" || r.Principal == "" || r.Fingerprint == "" {
			v.report(receipt(r.ReceiptKey), "lacks its key, principal or fingerprint")
		}
		if r.Version.N < 1 || r.Version.N > v.State.Version {
			v.report(receipt(r.ReceiptKey), "answers with version %d, the restaurant is at %d", r.Version.N, v.State.Version)
			continue
		}
		e := v.entries[r.Version.N]
		if e == nil || e.Change == nil {
			continue // not kept any more, or a reload
		}
		if c := e.Change; r.Version != c.Public() || r.Principal != c.Actor.Principal || r.Command != c.Command {
			v.report(receipt(r.ReceiptKey), "is of %s by %s at %s, the journal has %s by %s at %s",
				r.Command, r.Principal, r.Version, c.Command, c.Actor.Principal, c.Public())
		}
	}
}

// guestFields are the names under which guest data would stand in an answer.
var guestFields = []string{"guest", "phone", "email", "notes"}

func checkReceiptGuest(v *view) {
	for _, r := range v.Receipts {
		if len(r.Body) == 0 {
			continue
		}
		var body any
		if err := json.Unmarshal(r.Body, &body); err != nil {
			v.report(receipt(r.ReceiptKey), "has an answer that is not JSON")
			continue
		}
		if field := guestField(body); field != "" {
			v.report(receipt(r.ReceiptKey), "has the field %q, which holds guest data", field)
		}
	}
}

// guestField finds a field of guest data anywhere in a JSON value.
func guestField(value any) string {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if slices.Contains(guestFields, name) {
				return name
			}
			if found := guestField(inner); found != "" {
				return found
			}
		}
	case []any:
		for _, inner := range value {
			if found := guestField(inner); found != "" {
				return found
			}
		}
	}
	return ""
}
