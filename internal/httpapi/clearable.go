package httpapi

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Clearable is a field of a change that may be taken away: null does, a value
// replaces it, and a field that is not there stays as it is (G05).
type Clearable[T any] struct {
	Given bool
	Value T // the zero value: taken away
}

var null = []byte("null")

// Schema is that of the value, which may be null.
func (Clearable[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	s.Nullable = true
	return &s
}

// IsZero reports whether the field is not there.
func (c Clearable[T]) IsZero() bool { return !c.Given }

// UnmarshalJSON implements json.Unmarshaler.
func (c *Clearable[T]) UnmarshalJSON(b []byte) error {
	*c = Clearable[T]{Given: true}
	if bytes.Equal(b, null) {
		return nil
	}
	return json.Unmarshal(b, &c.Value)
}

// MarshalJSON implements json.Marshaler.
func (c Clearable[T]) MarshalJSON() ([]byte, error) {
	if reflect.ValueOf(&c.Value).Elem().IsZero() {
		return null, nil
	}
	return json.Marshal(c.Value)
}

// given is a field's value for a command; nil when it stays as it is.
func given[T, V any](c Clearable[T], as func(T) V) *V {
	if !c.Given {
		return nil
	}
	v := as(c.Value)
	return &v
}
