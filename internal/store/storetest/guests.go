package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// guestTests say what becomes of what is known of guests.
var guestTests = []test{
	{"EraseLeavesNothingOfAGuestAndAllOfTheBooking", eraseLeavesTheBooking},
	{"EraseReachesClosedDaysAndHolds", eraseReachesClosedDaysAndHolds},
	{"EraseLeavesOthersAlone", eraseLeavesOthersAlone},
	{"WhatAChangePutsComesAfterWhatItErases", puttingComesAfterErasing},
	{"ABatchErasesInItsOrder", aBatchErasesInItsOrder},
	{"EraseIsBounded", eraseIsBounded},
	{"APatchLeavesWhatItDoesNotName", aPatchLeavesWhatItDoesNotName},
	{"APatchOfAnUnknownGuestMakesARow", aPatchOfAnUnknownGuestMakesARow},
	{"APatchOfNoBookingIsRefused", aPatchOfNoBookingIsRefused},
	{"FindGuestsComparesAsContactsAre", findGuestsCompares},
	{"FindGuestsGivesTheNewestFirst", findGuestsGivesTheNewestFirst},
}

// known is what is told of the guest of a booking, and whether anything is.
func (d *Seed) known(b seating.BookingID) (seating.Guest, bool) {
	d.T.Helper()
	guests, err := d.Store.Guests(d.T.Context(), d.ID(), []seating.BookingID{b})
	if err != nil {
		d.T.Fatalf("Guests = %v", err)
	}
	g, found := guests[b]
	return g, found
}

// notes are the staff notes there are, by "subject: text", sorted.
func (d *Seed) notes() (notes []string) {
	d.T.Helper()
	for _, l := range d.lines() {
		if l.Note != "" {
			notes = append(notes, l.Subject+": "+l.Note)
		}
	}
	slices.Sort(notes)
	return notes
}

func (d *Seed) lines() []store.HistoryLine {
	d.T.Helper()
	lines, err := d.Store.History(d.T.Context(), d.ID(), "", 0, 1000)
	if err != nil {
		d.T.Fatalf("History = %v", err)
	}
	return lines
}

// noting is a change that does nothing but tell of subjects, each with a note.
func (d *Seed) noting(text string, subjects ...string) *house.Change {
	c := d.Change("note", house.Rows{})
	c.History = nil
	for _, s := range subjects {
		c.History = append(c.History, house.HistoryRow{Subject: s, From: "a", To: "b", Reason: "told"})
		c.Notes = append(c.Notes, house.NotePut{Subject: s, Text: text})
	}
	return c
}

// erasing is a change that erases the guests of bookings.
func (d *Seed) erasing(bookings ...seating.BookingID) *house.Change {
	c := d.Change("erase", house.Rows{}, seating.AspectBookings)
	c.Erase = bookings
	return c
}

var ada = seating.Guest{Name: "Ada Lovelace", Phone: "+44 1", Email: "ada@example.org", Notes: "nuts"}

// eraseLeavesTheBooking: no guest data is left anywhere, and the booking and its
// lines are whole (X05).
func eraseLeavesTheBooking(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.lived()
	d.Commit(d.noting("hard of hearing", "booking:"+b.ID.String(), "booking:"+b.ID.String()))
	before, lines := d.Dump(), d.lines()
	d.Commit(d.erasing(b.ID))
	if g, found := d.known(b.ID); found {
		t.Errorf("Guests = %+v, want nothing known", g)
	}
	if notes := d.notes(); notes != nil {
		t.Errorf("notes = %v, want none", notes)
	}
	for i := range lines {
		lines[i].Note = ""
	}
	if diff := cmp.Diff(lines, d.lines()[1:]); diff != "" {
		t.Errorf("the lines before the erasure (-before without notes +after):\n%s", diff)
	}
	d.Same()
	d.lists(b)
	after := d.Dump()
	if diff := cmp.Diff(before.State.Bookings, after.State.Bookings); diff != "" {
		t.Errorf("bookings (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Occupancy, after.Occupancy); diff != "" {
		t.Errorf("occupancy (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Receipts, after.Receipts); diff != "" {
		t.Errorf("receipts (-before +after):\n%s", diff)
	}
	if raw, ok := e.Store.(Raw); ok {
		for _, table := range []string{"guest", "staff_note"} {
			if n, err := raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+table); err != nil || n != 0 {
				t.Errorf("%s has %d rows, %v, want none", table, n, err)
			}
		}
	}
	for _, text := range []string{"lovelace", "ada@example.org"} {
		rows, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{From: Today, To: Today, Text: text, Limit: 9})
		if err != nil || len(rows) != 0 {
			t.Errorf("Bookings(%s) = %v, %v, want none", text, rows, err)
		}
	}
	if found, err := e.Store.FindGuests(t.Context(), d.ID(), ada.Email, ada.Phone, 9); err != nil || len(found) != 0 {
		t.Errorf("FindGuests = %v, %v, want none", found, err)
	}
	sound(t, d)
}

