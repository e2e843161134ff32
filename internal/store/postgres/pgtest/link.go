package pgtest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// link is a connection through a proxy. What is not fixed is guarded by the lock of
// the proxy, but for the dialect, which only the pump to the server uses.
type link struct {
	n              int
	client, server *net.TCPConn
	dialect        *dialect

	key    uint64 // of the backend, for requests to cancel; 0: not known
	taken  *Cut   // the cut that it has reached
	half   bool   // the client's side is cut
	broken bool   // both are
	passed [2]int // messages, by Direction
	last   [2]Message
	// Of the cut that is armed:
	arming  int // which one the two below are about
	begun   bool
	counted int
}

func newLink(n int, client, server *net.TCPConn) *link {
	return &link{n: n, client: client, server: server, dialect: newDialect()}
}

func (l *link) ends(d Direction) (from, to *net.TCPConn) {
	if d == ToServer {
		return l.client, l.server
	}
	return l.server, l.client
}

// verdict is what is to be done with a message.
type verdict int

const (
	pass verdict = iota
	passThenCut
	cutBefore
	discard // it, and go on
	wait    // until the direction is not stalled any more
	end     // the connection is broken
)

// pump passes messages on in one direction until the connection ends there.
func (p *Proxy) pump(l *link, d Direction) {
	from, to := l.ends(d)
	r, w := bufio.NewReaderSize(from, 1<<16), bufio.NewWriterSize(to, 1<<16)
	for opens := d == ToServer; ; opens = false {
		raw, err := next(r, opens, from)
		if err != nil {
			_ = w.Flush()
			p.ended(l, d, err)
			return
		}
		m := l.read(d, raw, opens)
		v := wait
		for v == wait {
			p.waitWhileStalled(l, d, w)
			v = p.judge(l, m, raw)
		}
		if v == end {
			return
		}
		if v == pass || v == passThenCut {
			_, err = w.Write(raw)
			if err == nil && r.Buffered() == 0 {
				err = w.Flush()
			}
		}
		switch {
		case v == passThenCut || v == cutBefore:
			p.finish(l, d, w)
		case err != nil && !p.halved(l):
			p.ended(l, d, err)
			return
		}
	}
}

// next reads a message, the one that opens a connection or another. Requests for TLS
// are answered here: there is none.
func next(r *bufio.Reader, opens bool, from *net.TCPConn) ([]byte, error) {
	if !opens {
		return readTyped(r)
	}
	for {
		raw, err := readOpening(r)
		if err != nil {
			return nil, err
		}
		if code := opening(raw); code != askSSL && code != askGSS {
			return raw, nil
		}
		if _, err := from.Write([]byte("N")); err != nil {
			return nil, err
		}
	}
}

// opening is what a message that opens a connection asks for.
func opening(raw []byte) uint32 {
	if len(raw) < 8 {
		return 0
	}
	return binary.BigEndian.Uint32(raw[4:])
}

// read says what a message is.
func (l *link) read(d Direction, raw []byte, opens bool) Message {
	m := Message{Direction: d, Conn: l.n, Bytes: len(raw)}
	switch {
	case opens:
	case d == ToServer:
		m.Type, m.Text = raw[0], l.dialect.fromClient(raw)
	default:
		m.Type, m.Text = raw[0], fromServer(raw)
	}
	return m
}

// waitWhileStalled holds a message back. What was passed on before it must have left.
func (p *Proxy) waitWhileStalled(l *link, d Direction, w *bufio.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled[d] {
		p.mu.Unlock()
		_ = w.Flush()
		p.mu.Lock()
	}
	for p.stalled[d] && !l.broken {
		p.moved.Wait()
	}
}

// judge counts a message and says what becomes of it.
func (p *Proxy) judge(l *link, m Message, raw []byte) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case l.broken:
		return end
	case l.taken != nil: // being cut, or half cut
		return discard
	case m.Type == 0 && opening(raw) == askCancel && len(raw) >= 16 && p.severed[binary.BigEndian.Uint64(raw[8:])]:
		p.sever(l, false)
		return end
	case m.Direction == ToClient && m.Type == 'K' && len(raw) >= 13:
		l.key = binary.BigEndian.Uint64(raw[5:])
	}
	m.N = l.passed[m.Direction] + 1
	v := p.reach(l, m)
	if v == cutBefore || v == wait {
		return v
	}
	l.passed[m.Direction]++
	m.N = l.passed[m.Direction]
	l.last[m.Direction] = m
	if m.Direction == ToServer && (m.Type == 'S' || m.Type == 'Q') {
		p.flushes++
	}
	if p.watch != nil {
		p.watch(m)
	}
	return v
}

// reach looks whether a message brings a connection to where it is cut.
func (p *Proxy) reach(l *link, m Message) verdict {
	c := p.cut
	if c == nil {
		return pass
	}
	if l.arming != p.arming {
		l.arming, l.begun, l.counted = p.arming, false, 0
	}
	l.begun = l.begun || c.From == nil || c.From(m)
	if !l.begun || m.Direction != c.Dir {
		return pass
	}
	before := l.counted == c.After
	if !before {
		l.counted++
	}
	switch {
	case l.counted != c.After:
		return pass
	case c.Stall:
		p.cut, p.stalled[c.Dir] = nil, true
		last := l.last[c.Dir]
		if !before {
			last = m
		}
		last.N = l.counted
		p.report(last)
		if before {
			return wait
		}
		return pass
	}
	p.cut, l.taken = nil, c
	if before {
		return cutBefore
	}
	return passThenCut
}

// report tells whoever waits for a cut.
func (p *Proxy) report(m Message) {
	select {
	case p.cuts <- m:
	default: // nobody has asked for the last 64
	}
}

// finish cuts a connection where it has to be, after what was passed on has left.
func (p *Proxy) finish(l *link, d Direction, w *bufio.Writer) {
	_ = w.Flush()
	_, to := l.ends(d)
	untilSent(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	m := l.last[d]
	m.N = l.counted
	if !l.broken {
		p.sever(l, l.taken.Half)
	}
	p.report(m)
}

// halved reports whether a write that failed was to a client that is cut off.
func (p *Proxy) halved(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.half
}

// ended passes on that one side has ended: a farewell as a farewell, anything else as
// a reset.
func (p *Proxy) ended(l *link, d Direction, err error) {
	_, to := l.ends(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case l.broken || l.half && d == ToServer:
	case errors.Is(err, io.EOF) && !l.half:
		_ = to.CloseWrite()
	default:
		l.broken = true
		reset(l.client)
		reset(l.server)
	}
	p.moved.Broadcast()
}

// untilSent waits, at most 2 s, until the system has sent what was written: a reset
// throws away what has not left yet.
func untilSent(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		left := 0
		if raw.Control(func(fd uintptr) { left = unsent(fd) }) != nil || left == 0 {
			return
		}
		<-tick.C
	}
}
