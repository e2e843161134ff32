package house_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// evening has booking 1 at T1+T2 and booking 2, pending, with hold 1 on T3.
func evening(s *house.State) {
	housetest.Party(s, 1, 8, "19:00", 1, 2)
	b := housetest.Party(s, 2, 4, "19:00")
	s.Holds = append(s.Holds, seating.Hold{ID: housetest.Hold(1), Booking: b.ID, Window: b.Window, ExpiresAt: housetest.At("18:03"), CreatedBy: "user:anna"})
	s.Allocations = append(s.Allocations, onHold(1, 2, 3, b.Window))
}

func onHold(hold, booking, table int, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: housetest.Table(table), Window: w, Kind: seating.OwnedByHold, Owner: seating.AnyID(housetest.Hold(hold)), Claimant: seating.AnyID(housetest.Booking(booking))}
}

func onBooking(booking, table int, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: housetest.Table(table), Window: w, Kind: seating.OwnedByBooking, Owner: seating.AnyID(housetest.Booking(booking)), Claimant: seating.AnyID(housetest.Booking(booking))}
}

// change is an empty change of the house.
func change(h *house.House, edit func(*house.Change)) *house.Change {
	c := &house.Change{ID: housetest.ID[seating.ChangeID](77), Restaurant: h.Restaurant.ID, Epoch: h.Epoch, Base: h.Version, BaseHead: h.Head, At: housetest.At("18:01")}
	if edit != nil {
		edit(c)
	}
	return c
}

func TestApply_Refuses(t *testing.T) {
	w := housetest.Window("19:00", "20:20")
	tests := map[string]func(*house.Change){
		"":                          nil,
		"another restaurant":        func(c *house.Change) { c.Restaurant = housetest.ID[seating.RestaurantID](2) },
		"another epoch":             func(c *house.Change) { c.Epoch = "other0" },
		"an older base":             func(c *house.Change) { c.Base-- },
		"a newer base":              func(c *house.Change) { c.Base++ },
		"another head":              func(c *house.Change) { c.BaseHead = housetest.ID[seating.ChangeID](5) },
		"no such zone of the world": func(c *house.Change) { c.Rows.Restaurant = &seating.Restaurant{ID: c.Restaurant, Zone: "Mars/Olympus"} },
		"freeing what is not there": func(c *house.Change) { c.Rows.DropAllocations = []seating.Allocation{onBooking(1, 3, w)} },
		"freeing at another start": func(c *house.Change) {
			c.Rows.DropAllocations = []seating.Allocation{onBooking(1, 1, housetest.Window("19:01", "20:20"))}
		},
		"an allocation of nobody":         func(c *house.Change) { c.Rows.PutAllocations = []seating.Allocation{onBooking(9, 4, w)} },
		"an allocation of no hold":        func(c *house.Change) { c.Rows.PutAllocations = []seating.Allocation{onHold(9, 2, 4, w)} },
		"an allocation of another's hold": func(c *house.Change) { c.Rows.PutAllocations = []seating.Allocation{onHold(1, 1, 4, w)} },
		"an allocation twice":             func(c *house.Change) { c.Rows.PutAllocations = []seating.Allocation{onBooking(1, 1, w)} },
		"re-owning no hold":               func(c *house.Change) { c.Rows.Reown = []seating.HoldID{housetest.Hold(9)} },
		"ending no hold": func(c *house.Change) {
			c.Rows.EndHolds = []seating.EndedHold{{Hold: seating.Hold{ID: housetest.Hold(9)}}}
		},
		"ending a hold with its allocations": func(c *house.Change) {
			c.Rows.EndHolds = []seating.EndedHold{{Hold: seating.Hold{ID: housetest.Hold(1)}}}
		},
		"a hold of no booking": func(c *house.Change) {
			c.Rows.PutHolds = []seating.Hold{{ID: housetest.Hold(2), Booking: housetest.Booking(9)}}
		},
		"a second hold of a booking": func(c *house.Change) {
			c.Rows.PutHolds = []seating.Hold{{ID: housetest.Hold(2), Booking: housetest.Booking(2)}}
		},
		"H06 a hold without allocations": func(c *house.Change) {
			c.Rows.PutHolds = []seating.Hold{{ID: housetest.Hold(2), Booking: housetest.Booking(1)}}
		},
		"a hold that loses its allocations": func(c *house.Change) { c.Rows.DropAllocations = []seating.Allocation{onHold(1, 2, 3, w)} },
		"a grant of no booking":             func(c *house.Change) { c.Rows.Grants = []house.GrantPut{{Booking: housetest.Booking(9)}} },
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			h := housetest.New(t, evening)
			before := h.State()
			next, err := house.Apply(h, change(h, edit))
			if (err == nil) != (name == "") || (next == nil) != (err != nil) {
				t.Errorf("Apply(%s) = %v, %v", name, next, err)
			}
			if diff := cmp.Diff(before, h.State()); diff != "" {
				t.Errorf("Apply(%s) altered the house (-before +after):\n%s", name, diff)
			}
		})
	}
}

