package servicetime

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How much a calendar may hold. The bounds keep a request's work small; no
// restaurant comes near them.
const (
	MaxPeriods     = 50
	MaxBands       = 20
	MaxClosures    = 200
	MaxClosureDays = 366 // of one closure
	MaxBandCovers  = 100 // of a band's upper end: the largest party
	MaxNameRunes   = 60
	MaxReasonRunes = 120
)

const minutesOfDay = 24 * 60

// Fault is one thing wrong with a list of periods or closures. Pointer is a JSON
// pointer below the list, such as "/3/turnBands/0/minutes"; empty means the list
// itself. Message tells a person what to change.
type Fault struct {
	Pointer string
	Message string
}

// faults collects what is wrong below a list.
type faults []Fault

// add notes a fault at the pointer made of the path's parts.
func (f *faults) add(message string, path ...any) {
	var pointer strings.Builder
	for _, part := range path {
		fmt.Fprintf(&pointer, "/%v", part)
	}
	*f = append(*f, Fault{Pointer: pointer.String(), Message: message})
}

// ValidatePeriods lists what is wrong with a restaurant's service periods, nil
// when nothing is. A period lasts less than 24 h, so equal start and end are
// refused. Of the periods that happen on one date no two have the same name,
// ignoring case, and no two overlap, nor do those of neighbouring dates.
func ValidatePeriods(periods []Period) []Fault {
	var f faults
	if len(periods) > MaxPeriods {
		f.add(fmt.Sprintf("has %d service periods, at most %d are possible", len(periods), MaxPeriods))
		return f
	}
	for i, p := range periods {
		validateName(&f, p.Name, i)
		validateDays(&f, p, i)
		validateTimes(&f, p, i)
		validateBands(&f, p.Bands, i)
	}
	validateTogether(&f, periods)
	return f
}

func validateName(f *faults, name string, i int) {
	if name == "" {
		f.add("is required", i, "name")
		return
	}
	if strings.TrimSpace(name) != name {
		f.add("must not begin or end with a space", i, "name")
	}
	validateText(f, name, MaxNameRunes, i, "name")
}

// validateText bounds a text that people read: length in runes, one line, and
// nothing that a terminal or a printer would obey.
func validateText(f *faults, text string, runes int, path ...any) {
	if utf8.RuneCountInString(text) > runes {
		f.add(fmt.Sprintf("must have at most %d characters", runes), path...)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		f.add("must not contain control characters", path...)
	}
}

func validateDays(f *faults, p Period, i int) {
	switch {
	case len(p.Weekdays) > 0 && p.Date != nil:
		f.add("cannot be given together with weekdays", i, "date")
	case len(p.Weekdays) == 0 && p.Date == nil:
		f.add("is required, unless a date is given", i, "weekdays")
	case len(p.Weekdays) > 7:
		f.add("has more than the seven days of a week", i, "weekdays")
		return
	}
	for j, day := range p.Weekdays {
		if day < time.Sunday || day > time.Saturday {
			f.add("must be 0 (Sunday) to 6 (Saturday)", i, "weekdays", j)
		} else if slices.Contains(p.Weekdays[:j], day) {
			f.add(fmt.Sprintf("names %s a second time", day), i, "weekdays", j)
		}
	}
}

func validateTimes(f *faults, p Period, i int) {
	clocks := true
	check := func(c Clock, field string) {
		if c < 0 || c >= minutesOfDay {
			f.add("must be a wall-clock time, 00:00 to 23:59", i, field)
			clocks = false
		}
	}
	check(p.Start, "start")
	check(p.End, "end")
	check(p.LastSeating, "lastSeating")
	switch {
	case !clocks:
	case p.Start == p.End:
		f.add("must differ from the start, a period lasts less than 24 hours", i, "end")
	case minutesAfter(p.Start, p.LastSeating) >= p.length():
		f.add(fmt.Sprintf("must be from %s and before %s", p.Start, p.End), i, "lastSeating")
	}
}

// minutesAfter counts from one wall-clock time to the next time it is the other.
func minutesAfter(from, to Clock) int { return (int(to-from) + minutesOfDay) % minutesOfDay }

// length of the period on the clock, in minutes; 0 when start and end are equal.
func (p Period) length() int { return minutesAfter(p.Start, p.End) }

func validateBands(f *faults, bands []TurnBand, i int) {
	switch {
	case len(bands) == 0:
		f.add("needs at least one band", i, "turnBands")
		return
	case len(bands) > MaxBands:
		f.add(fmt.Sprintf("has %d bands, at most %d are possible", len(bands), MaxBands), i, "turnBands")
		return
	}
	below := 0
	for j, b := range bands {
		last := j == len(bands)-1
		switch {
		case last && b.UpTo != 0:
			f.add("must be 0 in the last band, which takes every larger party", i, "turnBands", j, "upToCovers")
		case last:
		case b.UpTo < 1 || b.UpTo > MaxBandCovers:
			f.add(fmt.Sprintf("must be 1 to %d", MaxBandCovers), i, "turnBands", j, "upToCovers")
		case b.UpTo <= below:
			f.add("must be larger than in the band before", i, "turnBands", j, "upToCovers")
		}
		below = max(below, b.UpTo)
		if b.Turn < MinTurn || b.Turn > MaxTurn {
			f.add(fmt.Sprintf("must be %d to %d minutes", MinTurn, MaxTurn), i, "turnBands", j, "minutes")
		}
	}
}

// ValidateClosures lists what is wrong with a restaurant's closures, nil when
// nothing is. They may overlap: a date that is closed twice is closed.
func ValidateClosures(closures []Closure) []Fault {
	var f faults
	if len(closures) > MaxClosures {
		f.add(fmt.Sprintf("has %d closures, at most %d are possible", len(closures), MaxClosures))
		return f
	}
	for i, x := range closures {
		switch days := int(x.To) - int(x.From) + 1; {
		case days < 1:
			f.add(fmt.Sprintf("must not be before %s", x.From), i, "to")
		case days > MaxClosureDays:
			f.add(fmt.Sprintf("makes the closure %d days long, at most %d are possible", days, MaxClosureDays), i, "to")
		}
		validateText(&f, x.Reason, MaxReasonRunes, i, "reason")
	}
	return f
}