func eraseReachesClosedDaysAndHolds(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	old, b, kept := d.Booking("OLD", -24*60, -23*60), d.Booking("B1", 0, 60), d.Booking("KEPT", 0, 60)
	old.ServiceDate, old.Date = Yesterday, Yesterday
	for _, booking := range []seating.Booking{old, b, kept} {
		c := d.Book(booking)
		c.Guests = []house.GuestPut{{Booking: booking.ID, Guest: ada}}
		d.Commit(c)
	}
	gone, live, over, others := d.Hold(b), d.Hold(b), d.Hold(kept), d.Hold(kept)
	d.Commit(d.TakeHold(gone, d.Tables[0]))
	d.Commit(d.Release(gone, seating.EndReleased, d.Tables[0]))
	d.Commit(d.TakeHold(live, d.Tables[0]))
	d.Commit(d.TakeHold(over, d.Tables[1]))
	d.Commit(d.Release(over, seating.EndReleased, d.Tables[1]))
	d.Commit(d.TakeHold(others, d.Tables[1]))
	d.Commit(d.noting("private", "booking:"+old.ID.String(), "booking:"+b.ID.String(), "hold:"+gone.ID.String(), "hold:"+live.ID.String()))
	stay := []string{
		"booking:" + kept.ID.String(), "hold:" + over.ID.String(), "hold:" + others.ID.String(), "hold:" + NewID[seating.HoldID]().String(),
		"floor", "day:" + Today.String(),
	}
	d.Commit(d.noting("stays", stay...))
	today := Today
	d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}, seating.AspectBookings))
	d.Commit(d.erasing(old.ID, b.ID))

	for _, booking := range []seating.Booking{old, b} {
		if g, found := d.known(booking.ID); found {
			t.Errorf("Guests(%s) = %+v, want nothing known", booking.Reference, g)
		}
		d.lists(booking)
	}
	if g, _ := d.known(kept.ID); g != ada {
		t.Errorf("Guests(KEPT) = %+v, want %+v", g, ada)
	}
	var want []string
	for _, s := range stay {
		want = append(want, s+": stays")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, d.notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	d.Same()
}

// eraseLeavesOthersAlone: two restaurants with the same ids at the same versions.
func eraseLeavesOthersAlone(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	id, hold := NewID[seating.BookingID](), NewID[seating.HoldID]()
	for _, d := range seeds {
		b := d.Booking("B1", 0, 60)
		b.ID = id
		c := d.Book(b)
		c.Guests = []house.GuestPut{{Booking: id, Guest: ada}}
		d.Commit(c)
		h := d.Hold(b)
		h.ID = hold
		d.Commit(d.TakeHold(h, d.Tables[0]))
		d.Commit(d.Release(h, seating.EndReleased, d.Tables[0]))
		d.Commit(d.noting("private", "booking:"+id.String(), "hold:"+hold.String()))
	}
	one, two := seeds[0], seeds[1]
	before, lines := two.Dump(), two.lines()
	one.Commit(one.erasing(id))
	if notes := one.notes(); notes != nil {
		t.Errorf("notes of the one that erased = %v, want none", notes)
	}
	two.Unchanged(before)
	two.Same()
	if diff := cmp.Diff(lines, two.lines()); diff != "" {
		t.Errorf("the other restaurant's lines (-before +after):\n%s", diff)
	}
	if g, _ := two.known(id); g != ada {
		t.Errorf("the other restaurant's guest = %+v, want %+v", g, ada)
	}
	// It changes no field of the other's either.
	patch := one.Change("patch", house.Rows{})
	patch.Patches = []house.GuestPatch{{Booking: id, GuestPatch: seating.GuestPatch{Name: new("Grace")}}}
	one.Commit(patch)
	if g, _ := two.known(id); g != ada {
		t.Errorf("the other restaurant's guest = %+v, want %+v", g, ada)
	}
}

