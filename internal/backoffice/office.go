package backoffice

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Office answers the operators of a deployment. It is safe for concurrent use.
type Office struct {
	outbox store.Outbox
	jobs   store.Jobs
	onDue  func()
}

// New makes an office over a store. onDue is told when something may have become
// due by what an operator did; nil: nobody is.
func New(outbox store.Outbox, jobs store.Jobs, onDue func()) *Office {
	if onDue == nil {
		onDue = func() {}
	}
	return &Office{outbox: outbox, jobs: jobs, onDue: onDue}
}

// The bounds of what is asked for.
const (
	DefaultLimit = 100
	MaxLimit     = 200
	MaxRedrive   = 10_000
	MaxReason    = 200 // characters
	maxWord      = 100 // bytes of a type or a name of a job
)

// limited is the size of a page; 0 is the default.
func limited(limit int) (int, error) {
	if limit == 0 {
		return DefaultLimit, nil
	}
	if limit < 1 || limit > MaxLimit {
		return 0, seating.Invalid("limit", "must be a whole number from 1 to %d, not %d", MaxLimit, limit)
	}
	return limit, nil
}

// known refuses a word that is none of the list; empty is any.
func known[T ~string](field string, word T, all []T) error {
	if word == "" || slices.Contains(all, word) {
		return nil
	}
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return seating.Invalid(field, "must be one of %s, not %q", strings.Join(words, ", "), clipped(string(word)))
}

// plain refuses what cannot be a type of an event or the name of a job. Those of
// another release are unknown here and may be asked for.
func plain(field, word string) error {
	odd := func(c rune) bool { return c <= ' ' || c > '~' }
	if len(word) > maxWord || strings.ContainsFunc(word, odd) {
		return seating.Invalid(field, "must be at most %d letters, digits and dots, not %q", maxWord, clipped(word))
	}
	return nil
}

// clipped keeps a text short that is told back.
func clipped(s string) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= maxWord {
		return s
	}
	return strings.ToValidUTF8(s[:maxWord], "") + "…"
}

// oneLine reports whether a reason says something and fits on a line.
func oneLine(s string) bool {
	odd := func(c rune) bool { return !unicode.IsGraphic(c) }
	return utf8.ValidString(s) && strings.TrimSpace(s) == s && s != "" && utf8.RuneCountInString(s) <= MaxReason && !strings.ContainsFunc(s, odd)
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
