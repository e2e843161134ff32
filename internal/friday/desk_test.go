package friday

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

// desk is where one person, or the site, speaks to the restaurant.
type desk struct {
	e   *evening
	who string
	url string // of a server
	act string // what is being done, for whoever reads a failure
}

// booking is a booking as answers tell it.
type booking struct {
	ID           string    `json:"id"`
	Reference    string    `json:"reference"`
	Covers       int       `json:"covers"`
	Status       string    `json:"status"`
	Source       string    `json:"source"`
	Tables       []string  `json:"tableIds"`
	Version      string    `json:"version"`
	ArrivedAt    time.Time `json:"arrivedAt"`
	LateAt       time.Time `json:"lateAt"`
	OverstayAt   time.Time `json:"overstayAt"`
	PendingUntil time.Time `json:"pendingUntil"`
	Window       struct {
		Start       time.Time `json:"start"`
		End         time.Time `json:"end"`
		DiningStart time.Time `json:"diningStart"`
	} `json:"window"`
}

type part struct {
	Booking booking `json:"booking"`
}

// table is a table as answers name it.
type table struct {
	ID     string `json:"id"`
	Number string `json:"number"`
}

// window is a stretch of time.
type window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// blocker is who stands in the way.
type blocker struct {
	Table   table  `json:"table"`
	Kind    string `json:"kind"`
	Booking string `json:"bookingId"`
	Window  window `json:"window"`
}

// broken is a booking that would stand against the rules.
type broken struct {
	Reference string `json:"reference"`
	Check     string `json:"check"`
	Message   string `json:"message"`
}

// said is the parts of answers that somebody acts on.
type said struct {
	Version string   `json:"version"`
	Booking *booking `json:"booking"`
	A       *part    `json:"a"`
	B       *part    `json:"b"`
	Hold    *struct {
		ID        string    `json:"id"`
		ExpiresAt time.Time `json:"expiresAt"`
	} `json:"hold"`
	Block *struct {
		ID string `json:"id"`
	} `json:"block"`
	Seat        string `json:"seat"`
	OK          bool   `json:"ok"`
	Suggestions []struct {
		Tables []string `json:"tableIds"`
	} `json:"suggestions"`
	Waitlist []struct {
		Booking booking `json:"booking"`
	} `json:"waitlist"`
	Breaks  []broken `json:"breaks"`
	DryRun  bool     `json:"dryRun"`
	Changes bool     `json:"changes"`
	Erased  int      `json:"erased"`
	Policy  doc      `json:"policy"`

	// Of a refusal.
	Code          string `json:"code"`
	Detail        string `json:"detail"`
	CurrentStatus string `json:"currentStatus"`
	Reason        string `json:"reason"`
	Retry         int    `json:"retryAfterSeconds"`
	Changed       []any  `json:"changed"`
	Errors        []struct {
		Pointer string `json:"pointer"`
	} `json:"errors"`
	Blockers []blocker `json:"blockers"`
	Checks   []struct {
		ID       string    `json:"id"`
		Outcome  string    `json:"outcome"`
		Message  string    `json:"message"`
		Blockers []blocker `json:"blockers"`
	} `json:"checks"`
	Alternatives []struct {
		Date string `json:"date"`
		Time string `json:"time"`
	} `json:"alternatives"`
}

// answer is what came back.
type answer struct {
	said
	status int
	raw    []byte
	header http.Header
}

func (a *answer) ok() bool { return a.status < 300 }

// is reports a refusal with one of the codes.
func (a *answer) is(codes ...seating.Code) bool {
	return !a.ok() && slices.Contains(codes, seating.Code(a.Code))
}

// blocking are all who are named as standing in the way.
func (a *answer) blocking() []blocker {
	all := slices.Clone(a.Blockers)
	for _, c := range a.Checks {
		if c.Outcome == "error" {
			all = append(all, c.Blockers...)
		}
	}
	return all
}

func number(version string) int64 {
	_, n, _ := strings.Cut(version, ".")
	v, _ := strconv.ParseInt(n, 10, 64)
	return v
}

// order is one request: path is below the restaurant's, seen what goes as
// If-Match.
type order struct {
	method, path string
	body         any
	seen         string
}

