package seating

import (
	"encoding/hex"
	"fmt"
)

// ID is a UUID that cannot be mixed up with the ID of another kind of thing.
// The zero ID means "none". As text it is the canonical lower-case form.
type ID[K any] [16]byte

type (
	restaurantKind  struct{}
	zoneKind        struct{}
	tableKind       struct{}
	combinationKind struct{}
	blockKind       struct{}
	bookingKind     struct{}
	holdKind        struct{}
	changeKind      struct{}
	userKind        struct{}
	tokenKind       struct{}
	operatorKind    struct{}
	endpointKind    struct{}
)

// The kinds of ID. All are UUIDv7, made outside the pure packages.
type (
	// RestaurantID of a restaurant.
	RestaurantID = ID[restaurantKind]
	// ZoneID of a zone.
	ZoneID = ID[zoneKind]
	// TableID of a table.
	TableID = ID[tableKind]
	// CombinationID of a declared combination.
	CombinationID = ID[combinationKind]
	// BlockID of a block.
	BlockID = ID[blockKind]
	// BookingID of a booking.
	BookingID = ID[bookingKind]
	// HoldID of a hold.
	HoldID = ID[holdKind]
	// ChangeID of a committed change; the newest is the head.
	ChangeID = ID[changeKind]
	// UserID of a person.
	UserID = ID[userKind]
	// TokenID of an API token.
	TokenID = ID[tokenKind]
	// OperatorID of an operator of the deployment.
	OperatorID = ID[operatorKind]
	// EndpointID of a webhook's endpoint.
	EndpointID = ID[endpointKind]
	// FlowID of what is delivered in order and fairly beside others: an endpoint's,
	// else the restaurant's.
	FlowID = ID[any]
	// AnyID is an ID whose kind another field tells.
	AnyID = ID[any]
)

// ParseID reads the canonical form, 36 characters with lower- or upper-case
// digits; it refuses every other spelling of a UUID and the zero ID.
func ParseID[I ~[16]byte](s string) (I, error) {
	id, ok := parseID(s)
	if !ok {
		return I{}, fmt.Errorf("%q is not an id", clip(s))
	}
	return id, nil
}

// parseID allocates nothing: events and changes are full of ids.
func parseID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	for i, at := range [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := digit(s[at]), digit(s[at+1])
		if high > 15 || low > 15 {
			return [16]byte{}, false
		}
		id[i] = high<<4 | low
	}
	return id, id != [16]byte{}
}

// digit is the value of a hexadecimal digit; above 15 for what is none.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// IsZero reports whether there is no ID.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// Compare orders IDs by their bytes, which for UUIDv7 is by time of creation.
func (id ID[K]) Compare(o ID[K]) int {
	for i := range id {
		if id[i] != o[i] {
			return int(id[i]) - int(o[i])
		}
	}
	return 0
}

func (id ID[K]) String() string {
	if id.IsZero() {
		return ""
	}
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}

// MarshalText implements encoding.TextMarshaler; the zero ID is empty.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; empty is the zero ID.
func (id *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID[K]{}
		return nil
	}
	v, err := ParseID[ID[K]](string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}
