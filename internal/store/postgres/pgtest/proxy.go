package pgtest

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy sits between clients and a server, knows where messages begin and end, and
// breaks connections at the message that a test names. Clients that ask for TLS are
// told that there is none. Its methods may be called from any goroutine.
type Proxy struct {
	listener net.Listener
	pumps    sync.WaitGroup
	cuts     chan Message

	mu       sync.Mutex
	moved    *sync.Cond // mu: something below has changed
	target   string     // host:port
	links    map[*link]bool
	opened   int
	flushes  int
	refusing bool
	closed   bool
	stalled  [2]bool // by Direction
	cut      *Cut    // armed; nil: none
	arming   int     // counts how often one was armed
	watch    func(Message)
	severed  map[uint64]bool // keys of backends whose client was cut off
}

// Cut says where to break a connection.
type Cut struct {
	// Of the messages that go in direction Dir, After are passed on whole, then the
	// connection is broken: the receiver has exactly those. With 0 it is broken when the
	// first would be passed.
	Dir   Direction
	After int
	// From says with which message to begin to count, on the connection it is on; if it
	// goes in direction Dir it is number one. Nil: with the next on each connection.
	// It is called with the proxy locked and must not call it.
	From func(Message) bool
	// Half breaks the client's side only. The server knows nothing of it, and what it
	// answers is thrown away, until Release: a backend that waits for a lock commits
	// after its client has gone.
	Half bool
	// Stall breaks nothing: what comes after is held back as by Proxy.Stall, until
	// Proxy.Resume, and then passed on, whoever has given up meanwhile.
	Stall bool
}

// NewProxy makes a proxy to the server of a URL, which ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // done at once
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	p := &Proxy{listener: l, cuts: make(chan Message, 64), links: map[*link]bool{}, severed: map[uint64]bool{}}
	p.moved = sync.NewCond(&p.mu)
	p.Target(t, target)
	p.pumps.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Drop()
		p.Release()
		p.pumps.Wait()
	})
	return p
}

// Target leads connections that are opened from now on to the server of another
// URL: a failover behind one address.
func (p *Proxy) Target(t testing.TB, target string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		t.Fatal("pgtest: a proxy needs the URL of a server")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = u.Host
}

// URL is a URL with the address of the proxy in place of the server's.
func (p *Proxy) URL(of string) string { return withHost(of, p.listener.Addr().String()) }

// Flushes counts the messages of clients, since the start, that ask for all answers
// so far: sync and simple query. Each is a round trip that somebody waits for.
func (p *Proxy) Flushes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flushes
}

// OnMessage has a function called for each message before it is passed on, in the
// order of its connection, but for the one before which a connection is cut. It must
// be quick and must not call the proxy. Nil: none.
func (p *Proxy) OnMessage(f func(Message)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = f
}

// CutAfter arms a cut: of the messages that go in a direction from now on, on each
// connection, n are passed on whole; the first connection where that has happened is
// broken on both sides. See Arm.
func (p *Proxy) CutAfter(dir Direction, n int) { p.Arm(Cut{Dir: dir, After: n}) }

// HalfCut arms a cut of the client's side only. See Cut.Half.
func (p *Proxy) HalfCut(dir Direction, n int) { p.Arm(Cut{Dir: dir, After: n, Half: true}) }

// Arm arms a cut, in place of one that has not happened yet. It happens once, on the
// first connection that gets there. Both ends see a reset. From then on a request to
// cancel what the connection was doing is thrown away, as drivers send one when they
// lose a connection: what the server makes of the messages it has is not disturbed.
func (p *Proxy) Arm(c Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = &c
	p.arming++
}

// Disarm takes back a cut that has not happened.
func (p *Proxy) Disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = nil
}

// Cut tells of each cut that was armed and has happened, when it has: the last
// message that was passed on in its direction; N is how many were since the cut began
// to count, 0 with After 0.
func (p *Proxy) Cut() <-chan Message { return p.cuts }

// Stall passes nothing on in a direction, on any connection, until Resume: a network
// that is partitioned. What is sent after it has returned does not arrive. New
// connections are accepted and get no further.
func (p *Proxy) Stall(dir Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled[dir] = true
}

// Resume ends all stalls. Nothing is lost.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = [2]bool{}
	p.moved.Broadcast()
}

// Refuse resets new connections at once, or no longer.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = on
}

// Drop breaks all connections now, on both sides, but for those that are half cut.
// As after a cut, what the server has is not cancelled by a request that follows.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if !l.half {
			p.sever(l, false)
		}
	}
}

// Release ends the server's side of the connections that are half cut.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if l.half {
			p.sever(l, false)
		}
	}
}

// Connections counts the clients that are connected.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l := range p.links {
		if !l.half {
			n++
		}
	}
	return n
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		client := c.(*net.TCPConn)
		p.mu.Lock()
		refusing, target := p.refusing || p.closed, p.target
		p.mu.Unlock()
		if refusing {
			reset(client)
			continue
		}
		p.pumps.Go(func() { p.connect(client, target) })
	}
}

// connect opens the server's side of a connection and serves both.
func (p *Proxy) connect(client *net.TCPConn, target string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		reset(client)
		return
	}
	server := c.(*net.TCPConn)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		reset(client)
		reset(server)
		return
	}
	p.opened++
	l := newLink(p.opened, client, server)
	p.links[l] = true
	p.mu.Unlock()

	var back sync.WaitGroup
	back.Go(func() { p.pump(l, ToClient) })
	p.pump(l, ToServer)
	back.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = client.Close(), server.Close()
	delete(p.links, l)
	p.moved.Broadcast()
}

// sever breaks a connection; half: its client's side only. The proxy is locked.
func (p *Proxy) sever(l *link, half bool) {
	if l.key != 0 {
		p.severed[l.key] = true
	}
	l.half, l.broken = half, !half
	reset(l.client)
	if !half {
		reset(l.server)
	}
	p.moved.Broadcast()
}

// reset ends a connection without a farewell.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
