package postgres

import (
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Columns are written from and read into the types of package seating by the
// small adapters below. None is NULL where Go says "not set": a zero id, a zero
// instant, an empty word. Many rows go as one list for each column.

// uid is the column of an id.
func uid[I ~[16]byte](v I) pgtype.UUID {
	return pgtype.UUID{Bytes: v, Valid: [16]byte(v) != [16]byte{}}
}

// at is the column of an instant that may be missing.
func at(i servicetime.Instant) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: i.Time(), Valid: i != 0}
}

// on is the column of an instant that is always there.
func on(i servicetime.Instant) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: i.Time(), Valid: true}
}

// orNull is the column of a word that may be missing.
func orNull[S ~string](s S) pgtype.Text { return pgtype.Text{String: string(s), Valid: s != ""} }

// encoded is the column of a value kept as JSON.
func encoded(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// each makes the list of one column.
func each[R, V any](rows []R, column func(R) V) []V {
	list := make([]V, len(rows))
	for i, r := range rows {
		list[i] = column(r)
	}
	return list
}

// ids is the list of a column of ids.
func ids[I ~[16]byte](list []I) []pgtype.UUID { return each(list, uid[I]) }

// fold makes the key by which names are unique, ignoring case.
func fold(s string) string { return store.FoldName(s) }

// id reads an id; NULL is the zero id.
func id[I ~[16]byte](dest *I) pgtype.UUIDScanner {
	return idScanner(func(v pgtype.UUID) error {
		*dest = I(v.Bytes)
		return nil
	})
}

type idScanner func(pgtype.UUID) error

// ScanUUID implements pgtype.UUIDScanner.
func (s idScanner) ScanUUID(v pgtype.UUID) error { return s(v) }

// instant reads an instant; NULL is the zero instant.
func instant(dest *servicetime.Instant) pgtype.TimestamptzScanner {
	return timeScanner(func(v pgtype.Timestamptz) error {
		*dest = 0
		if v.Valid {
			if v.InfinityModifier != pgtype.Finite {
				return fmt.Errorf("an instant is %v", v.InfinityModifier)
			}
			*dest = servicetime.InstantOf(v.Time)
		}
		return nil
	})
}

type timeScanner func(pgtype.Timestamptz) error

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (s timeScanner) ScanTimestamptz(v pgtype.Timestamptz) error { return s(v) }

// date reads a date.
func date(dest *servicetime.Date) pgtype.DateScanner {
	return dateScanner(func(v pgtype.Date) error {
		if !v.Valid || v.InfinityModifier != pgtype.Finite {
			return fmt.Errorf("a date is %+v", v)
		}
		*dest = servicetime.NewDate(v.Time.Year(), v.Time.Month(), v.Time.Day())
		return nil
	})
}

type dateScanner func(pgtype.Date) error

// ScanDate implements pgtype.DateScanner.
func (s dateScanner) ScanDate(v pgtype.Date) error { return s(v) }

// clock reads a wall-clock time.
func clock(dest *servicetime.Clock) pgtype.TextScanner {
	return textScanner(func(v pgtype.Text) (err error) {
		*dest, err = servicetime.ParseClock(v.String)
		return err
	})
}

// word reads a text; NULL is the empty one.
func word[S ~string](dest *S) pgtype.TextScanner {
	return textScanner(func(v pgtype.Text) error {
		*dest = S(v.String)
		return nil
	})
}

type textScanner func(pgtype.Text) error

// ScanText implements pgtype.TextScanner.
func (s textScanner) ScanText(v pgtype.Text) error { return s(v) }

// decoded reads a value kept as JSON; NULL leaves it as it is.
func decoded(dest any) pgtype.BytesScanner {
	return bytesScanner(func(b []byte) error {
		if b == nil {
			return nil
		}
		return json.Unmarshal(b, dest)
	})
}

// raw reads a value kept as JSON as it stands; NULL is nil.
func raw[B ~[]byte](dest *B) pgtype.BytesScanner {
	return bytesScanner(func(b []byte) error {
		*dest = nil
		if b != nil {
			*dest = append(B{}, b...) // the driver reuses its buffer
		}
		return nil
	})
}

type bytesScanner func([]byte) error

// ScanBytes implements pgtype.BytesScanner.
func (s bytesScanner) ScanBytes(b []byte) error { return s(b) }