func puttingComesAfterErasing(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.lived()
	c := d.erasing(b.ID)
	subject := "booking:" + b.ID.String()
	c.History = []house.HistoryRow{{Subject: subject, To: "erased"}}
	c.Notes = []house.NotePut{{Subject: subject, Text: "asked for by letter"}}
	c.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "A guest", Notes: "no nuts"}}}
	c.Patches = []house.GuestPatch{{Booking: b.ID, GuestPatch: seating.GuestPatch{Notes: new("")}}}
	d.Commit(c)
	if g, _ := d.known(b.ID); g != (seating.Guest{Name: "A guest"}) {
		t.Errorf("Guests = %+v, want what the change put, patched", g)
	}
	if diff := cmp.Diff([]string{subject + ": asked for by letter"}, d.notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// aBatchErasesInItsOrder: what an earlier change put goes, what a later one puts
// stays.
func aBatchErasesInItsOrder(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	subject := "booking:" + b.ID.String()
	d.Commit(chain(t, d,
		func(d *Seed) *house.Change {
			c := d.Book(b)
			c.Guests = []house.GuestPut{{Booking: b.ID, Guest: ada}}
			c.Notes = []house.NotePut{{Subject: subject, Text: "first"}}
			return c
		},
		func(d *Seed) *house.Change { return d.erasing(b.ID) },
		func(d *Seed) *house.Change {
			c := d.noting("last", subject)
			c.Patches = []house.GuestPatch{{Booking: b.ID, GuestPatch: seating.GuestPatch{Phone: new("2")}}}
			return c
		})...)
	if g, _ := d.known(b.ID); g != (seating.Guest{Phone: "2"}) {
		t.Errorf("Guests = %+v, want the last patch alone", g)
	}
	if diff := cmp.Diff([]string{subject + ": last"}, d.notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	d.Same()
}

func eraseIsBounded(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.lived()
	many := make([]seating.BookingID, store.MaxErase+1)
	for i := range many {
		many[i] = NewID[seating.BookingID]()
	}
	many[store.MaxErase-1] = b.ID
	if store.MaxErase != 200 {
		t.Errorf("MaxErase = %d, want 200", store.MaxErase)
	}
	if err := d.Refused(d.erasing(many...)); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Commit(erase of 201) = %v, want ErrInvalid", err)
	}
	if g, _ := d.known(b.ID); g.Empty() {
		t.Error("a refused erasure erased")
	}
	d.Commit(d.erasing(many[:store.MaxErase]...))
	if g, found := d.known(b.ID); found {
		t.Errorf("Guests after an erasure of 200 = %+v, want nothing known", g)
	}
}

// aPatchLeavesWhatItDoesNotName: absent is not null (G05).
func aPatchLeavesWhatItDoesNotName(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b, other := d.Booking("B1", 0, 60), d.Booking("B2", 0, 60)
	c := d.Book(b)
	c.Rows.PutBookings = append(c.Rows.PutBookings, other)
	c.Guests = []house.GuestPut{{Booking: b.ID, Guest: ada}, {Booking: other.ID, Guest: ada}}
	d.Commit(c)
	want := ada
	step := func(name string, patches ...seating.GuestPatch) {
		t.Helper()
		c := d.Change("patch", house.Rows{})
		for _, p := range patches {
			c.Patches = append(c.Patches, house.GuestPatch{Booking: b.ID, GuestPatch: p})
		}
		d.Commit(c)
		if got, _ := d.known(b.ID); got != want {
			t.Errorf("Guests after %s = %+v, want %+v", name, got, want)
		}
	}
	step("nothing", seating.GuestPatch{})
	want.Phone = "+33 2"
	step("a phone number", seating.GuestPatch{Phone: new("+33 2")})
	want.Email, want.Notes = "a@b.example", ""
	step("two fields in two patches", seating.GuestPatch{Email: new("a@b.example")}, seating.GuestPatch{Notes: new("")})
	want.Phone = ""
	step("the same field twice", seating.GuestPatch{Phone: new("3")}, seating.GuestPatch{Phone: new("")})
	want.Name = "GRÄFIN"
	step("a name", seating.GuestPatch{Name: new("GRÄFIN")})
	if got, _ := d.known(other.ID); got != ada {
		t.Errorf("Guests(the other booking) = %+v, want %+v", got, ada)
	}
	for text, n := range map[string]int{"gräf": 1, "lovelace": 1} {
		rows, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{From: Today, To: Today, Text: text, Limit: 9})
		if err != nil || len(rows) != n {
			t.Errorf("Bookings(%s) = %v, %v, want %d: the name is searched by its key", text, rows, err, n)
		}
	}
	// Two changes that saw the same guest, each with a field of its own.
	want.Email, want.Notes = "c@d.example", "window"
	d.Commit(chain(t, d,
		func(d *Seed) *house.Change {
			c := d.Change("patch", house.Rows{})
			c.Patches = []house.GuestPatch{{Booking: b.ID, GuestPatch: seating.GuestPatch{Email: new("c@d.example")}}}
			return c
		},
		func(d *Seed) *house.Change {
			c := d.Change("patch", house.Rows{})
			c.Patches = []house.GuestPatch{{Booking: b.ID, GuestPatch: seating.GuestPatch{Notes: new("window")}}}
			return c
		})...)
	if got, _ := d.known(b.ID); got != want {
		t.Errorf("Guests after two changes = %+v, want both: %+v", got, want)
	}
}

