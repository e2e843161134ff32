package pgtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken below those the system gives out by itself: a client that dials
// a stopped server there can neither be given the server's port as its own, nor be
// connected to itself.
const (
	firstPort = 20000
	lastPort  = 31999
)

// freePort finds a port nobody listens on at this moment. Another may take it
// before it is used.
func freePort() (int, error) {
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // done at once
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free port")
}

// startOnFreePort starts the server on a port that is free, looking for another
// when it was taken in between.
func (p *process) startOnFreePort(settings map[string]string) error {
	var failed error
	for range 5 {
		port, err := freePort()
		if err != nil {
			return err
		}
		p.port = port
		if err = p.start(settings); !errors.Is(err, errExited) {
			return err
		}
		failed = err
	}
	return fmt.Errorf("start: %w", failed)
}