func TestNew_RefusesOrphans(t *testing.T) {
	w := housetest.Window("19:00", "20:20")
	for name, edit := range map[string]func(*house.State){
		"":                          func(*house.State) {},
		"no such zone of the world": func(s *house.State) { s.Restaurant.Zone = "Local" },
		"P02 no zone":               func(s *house.State) { s.Restaurant.Zone = "" },
		"a hold of no booking":      func(s *house.State) { s.Holds = []seating.Hold{{ID: housetest.Hold(2), Booking: housetest.Booking(9)}} },
		"an allocation of nobody":   func(s *house.State) { s.Allocations = append(s.Allocations, onBooking(9, 4, w)) },
		"an allocation of no hold":  func(s *house.State) { s.Allocations = append(s.Allocations, onHold(9, 1, 4, w)) },
		"an allocation twice":       func(s *house.State) { s.Allocations = append(s.Allocations, s.Allocations[0]) },
		"an owner of no kind":       func(s *house.State) { s.Allocations[0].Kind = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			s := housetest.State()
			evening(&s)
			edit(&s)
			if _, err := house.New(s); (err == nil) != (name == "") {
				t.Errorf("New(%s) = %v", name, err)
			}
		})
	}
}

func occupants(h *house.House, table int, w servicetime.Window) (owners []seating.AnyID) {
	for s := range h.Occupancy(housetest.Table(table), w) {
		owners = append(owners, s.Owner)
	}
	return owners
}