func aPatchOfAnUnknownGuestMakesARow(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	one, two, three := d.Booking("B1", 0, 60), d.Booking("B2", 0, 60), d.Booking("B3", 0, 60)
	c := d.Change("create", house.Rows{PutBookings: []seating.Booking{one, two, three}}, seating.AspectBookings)
	c.Guests = []house.GuestPut{{Booking: two.ID, Guest: ada}}
	c.Patches = []house.GuestPatch{
		{Booking: one.ID, GuestPatch: seating.GuestPatch{Email: new("x@y.example")}},
		{Booking: two.ID, GuestPatch: seating.GuestPatch{Email: new("x@y.example")}},
		{Booking: three.ID},
	}
	d.Commit(c)
	patched := ada
	patched.Email = "x@y.example"
	want := map[seating.BookingID]seating.Guest{one.ID: {Email: "x@y.example"}, two.ID: patched}
	got, err := e.Store.Guests(t.Context(), d.ID(), []seating.BookingID{one.ID, two.ID, three.ID})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Guests = %v (-want +got):\n%s", err, diff)
	}
}

func aPatchOfNoBookingIsRefused(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	c := d.Change("patch", house.Rows{})
	c.Patches = []house.GuestPatch{{Booking: NewID[seating.BookingID](), GuestPatch: seating.GuestPatch{Name: new("Nobody")}}}
	if err := d.Refused(c); !errors.Is(err, store.ErrImpossible) {
		t.Errorf("Commit(patch of no booking) = %v, want ErrImpossible", err)
	}
}

func findGuestsCompares(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	guests := []seating.Guest{
		{Name: "A", Email: "Ada@Example.org", Phone: "+44 (0)20 7946-0018"},
		{Name: "B", Email: "ÄRGER@example.org", Phone: "tel. 0800/123.456"},
		{Name: "C", Email: "ada@example.org.uk", Phone: "ask"},
		{Name: "D", Phone: "00442079460018"},
		{Name: "E"},
	}
	names := map[seating.BookingID]string{}
	for _, s := range []*Seed{o, d} {
		for i, g := range guests {
			b := s.Booking(fmt.Sprintf("B%d", i), 0, 60)
			c := s.Book(b)
			c.Guests = []house.GuestPut{{Booking: b.ID, Guest: g}}
			s.Commit(c)
			if s == d {
				names[b.ID] = g.Name
			}
		}
	}
	for _, c := range []struct {
		email, phone string
		want         []string
	}{
		{"ada@example.org", "", []string{"A"}},
		{"ADA@EXAMPLE.ORG", "", []string{"A"}},
		{"ärger@EXAMPLE.org", "", []string{"B"}},
		{"ada@example", "", nil},
		{"%@example.org", "", nil},
		{"", "+44 020 7946 0018", []string{"A"}},
		{"", "4402079460018", []string{"A"}},
		{"", "(0800) 123-456", []string{"B"}},
		{"", "\u00a00800\t123456", []string{"B"}},
		{"", "079460018", nil},
		{"ada@example.org", "0800 123 456", []string{"A", "B"}},
		{"ada@example.org", "+44 020 79460018", []string{"A"}},
		{"", "", nil},
		{"", "ask", nil},
		{"", "+", nil},
	} {
		found, err := e.Store.FindGuests(t.Context(), d.ID(), c.email, c.phone, 100)
		var got []string
		for _, b := range found {
			got = append(got, names[b])
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("FindGuests(%q, %q) = %v (-want +got):\n%s", c.email, c.phone, err, diff)
		}
	}
}

func findGuestsGivesTheNewestFirst(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	var want []seating.BookingID
	for _, days := range []int{1, -1, 3, 0, 3} {
		b := d.Booking(fmt.Sprintf("B%d", len(want)), 0, 60)
		b.ServiceDate = Today.AddDays(days)
		c := d.Book(b)
		c.Guests = []house.GuestPut{{Booking: b.ID, Guest: ada}}
		d.Commit(c)
		want = append(want, b.ID)
	}
	today := Today
	d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}, seating.AspectBookings))
	want = []seating.BookingID{want[4], want[2], want[0], want[3], want[1]} // of one day the greater id first
	for limit := range 7 {
		found, err := e.Store.FindGuests(t.Context(), d.ID(), ada.Email, "", limit)
		if diff := cmp.Diff(want[:min(limit, len(want))], found, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("FindGuests(limit %d) = %v (-want +got):\n%s", limit, err, diff)
		}
	}
}
