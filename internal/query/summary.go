package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// lineDetail is what the details of history lines hold.
type lineDetail struct {
	From      lineSide            `json:"from"`
	To        lineSide            `json:"to"`
	Tables    []seating.TableID   `json:"tables"`
	Table     *seating.TableID    `json:"table"`
	Window    *servicetime.Window `json:"window"`
	ExpiresAt servicetime.Instant `json:"expiresAt"`
	Check     string              `json:"check"`
	Changed   []string            `json:"changed"`
	Bookings  *int                `json:"bookings"`
	Priority  int                 `json:"priority"`
	Quoted    int                 `json:"quotedMinutes"`
	ID        *seating.TableID    `json:"id"`
}

// lineSide is what something was, or is now: tables, or a booking with its time
// and its tables.
type lineSide struct {
	Tables []seating.TableID
	Covers int
	Date   string
	Time   string
	End    servicetime.Instant // of dining
}

// UnmarshalJSON reads either form.
func (s *lineSide) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &s.Tables) == nil {
		return nil
	}
	return json.Unmarshal(b, &struct {
		Tables *[]seating.TableID   `json:"tables"`
		Covers *int                 `json:"covers"`
		Date   *string              `json:"date"`
		Time   *string              `json:"time"`
		End    *servicetime.Instant `json:"end"`
	}{&s.Tables, &s.Covers, &s.Date, &s.Time, &s.End})
}

// Summary says in a short sentence what a line of the history tells: "moved from
// T1 to T4". Who did it and when stand beside it. Tables are named as they are
// called now. A line of a kind it does not know is told as its step, so that a
// new kind is never left out.
func Summary(h *house.House, l store.HistoryLine) string {
	var d lineDetail
	if l.Detail != "" && json.Unmarshal([]byte(l.Detail), &d) != nil {
		d = lineDetail{} // of another shape: the step alone is told
	}
	w := wording{h: h, l: l, d: d}
	if s := back[[2]seating.Status{seating.Status(l.From), seating.Status(l.To)}]; s != "" && w.ofBooking() {
		return s // its reason says the same
	}
	for _, tell := range []func() string{w.hold, w.tables, w.setting, w.block, w.edit, w.event, w.status} {
		if s := tell(); s != "" {
			return s + w.because()
		}
	}
	return w.step() + w.because()
}

// Subjects of the history that are not one booking, day or block.
const (
	subjectFloor      = "floor"
	subjectPolicy     = "policy"
	subjectRestaurant = "restaurant"
)

type wording struct {
	h *house.House
	l store.HistoryLine
	d lineDetail
}

