package decide_test

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// arrival is a wall-clock time of a night and the instant it is; none when the
// clocks skip it.
type arrival struct {
	date, time, offset string
	at                 string
	table              int // 0: refused
}

// nights are services from 18:00 to 04:00 in four zones: over both clock changes
// where there are any, and where there are none. The instants were looked up in
// the tz database by hand, not computed by maitred.
var nights = []struct {
	name, zone string
	service    string // service date
	now        string // some days before
	arrivals   []arrival
	end        string // of the service
}{
	{
		"Paris, spring", "Europe/Paris", "2026-03-28", "2026-03-20T12:00:00Z",
		[]arrival{
			{"2026-03-28", "23:30", "", "2026-03-28T22:30:00Z", 1},
			{"2026-03-29", "01:30", "", "2026-03-29T00:30:00Z", 1},
			{"2026-03-29", "02:30", "", "", 0},
			{"2026-03-29", "03:00", "", "2026-03-29T01:00:00Z", 2},
		},
		"2026-03-29T02:00:00Z",
	},
	{
		"Paris, autumn", "Europe/Paris", "2026-10-24", "2026-10-20T12:00:00Z",
		[]arrival{
			{"2026-10-25", "02:30", "", "2026-10-25T00:30:00Z", 1},
			{"2026-10-25", "02:30", "+02:00", "2026-10-25T00:30:00Z", 2},
			{"2026-10-25", "02:30", "+01:00", "2026-10-25T01:30:00Z", 1}, // the same table at the same wall-clock time, an hour on
			{"2026-10-25", "02:30", "+03:00", "", 0},
			{"2026-10-25", "03:00", "", "2026-10-25T02:00:00Z", 2},
		},
		"2026-10-25T03:00:00Z",
	},
	{
		"São Paulo, spring at midnight", "America/Sao_Paulo", "2018-11-03", "2018-11-01T12:00:00Z",
		[]arrival{
			{"2018-11-03", "23:30", "", "2018-11-04T02:30:00Z", 1},
			{"2018-11-04", "00:30", "", "", 0},
			{"2018-11-04", "01:00", "", "2018-11-04T03:00:00Z", 2},
			{"2018-11-04", "03:00", "", "2018-11-04T05:00:00Z", 1},
		},
		"2018-11-04T06:00:00Z",
	},
	{
		"São Paulo, autumn at midnight", "America/Sao_Paulo", "2019-02-16", "2019-02-10T12:00:00Z",
		[]arrival{
			{"2019-02-16", "23:30", "", "2019-02-17T01:30:00Z", 1},
			{"2019-02-16", "23:30", "-03:00", "2019-02-17T02:30:00Z", 1},
			{"2019-02-17", "00:30", "", "2019-02-17T03:30:00Z", 2},
		},
		"2019-02-17T07:00:00Z",
	},
	{
		"São Paulo, no change any more", "America/Sao_Paulo", "2026-11-07", "2026-11-01T12:00:00Z",
		[]arrival{{"2026-11-08", "00:30", "", "2026-11-08T03:30:00Z", 1}},
		"2026-11-08T07:00:00Z",
	},
	{
		"Kolkata", "Asia/Kolkata", "2026-06-20", "2026-06-15T12:00:00Z",
		[]arrival{
			{"2026-06-20", "23:45", "", "2026-06-20T18:15:00Z", 1},
			{"2026-06-21", "00:30", "", "2026-06-20T19:00:00Z", 2},
			{"2026-06-21", "00:30", "+05:00", "", 0},
		},
		"2026-06-20T22:30:00Z",
	},
	{
		"Auckland, spring", "Pacific/Auckland", "2026-09-26", "2026-09-20T12:00:00Z",
		[]arrival{
			{"2026-09-27", "01:30", "", "2026-09-26T13:30:00Z", 1},
			{"2026-09-27", "02:30", "", "", 0},
			{"2026-09-27", "03:00", "", "2026-09-26T14:00:00Z", 2},
		},
		"2026-09-26T15:00:00Z",
	},
	{
		"Auckland, autumn", "Pacific/Auckland", "2027-04-03", "2027-04-01T12:00:00Z",
		[]arrival{
			{"2027-04-04", "02:30", "", "2027-04-03T13:30:00Z", 1},
			{"2027-04-04", "02:30", "+12:00", "2027-04-03T14:30:00Z", 1},
			{"2027-04-04", "03:00", "", "2027-04-03T15:00:00Z", 2},
		},
		"2027-04-03T16:00:00Z",
	},
}

