package webhook

import (
	"net/netip"
	"testing"
)

// What an endpoint may lead to, address by address.
var addresses = map[string]bool{
	"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.1": false, "100.127.255.255": false,
	"127.0.0.1": false, "127.255.255.254": false, "169.254.169.254": false, "169.254.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
	"192.0.0.1": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.0.1": false, "198.18.0.1": false, "198.19.255.255": false,
	"198.51.100.7": false, "203.0.113.7": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,
	"1.1.1.1": true, "9.255.255.255": true, "11.0.0.0": true, "100.63.255.255": true, "100.128.0.0": true, "126.255.255.255": true, "128.0.0.0": true,
	"169.253.255.255": true, "172.15.255.255": true, "172.32.0.0": true, "192.167.255.255": true, "198.17.255.255": true, "198.20.0.0": true, "223.255.255.255": true,

	"::": false, "::1": false, "::127.0.0.1": false, "::1.1.1.1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false,
	"fd00:ec2::254": false, "ff02::1": false, "2001:db8::1": false, "3fff::1": false, "2001::1": false, "2001:2::1": false, "2001:10::1": false, "2001:20::1": false,
	"2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "2002:7f00:1::": false, "2002:101:101::": false, "100::1": false, "5f00::1": false, "4000::1": false,
	"64:ff9b:1::1": false, "64:ff9b:1::101:101": false,
	"2606:4700:4700::1111": true, "2a00:1450:4001::1": true, "2001:4860:4860::8888": true, "2000::1": true,

	// An address of IPv4 in the clothes of IPv6 is what it is.
	"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:1.1.1.1": true,
	"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::a00:1": false, "64:ff9b::101:101": true,
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range addresses {
		if got := Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("Public(%s) = %t, want %t", text, got, want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestAllowedAddresses(t *testing.T) {
	t.Parallel()
	allow := Allow{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/64")}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": false, "fd00::5": true, "fd00:0:0:1::5": false, "1.1.1.1": true,
		"64:ff9b::a01:203": false, "fd00::5%eth0": false,
	} {
		if got := allow.Permits(netip.MustParseAddr(text)); got != want {
			t.Errorf("Permits(%s) = %t, want %t", text, got, want)
		}
	}
}
