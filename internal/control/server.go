package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/maitred/maitred/internal/telemetry"
)

// maxSocketPath is what fits into a socket's address on every system.
const maxSocketPath = 100

// maxRequest bounds an operation's input; imports are the largest.
const maxRequest = 256 << 20

// Server answers operations on a socket beside the database.
type Server struct {
	http   *http.Server
	socket string
	dir    string // made for the socket; empty: beside the database
	done   chan struct{}
	cancel context.CancelFunc
}

// reply is the body of an answer: one of the two.
type reply struct {
	Result any    `json:"result,omitempty"`
	Error  *Error `json:"error,omitempty"`
}

// Serve begins to answer operations for the holder of the lock. Operations see
// the App and run until they are done, also when the caller has left.
func Serve(ctx context.Context, l *Lock, db string, a *App, ops Operations, m *telemetry.Metrics) (*Server, error) {
	s := &Server{socket: db + ".sock", done: make(chan struct{})}
	if len(s.socket) > maxSocketPath {
		var err error
		if s.dir, err = os.MkdirTemp(shortTemp(), "maitred-"); err != nil {
			return nil, fmt.Errorf("make the operator's socket: %w", err)
		}
		s.socket = filepath.Join(s.dir, "sock")
	}
	// Whoever left one behind is gone: the lock is ours.
	if err := os.Remove(s.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replace the operator's socket: %w", err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "unix", s.socket)
	if err != nil {
		return nil, fmt.Errorf("make the operator's socket: %w", err)
	}
	if err := os.Chmod(s.socket, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("make the operator's socket: %w", err), listener.Close())
	}
	key, err := l.serving(s.socket)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operations/{name}", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+key)) != 1 {
			http.Error(w, "the key of the lock file is wanted", http.StatusUnauthorized)
			return
		}
		name := r.PathValue("name")
		var in json.RawMessage
		var body reply
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&in); err != nil {
			body.Error = &Error{Code: "INVALID", Message: "the command cannot be read: " + err.Error()}
		} else if op, ok := ops[name]; !ok {
			body.Error = &Error{Code: "NOT_FOUND", Message: fmt.Sprintf("the server does not know the command %q; is it of another version?", name)}
		} else {
			out, err := op(base, a, in)
			if err != nil {
				body.Error = ErrorOf(err)
			}
			body.Result = out
		}
		outcome := "ok"
		if body.Error != nil {
			outcome, body.Result = body.Error.Code, nil
		}
		m.Control(metricName(ops, name), outcome)
		a.Logger.InfoContext(base, "operator's command", slog.String("command", name), slog.String("outcome", outcome))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body) // the caller has left: nobody to tell
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(a.Logger.Handler(), slog.LevelDebug)}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // ends with Shutdown
	}()
	return s, nil
}

// metricName keeps made-up names out of the metrics.
func metricName(ops Operations, name string) string {
	if ops[name] == nil {
		return "unknown"
	}
	return name
}

// Socket is where the server answers.
func (s *Server) Socket() string { return s.socket }

// Shutdown waits for operations under way until ctx ends, then gives them up,
// and removes the socket.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.cancel()
	if err != nil {
		_ = s.http.Close() // the first error says it
	}
	<-s.done
	if rm := os.Remove(s.socket); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	if s.dir != "" {
		err = errors.Join(err, os.Remove(s.dir))
	}
	return err
}

// shortTemp is a folder for temporary files whose name leaves room.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) < maxSocketPath/2 {
		return dir
	}
	return "/tmp"
}
