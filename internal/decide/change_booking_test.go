package decide_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// change is a change of booking n.
func change(n int, sets ...func(*decide.ChangeBooking)) decide.ChangeBooking {
	c := decide.ChangeBooking{Booking: housetest.Booking(n)}
	for _, set := range sets {
		set(&c)
	}
	return c
}

func covers(n int) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Covers = &n }
}

func turn(n servicetime.Minutes) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Turn = &n }
}

func at(clock string) func(*decide.ChangeBooking) {
	t, err := servicetime.ParseClock(clock)
	if err != nil {
		panic(err)
	}
	return func(c *decide.ChangeBooking) { c.Time = &t }
}

func days(n int) func(*decide.ChangeBooking) {
	date := housetest.Friday.AddDays(n)
	return func(c *decide.ChangeBooking) { c.Date = &date }
}

func mode(m decide.TableMode) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Tables = m }
}

func aside(ids ...seating.CheckID) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Override = &seating.Override{Checks: ids, Reason: "regulars"} }
}

func patch(g seating.GuestPatch) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Guest = &g }
}

func wishes(zone seating.ZoneID, kind seating.SeatingType) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.ZoneWish, c.SeatingWish = &zone, &kind }
}

func waiting(priority int, quoted servicetime.Minutes) func(*decide.ChangeBooking) {
	return func(c *decide.ChangeBooking) { c.Priority, c.Quoted = &priority, &quoted }
}

func TestChange_Fields(t *testing.T) {
	empty, phone := "", "+331"
	tests := []struct {
		name string
		give decide.ChangeBooking
		want []string
	}{
		{"no covers", change(3, covers(0)), []string{"/covers"}},
		{"a hundred and one", change(3, covers(101)), []string{"/covers"}},
		{"a stay of 601 minutes", change(3, turn(601)), []string{"/turnMinutes"}},
		{"a negative stay", change(3, turn(-1)), []string{"/turnMinutes"}},
		{"T13 a zone of nobody", change(3, wishes(housetest.ID[seating.ZoneID](77), "")), []string{"/zoneId"}},
		{"no such seating", change(3, wishes(seating.ZoneID{}, "hammock")), []string{"/seatingPreference"}},
		{"no such mode", change(3, mode("shuffle")), []string{"/tables"}},
		{"priority ten", change(3, waiting(10, 0)), []string{"/priority"}},
		{"a quote of 601 minutes", change(3, waiting(0, 601)), []string{"/quotedMinutes"}},
		{"a quote below nothing", change(3, waiting(-1, -1)), []string{"/priority", "/quotedMinutes"}},
		{"an offset of nothing", change(3, func(c *decide.ChangeBooking) { c.Offset, _ = servicetime.ParseOffset("+01:00") }), []string{"/utcOffset"}},
		{"nobody's name", change(3, patch(seating.GuestPatch{Name: &empty})), []string{"/guest/name"}},
		{"no contact of a booking from the web", change(5, patch(seating.GuestPatch{Phone: &empty, Email: &empty})), []string{"/guest"}},
		{"another contact of one", change(5, patch(seating.GuestPatch{Phone: &phone, Email: &empty})), nil},
		{"one contact of one", change(5, patch(seating.GuestPatch{Email: &empty})), nil},
		{"no contact of one by phone", change(3, patch(seating.GuestPatch{Phone: &empty, Email: &empty})), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, func(s *house.State) {
				housetest.Party(s, 5, 2, "21:00")
				s.Bookings[4].Source = seating.SourceWeb
			})
			if tt.want == nil {
				s.ok(anna, tt.give)
				return
			}
			s.fields(anna, tt.give, tt.want...)
		})
	}
}

// TestG05_AbsentStays: each field alone leaves all others as they were.
func TestG05_AbsentStays(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, change(3, wishes(housetest.Patio, seating.SeatingBooth)))
	before := s.entry(3).Booking
	s.ok(anna, change(3, covers(1)))
	after := s.entry(3).Booking
	if after.ZoneWish != housetest.Patio || after.SeatingWish != seating.SeatingBooth || after.Time != before.Time || after.Date != before.Date {
		t.Errorf("a change of covers made %+v of %+v", after, before)
	}
	s.ok(anna, change(3, func(c *decide.ChangeBooking) { none := seating.ZoneID{}; c.ZoneWish = &none }))
	if after := s.entry(3).Booking; !after.ZoneWish.IsZero() || after.SeatingWish != seating.SeatingBooth || after.Covers != 1 {
		t.Errorf("taking the zone wish away made %+v", after)
	}
	if got, want := s.events(), []seating.EventType{seating.EventBookingChanged}; !slices.Equal(got, want) || s.payload(want[0]).What != "wishes" {
		t.Errorf("events = %v, want one change of wishes", got)
	}
}

