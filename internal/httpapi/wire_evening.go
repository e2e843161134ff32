package httpapi

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TimelineAnswer is a service date.
type TimelineAnswer struct {
	Date     servicetime.Date   `json:"date" format:"date" doc:"The service date." example:"2026-11-27"`
	Closed   bool               `json:"closed,omitempty" doc:"The day has been closed; it cannot be changed."`
	Window   servicetime.Window `json:"window" doc:"The services and every booking of the date."`
	Periods  []TimelinePeriod   `json:"periods" doc:"By start; none on a day on which nothing is served."`
	Zones    []TimelineZone     `json:"zones" doc:"In their order."`
	Unseated []Booking          `json:"unseated" doc:"Expected parties without tables, by start."`
	Waitlist []Waiting          `json:"waitlist"`
	Totals   Totals             `json:"totals"`
	Stamp
}

// TimelinePeriod is a service period on one date.
type TimelinePeriod struct {
	Name        string              `json:"name" example:"Dinner"`
	Start       servicetime.Instant `json:"start" format:"date-time"`
	End         servicetime.Instant `json:"end" format:"date-time"`
	LastSeating servicetime.Instant `json:"lastSeating" format:"date-time"`
}

// TimelineZone is a zone with its tables.
type TimelineZone struct {
	ID     seating.ZoneID  `json:"id" format:"uuid"`
	Name   string          `json:"name" doc:"Empty: the zone is gone, a table that was in it has a past."`
	Order  int             `json:"order"`
	Active bool            `json:"active"`
	Tables []TimelineTable `json:"tables" doc:"By number."`
}

// TimelineTable is a table with its bars.
type TimelineTable struct {
	ID        seating.TableID     `json:"id" format:"uuid"`
	Number    string              `json:"number" example:"T12"`
	MinCovers int                 `json:"minCovers"`
	MaxCovers int                 `json:"maxCovers"`
	Category  seating.Category    `json:"category" enum:"bar,dining,lounge,patio,private"`
	Seating   seating.SeatingType `json:"seatingType" enum:"standard,sofa,booth,high_top"`
	Active    bool                `json:"active"`
	Ready     bool                `json:"ready"`
	Retired   bool                `json:"retired,omitempty" doc:"Gone from the floor; somebody sat at it."`
	Bars      []Bar               `json:"bars" doc:"By start."`
}

// Bar is a stretch of a table that somebody has.
type Bar struct {
	Kind        seating.OwnerKind   `json:"kind" enum:"booking,hold,block"`
	Window      servicetime.Window  `json:"window" doc:"The whole stretch, also where it reaches beyond the day's window."`
	Tables      []seating.TableRef  `json:"tables" doc:"All tables of the stretch, this one too, by number."`
	Combined    bool                `json:"combined,omitempty" doc:"More than one table, as one unit."`
	Booking     seating.BookingID   `json:"bookingId,omitzero" format:"uuid" doc:"Of a booking or a hold."`
	Reference   string              `json:"reference,omitempty"`
	Covers      int                 `json:"covers,omitempty"`
	Status      seating.Status      `json:"status,omitempty" enum:"waitlisted,pending,confirmed,checked_in,completed,cancelled,no_show"`
	ServiceDate *servicetime.Date   `json:"serviceDate,omitempty" format:"date" doc:"Of the booking; not the one asked for when it reaches in from a neighbouring day."`
	GuestName   string              `json:"guestName,omitempty"`
	Arrived     bool                `json:"arrived,omitempty"`
	Late        bool                `json:"late,omitempty" doc:"Expected, not here, and past the policy's minutes."`
	Overstaying bool                `json:"overstaying,omitempty" doc:"Sits past the end of its window."`
	Early       bool                `json:"early,omitempty" doc:"Sat down before the planned start."`
	Moved       bool                `json:"moved,omitempty" doc:"The party has moved on to other tables."`
	Hold        seating.HoldID      `json:"holdId,omitzero" format:"uuid"`
	HeldBy      *Principal          `json:"heldBy,omitempty"`
	Until       servicetime.Instant `json:"until,omitempty" format:"date-time" doc:"When the hold lapses, unless it is extended."`
	Block       seating.BlockID     `json:"blockId,omitzero" format:"uuid"`
	Reason      string              `json:"reason,omitempty" doc:"A block's reason code."`
}

