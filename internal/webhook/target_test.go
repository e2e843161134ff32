package webhook

import (
	"net/netip"
	"strings"
	"testing"
)

func TestURLsOfEndpoints(t *testing.T) {
	t.Parallel()
	local := Allow{netip.MustParsePrefix("127.0.0.0/8")}
	long := "https://example.com/" + strings.Repeat("a", MaxURL-len("https://example.com/"))
	for _, x := range []struct {
		url   string
		allow Allow
		want  string // in the refusal; empty: none
	}{
		{"https://example.com", nil, ""},
		{"https://example.com:8443/hooks?tenant=7", nil, ""},
		{"HTTPS://Example.com/", nil, ""},
		{"https://1.1.1.1/", nil, ""},
		{"https://[2606:4700:4700::1111]/", nil, ""},
		{"https://hooks.7eleven.example/", nil, ""},
		{"https://example.com./", nil, ""},
		{long, nil, ""},
		{long + "a", nil, "2000 characters"},
		{"", nil, "absolute"},
		{"example.com/hooks", nil, "absolute"},
		{"//example.com/hooks", nil, "begin with https://"},
		{"/hooks", nil, "absolute"},
		{"https:", nil, "absolute"},
		{"https:example.com", nil, "absolute"},
		{"https:///hooks", nil, "absolute"},
		{"https://:443/", nil, "absolute"},
		{"http://example.com/", nil, "no plain http"},
		{"ftp://example.com/", local, "begin with https://"},
		{"file:///etc/passwd", local, "absolute"},
		{"gopher://example.com/", nil, "begin with https://"},
		{"https://user@example.com/", nil, "user"},
		{"https://user:pw@example.com/", nil, "user"},
		{"https://example.com/#top", nil, "fragment"},
		{"https://example.com/#", nil, "fragment"},
		{"https://example.com/a b", nil, "spaces"},
		{"https://example.com/\r\nHost: x", nil, "control"},
		{"https://exa\u0000mple.com/", nil, "control"},
		{"https://example.com:0/", nil, "port"},
		{"https://example.com:65536/", nil, "port"},
		{"https://example.com:/", nil, "port"},
		{"https://127.0.0.1/", nil, "127.0.0.1"},
		{"https://127.0.0.1/", local, ""},
		{"https://10.0.0.1/", local, "10.0.0.1"},
		{"https://169.254.169.254/latest/meta-data", nil, "not public"},
		{"https://[::1]/", nil, "not public"},
		{"https://[::ffff:127.0.0.1]/", nil, "not public"},
		{"https://[fe80::1%25eth0]/", nil, "not public"},
		{"https://2130706433/", nil, "address as"},
		{"https://0x7f000001/", nil, "address as"},
		{"https://127.1/", nil, "address as"},
		{"https://0177.0.0.1/", nil, "address as"},
		{"https://127.0.0.1./", nil, "address as"},
		{"https://a.0x1/", nil, "address as"},
		{"https://./", nil, ""},
		{"http://127.0.0.1:9000/", local, ""},
		{"http://example.com/", local, ""}, // where it leads is judged when something is sent
		{"http://1.1.1.1/", local, "plain http"},
	} {
		err := CheckURL(x.url, x.allow)
		if x.want == "" && err != nil || x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("CheckURL(%.60q, %v) = %v, want %q", x.url, x.allow, err, x.want)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{"https://example.com", "https://[::1]:8/#a", "http://u:p@127.1/", "https://.", "https://a..", "\x00", "https://%zz"} {
		f.Add(seed)
	}
	allow := Allow{netip.MustParsePrefix("127.0.0.0/8")}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseTarget(text, allow)
		if err != nil {
			return
		}
		if u.User != nil || u.Fragment != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.String(), "\r\n ") {
			t.Errorf("%q is taken, as %q", text, u)
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil && !allow.Permits(addr) {
			t.Errorf("%q is taken, and leads to %s", text, addr)
		}
	})
}