func TestChange_NothingDiffers(t *testing.T) {
	s := evening(t, nil)
	s.nothing(anna, change(3))
	s.nothing(anna, change(3, covers(2), at("19:00"), days(0), turn(0), wishes(seating.ZoneID{}, ""), waiting(0, 0), mode(decide.ReplanTables)))
	s.nothing(anna, change(3, patch(seating.GuestPatch{})))
	r := s.nothing(anna, change(3))
	if r.Assignment == nil || !slices.Equal(r.Booking.Tables, housetest.Tables(4)) {
		t.Errorf("nothing = %+v, want the booking at T4", r)
	}
	if r := s.nothing(anna, change(1)); r.Assignment != nil {
		t.Errorf("nothing = %+v, want no assignment", r.Assignment)
	}
	// A guest is not in the house: whether it differs nobody knows.
	name := "Ada"
	s.ok(anna, change(3, patch(seating.GuestPatch{Name: &name})))
}

// TestChange_Guest: what is known of a guest goes to its own place, in any state.
func TestChange_Guest(t *testing.T) {
	name, notes := secrets[0], secrets[3]
	g := seating.GuestPatch{Name: &name, Notes: &notes}
	s := evening(t, nil)
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(1)})
	for _, n := range []int{1, 3} {
		before := *s.entry(n)
		s.ok(anna, change(n, patch(g)))
		if len(s.last.Patches) != 1 || s.last.Patches[0].Booking != housetest.Booking(n) || s.last.Patches[0].GuestPatch != g {
			t.Fatalf("patches = %+v, want the guest of %d", s.last.Patches, n)
		}
		if p := s.payload(seating.EventBookingChanged); p.What != "guest" {
			t.Errorf("what = %q, want guest", p.What)
		}
		if got := s.entry(n); !slices.Equal(got.Allocations, before.Allocations) || got.Status != before.Status || got.Window != before.Window || got.Version == before.Version {
			t.Errorf("a change of the guest made %+v of %+v", got, before)
		}
		for what, v := range map[string]any{"journal": s.last, "events": s.last.Events, "history": s.last.History} {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), name) || strings.Contains(string(text), notes) {
				t.Errorf("T17: the %s holds the guest: %s", what, text)
			}
		}
	}
	s.refused(anna, change(1, patch(g), covers(3)), seating.CodeBookingState)
	s.refused(anna, change(1, wishes(housetest.Patio, "")), seating.CodeBookingState)
	s.refused(anna, change(1, at("20:00")), seating.CodeBookingState)
	s.refused(anna, change(1, turn(60)), seating.CodeBookingState)
}

func TestChange_WindowFromTodaysPolicy(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.BufferBefore, s.Policy.BufferAfter = 10, 20 })
	tests := []struct {
		name           string
		give           decide.ChangeBooking
		dining, window servicetime.Window
	}{
		{"time", change(1, at("20:00")), housetest.Window("20:00", "21:15"), housetest.Window("19:50", "21:35")},
		{"more covers, another band", change(1, covers(6)), housetest.Window("19:00", "20:25"), housetest.Window("18:50", "20:45")},
		{"more covers, the same band", change(1, covers(3)), housetest.Window("19:00", "20:15"), housetest.Window("18:50", "20:35")},
		{"a stay", change(1, turn(100)), housetest.Window("19:00", "20:40"), housetest.Window("18:50", "21:00")},
		{"covers and a stay", change(1, covers(6), turn(30)), housetest.Window("19:00", "19:30"), housetest.Window("18:50", "19:50")},
		{"time and covers", change(1, covers(2), at("21:00")), housetest.Window("21:00", "22:00"), housetest.Window("20:50", "22:20")},
		{"another service", change(1, at("13:00"), days(1), covers(8)), day(1, "13:00", "14:25"), day(1, "12:50", "14:45")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := *s
			s.t = t
			b := s.ok(anna, tt.give).Booking
			if b.Dining != tt.dining || b.Window != tt.window {
				t.Errorf("dining %v, window %v, want %v, %v", b.Dining, b.Window, tt.dining, tt.window)
			}
			if e := s.entry(1); e.Dining != tt.dining || e.Version != s.h.Version || b.Version != s.h.Version {
				t.Errorf("stored %+v, want the same at version %d", e.Booking, s.h.Version)
			}
		})
	}
	// A stay by hand stays by hand when the number changes, until it is taken back.
	s.ok(anna, change(1, turn(100)))
	if b := s.ok(anna, change(1, covers(8))).Booking; b.Turn != 100 || b.Dining != housetest.Window("19:00", "20:40") {
		t.Errorf("eight with a stay by hand = %+v, want 100 minutes", b.Booking)
	}
	if b := s.ok(anna, change(1, turn(0))).Booking; b.Turn != 0 || b.Dining != housetest.Window("19:00", "20:30") {
		t.Errorf("eight with the band's stay = %+v, want 90 minutes", b.Booking)
	}
}

// day is a window some days from Friday.
func day(n int, start, end string) servicetime.Window {
	w := housetest.Window(start, end)
	away := time.Duration(n) * 24 * time.Hour
	return servicetime.Window{Start: w.Start.Add(away), End: w.End.Add(away)}
}

