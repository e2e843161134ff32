package webhook

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// MaxURL bounds the length of an endpoint's address, in characters.
const MaxURL = 2000

// CheckURL says what keeps a text from being the address of an endpoint. A name is
// not looked up: where it leads is judged each time something is sent there.
func CheckURL(text string, allow Allow) error {
	_, err := parseTarget(text, allow)
	return err
}

func parseTarget(text string, allow Allow) (*url.URL, error) {
	if len(text) > MaxURL {
		return nil, errors.New("must have at most 2000 characters")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || unicode.IsControl(r) }) {
		return nil, errors.New("must not have spaces or control characters")
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return nil, errors.New("must be an absolute address like https://example.com/hooks")
	}
	switch {
	case u.Scheme == "http" && len(allow) == 0:
		return nil, errors.New("must begin with https://: this deployment allows no plain http")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("must begin with https://")
	case u.User != nil:
		return nil, errors.New("must not have a user or a password")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("must not have a fragment")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, errors.New("must have a port from 1 to 65535, or none")
		}
	}
	return u, checkHost(u, allow)
}

// checkHost judges a host that is an address; of a name nothing is known yet. A
// spelling that a resolver might take for an address, such as 0x7f.1 or 2130706433,
// is no name.
func checkHost(u *url.URL, allow Allow) error {
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	if err != nil {
		last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
		if c := last[0]; c >= '0' && c <= '9' {
			return errors.New("must name a host, or an address as 192.0.2.1 or [2001:db8::1] is written")
		}
		return nil
	}
	if u.Scheme == "http" && !allow.Contains(addr) {
		return errors.New("must begin with https://: plain http is for what this deployment allows")
	}
	if !allow.Permits(addr) {
		return errors.New("must not be an address that is not public: " + addr.String())
	}
	return nil
}