// Totals count the bookings of the service date.
type Totals struct {
	Parties  int           `json:"parties" doc:"That come or came: neither cancelled, nor no-shows, nor waiting."`
	Covers   int           `json:"covers"`
	ByStatus []StatusTotal `json:"byStatus"`
	Arrivals []Arrivals    `json:"arrivals" doc:"Per quarter of an hour, without those in which nobody arrives."`
}

// StatusTotal counts one state.
type StatusTotal struct {
	Status  seating.Status `json:"status" enum:"waitlisted,pending,confirmed,checked_in,completed,cancelled,no_show"`
	Parties int            `json:"parties"`
	Covers  int            `json:"covers"`
}

// Arrivals are the parties of a quarter of an hour.
type Arrivals struct {
	Start   servicetime.Instant `json:"start" format:"date-time"`
	Time    servicetime.Clock   `json:"time" doc:"On the wall." example:"19:30"`
	Parties int                 `json:"parties"`
	Covers  int                 `json:"covers"`
}

// WaitlistAnswer is who waits.
type WaitlistAnswer struct {
	Date     servicetime.Date `json:"date" format:"date" doc:"The service date." example:"2026-11-27"`
	Waitlist []Waiting        `json:"waitlist"`
	Stamp
}

// Waiting is a booking on the waitlist.
type Waiting struct {
	Booking    Booking             `json:"booking"`
	Position   int                 `json:"position" doc:"From 1: the next to be seated."`
	Priority   int                 `json:"priority" doc:"0 to 9, the highest first."`
	WantedTime servicetime.Clock   `json:"wantedTime" doc:"On the wall." example:"19:30"`
	Quoted     servicetime.Minutes `json:"quotedMinutes,omitempty" doc:"The wait the party was told."`
	Waited     servicetime.Minutes `json:"waitedMinutes" doc:"Since the party came; until it has come, since the booking was made."`
}

// AvailabilityAnswer says when a party could come.
type AvailabilityAnswer struct {
	Date   servicetime.Date   `json:"date" format:"date" doc:"The service date." example:"2026-11-27"`
	Covers int                `json:"covers"`
	Slots  []Slot             `json:"slots" doc:"By start."`
	Reason planner.SlotReason `json:"reason,omitempty" enum:"closed" doc:"closed: nothing is served on that date, so there are no slots."`
	Stamp
}

// Slot is a start at which a party might come.
type Slot struct {
	Start     servicetime.Instant `json:"start" format:"date-time"`
	Date      servicetime.Date    `json:"date" format:"date" doc:"On the calendar; after midnight the day after the service date." example:"2026-11-27"`
	Time      servicetime.Clock   `json:"time" doc:"On the wall." example:"19:30"`
	UTCOffset string              `json:"utcOffset" doc:"Tells apart the two when clocks go back." example:"+01:00"`
	Period    string              `json:"period" example:"Dinner"`
	Available bool                `json:"available"`
	Tables    []seating.TableRef  `json:"tables" doc:"The best selection."`
	Combined  bool                `json:"combined,omitempty" doc:"More than one table."`
	Reason    planner.SlotReason  `json:"reason,omitempty" enum:"full,pacing,closed,overrun,past,too_far,search_stopped" doc:"Why not."`
}

