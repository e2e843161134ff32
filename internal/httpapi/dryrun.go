package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// paramDryRun asks what a change would do.
const paramDryRun = "dryRun"

// DryRunAnswer is what a change would do. Nothing was written.
type DryRunAnswer struct {
	DryRun    bool    `json:"dryRun" doc:"Always true."`
	Changes   bool    `json:"changes" doc:"false: all is as the request says already."`
	Breaks    []Break `json:"breaks" maxItems:"500" doc:"Bookings and holds that stand by the rules now and would not then, by start. They would keep their tables and windows."`
	Truncated bool    `json:"truncated,omitempty" doc:"There are more than are listed."`
	Stamp
}

// Break is a booking or a hold that would stand against the rules.
type Break struct {
	Kind      seating.OwnerKind   `json:"kind" enum:"booking,hold"`
	Booking   seating.BookingID   `json:"bookingId" format:"uuid"`
	Reference string              `json:"reference"`
	Hold      seating.HoldID      `json:"holdId,omitzero" format:"uuid"`
	Tables    []seating.TableRef  `json:"tables"`
	Start     servicetime.Instant `json:"start" format:"date-time"`
	Check     seating.CheckID     `json:"check" enum:"tables,available,capacity,minimum,slack,zone,movable,adjacency,service"`
	Code      seating.Code        `json:"code" doc:"The code the check refuses with."`
	Message   string              `json:"message"`
}

func breakOf(b decide.Break) Break {
	w := Break(b)
	w.Tables = list(w.Tables)
	return w
}

func dryRunParam() param {
	return param{
		name: paramDryRun, about: "true: decide and answer what would happen, with all that would then stand against the rules; nothing is written, and a key is not used up.",
		schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
	}
}

// readDryRun takes dryRun out of the query: a request that says false is the one
// that does not say it.
func (c *call) readDryRun() *seating.Error {
	if !c.op.dryRun || !c.query.Has(paramDryRun) {
		return nil
	}
	switch c.query.Get(paramDryRun) {
	case "true":
		c.dryRun = true
	case "false":
	default:
		return unreadable(paramDryRun, "must be true or false")
	}
	c.query.Del(paramDryRun)
	return nil
}

// change makes the handler of an operation that is one command and can be tried:
// ask makes the command, tell renders its outcome. The command's pointers are
// below at in the body.
func change(at string, ask func(*call) (decide.Command, error), tell func(*call, line.Answer) any) func(*call) (*reply, error) {
	return func(c *call) (*reply, error) {
		cmd, err := ask(c)
		if err != nil {
			return nil, err
		}
		if c.dryRun {
			tried, err := c.try(cmd)
			return tried, below(at, err)
		}
		answer, err := c.command(cmd)
		if err != nil {
			return nil, below(at, err)
		}
		r := &reply{status: answer.Status, replay: answer.Replayed, body: tell(c, answer)}
		if c.op.method == http.MethodPut {
			r.etag = tag(answer.Result.Version) // of what a GET of the same path gives
		}
		return r, nil
	}
}

// try answers what a command would do.
func (c *call) try(cmd decide.Command) (*reply, error) {
	tried, err := c.api.reader.DryRun(c.ctx, c.restaurant, query.Trial{
		Command: cmd, Actor: c.actor, Seen: c.ifMatch, Change: freshID[seating.ChangeID](c.api),
	})
	if err != nil {
		return nil, err
	}
	out := DryRunAnswer{DryRun: true, Changes: tried.Changes, Breaks: []Break{}, Truncated: tried.Truncated, Stamp: c.stamp(tried.House)}
	for _, b := range tried.Breaks {
		out.Breaks = append(out.Breaks, breakOf(b))
	}
	return &reply{status: http.StatusOK, body: out}, nil
}

// stamped is the stamp of a command's outcome.
func stamped(a line.Answer) Stamp { return Stamp{Version: a.Result.Version, ServerNow: a.Now} }
