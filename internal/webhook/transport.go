package webhook

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// The bounds of a delivery.
const (
	dialTimeout = 5 * time.Second
	sendTimeout = 10 * time.Second // from the first to the last byte
	maxAnswer   = 64 << 10         // of which nothing is kept
	maxAtOnce   = 8                // requests of one endpoint
)

// transports send, over TLS and without. Both are their own: no proxy of the
// environment, no cookies, no compression. They judge the address that is dialled
// and not the one a name had before: a name may lead elsewhere a moment later.
type transports struct{ secure, plain *http.Transport }

// newTransports makes them; resolver is nil but in tests.
func newTransports(allow Allow, resolver *net.Resolver) transports {
	return transports{
		secure: newTransport(resolver, allow.Permits),
		plain:  newTransport(resolver, allow.Contains),
	}
}

func newTransport(resolver *net.Resolver, permits func(netip.Addr) bool) *http.Transport {
	dialer := &net.Dialer{
		Timeout: dialTimeout, KeepAlive: 30 * time.Second, Resolver: resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !permits(at.Addr()) {
				return errAddress
			}
			return nil
		},
	}
	// A connection of HTTP/2 that has died without a word would take all deliveries of
	// its endpoint with it.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext: dialer.DialContext, Protocols: &protocols, DisableCompression: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: maxAnswer,
		MaxIdleConns: 256, MaxIdleConnsPerHost: maxAtOnce, IdleConnTimeout: 90 * time.Second,
	}
}

// RoundTrip sends one request, and follows no redirect.
func (t transports) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return t.secure.RoundTrip(r)
	}
	return t.plain.RoundTrip(r)
}

func (t transports) close() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}
