package verify

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/store"
)

func version(n int64) string { return "version " + strconv.FormatInt(n, 10) }

func checkJournalGaps(v *view) {
	if v.Checkpoint == nil {
		v.report("checkpoint", "is missing: the journal cannot be replayed")
	}
	if v.State.Version < 0 || v.base() > v.State.Version {
		v.report("checkpoint", "is at version %d, the restaurant at %d", v.base(), v.State.Version)
	}
	seen := map[int64]bool{}
	for _, e := range v.Journal {
		if seen[e.Version] {
			v.report(version(e.Version), "has two entries in the journal")
		}
		seen[e.Version] = true
		if e.Version < 0 || e.Version > v.State.Version {
			v.report(version(e.Version), "is in the journal, the restaurant is at %d", v.State.Version)
		}
	}
	for n := v.base() + 1; n <= v.State.Version; n++ {
		if !seen[n] {
			v.report(version(n), "has no entry in the journal")
		}
	}
}

func checkJournalChain(v *view) {
	if last := v.entries[v.State.Version]; last != nil && last.Head != v.State.Head {
		v.report(version(v.State.Version), "has the head %s in the journal, the restaurant has %s", last.Head, v.State.Head)
	}
	if v.Checkpoint != nil {
		if e := v.entries[v.base()]; e != nil && e.Head != v.Checkpoint.Head {
			v.report(version(v.base()), "has the head %s in the journal, %s in the checkpoint", e.Head, v.Checkpoint.Head)
		}
		if e := v.entries[v.base()+1]; e != nil && e.BaseHead != v.Checkpoint.Head {
			v.report(version(e.Version), "is based on %s, the checkpoint has the head %s", e.BaseHead, v.Checkpoint.Head)
		}
	}
	heads := map[string]int64{}
	for _, e := range v.Journal {
		if before := v.entries[e.Version-1]; before != nil && before.Head != e.BaseHead {
			v.report(version(e.Version), "is based on %s, version %d has the head %s", e.BaseHead, before.Version, before.Head)
		}
		if before := v.entries[e.Version-1]; before != nil && before.At > e.At {
			v.report(version(e.Version), "is of %s, before version %d of %s", e.At, before.Version, before.At)
		}
		if e.Version == 0 {
			continue
		}
		if other, ok := heads[e.Head.String()]; ok || e.Head.IsZero() {
			v.report(version(e.Version), "has the head %q, as version %d has", e.Head, other)
		}
		heads[e.Head.String()] = e.Version
	}
}

func checkJournalChange(v *view) {
	for _, e := range v.Journal {
		c := e.Change
		if c == nil {
			continue
		}
		for _, field := range []struct {
			name      string
			got, want any
		}{
			{"id", c.ID, e.Head},
			{"restaurant", c.Restaurant, v.State.Restaurant.ID},
			{"version", c.Version(), e.Version},
			{"base head", c.BaseHead, e.BaseHead},
			{"time", c.At, e.At},
			{"command", c.Command, e.Command},
		} {
			if field.got != field.want {
				v.report(version(e.Version), "the %s of its change is %v, of its entry %v", field.name, field.got, field.want)
			}
		}
	}
}

// checkReplay rebuilds the restaurant from the checkpoint and compares. A reload
// ends the stretch: what came after it cannot be judged until the next
// checkpoint.
func checkReplay(v *view) {
	if v.Checkpoint == nil {
		return
	}
	replayed, err := house.New(*v.Checkpoint)
	if err != nil {
		v.report("checkpoint", "does not hang together: %v", err)
		return
	}
	now, err := house.New(v.State)
	if err != nil {
		v.report(version(v.State.Version), "does not hang together: %v", err)
		return
	}
	for n := v.base() + 1; n <= v.State.Version; n++ {
		e := v.entries[n]
		if e == nil || e.Change == nil {
			return
		}
		if replayed, err = house.Apply(replayed, e.Change); err != nil {
			v.report(version(n), "cannot be replayed: %v", err)
			return
		}
	}
	if where, got, want := difference(reflect.ValueOf(replayed.State()), reflect.ValueOf(now.State()), ""); where != "" {
		v.report(version(v.State.Version), "%s is %s in the rows, %s after replay", where, want, got)
	}
}

// difference finds the first field in which two values differ: where it is, and
// both as text. Lists of rows are told by index; empty and missing are the same.
func difference(a, b reflect.Value, at string) (where, left, right string) {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if where, left, right = difference(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name); where != "" {
				return where, left, right
			}
		}
		return "", "", ""
	case reflect.Slice:
		if a.Len() != b.Len() {
			return at[1:], fmt.Sprintf("%d rows", a.Len()), fmt.Sprintf("%d rows", b.Len())
		}
		for i := range a.Len() {
			if where, left, right = difference(a.Index(i), b.Index(i), at+"["+strconv.Itoa(i)+"]"); where != "" {
				return where, left, right
			}
		}
		return "", "", ""
	case reflect.Pointer:
		if !a.IsNil() && !b.IsNil() {
			return difference(a.Elem(), b.Elem(), at)
		}
		if a.IsNil() == b.IsNil() {
			return "", "", ""
		}
	default:
		if a.Equal(b) {
			return "", "", ""
		}
	}
	return at[1:], fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface())
}

func checkHistory(v *view) {
	for n, lines := range v.History {
		if n < 0 || n > v.State.Version || lines < 1 {
			v.report(version(n), "has %d lines in the history, the restaurant is at %d", lines, v.State.Version)
		}
	}
	kept := v.Now.Add(mayBePruned - store.KeepHistory)
	for _, c := range v.journal {
		if v.History[c.Version()] == 0 && c.At >= kept {
			v.report(version(c.Version()), "has no line in the history")
		}
	}
}
