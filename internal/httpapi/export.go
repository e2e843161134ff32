package httpapi

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// maxExport bounds the range of an export, both ends included.
const maxExport = 366

// csvColumns are the names of the columns; they only grow, at the end.
var csvColumns = []string{
	"reference", "service_date", "date", "time", "covers", "status", "tables", "zone_wish", "seating_wish", "source", "created_at", "created_by",
	"arrived_at", "checked_in_at", "ended_at", "turn_minutes", "guest_name", "guest_phone", "guest_email", "guest_notes",
}

var csvExample = strings.Join(csvColumns, ",") + "\r\n" +
	"B7KQ2M,2026-11-27,2026-11-27,19:30,4,confirmed,T2 T3,Main room,,phone,2026-11-20T10:00:00Z,token:019ac0de-0000-7000-8000-000000000001," +
	",,,75,Amal Haddad,'+44 20 7946 0000,amal@example.org,\r\n"

func exportBookings(c *call) (*reply, error) {
	from, refusal := c.yearDate("from")
	if refusal != nil {
		return nil, refusal
	}
	to, refusal := c.yearDate("to")
	if refusal != nil {
		return nil, refusal
	}
	switch days := int(to) - int(from) + 1; {
	case days < 1:
		return nil, unreadable("to", "must not be before from")
	case days > maxExport:
		return nil, unreadable("to", "the range has %d days, at most %d are possible", days, maxExport)
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	first, err := c.api.reader.BookPage(c.ctx, c.restaurant, from, to, nil)
	if err != nil {
		return nil, err
	}
	e := &bookExport{c: c, h: h, from: from, to: to}
	return &reply{body: func(w http.ResponseWriter, r *http.Request) { e.write(w, r, first) }}, nil
}

// bookExport writes bookings as CSV, a page at a time.
type bookExport struct {
	c        *call
	h        *house.House
	from, to servicetime.Date
}

// write sends the file. When a page cannot be read or sent, it cuts the
// connection: half a file must not look like a whole one.
func (e *bookExport) write(w http.ResponseWriter, r *http.Request, page query.BookPage) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", e.h.Restaurant.Slug+"-bookings-"+e.from.String()+"-"+e.to.String()+".csv"))
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(csvColumns) // an error stays with the writer and shows at the flush
	for {
		for _, row := range page.Rows {
			_ = out.Write(e.record(row, page.Guests[row.ID]))
		}
		out.Flush()
		err := out.Error()
		if err == nil && page.Next == nil {
			return
		}
		if err == nil {
			page, err = e.next(w, r, page.Next)
		}
		if err != nil {
			e.c.api.logFailure(r.Context(), slog.LevelWarn, e.c.trace, e.c.op.id, err)
			panic(http.ErrAbortHandler)
		}
	}
}

// next reads the page after. Time is bounded for each page, not for the file:
// what is sent slowly is still sent.
func (e *bookExport) next(w http.ResponseWriter, r *http.Request, after *store.BookingCursor) (query.BookPage, error) {
	// A connection without deadlines has nothing to move.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) //nolint:forbidigo // the deadline of a socket is of the process's clock
	ctx, cancel := context.WithTimeout(r.Context(), maxCall)
	defer cancel()
	return e.c.api.reader.BookPage(ctx, e.c.restaurant, e.from, e.to, after)
}

func (e *bookExport) record(row store.BookingRow, guest seating.Guest) []string {
	refs := e.h.Floor.Refs(row.Tables)
	numbers := make([]string, len(refs))
	for i, ref := range refs {
		numbers[i] = ref.Number
	}
	zone := ""
	if z := e.h.Floor.Zone(row.ZoneWish); z != nil {
		zone = z.Name
	}
	g := guestFor(e.c.actor, guest)
	if g == nil {
		g = &Guest{}
	}
	cells := []string{
		row.Reference, row.ServiceDate.String(), row.Date.String(), row.Time.String(), strconv.Itoa(row.Covers), string(row.Status),
		strings.Join(numbers, " "), zone, string(row.SeatingWish), string(row.Source), row.CreatedAt.String(), row.CreatedBy,
		row.ArrivedAt.String(), row.CheckedInAt.String(), row.EndedAt.String(), strconv.Itoa(int(row.Dining.End.Sub(row.Dining.Start) / time.Minute)),
		g.Name, g.Phone, g.Email, g.Notes,
	}
	for i := range cells {
		cells[i] = harmless(cells[i])
	}
	return cells
}

// harmless keeps a spreadsheet from taking a cell for a formula (failure
// catalogue A11). Phone numbers that begin with + are not excepted: nobody can
// tell one from a formula by its looks.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
