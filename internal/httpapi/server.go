package httpapi

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The time-outs of the server. WriteTimeout is longer than maxCall, so that a
// slow answer is a problem body rather than a cut connection.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = maxCall + 15*time.Second
	idleTimeout       = 90 * time.Second
	maxHeader         = 32 << 10 // bytes; above the longest header the contract refuses by name
)

// Server serves a handler with limits on everything.
type Server struct{ http *http.Server }

// NewServer makes a server for the API, or for a handler that contains it.
func NewServer(handler http.Handler, logger *slog.Logger) *Server {
	return &Server{http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(serverLog{logger}, "", 0),
	}}
}

// Serve answers requests from the listener until Shutdown; nil after it.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !closed(err) {
		return err
	}
	return nil
}

// Shutdown stops taking requests and waits for those under way until ctx ends;
// then it cuts them.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // the first error says it
		return err
	}
	return nil
}

// serverLog takes net/http's own complaints (a client that speaks no TLS, a
// broken connection) at debug: they are the clients', and may quote them.
type serverLog struct{ logger *slog.Logger }

func (l serverLog) Write(b []byte) (int, error) {
	l.logger.LogAttrs(context.Background(), slog.LevelDebug, "http server", slog.Int("bytes", len(b)))
	return len(b), nil
}
