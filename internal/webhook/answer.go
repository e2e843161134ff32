package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/store"
)

// maxAfter bounds how long a receiver may put its deliveries off.
const maxAfter = time.Hour

// verdict of an answer's status. What may be mended is tried again, a redirect too:
// whoever moved a receiver will notice and change the endpoint.
func verdict(status int) (outbox.Outcome, string) {
	switch {
	case status >= 200 && status < 300:
		return outbox.Delivered, ""
	case status == http.StatusGone:
		return outbox.Dead, store.CauseGone
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return outbox.Retry, ""
	case status >= 400 && status < 500:
		return outbox.Dead, store.CauseRefused
	}
	return outbox.Retry, ""
}

// retryAfter reads when a receiver wants to be asked again: seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	var after time.Duration
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		after = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), maxAfter)
}

// failure is what is told of a delivery that failed: a word from here, never one of
// the receiver, of its address or of a secret.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errTimeout   failure = "timeout"
	errStopped   failure = "stopped"
	errAddress   failure = "address not allowed"
	errRefused   failure = "connection refused"
	errHost      failure = "host not found"
	errLookup    failure = "host could not be looked up"
	errTrust     failure = "certificate not trusted"
	errTLS       failure = "no TLS"
	errBroken    failure = "connection broken"
	errSend      failure = "connection failed"
	errURL       failure = "url not allowed"
	errUnopened  failure = "secret cannot be opened"
	errEndpoint  failure = "endpoint could not be read"
	errGone      failure = "endpoint deleted"
	errInactive  failure = "endpoint inactive"
	errPanic     failure = "maitred failed: see its log"
	errMalformed failure = "event cannot be written"
)

// errStatus says what a receiver answered.
func errStatus(status int) failure { return failure("status " + strconv.Itoa(status)) }

// failureOf puts what a connection died of into one of our words.
func failureOf(err error) failure {
	switch {
	case errors.Is(err, errAddress):
		return errAddress
	case errors.Is(err, context.Canceled):
		return errStopped
	case errors.Is(err, context.DeadlineExceeded), timedOut(err):
		return errTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return errRefused
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return errHost
		}
		return errLookup
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errTrust
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return errTrust
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errTLS
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return errBroken
	}
	return errSend
}

func timedOut(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
