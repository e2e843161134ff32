package httpapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Periods are a restaurant's service periods with their turn times.
type Periods struct {
	Periods []Period `json:"servicePeriods" maxItems:"50"`
}

// Period is a named local-time stretch in which parties are served, on weekdays
// or, as a special day, on one date.
type Period struct {
	Name        string     `json:"name" minLength:"1" maxLength:"60" example:"Dinner"`
	Weekdays    []string   `json:"weekdays,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" maxItems:"7" doc:"Either weekdays or a date."`
	Date        string     `json:"date,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" patternDescription:"a calendar date like 2026-12-24" doc:"A special day: replaces the weekly periods of the date."`
	Start       string     `json:"start" pattern:"^[0-9]{2}:[0-9]{2}$" patternDescription:"a wall-clock time like 17:00" example:"17:00"`
	End         string     `json:"end" pattern:"^[0-9]{2}:[0-9]{2}$" patternDescription:"a wall-clock time like 23:30" doc:"At or before the start: past midnight." example:"23:30"`
	LastSeating string     `json:"lastSeating" pattern:"^[0-9]{2}:[0-9]{2}$" patternDescription:"a wall-clock time like 21:30" doc:"The last start that is taken." example:"21:30"`
	Overrun     bool       `json:"overrunAllowed" doc:"Dining may end after the period does."`
	Bands       []TurnBand `json:"turnBands" maxItems:"20" doc:"By party size, smallest first; the last band has no upToCovers and takes every larger party."`
}

// TurnBand says how long a party of up to so many covers keeps its table.
type TurnBand struct {
	UpTo    int `json:"upToCovers,omitempty" minimum:"1" maximum:"100"`
	Minutes int `json:"minutes" minimum:"1" maximum:"600"`
}

// PeriodsAnswer is the service periods in force.
type PeriodsAnswer struct {
	Periods
	Stamp
}

// Closures are the service dates on which nothing is served.
type Closures struct {
	Closures []Closure `json:"closures" maxItems:"200"`
}

// Closure is a run of service dates, both ends included.
type Closure struct {
	From   string `json:"from" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" patternDescription:"a calendar date like 2026-12-25" example:"2026-12-25"`
	To     string `json:"to" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" patternDescription:"a calendar date like 2026-12-26" example:"2026-12-26"`
	Reason string `json:"reason" maxLength:"120" example:"Christmas"`
}

// ClosuresAnswer is the closures in force.
type ClosuresAnswer struct {
	Closures
	Stamp
}

func (a *API) calendar() []*operation {
	return []*operation{
		{
			id: "get-service-periods", method: http.MethodGet, path: base + "/service-periods", tag: tagPolicy,
			summary: "Get the service periods with their turn times",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[PeriodsAnswer](), do: getPeriods,
		},
		{
			id: "put-service-periods", method: http.MethodPut, path: base + "/service-periods", tag: tagPolicy,
			summary: "Replace the service periods", about: "Periods of one day may not overlap. Bookings keep their windows.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(Periods{Periods: []Period{{
				Name: "Dinner", Weekdays: []string{"thu", "fri", "sat"}, Start: "17:00", End: "23:30", LastSeating: "21:30",
				Bands: []TurnBand{{UpTo: 2, Minutes: 60}, {UpTo: 4, Minutes: 75}, {Minutes: 90}},
			}}}),
			answer: gives[PeriodsAnswer](), do: change("/servicePeriods", putPeriods, putPeriodsAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "get-closures", method: http.MethodGet, path: base + "/closures", tag: tagPolicy,
			summary: "Get the closures",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[ClosuresAnswer](), do: getClosures,
		},
		{
			id: "put-closures", method: http.MethodPut, path: base + "/closures", tag: tagPolicy,
			summary: "Replace the closures", about: "Bookings on those dates stay as they are.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body:   takes(Closures{Closures: []Closure{{From: "2026-12-25", To: "2026-12-26", Reason: "Christmas"}}}),
			answer: gives[ClosuresAnswer](), do: change("/closures", putClosures, putClosuresAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
	}
}

func getPeriods(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: PeriodsAnswer{Periods: periodsOf(h.Calendar.Periods), Stamp: c.stamp(h)}}, nil
}

func putPeriods(c *call) (decide.Command, error) {
	periods, refusal := c.body.(*Periods).domain()
	if refusal != nil {
		return nil, refusal
	}
	return decide.PutPeriods{Periods: periods}, nil
}

