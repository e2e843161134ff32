package servicetime_test

import (
	"encoding/json"
	"testing"

	st "github.com/maitred/maitred/internal/servicetime"
)

func TestParseInstantIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"2026-11-27T18:30:00Z", "2026-11-27T18:30:00Z"},
		{"2026-11-27T19:30:00+01:00", "2026-11-27T18:30:00Z"},
		{"2026-11-27T18:30:00-00:00", "2026-11-27T18:30:00Z"},
		{"2026-11-27T18:30:00.123456789Z", "2026-11-27T18:30:00.123456Z"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
		{"1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000001Z"},
		{in: ""},
		{in: "2026-11-27"},
		{in: "2026-11-27T18:30:00"},       // no offset
		{in: "2026-11-27T18:30Z"},         // no seconds
		{in: "2026-11-27 18:30:00Z"},      // space for T
		{in: "2026-11-27t18:30:00Z"},      // lower case
		{in: "2026-11-27T18:30:00z"},      // lower case
		{in: " 2026-11-27T18:30:00Z"},     // leading space
		{in: "2026-11-27T18:30:00Z "},     // trailing space
		{in: "2026-11-27T8:30:00Z"},       // hour of one digit
		{in: "2026-11-27T24:00:00Z"},      // next day's midnight
		{in: "2026-12-31T23:59:60Z"},      // leap second
		{in: "2026-02-29T12:00:00Z"},      // no such date
		{in: "2026-11-27T18:30:00,5Z"},    // comma
		{in: "2026-11-27T18:30:00.Z"},     // fraction without digits
		{in: "2026-11-27T18:30:00+24:00"}, // no such offset
		{in: "2026-11-27T18:30:00+00:60"}, // no such offset
		{in: "2026-11-27T18:30:00+0100"},  // offset without colon
		{in: "+2026-11-27T18:30:00Z"},     // sign
		{in: "-2026-11-27T18:30:00Z"},     // sign
		{in: "12026-11-27T18:30:00Z"},     // year of five digits
		{in: "9999-12-31T23:59:59-01:00"}, // year 10000 in UTC
		{in: "0000-01-01T00:00:00+01:00"}, // year -1 in UTC
		{in: "0001-01-01T00:00:00Z"},      // Go's zero time
		{in: "1970-01-01T00:00:00Z"},      // would read as "not set"
	} {
		got, err := st.ParseInstant(c.in)
		if (err == nil) != (c.want != "") || got.String() != c.want {
			t.Errorf("ParseInstant(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func TestParseDateIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in string
		ok bool
	}{
		{"2026-11-27", true},
		{"2028-02-29", true},
		{"1970-01-01", true},
		{"9999-12-31", true},
		{"", false},
		{"2026-1-1", false},
		{"2026-02-29", false},
		{"2026-13-01", false},
		{"2026-00-10", false},
		{"1969-12-31", false},
		{"0000-01-01", false},
		{"10000-01-01", false},
		{"+2026-11-27", false},
		{"-2026-11-27", false},
		{" 2026-11-27", false},
		{"2026-11-27\n", false},
		{"2026/11/27", false},
		{"20261127", false},
		{"2026-11-27T00:00:00Z", false},
		{"２０２６-11-27", false},
	} {
		got, err := st.ParseDate(c.in)
		if (err == nil) != c.ok || c.ok && got.String() != c.in {
			t.Errorf("ParseDate(%q) = %q, %v, want ok %t", c.in, got, err, c.ok)
		}
	}
}

func TestParseClockIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want st.Clock
		ok   bool
	}{
		{"00:00", 0, true},
		{"19:30", st.NewClock(19, 30), true},
		{"23:59", 1439, true},
		{"24:00", 0, false},
		{"19:60", 0, false},
		{"9:30", 0, false},
		{"19:3", 0, false},
		{"19.30", 0, false},
		{"19:30:00", 0, false},
		{"+9:30", 0, false},
		{"-1:30", 0, false},
		{"19:-1", 0, false},
		{" 9:30", 0, false},
		{"19:30 ", 0, false},
		{"7:30pm", 0, false},
		{"", 0, false},
	} {
		if got, err := st.ParseClock(c.in); got != c.want || (err == nil) != c.ok {
			t.Errorf("ParseClock(%q) = %d, %v, want %d, ok %t", c.in, got, err, c.want, c.ok)
		}
	}
}

func TestParseOffsetIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"Z", "+00:00"},
		{"+00:00", "+00:00"},
		{"+02:00", "+02:00"},
		{"-09:30", "-09:30"},
		{"-00:44", "-00:44"},
		{"+18:00", "+18:00"},
		{"-18:00", "-18:00"},
		{in: "+18:01"},
		{in: "-18:01"},
		{in: "+02:60"},
		{in: "-00:00"},
		{in: ""},
		{in: "z"},
		{in: "02:00"},
		{in: "+2:00"},
		{in: "+0200"},
		{in: "+02"},
		{in: "+02:00:00"},
		{in: "UTC"},
		{in: " +02:00"},
		{in: "+02:00 "},
		{in: "−02:00"}, // U+2212
	} {
		got, err := st.ParseOffset(c.in)
		if (err == nil) != (c.want != "") || got.String() != c.want {
			t.Errorf("ParseOffset(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func TestOffsetInJSON(t *testing.T) {
	t.Parallel()
	type body struct {
		Offset st.Offset `json:"utcOffset,omitzero"`
	}
	for _, in := range []string{`{}`, `{"utcOffset":"+05:30"}`, `{"utcOffset":"+00:00"}`} {
		var b body
		if err := json.Unmarshal([]byte(in), &b); err != nil {
			t.Errorf("Unmarshal(%s) = %v, want no error", in, err)
		}
		if got, err := json.Marshal(b); string(got) != in || err != nil {
			t.Errorf("Marshal(%v) = %s, %v, want %s", b, got, err, in)
		}
	}
	var b body
	if err := json.Unmarshal([]byte(`{"utcOffset":"+5:30"}`), &b); err == nil {
		t.Errorf("Unmarshal(+5:30) = %v, want an error", b)
	}
}

// text is what the four parsed types have in common.
type text interface {
	comparable
	String() string
	MarshalText() ([]byte, error)
}

// checkRoundTrip asserts that what was read from in is written as a text that
// reads as the same value.
func checkRoundTrip[T text](t *testing.T, parse func(string) (T, error), in string) {
	t.Helper()
	v, err := parse(in)
	if err != nil {
		var zero T
		if v != zero {
			t.Errorf("parse(%q) = %v with error %v, want the zero value", in, v, err)
		}
		return
	}
	out, err := v.MarshalText()
	if err != nil || string(out) != v.String() {
		t.Errorf("MarshalText(%v) = %q, %v, want %q", v, out, err, v.String())
	}
	if again, err := parse(string(out)); err != nil || again != v {
		t.Errorf("parse(%q) = %v, %v, want %v as from %q", out, again, err, v, in)
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{
		"2026-11-27T18:30:00Z", "2026-11-27T18:30:00.5+01:00", "9999-12-31T23:59:59-01:00",
		"0000-01-01T00:00:00+01:00", "2026-11-27T8:30:00,5+24:60", "1970-01-01T00:00:00Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkRoundTrip(t, st.ParseInstant, s) })
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-27", "1969-12-31", "10000-01-01", "2026-1-1", "+026-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkRoundTrip(t, st.ParseDate, s)
		if d, err := st.ParseDate(s); err == nil && d.String() != s {
			t.Errorf("ParseDate(%q).String() = %q, want the same text", s, d)
		}
	})
}

func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"19:30", "24:00", "-1:30", "9:30", "19:3０"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkRoundTrip(t, st.ParseClock, s)
		if c, err := st.ParseClock(s); err == nil && (c.String() != s || c < 0 || c > 1439) {
			t.Errorf("ParseClock(%q) = %d (%s), want 0 to 1439 and the same text", s, c, c)
		}
	})
}

func FuzzParseOffset(f *testing.F) {
	for _, s := range []string{"+02:00", "-00:00", "Z", "+18:01", "-0:030", "z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkRoundTrip(t, st.ParseOffset, s)
		if o, err := st.ParseOffset(s); err == nil && (o == st.AnyOffset || s != "Z" && o.String() != s) {
			t.Errorf("ParseOffset(%q) = %q, want the same text", s, o)
		}
	})
}
