package httpapi

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/seating"
)

// judge holds a parsed body against the schema that the OpenAPI document shows
// for it, and points at each field that does not fit. It knows the keywords that
// the contract uses; prepare refuses a schema with any other.
type judge struct {
	schemas  huma.Registry
	patterns map[string]*regexp.Regexp
}

func newJudge(schemas huma.Registry) *judge {
	return &judge{schemas: schemas, patterns: map[string]*regexp.Regexp{}}
}

// prepare walks a schema once at start: it compiles patterns and refuses what
// check does not know.
func (j *judge) prepare(s *huma.Schema, seen map[string]bool) error {
	if s.Ref != "" {
		if seen[s.Ref] {
			return nil
		}
		seen[s.Ref] = true
		return j.prepare(j.schemas.SchemaFromRef(s.Ref), seen)
	}
	if len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0 || s.Not != nil || s.MultipleOf != nil || s.ExclusiveMinimum != nil ||
		s.ExclusiveMaximum != nil || s.UniqueItems || s.MinProperties != nil || s.MaxProperties != nil || len(s.DependentRequired) > 0 {
		return fmt.Errorf("the schema %q uses a keyword that is not checked", s.Description)
	}
	if s.Pattern != "" {
		re, err := regexp.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("the pattern %q: %w", s.Pattern, err)
		}
		j.patterns[s.Pattern] = re
	}
	if s.Items != nil {
		if err := j.prepare(s.Items, seen); err != nil {
			return err
		}
	}
	for _, p := range s.Properties {
		if err := j.prepare(p, seen); err != nil {
			return err
		}
	}
	return nil
}

// check lists what is wrong with a document, at most maxFaults.
func (j *judge) check(s *huma.Schema, doc any) []seating.Field {
	f := faults{}
	j.value(s, doc, "", &f)
	slices.SortStableFunc(f.list, func(a, b seating.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	return f.list
}

// faults collects refused fields up to a bound.
type faults struct{ list []seating.Field }

func (f *faults) add(pointer, format string, args ...any) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, seating.Field{Pointer: clipped(pointer), Message: fmt.Sprintf(format, args...)})
	}
}

func (f *faults) full() bool { return len(f.list) >= maxFaults }

func (j *judge) value(s *huma.Schema, v any, at string, f *faults) {
	for s.Ref != "" {
		s = j.schemas.SchemaFromRef(s.Ref)
	}
	if v == nil {
		if s.Nullable {
			return // a Clearable: null takes the value away
		}
		f.add(at, "must not be null; leave it out instead")
		return
	}
	switch s.Type {
	case huma.TypeBoolean:
		if _, ok := v.(bool); !ok {
			f.add(at, "must be true or false, not %s", kind(v))
		}
	case huma.TypeInteger, huma.TypeNumber:
		j.number(s, v, at, f)
	case huma.TypeString:
		j.text(s, v, at, f)
	case huma.TypeArray:
		j.array(s, v, at, f)
	case huma.TypeObject:
		j.object(s, v, at, f)
	}
}

func (j *judge) number(s *huma.Schema, v any, at string, f *faults) {
	n, ok := v.(float64)
	switch {
	case !ok:
		f.add(at, "must be a number, not %s", kind(v))
	case s.Type == huma.TypeInteger && n != math.Trunc(n):
		f.add(at, "must be a whole number")
	case s.Minimum != nil && n < *s.Minimum, s.Maximum != nil && n > *s.Maximum:
		f.add(at, "must be %s", bounds(s.Minimum, s.Maximum))
	case s.Type == huma.TypeInteger && math.Abs(n) > 1<<53:
		f.add(at, "is out of range")
	}
}

func bounds(low, high *float64) string {
	number := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	switch {
	case low == nil:
		return "at most " + number(*high)
	case high == nil:
		return "at least " + number(*low)
	}
	return "from " + number(*low) + " to " + number(*high)
}

func (j *judge) text(s *huma.Schema, v any, at string, f *faults) {
	text, ok := v.(string)
	if !ok {
		f.add(at, "must be a text, not %s", kind(v))
		return
	}
	runes := utf8.RuneCountInString(text)
	switch {
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, any(text)):
		f.add(at, "must be one of %s", words(s.Enum))
	case s.MinLength != nil && runes < *s.MinLength:
		if *s.MinLength == 1 {
			f.add(at, "must not be empty")
		} else {
			f.add(at, "must have at least %d characters", *s.MinLength)
		}
	case s.MaxLength != nil && runes > *s.MaxLength:
		f.add(at, "must have at most %d characters", *s.MaxLength)
	case controlled(text, s.Format == formatLines):
		f.add(at, "must not contain control characters")
	case s.Pattern != "" && !j.patterns[s.Pattern].MatchString(text):
		f.add(at, "must be %s", patternWords(s))
	}
}

// formatLines marks a text that may have several lines.
const formatLines = "lines"

func patternWords(s *huma.Schema) string {
	if s.PatternDescription != "" {
		return s.PatternDescription
	}
	return "like " + s.Pattern
}

func words[T any](enum []T) string {
	list := make([]string, len(enum))
	for i, e := range enum {
		list[i] = fmt.Sprint(e)
	}
	return strings.Join(list, ", ")
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (j *judge) array(s *huma.Schema, v any, at string, f *faults) {
	list, ok := v.([]any)
	switch {
	case !ok:
		f.add(at, "must be a list, not %s", kind(v))
		return
	case s.MaxItems != nil && len(list) > *s.MaxItems:
		f.add(at, "must have at most %d items, not %d", *s.MaxItems, len(list))
		return
	case s.MinItems != nil && len(list) < *s.MinItems:
		f.add(at, "must have at least %s", counted(*s.MinItems, "item"))
		return
	}
	for i, item := range list {
		if f.full() {
			return
		}
		j.value(s.Items, item, at+"/"+strconv.Itoa(i), f)
	}
}

func (j *judge) object(s *huma.Schema, v any, at string, f *faults) {
	object, ok := v.(map[string]any)
	if !ok {
		f.add(at, "must be an object, not %s", kind(v))
		return
	}
	for _, name := range s.Required {
		if _, there := object[name]; !there {
			f.add(at+"/"+escaped(name), "is required")
		}
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if f.full() {
			return
		}
		p, known := s.Properties[name]
		if !known {
			f.add(at+"/"+escaped(name), "is not a field of this request")
			continue
		}
		j.value(p, object[name], at+"/"+escaped(name), f)
	}
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}
