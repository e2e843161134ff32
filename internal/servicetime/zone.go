package servicetime

import (
	"fmt"
	"strings"
	"time"
)

// LoadZone loads a restaurant's zone by its IANA name, such as "Europe/Paris" or
// "UTC". Anything else is an error, never a default: a venue in Sydney must not
// quietly run on another city's clock (failure catalogue P02).
//
// The name is checked before time.LoadLocation sees it, because that accepts
// more than IANA names: "" (UTC), "Local" (the server's clock), and whatever file
// lies in the zone directory, spelled as oddly as a path can be.
func LoadZone(name string) (*time.Location, error) {
	if !zoneName(name) {
		return nil, fmt.Errorf("zone %q is not an IANA time zone like Europe/Paris", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q is not an IANA time zone like Europe/Paris: %w", name, err)
	}
	return zone, nil
}

// zoneName reports whether the name is spelled as IANA spells zones: parts of
// letters, digits, '-', '+' and '_' that begin with a letter, joined by single
// slashes. Left out are files that lie beside the zones but are none: the
// server's own clock, the default rules, "no zone chosen", and the trees "posix"
// (copies) and "right" (clocks that count leap seconds and are 27 s off ours).
func zoneName(name string) bool {
	switch name {
	case "Local", "localtime", "posixrules", "Factory":
		return false
	}
	if strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || !isLetter(part[0]) {
			return false
		}
		for _, c := range []byte(part) {
			if !isLetter(c) && !isDigit(c) && c != '-' && c != '+' && c != '_' {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
