package httpapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// The evening sheet is a service date on paper, for when the network dies: it
// needs nothing but itself, and its last column is for a pencil.
//
//go:embed sheet.html
var sheetSource string

var sheetPage = template.Must(template.New("sheet").Parse(sheetSource))

// sheetPolicy lets the page have its style, and nothing else.
const sheetPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// eveningSheet is what the page shows.
type eveningSheet struct {
	Restaurant, Day, Printed, Version, Summary string
	Closed                                     bool
	Lists                                      []sheetList
	Waitlist                                   []sheetWaiting
	Unseated                                   []sheetParty
	Neighbours                                 []sheetParty
	Blocks                                     []sheetBlock
}

// sheetList is one period, by time.
type sheetList struct {
	Caption string
	Parties []sheetParty
}

type sheetParty struct {
	Time, Reference, Guest, Tables, Status, Notes string
	Covers                                        int
}

type sheetWaiting struct {
	Position int
	Quoted   string
	sheetParty
}

type sheetBlock struct{ Tables, Window, Reason string }

// sheet prints a timeline.
func sheet(h *house.House, t query.Timeline, guests map[seating.BookingID]seating.Guest, stamp Stamp) ([]byte, error) {
	p := printer{h: h, t: t, guests: guests}
	page := eveningSheet{
		Restaurant: h.Restaurant.Name, Day: dayName(t.Date), Closed: t.Closed, Version: stamp.Version.String(),
		Printed: stamp.ServerNow.Time().In(h.Calendar.Zone).Format("Monday 2 January 2006, 15:04"),
		Summary: p.summary(), Lists: p.lists(), Neighbours: p.neighbours(), Blocks: p.blocks(),
	}
	for _, row := range t.Unseated {
		page.Unseated = append(page.Unseated, p.party(row))
	}
	for _, w := range t.Waitlist {
		x := sheetWaiting{Position: w.Position, sheetParty: p.party(w.BookingRow)}
		if w.Quoted > 0 {
			x.Quoted = fmt.Sprintf("%d min", w.Quoted)
		}
		page.Waitlist = append(page.Waitlist, x)
	}
	var out bytes.Buffer
	if err := sheetPage.Execute(&out, page); err != nil {
		return nil, fmt.Errorf("print the evening sheet: %w", err)
	}
	return out.Bytes(), nil
}

// paper sends the page.
func paper(page []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", sheetPolicy)
		plain("text/html; charset=utf-8", page)(w, r)
	}
}

// printer puts a timeline into words.
type printer struct {
	h      *house.House
	t      query.Timeline
	guests map[seating.BookingID]seating.Guest
}

func dayName(d servicetime.Date) string {
	y, m, day := d.Civil()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Format("Monday 2 January 2006")
}

// clock is a time on the wall; of another calendar date with its day.
func (p *printer) clock(i servicetime.Instant) string {
	at := i.Time().In(p.h.Calendar.Zone)
	if servicetime.DateIn(i, p.h.Calendar.Zone) != p.t.Date {
		return at.Format("15:04 Mon")
	}
	return at.Format("15:04")
}

func (p *printer) summary() string {
	parts := []string{fmt.Sprintf("%s, %s", counted(p.t.Totals.Parties, "party"), counted(p.t.Totals.Covers, "cover"))}
	for _, s := range p.t.Totals.ByStatus {
		parts = append(parts, fmt.Sprintf("%d %s", s.Parties, statusWords(s.Status)))
	}
	return strings.ReplaceAll(strings.Join(parts, " · "), "partys", "parties")
}

func statusWords(s seating.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// lists are the periods with those who come, came or sit, in the order of their
// starts, and at the end those who come outside every period.
func (p *printer) lists() []sheetList {
	lists := make([]sheetList, len(p.t.Services), len(p.t.Services)+1)
	for i, s := range p.t.Services {
		lists[i].Caption = fmt.Sprintf("%s, %s–%s, last seating %s", s.Period.Name, p.clock(s.Window.Start), p.clock(s.Window.End), p.clock(s.LastSeating))
	}
	other := sheetList{Caption: "Outside the service periods"}
	for _, row := range p.t.Bookings {
		switch row.Status {
		case seating.Pending, seating.Confirmed, seating.CheckedIn, seating.Completed:
		case seating.Waitlisted, seating.Cancelled, seating.NoShow:
			continue
		}
		list := &other
		if i := slices.IndexFunc(p.t.Services, func(s servicetime.Service) bool { return s.Window.Contains(row.Dining.Start) }); i >= 0 {
			list = &lists[i]
		}
		list.Parties = append(list.Parties, p.party(row))
	}
	if len(other.Parties) > 0 {
		lists = append(lists, other)
	}
	return lists
}

func (p *printer) party(row store.BookingRow) sheetParty {
	return sheetParty{
		Time: p.clock(row.Dining.Start), Reference: row.Reference, Guest: p.guests[row.ID].Name, Covers: row.Covers,
		Tables: p.numbers(row.Tables), Status: statusWords(row.Status), Notes: p.notes(row),
	}
}

func (p *printer) numbers(tables []seating.TableID) string {
	refs := p.h.Floor.Refs(tables)
	numbers := make([]string, len(refs))
	for i, ref := range refs {
		numbers[i] = ref.Number
	}
	return strings.Join(numbers, " + ")
}

// notes are what the party wishes and what is noted of it.
func (p *printer) notes(row store.BookingRow) string {
	var parts []string
	if zone := p.h.Floor.Zone(row.ZoneWish); zone != nil {
		parts = append(parts, "wishes "+zone.Name)
	}
	if row.SeatingWish != "" {
		parts = append(parts, "wishes "+strings.ReplaceAll(string(row.SeatingWish), "_", " ")+" seating")
	}
	if notes := p.guests[row.ID].Notes; notes != "" {
		parts = append(parts, notes)
	}
	return strings.Join(parts, "; ")
}

// neighbours are parties of the day before or after that have tables in this
// day's window.
func (p *printer) neighbours() []sheetParty {
	var parties []sheetParty
	seen := map[seating.BookingID]bool{}
	for _, z := range p.t.Zones {
		for _, lane := range z.Tables {
			for _, b := range lane.Bars {
				if b.Kind != seating.OwnedByBooking || b.Booking.ServiceDate == p.t.Date || seen[b.Booking.ID] {
					continue
				}
				seen[b.Booking.ID] = true
				x := p.party(*b.Booking)
				x.Time += "–" + p.clock(b.Booking.Window.End)
				parties = append(parties, x)
			}
		}
	}
	return parties
}

// blocks lists each block once, though it may be on several tables.
func (p *printer) blocks() []sheetBlock {
	var blocks []sheetBlock
	seen := map[seating.BlockID]bool{}
	for _, z := range p.t.Zones {
		for _, lane := range z.Tables {
			for _, b := range lane.Bars {
				if b.Block == nil || seen[b.Block.ID] {
					continue
				}
				seen[b.Block.ID] = true
				blocks = append(blocks, sheetBlock{
					Tables: strings.ReplaceAll(p.numbers(b.Block.Tables), " + ", ", "),
					Window: p.clock(b.Window.Start) + "–" + p.clock(b.Window.End), Reason: strings.ReplaceAll(b.Block.Reason, "_", " "),
				})
			}
		}
	}
	return blocks
}