// ask sends an order that is granted or refused with one of the codes. About every
// seventh change is asked for twice, as by a client that lost the answer.
func (d *desk) ask(o order, may ...seating.Code) *answer {
	key := uuid.NewString()
	a := d.send(o, key)
	d.e.judge(d, o, a, may)
	if o.method == http.MethodGet || strings.Contains(o.path, "dryRun=true") || strings.HasSuffix(o.path, "/validate") {
		return a
	}
	d.e.note(a)
	h := fnv.New32a()
	_, _ = io.WriteString(h, d.String()+o.method+path.Base(path.Dir(o.path))+d.e.now.String())
	if a.ok() && h.Sum32()%7 == 0 {
		again := d.send(o, key)
		replayed := again.header.Get("Idempotent-Replayed") == "true"
		// A request that found everything as it wants it leaves no receipt. One that
		// makes something always does.
		makes := a.status == http.StatusCreated
		if replayed {
			d.e.happened("replayed")
		}
		if !again.ok() || replayed && again.Version != a.Version || makes && !replayed {
			d.e.fault("%s: %s %s sent again = %d %s, the first answer was %s", d, o.method, o.path, again.status, again.raw, a.raw)
		}
	}
	return a
}

func (d *desk) get(path string, may ...seating.Code) *answer {
	return d.ask(order{method: http.MethodGet, path: path}, may...)
}

func (d *desk) post(path string, body any, may ...seating.Code) *answer {
	return d.ask(order{method: http.MethodPost, path: path, body: body}, may...)
}

func (d *desk) put(path string, body any, may ...seating.Code) *answer {
	return d.ask(order{method: http.MethodPut, path: path, body: body}, may...)
}

func (d *desk) patch(path string, body any, may ...seating.Code) *answer {
	return d.ask(order{method: http.MethodPatch, path: path, body: body}, may...)
}

func (d *desk) remove(path string, may ...seating.Code) *answer {
	return d.ask(order{method: http.MethodDelete, path: path}, may...)
}

func (d *desk) String() string { return d.who + ", " + d.act }

// send sends an order; a GET is of a state that has all that was answered so far.
func (d *desk) send(o order, key string) *answer {
	var body io.Reader
	if o.body != nil {
		j, err := json.Marshal(o.body)
		if err != nil {
			panic(err)
		}
		body = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(d.e.t.Context(), o.method, d.url+"/v1/restaurants/"+d.e.id.String()+o.path, body)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.e.secrets[d.who])
	if o.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if o.method == http.MethodGet {
		if least := d.e.answered(); least != "" {
			req.Header.Set("Min-Version", least)
		}
	} else {
		req.Header.Set("Idempotency-Key", key)
		if o.seen != "" {
			req.Header.Set("If-Match", `"`+o.seen+`"`)
		}
	}
	res, err := d.e.client.Do(req)
	if err != nil {
		d.e.fault("%s: %s %s: %v", d, o.method, o.path, err)
		return &answer{status: 599}
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	if a.raw, err = io.ReadAll(res.Body); err != nil {
		d.e.fault("%s: %s %s: %v", d, o.method, o.path, err)
	}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.said); err != nil {
			d.e.fault("%s: %s %s = %s: %v", d, o.method, o.path, a.raw, err)
		}
	}
	return a
}

// judge demands that an answer is granted or refused as it may be, and that a
// refusal says what somebody needs to go on.
func (e *evening) judge(d *desk, o order, a *answer, may []seating.Code) {
	if !a.ok() {
		verb, _, _ := strings.Cut(d.act, " ")
		what := path.Base(strings.SplitN(o.path, "?", 2)[0])
		if _, err := uuid.Parse(what); err == nil {
			what = o.method
		}
		e.happened(verb + ", " + what + ": " + a.Code)
	}
	if a.ok() {
		return
	}
	told := fmt.Sprintf("%s: %s %s %v = %d %s", d, o.method, o.path, o.body, a.status, a.raw)
	if a.status >= 500 || !slices.Contains(may, seating.Code(a.Code)) {
		e.fault("%s, want granted or one of %v", told, may)
		return
	}
	operands := a.Detail != ""
	switch seating.Code(a.Code) {
	case seating.CodeAssignmentConflict, seating.CodeTableOccupied, seating.CodeHoldConflict:
		who := a.blocking()
		operands = operands && len(who) > 0
		for _, b := range who {
			operands = operands && b.Table.Number != "" && b.Kind != "" && (b.Booking != "" || b.Kind == "block")
		}
	case seating.CodeBookingState:
		operands = operands && a.CurrentStatus != ""
	case seating.CodeStaleContext:
		operands = operands && (len(a.Changed) > 0 || a.Reason == "too_old")
	case seating.CodeRateLimited:
		operands = operands && a.Retry > 0
	case seating.CodeInvalid:
		operands = operands && len(a.Errors) > 0
	default:
	}
	if !operands {
		e.fault("%s: the refusal does not say who, when or what", told)
	}
}
