package httpapi

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strconv"
	"testing"
)

// mutations yields a document with each of its values replaced by each wrong one,
// under the pointer of the value and the name of the wrong one.
func mutations(t testing.TB, doc any) iter.Seq2[string, string] {
	t.Helper()
	return func(yield func(string, string) bool) {
		for _, pointer := range pointersOf(doc, "") {
			for _, name := range slices.Sorted(maps.Keys(wrong)) {
				mutated, err := json.Marshal(replaced(doc, pointer, "", json.RawMessage(wrong[name])))
				if err != nil {
					t.Fatal(err)
				}
				if !yield(pointer+" "+name, string(mutated)) {
					return
				}
			}
		}
	}
}

func pointersOf(v any, at string) []string {
	list := []string{at}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			list = append(list, pointersOf(v[k], at+"/"+k)...)
		}
	case []any:
		for i := range v {
			list = append(list, pointersOf(v[i], at+"/"+strconv.Itoa(i))...)
		}
	}
	return list
}

func replaced(v any, pointer, at string, with json.RawMessage) any {
	if at == pointer {
		return with
	}
	switch v := v.(type) {
	case map[string]any:
		o := map[string]any{}
		for k := range v {
			o[k] = replaced(v[k], pointer, at+"/"+k, with)
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = replaced(v[i], pointer, at+"/"+strconv.Itoa(i), with)
		}
		return l
	}
	return v
}

func jsonText(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