func (c *call) timeline(h *house.House, t query.Timeline, guests map[seating.BookingID]seating.Guest, stamp Stamp) TimelineAnswer {
	out := TimelineAnswer{
		Date: t.Date, Closed: t.Closed, Window: t.Window, Periods: []TimelinePeriod{}, Zones: []TimelineZone{},
		Unseated: namedBookings(t.Unseated, h.Epoch, guests), Waitlist: waitlistOf(t.Waitlist, h.Epoch, guests),
		Totals: totalsOf(h, t.Totals), Stamp: stamp,
	}
	for _, s := range t.Services {
		out.Periods = append(out.Periods, TimelinePeriod{Name: s.Period.Name, Start: s.Window.Start, End: s.Window.End, LastSeating: s.LastSeating})
	}
	known := c.names(holders(t)...)
	for _, z := range t.Zones {
		zone := TimelineZone{ID: z.Zone.ID, Name: z.Zone.Name, Order: z.Zone.Order, Active: z.Zone.Active}
		for _, lane := range z.Tables {
			x := lane.Table
			table := TimelineTable{
				ID: x.ID, Number: x.Number, MinCovers: x.MinCovers, MaxCovers: x.MaxCovers, Category: x.Category, Seating: x.Seating,
				Active: x.Active, Ready: x.Ready, Retired: x.Retired, Bars: []Bar{},
			}
			for _, b := range lane.Bars {
				table.Bars = append(table.Bars, barOf(h, b, guests, known))
			}
			zone.Tables = append(zone.Tables, table)
		}
		out.Zones = append(out.Zones, zone)
	}
	return out
}

// holders lists whose holds a timeline shows.
func holders(t query.Timeline) []string {
	var who []string
	for _, z := range t.Zones {
		for _, lane := range z.Tables {
			for _, b := range lane.Bars {
				if b.Hold != nil {
					who = appendPrincipal(who, b.Hold.CreatedBy)
				}
			}
		}
	}
	return who
}

func barOf(h *house.House, b query.Bar, guests map[seating.BookingID]seating.Guest, known map[string]Principal) Bar {
	w := Bar{
		Kind: b.Kind, Window: b.Window, Tables: h.Floor.Refs(b.Together), Combined: len(b.Together) > 1 && b.Kind != seating.OwnedByBlock,
		Arrived: b.Arrived, Late: b.Late, Overstaying: b.Overstaying, Early: b.Early, Moved: b.Moved,
	}
	if x := b.Booking; x != nil {
		w.Booking, w.Reference, w.Covers, w.Status, w.ServiceDate = x.ID, x.Reference, x.Covers, x.Status, &x.ServiceDate
		w.GuestName = guests[x.ID].Name
	}
	if b.Hold != nil {
		by := nameOf(b.Hold.CreatedBy, known)
		w.Hold, w.HeldBy, w.Until = b.Hold.ID, &by, b.Hold.ExpiresAt
	}
	if b.Block != nil {
		w.Block, w.Reason = b.Block.ID, b.Block.Reason
	}
	return w
}

func totalsOf(h *house.House, t query.Totals) Totals {
	w := Totals{Parties: t.Parties, Covers: t.Covers, ByStatus: []StatusTotal{}, Arrivals: []Arrivals{}}
	for _, s := range t.ByStatus {
		w.ByStatus = append(w.ByStatus, StatusTotal(s))
	}
	for _, a := range t.Arrivals {
		_, clock, _ := servicetime.LocalOf(a.Start, h.Calendar.Zone)
		w.Arrivals = append(w.Arrivals, Arrivals{Start: a.Start, Time: clock, Parties: a.Parties, Covers: a.Covers})
	}
	return w
}

func waitlistOf(waiting []query.Waiting, epoch string, guests map[seating.BookingID]seating.Guest) []Waiting {
	list := []Waiting{}
	for _, w := range waiting {
		b := bookingOf(w.BookingRow, epoch)
		b.Guest = named(guests[w.ID])
		list = append(list, Waiting{
			Booking: b, Position: w.Position, Priority: w.Priority, WantedTime: w.Time, Quoted: w.Quoted, Waited: w.Waited,
		})
	}
	return list
}
