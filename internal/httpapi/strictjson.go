package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maitred/maitred/internal/seating"
)

// maxDepth bounds how deep arrays and objects of a body may nest.
const maxDepth = 16

// maxFaults bounds how many refused fields one answer lists.
const maxFaults = 50

// readDocument parses a JSON body more strictly than encoding/json does: valid
// UTF-8, one value, no duplicate keys, bounded depth. It returns objects as
// map[string]any, arrays as []any, numbers as float64. What it refuses is INVALID
// with status 400: the request cannot be read.
func readDocument(body []byte) (any, *seating.Error) {
	if !utf8.Valid(body) {
		return nil, unreadable("", "the body is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	r := reader{d: d}
	doc, err := r.value("", 0)
	if err != nil {
		if refusal, ok := errors.AsType[*seating.Error](err); ok {
			return nil, refusal
		}
		return nil, unreadable("", "the body is not JSON: %s", syntax(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable("", "the body has more than one JSON value")
	}
	return doc, nil
}

// unreadable refuses a request that cannot be read, with a pointer into the body
// or the name of a header or parameter.
func unreadable(pointer, format string, args ...any) *seating.Error {
	e := seating.Refuse(seating.CodeUnreadable, format, args...)
	e.Details.Fields = []seating.Field{{Pointer: pointer, Message: e.Msg}}
	return e
}

func syntax(err error) string {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s (byte %d)", s.Error(), s.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return "it cannot be parsed"
}

type reader struct{ d *json.Decoder }

func (r reader) value(pointer string, depth int) (any, error) {
	t, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return nil, unreadable(clipped(pointer), "nests deeper than %d levels", maxDepth)
		}
		if t == '{' {
			return r.object(pointer, depth)
		}
		return r.array(pointer, depth)
	case json.Number:
		f, err := strconv.ParseFloat(t.String(), 64)
		if err != nil {
			return nil, unreadable(clipped(pointer), "the number is out of range")
		}
		return f, nil
	}
	return t, nil
}

func (r reader) object(pointer string, depth int) (any, error) {
	o := map[string]any{}
	for r.d.More() {
		t, err := r.d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string) // the decoder refuses other keys
		at := pointer + "/" + escaped(key)
		if _, twice := o[key]; twice {
			return nil, unreadable(clipped(at), "the key is there twice")
		}
		if o[key], err = r.value(at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := r.d.Token()
	return o, err
}

func (r reader) array(pointer string, depth int) (any, error) {
	list := []any{}
	for r.d.More() {
		v, err := r.value(pointer+"/"+strconv.Itoa(len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := r.d.Token()
	return list, err
}

// escaped is a key as RFC 6901 writes it.
func escaped(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// clipped bounds what is echoed of a pointer.
func clipped(pointer string) string {
	const most = 256
	if len(pointer) <= most {
		return pointer
	}
	return strings.ToValidUTF8(pointer[:most], "") + "…"
}

// controlled reports whether a text has characters that a terminal or a printer
// would obey; a text of several lines may have line ends and tabs.
func controlled(s string, lines bool) bool {
	return strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) && (!lines || c != '\n' && c != '\t')
	})
}
