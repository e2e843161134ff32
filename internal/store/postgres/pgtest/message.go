package pgtest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Direction is where a message goes.
type Direction int

// The two directions, as seen from the proxy.
const (
	ToServer Direction = iota
	ToClient
)

func (d Direction) String() string {
	if d == ToServer {
		return "to server"
	}
	return "to client"
}

// Message is a message of the protocol.
type Message struct {
	Direction Direction
	// Type is the byte it begins with: from the client 'P' parse, 'B' bind, 'D'
	// describe, 'E' execute, 'S' sync, 'Q' simple query, 'X' terminate, and 0 for the
	// one that opens a connection; from the server '1' parsed, '2' bound, 'T' and 't'
	// described, 'D' row, 'C' complete, 'E' error, 'Z' ready, and others.
	Type byte
	// Text is the SQL that a parse, bind, describe, execute or query is about, however
	// it is named; of the server's messages the tag of 'C', the SQLSTATE of 'E', the
	// status of 'Z'.
	Text  string
	Bytes int // with its header
	Conn  int // which connection of the proxy, from 1
	// N is its number in its direction on its connection, from 1; in a report of a
	// cut, from where the cut began to count.
	N int
}

func (m Message) String() string {
	kind := string(rune(m.Type))
	if m.Type == 0 {
		kind = "startup"
	}
	return fmt.Sprintf("%s %s #%d on %d: %.60q", kind, m.Direction, m.N, m.Conn, m.Text)
}

// Runs matches what makes the server run a statement whose SQL contains the text:
// the bind of one that is prepared, or a simple query. The parse does not match, so
// connections that prepare their statements beforehand do not either.
func Runs(part string) func(Message) bool {
	return func(m Message) bool {
		return m.Direction == ToServer && (m.Type == 'B' || m.Type == 'Q') && strings.Contains(m.Text, part)
	}
}

// Codes in the place of a protocol's version.
const (
	askCancel = 80877102
	askSSL    = 80877103
	askGSS    = 80877104
)

// most bounds what a message may say of its length.
const most = 1 << 30

// readTyped reads a message that begins with its type.
func readTyped(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(5)
	if err != nil {
		if len(head) > 0 && err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return readWhole(r, 1+int64(binary.BigEndian.Uint32(head[1:])))
}

// readOpening reads the message that opens a connection: it has no type.
func readOpening(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	return readWhole(r, int64(binary.BigEndian.Uint32(head)))
}

func readWhole(r io.Reader, length int64) ([]byte, error) {
	if length < 4 || length > most {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	raw := make([]byte, length)
	_, err := io.ReadFull(r, raw)
	return raw, err
}

// dialect remembers what names mean on a connection: a bind carries only the name
// of its statement, an execute only that of its portal.
type dialect struct {
	statements map[string]string // name → SQL
	portals    map[string]string // name → SQL
}

func newDialect() *dialect {
	return &dialect{statements: map[string]string{}, portals: map[string]string{}}
}

// fromClient finds the SQL that a message of the client is about.
func (d *dialect) fromClient(raw []byte) string {
	body := raw[5:]
	switch raw[0] {
	case 'Q':
		return word(&body)
	case 'P':
		name := word(&body)
		d.statements[name] = word(&body)
		return d.statements[name]
	case 'B':
		portal := word(&body)
		d.portals[portal] = d.statements[word(&body)]
		return d.portals[portal]
	case 'E':
		return d.portals[word(&body)]
	case 'D', 'C':
		return d.named(raw[0] == 'C', body)
	}
	return ""
}

// named is the SQL of what a describe or close names.
func (d *dialect) named(forget bool, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	names := d.statements
	if body[0] == 'P' {
		names = d.portals
	}
	body = body[1:]
	name := word(&body)
	text := names[name]
	if forget {
		delete(names, name)
	}
	return text
}

// fromServer is what is worth knowing of a message of the server.
func fromServer(raw []byte) string {
	body := raw[5:]
	switch raw[0] {
	case 'C':
		return word(&body)
	case 'Z':
		return string(body)
	case 'E':
		for len(body) > 1 {
			field := body[0]
			body = body[1:]
			if text := word(&body); field == 'C' {
				return text
			}
		}
	}
	return ""
}

// word takes a string that ends with a zero byte.
func word(body *[]byte) string {
	text, rest, _ := bytes.Cut(*body, []byte{0})
	*body = rest
	return string(text)
}