// TestOccupancy: by overlap of instants, whatever day the booking is of (P04).
func TestOccupancy(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		late := housetest.Party(s, 1, 4, "23:30", 1)
		s.Allocations[0].Window.End = late.Window.Start.Add(2 * time.Hour) // until 01:30
		s.Bookings[0].Window.End = s.Allocations[0].Window.End
		early := housetest.Party(s, 2, 4, "01:30", 1) // Saturday, of Saturday
		s.Bookings[1].ServiceDate, s.Bookings[1].Date = early.ServiceDate.AddDays(1), early.Date.AddDays(1)
		for _, x := range []*servicetime.Window{&s.Bookings[1].Window, &s.Allocations[1].Window} {
			x.Start, x.End = x.Start.Add(24*time.Hour), x.End.Add(24*time.Hour)
		}
		s.Blocks = []seating.Block{{ID: housetest.ID[seating.BlockID](900), Tables: housetest.Tables(1, 2), Window: housetest.Window("12:00", "13:00")}}
		evening := housetest.Party(s, 3, 4, "19:00")
		s.Holds = []seating.Hold{{ID: housetest.Hold(1), Booking: evening.ID, ExpiresAt: 1}} // long lapsed
		s.Allocations = append(s.Allocations, onHold(1, 3, 1, evening.Window))
	})
	at := func(clock string, days int) servicetime.Instant {
		return housetest.At(clock).Add(time.Duration(days) * 24 * time.Hour)
	}
	one, two, block, hold := seating.AnyID(housetest.Booking(1)), seating.AnyID(housetest.Booking(2)), housetest.ID[seating.AnyID](900), seating.AnyID(housetest.Hold(1))
	tests := []struct {
		name       string
		table      int
		start, end servicetime.Instant
		want       []seating.AnyID
	}{
		{"after midnight, of the day before", 1, at("00:30", 1), at("01:00", 1), []seating.AnyID{one}},
		{"both days", 1, at("01:00", 1), at("02:00", 1), []seating.AnyID{one, two}},
		{"the first ends as the second begins", 1, at("01:30", 1), at("02:00", 1), []seating.AnyID{two}},
		{"up to where it begins", 1, at("20:20", 0), at("23:30", 0), nil},
		{"a lapsed hold is still told", 1, at("20:00", 0), at("23:31", 0), []seating.AnyID{hold, one}},
		{"a block", 2, at("12:59", 0), at("14:00", 0), []seating.AnyID{block}},
		{"a block's end", 2, at("13:00", 0), at("14:00", 0), nil},
		{"an empty window", 1, at("00:30", 1), at("00:30", 1), nil},
		{"another table", 3, at("00:00", 0), at("23:00", 1), nil},
	}
	for _, tt := range tests {
		if got := occupants(h, tt.table, servicetime.Window{Start: tt.start, End: tt.end}); !slices.Equal(got, tt.want) {
			t.Errorf("Occupancy(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
	n := 0
	for range h.Occupancy(housetest.Table(1), servicetime.Window{Start: 1, End: 1 << 60}) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("Occupancy ran %d times after a break, want 1", n)
	}
}

// TestEntryTables: those of the last stretch.
func TestEntryTables(t *testing.T) {
	w := housetest.Window
	tests := []struct {
		name string
		rows []seating.Allocation
		want []int
	}{
		{"none", nil, nil},
		{"one", []seating.Allocation{onBooking(1, 3, w("19:00", "20:00"))}, []int{3}},
		{"moved", []seating.Allocation{onBooking(1, 1, w("19:00", "19:30")), onBooking(1, 2, w("19:30", "20:00"))}, []int{2}},
		{"moved and back", []seating.Allocation{onBooking(1, 1, w("19:00", "19:30")), onBooking(1, 2, w("19:30", "19:40")), onBooking(1, 1, w("19:40", "20:00"))}, []int{1}},
		{"grown", []seating.Allocation{onBooking(1, 2, w("19:00", "20:00")), onBooking(1, 1, w("19:30", "20:00"))}, []int{1, 2}},
	}
	for _, tt := range tests {
		e := house.Entry{Allocations: tt.rows}
		if got := e.Tables(); !slices.Equal(got, housetest.Tables(tt.want...)) {
			t.Errorf("Tables(%s) = %v, want T%v", tt.name, got, tt.want)
		}
	}
}

func TestApply_OpenFromClosesDays(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		evening(s)
		housetest.Party(s, 3, 4, "12:00")
		s.Bookings[2].ServiceDate = housetest.Friday.AddDays(1)
	})
	saturday := housetest.Friday.AddDays(1)
	next, err := house.Apply(h, change(h, func(c *house.Change) { c.Rows.OpenFrom = &saturday }))
	if err != nil {
		t.Fatal(err)
	}
	if next.OpenFrom != saturday || next.Booking(housetest.Booking(1)) != nil || next.Hold(housetest.Hold(1)) != nil || next.Day(housetest.Friday) != nil ||
		next.Booking(housetest.Booking(3)) == nil || len(next.Days()) != 1 {
		t.Errorf("after closing Friday: open from %s, days %v", next.OpenFrom, next.Days())
	}
	if h.Booking(housetest.Booking(1)) == nil || h.Hold(housetest.Hold(1)) == nil || h.OpenFrom == saturday {
		t.Error("closing Friday altered the house before it")
	}
}