// TestP06_ABandThatIsGone: when the service of a booking has gone, its stay keeps its
// length; no other service's turn is borrowed.
func TestP06_ABandThatIsGone(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Periods = s.Periods[:1] })
	if b := s.ok(anna, change(1, covers(2))).Booking; b.Dining != housetest.Window("19:00", "20:15") {
		t.Errorf("dining = %v, want the 75 minutes it had", b.Dining)
	}
	s.ok(anna, change(1, turn(40)))
	s.fields(anna, change(1, turn(0)), "/turnMinutes")
}

func TestChange_TimeIsJudgedLikeANewOne(t *testing.T) {
	gap := servicetime.NewDate(2027, time.March, 28)
	tests := []struct {
		name string
		give decide.ChangeBooking
		want seating.Code
	}{
		{"outside hours", change(3, at("23:00")), seating.CodeOutsideServiceHours},
		{"between services", change(3, at("16:30")), seating.CodeOutsideServiceHours},
		{"closed", change(3, days(2)), seating.CodeClosed},
		{"in the past", change(3, at("17:54")), seating.CodePast},
		{"overrun", change(3, at("22:30"), turn(61)), seating.CodeServiceOverrun},
		{"overrun of a stay alone", change(3, turn(300)), seating.CodeServiceOverrun},
		{"P01 in the gap", change(3, at("02:30"), func(c *decide.ChangeBooking) { c.Date = &gap }), seating.CodeLocalTimeInvalid},
		{"an offset that does not fit", change(3, at("20:00"), func(c *decide.ChangeBooking) { c.Offset, _ = servicetime.ParseOffset("+05:00") }), seating.CodeLocalTimeInvalid},
		{"an offset that does not fit the same time", change(3, days(0), func(c *decide.ChangeBooking) { c.Offset, _ = servicetime.ParseOffset("+05:00") }), seating.CodeLocalTimeInvalid},
		{"a closed day", change(3, days(-2)), seating.CodeDayClosed},
		{"far ahead", change(3, days(366)), seating.CodeInvalid},
		{"a slot that is full", change(3, at("20:30"), covers(2)), seating.CodePacingExceeded},
		{"its own slot, one more", change(3, covers(3)), seating.CodePacingExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, func(s *house.State) {
				s.OpenFrom = housetest.Friday.AddDays(-1)
				s.Closures = []servicetime.Closure{{From: housetest.Friday.AddDays(2), To: housetest.Friday.AddDays(2), Reason: "leak"}}
				s.Policy.Pacing.CoversPerSlot = 10
				if tt.want == seating.CodePacingExceeded {
					housetest.Party(s, 6, 5, "20:30")
				}
			})
			s.refused(anna, tt.give, tt.want)
		})
	}
	s := evening(t, func(s *house.State) { s.Policy.Pacing.CoversPerSlot = 10 })
	s.ok(anna, change(3, at("19:15"))) // the others of 19:00 are no concern
	s.ok(anna, change(3, at("19:00"))) // nor is it itself
	s.nothing(anna, change(3, days(0), func(c *decide.ChangeBooking) { c.Offset, _ = servicetime.ParseOffset("+01:00") }))
}

// TestChange_StandsWhereItStood: of a start that is not changed neither its age nor a
// limit that it does not make worse is held against it.
func TestChange_StandsWhereItStood(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.Pacing.CoversPerSlot = 6 }) // ten arrive at 19:00
	s.now = housetest.At("19:40")
	if b := s.ok(anna, change(3, covers(1))).Booking; b.Dining.Start != housetest.At("19:00") {
		t.Errorf("start = %v, want 19:00", b.Dining.Start)
	}
	s.row(3, 4, servicetime.Window{Start: s.now, End: housetest.At("20:05")}) // what is left of it
	s.ok(anna, change(3, turn(90)))
	s.refused(anna, change(3, covers(2)), seating.CodePacingExceeded)
	s.ok(cleo, change(3, covers(2), aside(seating.CheckPacing)))
	s.refused(anna, change(3, at("19:30")), seating.CodePast) // a new start is judged as one
	s.now = housetest.At("20:35")
	s.refused(anna, change(3, covers(1)), seating.CodePast) // its window is over
	s.ok(anna, change(3, turn(120)))                        // unless it stays longer
}

func TestChange_Override(t *testing.T) {
	s := evening(t, nil)
	late := change(3, at("22:30"), turn(90))
	s.refused(cleo, late, seating.CodeServiceOverrun)
	aside(seating.CheckService)(&late)
	late.Note = "a birthday"
	s.refused(anna, late, seating.CodeOverrideRequired)
	s.ok(cleo, late)
	if !slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool {
		return l.To == "override" && l.Reason == "regulars" && strings.Contains(l.Detail, `"service"`)
	}) || len(s.last.Notes) != 1 {
		t.Errorf("history %+v, notes %+v, want the override of service and its note", s.last.History, s.last.Notes)
	}
	s.refused(cleo, change(4, at("23:00")), seating.CodeOutsideServiceHours)
	s.fields(cleo, change(4, at("23:00"), aside(seating.CheckService)), "/turnMinutes") // nobody knows how long
	s.ok(cleo, change(4, at("23:00"), turn(30), aside(seating.CheckService)))
}