// numbers lists tables as a person says them: "T1, T2 and T3".
func (w wording) numbers(ids []seating.TableID) string {
	refs := w.h.Floor.Refs(ids)
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = cmp.Or(ref.Number, "a table that is gone")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func (w wording) ofBooking() bool { return strings.HasPrefix(w.l.Subject, "booking:") }

// clock is a time on the wall.
func (w wording) clock(i servicetime.Instant) string {
	return i.Time().In(w.h.Calendar.Zone).Format("2006-01-02 15:04")
}

// until is a time on the wall, to the second as holds end by the second.
func (w wording) until() string {
	if w.d.ExpiresAt.IsZero() {
		return ""
	}
	return " until " + w.d.ExpiresAt.Time().In(w.h.Calendar.Zone).Format("15:04:05")
}

func (w wording) hold() string {
	on := ""
	if len(w.d.Tables) > 0 {
		on = " on " + w.numbers(w.d.Tables)
	}
	switch {
	case w.l.From == "" && w.l.To == "hold_live":
		return "hold made" + on + w.until()
	case w.l.To == "hold_extended":
		return "hold extended" + on + w.until()
	case strings.HasPrefix(w.l.To, "hold_"):
		return "hold" + on + " " + spaced(strings.TrimPrefix(w.l.To, "hold_"))
	}
	return ""
}

func (w wording) tables() string {
	from, to := w.d.From.Tables, w.d.To.Tables
	switch w.l.To {
	case "assigned":
		switch {
		case len(from) == 0:
			return "given " + w.numbers(to)
		case slices.Equal(from, to):
			return "kept " + w.numbers(to)
		}
		return "moved from " + w.numbers(from) + " to " + w.numbers(to)
	case "unassigned":
		gone := slices.DeleteFunc(slices.Clone(from), func(t seating.TableID) bool { return slices.Contains(to, t) })
		if len(to) == 0 {
			return "taken off " + w.numbers(gone)
		}
		return "taken off " + w.numbers(gone) + ", keeps " + w.numbers(to)
	}
	return ""
}

// edit is a booking that was changed.
func (w wording) edit() string {
	if !w.ofBooking() || len(w.d.Changed) == 0 {
		return ""
	}
	from, to := w.d.From, w.d.To
	var parts []string
	for _, word := range w.d.Changed {
		switch {
		case word == "time" && from.Date != to.Date:
			word += " from " + from.Date + " " + from.Time + " to " + to.Date + " " + to.Time
		case word == "time" && from.Time != to.Time:
			word += " from " + from.Time + " to " + to.Time
		case word == "covers" && from.Covers != to.Covers:
			word += fmt.Sprintf(" from %d to %d", from.Covers, to.Covers)
		case word == "turn" && !to.End.IsZero():
			word = "stay until " + w.clock(to.End) + ", not " + w.clock(from.End)
		}
		parts = append(parts, word)
	}
	sentence := spaced(w.l.To) + ": " + strings.Join(parts, ", ")
	if len(to.Tables) > 0 && !slices.Equal(from.Tables, to.Tables) {
		sentence += ", now at " + w.numbers(to.Tables)
	}
	return sentence
}

// block is what became of tables that are out of service.
func (w wording) block() string {
	if !strings.HasPrefix(w.l.Subject, "block:") {
		return ""
	}
	sentence := "block " + spaced(w.l.To)
	if len(w.d.Tables) > 0 {
		sentence += ": " + w.numbers(w.d.Tables)
	}
	if w.d.Window != nil {
		sentence += " from " + w.clock(w.d.Window.Start) + " to " + w.clock(w.d.Window.End)
	}
	return sentence
}

// setting is what was done to the restaurant rather than to a booking.
func (w wording) setting() string {
	switch {
	case w.l.To == "changed" && (w.l.Subject == subjectFloor || w.l.Subject == subjectPolicy || w.l.Subject == subjectRestaurant):
		if len(w.d.Changed) == 0 {
			return w.l.Subject + " changed"
		}
		return w.l.Subject + " changed: " + strings.Join(w.d.Changed, ", ")
	case w.l.Subject == subjectFloor && w.d.Table != nil:
		return w.numbers([]seating.TableID{*w.d.Table}) + " " + spaced(w.l.To)
	case w.l.Subject == subjectFloor && w.l.To != "":
		if w.d.ID != nil && w.h.Floor.Table(*w.d.ID) != nil {
			return spaced(w.l.To) + ": " + w.numbers([]seating.TableID{*w.d.ID})
		}
		return spaced(w.l.To)
	case strings.HasPrefix(w.l.Subject, "day:") && w.l.To == "closed":
		switch {
		case w.d.Bookings == nil || *w.d.Bookings == 0:
			return "day closed"
		case *w.d.Bookings == 1:
			return "day closed, 1 booking ended"
		}
		return fmt.Sprintf("day closed, %d bookings ended", *w.d.Bookings)
	case w.l.Subject == subjectRestaurant && w.l.To == "epoch":
		return "a new epoch begun"
	}
	return ""
}

// event is what befell a booking beside its steps.
func (w wording) event() string {
	switch w.l.To {
	case "override":
		return "check " + w.d.Check + " set aside"
	case "arrived":
		return "the party has arrived"
	case "late":
		return "the party is late"
	case "overstaying":
		return "the party stays past its end"
	case "waitlist":
		return fmt.Sprintf("waits with priority %d, told %d minutes", w.d.Priority, w.d.Quoted)
	case "wish_dropped":
		return "zone wish dropped"
	case "guest_erased":
		return "guest data erased"
	}
	return ""
}

// becoming says what a booking became, from whatever it was; back are the steps
// that take something back, made how it began.
var (
	becoming = map[seating.Status]string{
		seating.Waitlisted: "put on the waitlist", seating.Pending: "set back to pending", seating.Confirmed: "confirmed",
		seating.CheckedIn: "checked in", seating.Completed: "checked out", seating.Cancelled: "cancelled", seating.NoShow: "marked as a no-show",
	}
	back = map[[2]seating.Status]string{
		{seating.Waitlisted, seating.Pending}:  "taken off the waitlist",
		{seating.CheckedIn, seating.Confirmed}: "check-in taken back",
		{seating.CheckedIn, seating.Pending}:   "check-in taken back",
		{seating.Completed, seating.CheckedIn}: "check-out taken back",
		{seating.Cancelled, seating.Pending}:   "reinstated",
		{seating.Cancelled, seating.Confirmed}: "reinstated",
		{seating.NoShow, seating.Confirmed}:    "no-show taken back",
		{seating.NoShow, seating.Pending}:      "no-show taken back",
	}
	made = map[seating.Status]string{
		seating.Waitlisted: "booked, onto the waitlist", seating.Pending: "booked", seating.Confirmed: "booked and confirmed", seating.CheckedIn: "walked in",
	}
)

func (w wording) status() string {
	if !w.ofBooking() {
		return ""
	}
	from, to := seating.Status(w.l.From), seating.Status(w.l.To)
	switch {
	case from == "" && w.l.Reason == "imported":
		return "brought in as " + spaced(w.l.To)
	case from == "" && made[to] != "":
		return made[to]
	}
	return becoming[to]
}

// step tells a line of an unknown kind.
func (w wording) step() string {
	command := spaced(w.l.Command)
	switch {
	case w.l.To == "":
		return command
	case w.l.From == "":
		return command + ": " + spaced(w.l.To)
	}
	return command + ": " + spaced(w.l.From) + " → " + spaced(w.l.To)
}

// because is the reason code in words.
func (w wording) because() string {
	if w.l.Reason == "" || w.l.Reason == w.l.To || w.l.Reason == "imported" {
		return ""
	}
	return " (" + spaced(w.l.Reason) + ")"
}

func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }
