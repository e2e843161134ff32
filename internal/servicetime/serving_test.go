package servicetime_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	st "github.com/maitred/maitred/internal/servicetime"
)

// TestServing_IsResolveOfTheInstant: who arrives at an instant is taken by the service
// that takes the time on the wall, or refused for the same reason.
func TestServing_IsResolveOfTheInstant(t *testing.T) {
	lunch, dinner := period(t, "lunch", "11:30", "17:00", "16:00"), period(t, "dinner", "18:00", "02:00", "01:00")
	rapid.Check(t, func(r *rapid.T) {
		c := st.Calendar{
			Zone: zone(t, rapid.SampledFrom(zones).Draw(r, "zone")), Periods: []st.Period{lunch, dinner},
			Closures: []st.Closure{{From: date(t, "2026-11-27"), To: date(t, "2026-11-27")}},
		}
		minute := instant(t, "2026-11-26T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 4*24*60).Draw(r, "minute")) * time.Minute)
		d, at, o := st.LocalOf(minute, c.Zone)
		want, start, wantErr := c.Resolve(d, at, o)
		got, err := c.Serving(minute)
		if (err == nil) != (wantErr == nil) || errors.Is(err, st.ErrClosed) != errors.Is(wantErr, st.ErrClosed) || errors.Is(err, st.ErrOutside) != errors.Is(wantErr, st.ErrOutside) {
			r.Fatalf("Serving(%s) = %v, Resolve(%s %s %s) = %v", minute, err, d, at, o, wantErr)
		}
		if err == nil && (start != minute || got.Period.Name != want.Period.Name || got.ServiceDate != want.ServiceDate) {
			r.Fatalf("Serving(%s) = %s %s, want %s %s", minute, got.Period.Name, got.ServiceDate, want.Period.Name, want.ServiceDate)
		}
		if open, ok := c.During(minute); err == nil && (!ok || open.ServiceDate != got.ServiceDate || open.Period.Name != got.Period.Name) {
			r.Fatalf("During(%s) = %v %s, want the service that takes it", minute, ok, open.Period.Name)
		}
	})
}

func TestDuring(t *testing.T) {
	c := st.Calendar{Zone: zone(t, "Europe/Paris"), Periods: []st.Period{
		period(t, "lunch", "11:30", "17:00", "16:00"), period(t, "dinner", "18:00", "02:00", "01:00"),
	}, Closures: []st.Closure{{From: date(t, "2026-11-29"), To: date(t, "2026-11-30"), Reason: "leak"}}}
	for at, want := range map[string]string{
		"2026-11-27T10:29:59Z": "", "2026-11-27T10:30:00Z": "lunch 2026-11-27", "2026-11-27T15:30:00Z": "lunch 2026-11-27", // past last seating
		"2026-11-27T16:00:00Z": "", "2026-11-28T00:59:59Z": "dinner 2026-11-27", "2026-11-28T01:00:00Z": "",
		"2026-11-29T19:00:00Z": "", "2026-11-29T00:30:00Z": "dinner 2026-11-28", "2026-12-01T00:30:00Z": "",
	} {
		s, ok := c.During(instant(t, at))
		got := ""
		if ok {
			got = s.Period.Name + " " + s.ServiceDate.String()
		}
		if got != want {
			t.Errorf("During(%s) = %q, want %q", at, got, want)
		}
	}
	for d, want := range map[string]string{"2026-11-28": "", "2026-11-29": "leak", "2026-11-30": "leak", "2026-12-01": ""} {
		if got, closed := c.Closed(date(t, d)); got.Reason != want || closed != (want != "") {
			t.Errorf("Closed(%s) = %v, %v, want %q", d, got, closed, want)
		}
	}
}
