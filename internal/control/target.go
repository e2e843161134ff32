package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Target is a database that commands are given to.
type Target struct {
	DB         string // canonical path of a SQLite file; "": PostgreSQL, which nobody has for himself
	Operations Operations
	// Open opens the database in this process, when no server has the file.
	Open func(ctx context.Context) (*App, error)
	// Wait is how long another command's lock, or a server's start or stop, is
	// waited for.
	Wait time.Duration
}

// UnreachableError says that a server has the lock and does not answer; nothing
// was done.
type UnreachableError struct {
	Lock, Socket string
	PID          int
	Cause        error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("process %d has the lock %s, but its socket %s cannot be used: %v; try again, as the user it runs as, or stop it",
		e.PID, e.Lock, e.Socket, e.Cause)
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// Do carries out an operation: at the server that has the file, else in this
// process under the lock; with PostgreSQL always in this process. Errors: *Error as the operation's own, *HeldError and
// *UnreachableError when nobody could be asked.
func (t Target) Do(ctx context.Context, name string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if t.DB == "" {
		return t.here(ctx, name, raw, out)
	}
	deadline := time.Now().Add(t.Wait) //nolint:forbidigo // only how long was waited
	for {
		l, err := Acquire(ctx, t.DB, max(0, time.Until(deadline))) //nolint:forbidigo // see above
		if err == nil {
			return errors.Join(t.here(ctx, name, raw, out), l.Release())
		}
		held, ok := errors.AsType[*HeldError](err)
		if !ok {
			return err
		}
		err = t.ask(ctx, name, raw, out, held)
		// A server that has just stopped gives back its lock in a moment.
		if _, ok := errors.AsType[*UnreachableError](err); !ok || !time.Now().Before(deadline) { //nolint:forbidigo // see above
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryLock):
		}
	}
}

// here runs the operation in this process.
func (t Target) here(ctx context.Context, name string, raw json.RawMessage, out any) (err error) {
	op, ok := t.Operations[name]
	if !ok {
		return fmt.Errorf("control: no operation %q", name)
	}
	a, err := t.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }() //nolint:contextcheck // others are told also when the caller has gone
	result, err := op(ctx, a, raw)
	if err != nil {
		return ErrorOf(err)
	}
	// Through JSON, as from a server: one shape of result.
	b, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return into(b, out)
}

// ask sends the operation to the server. What was not sent may be tried again;
// once it was sent, a lost answer is told as such.
func (t Target) ask(ctx context.Context, name string, raw json.RawMessage, out any, held *HeldError) error {
	h := readHolder(held.Path)
	if h.Socket == "" {
		return held
	}
	unreachable := func(err error) error {
		return &UnreachableError{Lock: held.Path, Socket: h.Socket, PID: h.PID, Cause: err}
	}
	conn, err := (&net.Dialer{Timeout: max(t.Wait, time.Second)}).DialContext(ctx, "unix", h.Socket)
	if err != nil {
		return unreachable(err)
	}
	used := false
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if used {
				return nil, errors.New("one command, one connection") // never sent twice
			}
			used = true
			return conn, nil
		},
	}}
	defer conn.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://maitred/operations/"+name, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+h.Key)
	resp, err := client.Do(req)
	if err != nil {
		return &Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("the server ended before it answered; the command may have been carried out: %v", err), Retry: true}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unreachable(fmt.Errorf("it answers %s", resp.Status))
	}
	var body struct {
		Result json.RawMessage `json:"result"`
		Error  *Error          `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return &Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("the server's answer broke off; the command may have been carried out: %v", err), Retry: true}
	}
	if body.Error != nil {
		return body.Error
	}
	return into(body.Result, out)
}

func into(b []byte, out any) error {
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}
