package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
)

// The headers of the contract.
const (
	headerAuthorization = "Authorization"
	headerActingFor     = "Acting-For"
	headerIfMatch       = "If-Match"
	headerIfNoneMatch   = "If-None-Match"
	headerMinVersion    = "Min-Version"
	headerKey           = "Idempotency-Key"
	headerReplayed      = "Idempotent-Replayed"
	headerTrace         = "Trace-Id"
)

const (
	maxKey    = 200
	maxTag    = 100
	maxCursor = 1024
)

// single returns the one value of a header, "" when it is absent. A header that
// is there twice is refused: which one would count?
func single(h http.Header, name string) (string, *seating.Error) {
	switch values := h.Values(name); len(values) {
	case 0:
		return "", nil
	case 1:
		if values[0] == "" {
			return "", unreadable(name, "the header %s is empty", name)
		}
		return values[0], nil
	}
	return "", unreadable(name, "is there more than once")
}

// parseKey checks an Idempotency-Key: 1 to 200 visible ASCII characters.
func parseKey(s string) *seating.Error {
	if len(s) > maxKey || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return unreadable(headerKey, "must be 1 to %d visible ASCII characters", maxKey)
	}
	return nil
}

// parseIfMatch reads exactly one strong entity tag that is a version. "*", weak
// tags and lists name no state that somebody saw.
func parseIfMatch(s string) (seating.Version, *seating.Error) {
	bad := unreadable(headerIfMatch, "must be one version in quotes, as answers give it")
	if len(s) > maxTag || len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return seating.Version{}, bad
	}
	v, err := seating.ParseVersion(s[1 : len(s)-1])
	if err != nil {
		return seating.Version{}, bad
	}
	return v, nil
}

func parseMinVersion(s string) (seating.Version, *seating.Error) {
	v, err := seating.ParseVersion(s)
	if err != nil || len(s) > maxTag {
		return seating.Version{}, unreadable(headerMinVersion, "must be a version, as answers give it")
	}
	return v, nil
}

// tag is a version as an entity tag.
func tag(v seating.Version) string { return `"` + v.String() + `"` }

// noneMatches reports whether If-None-Match names the tag, by weak comparison.
func noneMatches(header []string, tag string) bool {
	for _, line := range header {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == tag || one == "*" {
				return true
			}
		}
	}
	return false
}

// readHeaders reads what the operation takes of the headers of the contract. A
// header that is there twice is refused whether the operation takes it or not.
func (c *call) readHeaders() *seating.Error {
	got := map[string]string{}
	for _, name := range []string{headerActingFor, headerKey, headerIfMatch, headerMinVersion} {
		v, refusal := single(c.r.Header, name)
		if refusal != nil {
			return refusal
		}
		got[name] = v
	}
	if v := got[headerActingFor]; v != "" && !access.ValidActingFor(v) {
		return unreadable(headerActingFor, "must be 1 to 64 visible ASCII characters")
	}
	if v := got[headerKey]; v != "" {
		if refusal := parseKey(v); refusal != nil {
			return refusal
		}
		if c.op.key != keyNone {
			c.key = v
		}
	}
	if v := got[headerIfMatch]; v != "" {
		version, refusal := parseIfMatch(v)
		if refusal != nil {
			return refusal
		}
		switch {
		case c.op.ifMatch:
			c.ifMatch = &version
		case c.op.method != http.MethodGet:
			return unreadable(headerIfMatch, "does not apply to this operation")
		}
	}
	if v := got[headerMinVersion]; v != "" {
		version, refusal := parseMinVersion(v)
		if refusal != nil {
			return refusal
		}
		if c.op.method == http.MethodGet {
			c.least = &version
		}
	}
	if c.key == "" && c.op.key == keyRequired && c.actor.Kind == seating.ActorToken {
		e := seating.Refuse(seating.CodeIdempotencyKeyRequired, "send an %s, so that a lost answer can be asked for again", headerKey)
		e.Details.Fields = []seating.Field{{Pointer: headerKey, Message: "is required"}}
		return e
	}
	return nil
}

// readQuery reads the query. Parameters that the operation does not take, and
// those that are there twice, are refused.
func (c *call) readQuery() *seating.Error {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return unreadable("query", "the query cannot be parsed")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !slices.ContainsFunc(c.op.params(), func(p param) bool { return p.name == name }):
			return unreadable(clipped(strings.ToValidUTF8(name, "")), "is not a parameter of this operation")
		case len(values[name]) > 1:
			return unreadable(name, "is there more than once")
		}
	}
	c.query = values
	return c.readDryRun()
}