func putPeriodsAnswer(c *call, a line.Answer) any {
	periods, _ := c.body.(*Periods).domain() // as they were put
	return PeriodsAnswer{Periods: periodsOf(periods), Stamp: stamped(a)}
}

func getClosures(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: ClosuresAnswer{Closures: closuresOf(h.Calendar.Closures), Stamp: c.stamp(h)}}, nil
}

func putClosures(c *call) (decide.Command, error) {
	closures, refusal := c.body.(*Closures).domain()
	if refusal != nil {
		return nil, refusal
	}
	return decide.PutClosures{Closures: closures}, nil
}

func putClosuresAnswer(c *call, a line.Answer) any {
	closures, _ := c.body.(*Closures).domain() // as they were put
	return ClosuresAnswer{Closures: closuresOf(closures), Stamp: stamped(a)}
}

// below moves the pointers of a refused list to where the list is in the body.
func below(pointer string, err error) error {
	e, ok := errors.AsType[*seating.Error](err)
	if !ok || e.Code != seating.CodeInvalid {
		return err
	}
	moved := *e
	moved.Details.Fields = slices.Clone(e.Details.Fields)
	for i := range moved.Details.Fields {
		moved.Details.Fields[i].Pointer = pointer + moved.Details.Fields[i].Pointer
	}
	return &moved
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (p *Periods) domain() ([]servicetime.Period, *seating.Error) {
	var f faults
	periods := []servicetime.Period{}
	for i, w := range p.Periods {
		at := "/servicePeriods/" + itoa(i)
		d := servicetime.Period{
			Name: w.Name, Overrun: w.Overrun, Start: f.clock(at+"/start", w.Start), End: f.clock(at+"/end", w.End),
			LastSeating: f.clock(at+"/lastSeating", w.LastSeating), Bands: []servicetime.TurnBand{},
		}
		for _, day := range w.Weekdays {
			d.Weekdays = append(d.Weekdays, time.Weekday(slices.Index(weekdays, day)))
		}
		if w.Date != "" {
			date := f.date(at+"/date", w.Date)
			d.Date = &date
		}
		for _, b := range w.Bands {
			d.Bands = append(d.Bands, servicetime.TurnBand{UpTo: b.UpTo, Turn: servicetime.Minutes(b.Minutes)})
		}
		periods = append(periods, d)
	}
	return periods, seating.InvalidFields(f.list)
}

func periodsOf(periods []servicetime.Period) Periods {
	p := Periods{Periods: []Period{}}
	for _, d := range periods {
		w := Period{
			Name: d.Name, Start: d.Start.String(), End: d.End.String(), LastSeating: d.LastSeating.String(), Overrun: d.Overrun, Bands: []TurnBand{},
		}
		for _, day := range d.Weekdays {
			w.Weekdays = append(w.Weekdays, weekdays[day])
		}
		if d.Date != nil {
			w.Date = d.Date.String()
		}
		for _, b := range d.Bands {
			w.Bands = append(w.Bands, TurnBand{UpTo: b.UpTo, Minutes: int(b.Turn)})
		}
		p.Periods = append(p.Periods, w)
	}
	return p
}

func (x *Closures) domain() ([]servicetime.Closure, *seating.Error) {
	var f faults
	closures := []servicetime.Closure{}
	for i, w := range x.Closures {
		at := "/closures/" + itoa(i)
		closures = append(closures, servicetime.Closure{
			From: f.date(at+"/from", w.From), To: f.date(at+"/to", w.To), Reason: strings.TrimSpace(w.Reason),
		})
	}
	return closures, seating.InvalidFields(f.list)
}

func closuresOf(closures []servicetime.Closure) Closures {
	x := Closures{Closures: []Closure{}}
	for _, d := range closures {
		x.Closures = append(x.Closures, Closure{From: d.From.String(), To: d.To.String(), Reason: d.Reason})
	}
	return x
}

func (f *faults) clock(pointer, text string) servicetime.Clock {
	t, err := servicetime.ParseClock(text)
	if err != nil {
		f.add(pointer, "must be a wall-clock time like 19:30")
	}
	return t
}

func (f *faults) date(pointer, text string) servicetime.Date {
	d, err := servicetime.ParseDate(text)
	if err != nil {
		f.add(pointer, "must be a calendar date like 2026-12-24")
	}
	return d
}
