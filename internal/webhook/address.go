package webhook

import (
	"net/netip"
	"slices"
)

// Allow is what a deployment lets webhooks reach besides public addresses: its own
// networks, named one by one.
type Allow []netip.Prefix

// Contains reports whether an address is within one of the prefixes.
func (a Allow) Contains(addr netip.Addr) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(a, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Permits reports whether a delivery may go to an address: a public one, or one
// that is allowed.
func (a Allow) Permits(addr netip.Addr) bool { return Public(addr) || a.Contains(addr) }

// Public reports whether an address is one of the open internet. Whoever may name
// an endpoint must not get at what only this machine can reach: its own services,
// the network beside it, the cloud's metadata.
//
// Of IPv6 only what is given out today is public, so that a range that gets a
// meaning tomorrow is refused until then.
func Public(addr netip.Addr) bool {
	if addr.Zone() != "" { // one of this machine's own links
		return false
	}
	addr = addr.Unmap()
	if !addr.IsValid() {
		return false
	}
	if addr.Is4() {
		return !slices.ContainsFunc(special4, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	if nat64.Contains(addr) {
		bytes := addr.As16()
		return Public(netip.AddrFrom4([4]byte(bytes[12:])))
	}
	return global6.Contains(addr) && !slices.ContainsFunc(special6, func(p netip.Prefix) bool { return p.Contains(addr) })
}

var (
	// global6 is what IANA gives out of IPv6.
	global6 = netip.MustParsePrefix("2000::/3")
	// nat64 is how a network that speaks only IPv6 writes an address of IPv4: as public
	// as that one is (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// special4 is what is not public of IPv4. Source: IANA IPv4 Special-Purpose Address
// Registry.
var special4 = prefixes(
	"0.0.0.0/8",       // this network, unspecified
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, the metadata of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // relays of 6to4
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
)

// special6 is what is not public within global6. Tunnels that carry an address of
// IPv4 are out of use, and a way around special4. Source: IANA IPv6 Special-Purpose
// Address Registry.
var special6 = prefixes(
	"2001::/23",     // protocol assignments: Teredo, benchmarks, ORCHID
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4
	"3fff::/20",     // documentation
)

func prefixes(list ...string) []netip.Prefix {
	ps := make([]netip.Prefix, len(list))
	for i, s := range list {
		ps[i] = netip.MustParsePrefix(s)
	}
	return ps
}
