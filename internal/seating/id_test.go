package seating_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/seating"
)

func FuzzParseID(f *testing.F) {
	for _, s := range []string{
		"", "00000000-0000-7000-8000-000000000001", "00000000-0000-0000-0000-000000000000", "0190F6E2-7B3C-7DEF-8ABC-0123456789AB",
		"{00000000-0000-7000-8000-000000000001}", "00000000000070008000000000000001", "00000000-0000-7000-8000-00000000000g", "-0000000-0000-7000-8000-000000000001",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := seating.ParseID[seating.TableID](s)
		if err != nil {
			if !id.IsZero() {
				t.Fatalf("ParseID(%q) = %v with an error", s, id)
			}
			return
		}
		if id.IsZero() || id.String() != strings.ToLower(s) {
			t.Fatalf("ParseID(%q).String() = %q, want it in lower case", s, id)
		}
		var again seating.TableID
		if b, _ := json.Marshal(id); json.Unmarshal(b, &again) != nil || again != id {
			t.Fatalf("ParseID(%q) through JSON = %v, want %v", s, again, id)
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"", "a.0", "test0.17", "a.01", "a.-1", "a.+1", ".1", "a.", "A.1", "a.9223372036854775807", "a.9223372036854775808", "a.1.2", strings.Repeat("a", 33) + ".1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := seating.ParseVersion(s)
		if err != nil {
			if v != (seating.Version{}) {
				t.Fatalf("ParseVersion(%q) = %v with an error", s, v)
			}
			return
		}
		if v.String() != s || v.N < 0 {
			t.Fatalf("ParseVersion(%q).String() = %q", s, v)
		}
	})
}

func TestParseVersion(t *testing.T) {
	for s, ok := range map[string]bool{
		"a.0": true, "test0.17": true, strings.Repeat("a", 32) + ".1": true, "a.9223372036854775807": true,
		strings.Repeat("a", 33) + ".1": false, "a.01": false, "a.-1": false, "a.+1": false, ".1": false, "a.": false, "A.1": false, "a.1.2": false, "a": false, "a. 1": false,
	} {
		if _, err := seating.ParseVersion(s); (err == nil) != ok {
			t.Errorf("ParseVersion(%q) = %v, want ok %v", s, err, ok)
		}
	}
}

func TestRevisions(t *testing.T) {
	aspects := []seating.Aspect{seating.AspectFloor, seating.AspectPolicy, seating.AspectBookings, seating.AspectHolds}
	for i, a := range aspects {
		r := seating.Revisions{Floor: 1, Policy: 2, Bookings: 3, Holds: 4}.With(9, []seating.Aspect{a})
		for j, b := range aspects {
			want := int64(j + 1)
			if i == j {
				want = 9
			}
			if got := r.Of(b); got != want {
				t.Errorf("With(9, %s).Of(%s) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestReferenceFor(t *testing.T) {
	seen := map[string]bool{}
	id, _ := seating.ParseID[seating.BookingID]("00000000-0000-7000-8000-000000000001")
	for attempt := range 200 {
		ref := seating.ReferenceFor(id, attempt)
		if len(ref) != seating.ReferenceLength || strings.ContainsAny(ref, "01OILUVabcdefghijklmnopqrstuvwxyz") || seen[ref] || ref != seating.ReferenceFor(id, attempt) {
			t.Fatalf("ReferenceFor(%d) = %q, want six unambiguous letters, the same each time, another per attempt", attempt, ref)
		}
		seen[ref] = true
	}
}

// TestH22: one spelling of a principal.
func TestH22_Principals(t *testing.T) {
	id, _ := seating.ParseID[seating.TokenID]("0190F6E2-7B3C-7DEF-8ABC-0123456789AB")
	const lower = "0190f6e2-7b3c-7def-8abc-0123456789ab"
	for got, want := range map[string]string{
		seating.TokenPrincipal(id, ""): "token:" + lower, seating.TokenPrincipal(id, "kiosk/3"): "token:" + lower + "/kiosk/3",
		seating.UserPrincipal(seating.UserID(id)): "user:" + lower, seating.SubjectOf("token:" + lower + "/kiosk/3"): "token:" + lower, seating.SubjectOf("user:x"): "user:x",
	} {
		if got != want {
			t.Errorf("principal = %q, want %q", got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]bool{
		"T1": true, "Été": true, strings.Repeat("é", 60): true, strings.Repeat("é", 61): false, "": false, " T1": false, "T1 ": false, "T\n1": false, "T\x001": false, "\xff": false, "T\u00851": false,
	} {
		if got := seating.Printable(s, 60); got != want {
			t.Errorf("Printable(%q, 60) = %v, want %v", s, got, want)
		}
	}
}
