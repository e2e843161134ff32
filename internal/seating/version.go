package seating

import (
	"fmt"
	"strconv"
	"strings"
)

// Version names one state of one restaurant: the epoch it belongs to and the
// number that goes up by one with each committed change. As text it is
// "<epoch>.<n>", opaque to clients. Two versions of different epochs cannot be
// compared. Source: docs/adr, versions, heads and epoch.
type Version struct {
	Epoch string
	N     int64
}

func (v Version) String() string { return v.Epoch + "." + strconv.FormatInt(v.N, 10) }

// ParseVersion reads what String writes: an epoch of 1 to 32 lower-case letters
// and digits, a dot, a decimal number without leading zeros.
func ParseVersion(s string) (Version, error) {
	v, ok := parseVersion(s)
	if !ok {
		return Version{}, fmt.Errorf("%q is not a version", clip(s))
	}
	return v, nil
}

func parseVersion(s string) (Version, bool) {
	epoch, num, ok := strings.Cut(s, ".")
	if !ok || epoch == "" || len(epoch) > 32 {
		return Version{}, false
	}
	for _, r := range epoch {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return Version{}, false
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n > 0 && num[0] == '0' || n == 0 && num != "0" || num[0] == '+' {
		return Version{}, false
	}
	return Version{Epoch: epoch, N: n}, true
}

// MarshalText implements encoding.TextMarshaler.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Version) UnmarshalText(b []byte) error {
	w, err := ParseVersion(string(b))
	if err != nil {
		return err
	}
	*v = w
	return nil
}

// Aspect is a part of a restaurant's state that has a revision of its own.
type Aspect string

// The aspects. Floor: zones, tables, adjacency, combinations, blocks. Policy:
// policy, service periods, closures.
const (
	AspectFloor    Aspect = "floor"
	AspectPolicy   Aspect = "policy"
	AspectBookings Aspect = "bookings"
	AspectHolds    Aspect = "holds"
)

// Revisions holds, for each aspect, the version at which it last changed.
type Revisions struct {
	Floor    int64 `json:"floor"`
	Policy   int64 `json:"policy"`
	Bookings int64 `json:"bookings"`
	Holds    int64 `json:"holds"`
}

// With returns the revisions after a change at version n to the given aspects.
func (r Revisions) With(n int64, aspects []Aspect) Revisions {
	for _, a := range aspects {
		switch a {
		case AspectFloor:
			r.Floor = n
		case AspectPolicy:
			r.Policy = n
		case AspectBookings:
			r.Bookings = n
		case AspectHolds:
			r.Holds = n
		}
	}
	return r
}

// Of is the revision of one aspect.
func (r Revisions) Of(a Aspect) int64 {
	switch a {
	case AspectFloor:
		return r.Floor
	case AspectPolicy:
		return r.Policy
	case AspectBookings:
		return r.Bookings
	case AspectHolds:
		return r.Holds
	}
	return 0
}
