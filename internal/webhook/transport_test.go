package webhook

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/store"
)

// resolver is a name server in this process: of each name it gives the addresses in
// turn, one for each time it is asked for IPv4, and none of IPv6.
func resolver(t *testing.T, addresses ...string) (*net.Resolver, *atomic.Int64) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var asked atomic.Int64
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(reply(packet[:n], addresses, &asked), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}, &asked
}

// reply answers a question of DNS, RFC 1035: the question again, and for one of type
// A a record that points at its name.
func reply(question []byte, addresses []string, asked *atomic.Int64) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	answer := append([]byte{}, question[:end]...)
	binary.BigEndian.PutUint16(answer[2:], 0x8180)
	binary.BigEndian.PutUint16(answer[4:], 1)
	binary.BigEndian.PutUint16(answer[6:], 0)
	binary.BigEndian.PutUint32(answer[8:], 0)
	if binary.BigEndian.Uint16(question[end-4:]) != 1 {
		return answer
	}
	n := int(asked.Add(1)) - 1
	addr := netip.MustParseAddr(addresses[n%len(addresses)]).As4()
	binary.BigEndian.PutUint16(answer[6:], 1)
	answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(answer, addr[:]...)
}

// Whatever a name said before: the address that is dialled counts.
func TestANameThatLeadsElsewhereByNow(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := stageTo(t, server)
	names, asked := resolver(t, "1.1.1.1", "127.0.0.1")
	s.Sink = New(Config{Endpoints: s.book, Sealer: s.sealer, Now: s.clock.now, resolver: names})
	s.transports.secure.TLSClientConfig.InsecureSkipVerify = true
	target := "https://hooks.example.com:" + port + "/"
	if err := CheckURL(target, nil); err != nil {
		t.Fatalf("CheckURL = %v, want a name to be taken", err)
	}
	s.book.change(endpointID, func(w *store.Webhook) { w.URL = target })
	first, err := names.LookupNetIP(t.Context(), "ip4", "hooks.example.com.")
	if err != nil || len(first) != 1 || !Public(first[0]) {
		t.Fatalf("the first look-up gives %v, %v, want a public address", first, err)
	}
	is(t, s.one(), outbox.Retry, 0, "address not allowed")
	if n := asked.Load(); n != 2 {
		t.Errorf("the name was looked up %d times, want once before and once to dial", n)
	}
	// The receiver is there: where it is allowed, it is reached.
	reached := make(chan bool, 1)
	server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- true })
	asked.Store(1)
	s.Sink = New(Config{Endpoints: s.book, Sealer: s.sealer, Now: s.clock.now, resolver: names, Allow: Allow{netip.MustParsePrefix("127.0.0.1/32")}})
	s.transports.secure.TLSClientConfig.InsecureSkipVerify = true
	is(t, s.one(), outbox.Delivered, 200, "")
	<-reached
}

// Plain http leads only where it is allowed, whatever a name says: a public address
// is refused as well.
func TestPlainHTTPToANameThatIsPublic(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	names, _ := resolver(t, "1.1.1.1")
	s.Sink = New(Config{Endpoints: s.book, Sealer: s.sealer, Now: s.clock.now, resolver: names, Allow: Allow{netip.MustParsePrefix("127.0.0.0/8")}})
	s.book.change(endpointID, func(w *store.Webhook) { w.URL = "http://hooks.example.com/" })
	is(t, s.one(), outbox.Retry, 0, "address not allowed")
}

// The guard stands at the socket: no way to write an address leads past it.
func TestTheGuardAtTheSocket(t *testing.T) {
	t.Parallel()
	guarded := newTransports(nil, nil)
	for text, public := range addresses {
		addr := netip.MustParseAddr(text)
		if public || addr.Zone() != "" {
			continue // nothing is dialled that is not this machine's
		}
		for scheme, transport := range map[string]*http.Transport{"https": guarded.secure, "http": guarded.plain} {
			host := net.JoinHostPort(addr.String(), "9")
			r := &http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: scheme, Host: host}, Header: http.Header{}}
			answer, err := transport.RoundTrip(r.WithContext(t.Context()))
			if err == nil {
				_ = answer.Body.Close()
			}
			// Without IPv6 there is no socket to judge.
			if !errors.Is(err, errAddress) && (addr.Unmap().Is4() || !strings.Contains(err.Error(), "address family")) {
				t.Errorf("%s://%s: %v, want it refused", scheme, host, err)
			}
		}
	}
}

func TestNamesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for text, err := range map[string]error{
		"host not found":              &net.DNSError{Err: "no such host", Name: "secret.example", IsNotFound: true},
		"host could not be looked up": &net.DNSError{Err: "server misbehaving", Name: "secret.example"},
		"timeout":                     &net.DNSError{Err: "i/o timeout", Name: "secret.example", IsTimeout: true},
		"connection failed":           errors.New("https://secret.example?token=x"),
	} {
		if got := failureOf(err); got.Error() != text {
			t.Errorf("failureOf(%v) = %q, want %q", err, got, text)
		}
	}
}

// A proxy of the environment would see where everything goes, and be dialled in its
// place.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s := newStage(t, func(http.ResponseWriter, *http.Request) {})
	if s.transports.secure.Proxy != nil || s.transports.plain.Proxy != nil {
		t.Error("a transport asks for a proxy")
	}
	is(t, s.one(), outbox.Delivered, 200, "")
}
