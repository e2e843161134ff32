package servicetime_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	st "github.com/maitred/maitred/internal/servicetime"
)

func TestWindowsThatTouchDoNotOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b st.Window
		want bool
	}{
		{"one after the other", st.Window{Start: 19, End: 21}, st.Window{Start: 21, End: 23}, false},
		{"by one instant", st.Window{Start: 19, End: 22}, st.Window{Start: 21, End: 23}, true},
		{"one within the other", st.Window{Start: 19, End: 23}, st.Window{Start: 20, End: 21}, true},
		{"an empty one within", st.Window{Start: 19, End: 23}, st.Window{Start: 20, End: 20}, false},
		{"apart", st.Window{Start: 10, End: 12}, st.Window{Start: 21, End: 23}, false},
	} {
		if ab, ba := c.a.Overlaps(c.b), c.b.Overlaps(c.a); ab != c.want || ba != c.want {
			t.Errorf("%s: Overlaps(%v, %v) = %t, reversed %t, want %t", c.name, c.a, c.b, ab, ba, c.want)
		}
	}
}

// Overlap, hull and containment agree with the instants the windows hold.
func TestPropWindowsAreSetsOfInstants(t *testing.T) {
	t.Parallel()
	window := rapid.Custom(func(t *rapid.T) st.Window {
		i := rapid.Int64Range(1, 8)
		return st.Window{Start: st.Instant(i.Draw(t, "start")), End: st.Instant(i.Draw(t, "end"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := window.Draw(t, "a"), window.Draw(t, "b")
		hull, shared, outside := a.Hull(b), false, false
		for i := range st.Instant(10) {
			shared = shared || a.Contains(i) && b.Contains(i)
			outside = outside || a.Contains(i) && !b.Contains(i)
			if (a.Contains(i) || b.Contains(i)) && !hull.Contains(i) {
				t.Fatalf("Hull(%v, %v) = %v, want it to hold %d", a, b, hull, i)
			}
		}
		if got := a.Overlaps(b); got != shared {
			t.Fatalf("Overlaps(%v, %v) = %t, want %t", a, b, got, shared)
		}
		if got := a.Within(b); !a.Empty() && !b.Empty() && got == outside {
			t.Fatalf("Within(%v, %v) = %t, want %t", a, b, got, !outside)
		}
	})
}

func TestTurnIsThatOfTheSmallestBandThatTakesTheParty(t *testing.T) {
	t.Parallel()
	p := st.Period{Bands: []st.TurnBand{{UpTo: 2, Turn: 60}, {UpTo: 4, Turn: 75}, {Turn: 90}}}
	for covers, want := range map[int]st.Minutes{1: 60, 2: 60, 3: 75, 4: 75, 5: 90, 100: 90} {
		if got := p.Turn(covers); got != want {
			t.Errorf("Turn(%d) = %d, want %d", covers, got, want)
		}
	}
}

func TestPeriodInJSON(t *testing.T) {
	t.Parallel()
	in := `{"name":"gala","date":"2026-12-31","start":"19:00","end":"01:00","lastSeating":"22:30",` +
		`"overrunAllowed":true,"turnBands":[{"upToCovers":0,"minutes":120}]}`
	var p st.Period
	if err := json.Unmarshal([]byte(in), &p); err != nil {
		t.Fatalf("Unmarshal(%s) = %v, want no error", in, err)
	}
	if got, err := json.Marshal(p); string(got) != in || err != nil {
		t.Errorf("Marshal(%v) = %s, %v, want %s", p, got, err, in)
	}
	for _, bad := range []string{`{"date":"2026-2-30"}`, `{"start":"24:00"}`, `{"start":1140}`} {
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("Unmarshal(%s) = %v, want an error", bad, p)
		}
	}
}

func TestInstantInJSON(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`{"start":"2026-11-27T18:30:00Z","end":""}`, `{"start":"","end":"2026-11-27T18:30:00.5Z"}`} {
		var w st.Window
		if err := json.Unmarshal([]byte(in), &w); err != nil {
			t.Errorf("Unmarshal(%s) = %v, want no error", in, err)
		}
		if got, err := json.Marshal(w); string(got) != in || err != nil {
			t.Errorf("Marshal(%v) = %s, %v, want %s", w, got, err, in)
		}
	}
}