func TestApply_ABookingMovesToAnotherDay(t *testing.T) {
	h := housetest.New(t, evening)
	next, err := house.Apply(h, change(h, func(c *house.Change) {
		b := h.Booking(housetest.Booking(1)).Booking
		b.ServiceDate = b.ServiceDate.AddDays(1)
		c.Rows.PutBookings = []seating.Booking{b}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if e := next.Booking(housetest.Booking(1)); e == nil || e.ServiceDate != housetest.Friday.AddDays(1) || len(e.Allocations) != 2 {
		t.Errorf("booking 1 = %+v, want it on Saturday with its rows", e)
	}
	if len(next.Day(housetest.Friday).Entries()) != 1 || len(next.Day(housetest.Friday.AddDays(1)).Entries()) != 1 {
		t.Error("the days do not hold one booking each")
	}
	if got := occupants(next, 1, housetest.Window("19:00", "19:01")); len(got) != 1 {
		t.Errorf("T1 has %v, want booking 1 once", got)
	}
}

// TestK08: a house is read by many while others are made from it.
func TestK08_ConcurrentReads(t *testing.T) {
	h := housetest.New(t, evening)
	before := h.State()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				h.State()
				occupants(h, 1+i, housetest.Window("19:00", "20:00"))
				next, err := house.Apply(h, change(h, func(c *house.Change) {
					b := h.Booking(housetest.Booking(1)).Booking
					b.Covers = i + 1
					c.Rows.PutBookings = []seating.Booking{b}
					c.Rows.DropAllocations = []seating.Allocation{onBooking(1, 1, housetest.Window("19:00", "20:20"))}
					c.Rows.PutTables = []seating.Table{*h.Floor.Table(housetest.Table(1 + i))}
				}))
				if err != nil || next.Booking(housetest.Booking(1)).Covers != i+1 {
					t.Errorf("Apply = %v", err)
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(before, h.State()); diff != "" {
		t.Errorf("the house altered (-before +after):\n%s", diff)
	}
}

func TestCompareNumbers(t *testing.T) {
	order := []string{"", "1", "01", "2", "10", "A", "a", "A1", "T", "T1", "T01", "t1", "T1a", "T2", "T12", "T12a", "T100", "Ä", "é"}
	less := [][2]string{{"T2", "T12"}, {"t2", "T12"}, {"T2", "t12"}, {"9", "10"}, {"T9z", "T10a"}, {"T1-2", "T1-10"}, {"T", "T1"}, {"A9", "B1"}}
	for _, p := range less {
		if house.CompareNumbers(p[0], p[1]) >= 0 || house.CompareNumbers(p[1], p[0]) <= 0 {
			t.Errorf("CompareNumbers(%q, %q) = %d, want less", p[0], p[1], house.CompareNumbers(p[0], p[1]))
		}
	}
	for _, a := range order {
		if house.CompareNumbers(a, a) != 0 {
			t.Errorf("CompareNumbers(%q, itself) != 0", a)
		}
	}
	for _, p := range [][2]string{{"t1", "T1"}, {"T01", "T1"}, {"ÉTÉ", "été"}} { // side by side, but told apart
		if c := house.CompareNumbers(p[0], p[1]); c == 0 || house.CompareNumbers(p[0]+"x", p[1]+"y") >= 0 || house.CompareNumbers(p[0]+"y", p[1]+"x") <= 0 {
			t.Errorf("CompareNumbers(%q, %q) = %d, want a tie broken last", p[0], p[1], c)
		}
	}
}

// TestCompareNumbers_TotalOrder: antisymmetric, transitive, zero only for equals.
func TestCompareNumbers_TotalOrder(t *testing.T) {
	number := rapid.OneOf(rapid.StringMatching(`[Tt]?0{0,2}[0-9]{0,3}[aB-]?[0-9]{0,2}`), rapid.StringOfN(rapid.SampledFrom([]rune("tTéÉßİ01 29-\x00")), 0, 5, -1), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")
		ab, ba, bc, ac := house.CompareNumbers(a, b), house.CompareNumbers(b, a), house.CompareNumbers(b, c), house.CompareNumbers(a, c)
		if ab != -ba {
			t.Fatalf("CompareNumbers(%q, %q) = %d, reversed %d", a, b, ab, ba)
		}
		if (ab == 0) != (a == b) {
			t.Fatalf("CompareNumbers(%q, %q) = %d", a, b, ab)
		}
		if ab <= 0 && bc <= 0 && ac > 0 {
			t.Fatalf("%q <= %q <= %q, but CompareNumbers(%q, %q) = %d", a, b, c, a, c, ac)
		}
	})
}