func instant(t *testing.T, s string) servicetime.Instant {
	t.Helper()
	i, err := servicetime.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestP04_NightsOverClockChanges books a night, looks at what is stored, and
// closes it: each party sits for 50 elapsed minutes whatever the clocks do, belongs
// to the evening on which its service opened, and six hours after the service's
// end, no earlier, the day can be closed.
func TestP04_NightsOverClockChanges(t *testing.T) {
	for _, night := range nights {
		t.Run(night.name, func(t *testing.T) {
			service, err := servicetime.ParseDate(night.service)
			if err != nil {
				t.Fatal(err)
			}
			s := &stage{t: t, now: instant(t, night.now), ended: map[seating.HoldID]seating.EndedHold{}}
			s.h = housetest.New(t, func(state *house.State) {
				state.Restaurant.Zone, state.OpenFrom = night.zone, service.AddDays(-30)
				clock := servicetime.NewClock
				daily := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
				state.Periods = []servicetime.Period{{
					Name: "Night", Weekdays: daily, Start: clock(18, 0), End: clock(4, 0), LastSeating: clock(3, 30), Overrun: true,
					Bands: []servicetime.TurnBand{{Turn: 50}},
				}}
			})
			taken := map[seating.BookingID]string{}
			for i, a := range night.arrivals {
				date, err := servicetime.ParseDate(a.date)
				if err != nil {
					t.Fatal(err)
				}
				c := create(30+i, 4, a.time, max(a.table, 1))
				c.Date = date
				if a.offset != "" {
					if c.Offset, err = servicetime.ParseOffset(a.offset); err != nil {
						t.Fatal(err)
					}
				}
				if a.at == "" {
					s.refused(anna, c, seating.CodeLocalTimeInvalid)
					continue
				}
				b := s.ok(anna, c).Booking
				taken[b.ID] = a.at
				want := servicetime.Window{Start: instant(t, a.at), End: instant(t, a.at).Add(50 * time.Minute)}
				if b.Dining != want || b.Window.Start != want.Start || b.Window.End != want.End.Add(5*time.Minute) {
					t.Errorf("%s %s%s dines %v in %v, want %v", a.date, a.time, a.offset, b.Dining, b.Window, want)
				}
				if b.ServiceDate != service || b.Date != date || b.Time != c.Time {
					t.Errorf("%s %s belongs to %s, is shown at %s %s", a.date, a.time, b.ServiceDate, b.Date, b.Time)
				}
			}
			if got := len(s.h.Day(service).Entries()); got != len(taken) {
				t.Errorf("the evening has %d bookings, want %d", got, len(taken))
			}
			end := instant(t, night.end)
			if got := s.h.Calendar.ServiceDate(end - 1); got != service {
				t.Errorf("a moment before the end it is %s", got)
			}
			s.now = end.Add(6*time.Hour) - 1
			s.refused(anna, decide.CloseDay{Date: service}, seating.CodeInvalid)
			s.now++
			if got := s.ok(anna, decide.CloseDay{Date: service}).Count; got != len(taken) {
				t.Errorf("closing ended %d bookings, want %d", got, len(taken))
			}
			for _, b := range s.last.Rows.PutBookings {
				if taken[b.ID] == "" || b.Status != seating.NoShow {
					t.Errorf("closing made %s %s", b.Reference, b.Status)
				}
			}
			if slices.ContainsFunc(s.h.Days(), func(d *house.Day) bool { return d.Date <= service }) || s.h.OpenFrom != service.AddDays(1) {
				t.Errorf("after closing the days are open from %s", s.h.OpenFrom)
			}
		})
	}
}
