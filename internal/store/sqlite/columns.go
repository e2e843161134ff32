package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Columns are written from and read into the types of package seating by the
// small adapters below. None is NULL where Go says "not set": a zero id, a zero
// instant, an empty word.

// text is the column of an id or of anything else that prints; NULL for "".
func text(v fmt.Stringer) any { return orNull(v.String()) }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// at is the column of an instant; NULL for the zero instant.
func at(i servicetime.Instant) any {
	if i == 0 {
		return nil
	}
	return int64(i)
}

// blob is the column of bytes; NULL for none.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// inMicros is the column of a duration.
func inMicros(d time.Duration) int64 { return d.Microseconds() }

// clipped is the column of an error's text.
func clipped(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxError)], "") }

// maxError bounds the text of an error that is kept, in bytes.
const maxError = 500

// encoded is the column of a value kept as JSON.
func encoded(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// id reads an id; NULL is the zero id.
func id[I ~[16]byte](dest *I) sql.Scanner {
	return scanner(func(src any) error {
		s, ok := src.(string)
		switch {
		case src == nil:
			*dest = I{}
			return nil
		case !ok:
			return fmt.Errorf("an id is %T", src)
		}
		v, err := seating.ParseID[I](s)
		*dest = v
		return err
	})
}

// date reads a date.
func date(dest *servicetime.Date) sql.Scanner {
	return scanner(func(src any) error {
		v, err := servicetime.ParseDate(fmt.Sprint(src))
		*dest = v
		return err
	})
}

// clock reads a wall-clock time.
func clock(dest *servicetime.Clock) sql.Scanner {
	return scanner(func(src any) error {
		v, err := servicetime.ParseClock(fmt.Sprint(src))
		*dest = v
		return err
	})
}

// instant reads an instant; NULL is the zero instant.
func instant(dest *servicetime.Instant) sql.Scanner {
	return scanner(func(src any) error {
		switch v := src.(type) {
		case nil:
			*dest = 0
		case int64:
			*dest = servicetime.Instant(v)
		default:
			return fmt.Errorf("an instant is %T", src)
		}
		return nil
	})
}

// micros reads a duration.
func micros(dest *time.Duration) sql.Scanner {
	return scanner(func(src any) error {
		v, ok := src.(int64)
		if !ok {
			return fmt.Errorf("a duration is %T", src)
		}
		*dest = time.Duration(v) * time.Microsecond
		return nil
	})
}

// word reads a text; NULL is the empty one.
func word[S ~string](dest *S) sql.Scanner {
	return scanner(func(src any) error {
		switch v := src.(type) {
		case nil:
			*dest = ""
		case string:
			*dest = S(v)
		default:
			return fmt.Errorf("a text is %T", src)
		}
		return nil
	})
}

// decoded reads a value kept as JSON; NULL leaves it as it is.
func decoded(dest any) sql.Scanner {
	return scanner(func(src any) error {
		switch v := src.(type) {
		case nil:
			return nil
		case string:
			return json.Unmarshal([]byte(v), dest)
		default:
			return fmt.Errorf("a JSON text is %T", src)
		}
	})
}

// raw reads a value kept as JSON as it stands; NULL is nil.
func raw[B ~[]byte](dest *B) sql.Scanner {
	return scanner(func(src any) error {
		switch v := src.(type) {
		case nil:
			*dest = nil
		case string:
			*dest = B(v)
		default:
			return fmt.Errorf("a JSON text is %T", src)
		}
		return nil
	})
}

type scanner func(src any) error

func (s scanner) Scan(src any) error { return s(src) }

// list is the argument of "IN (SELECT value FROM json_each(?))".
func list[S fmt.Stringer](values []S) (string, error) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v.String()
	}
	return encoded(words)
}
