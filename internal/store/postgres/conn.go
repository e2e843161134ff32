package postgres

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/maitred/maitred/internal/seating"
)

// connectWithin bounds the making of a connection.
const connectWithin = 5 * time.Second

// tune sets what every connection is made with. Nothing here is a state of the
// session: see prologue.sql.
func tune(c *pgx.ConnConfig) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectWithin
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "maitred"
	}
}

// hot are the statements of a hold, a confirm, a release, of a proof and a poll: a
// connection knows them before it is used, so that the first commit on it takes
// one flush as well.
var hot = []string{
	"As", "Advance", "DropAllocations", "Reown", "EndHolds", "PutBookings", "PutHolds", "PutAllocations", "AnchorHolds",
	"Record", "DropDue", "PutDue", "LookUp", "BeginRead", "Commit", "Prove", "Begin", "Lock", "Journal", "Rollback", "States",
}

// warm prepares the hot statements on a new connection.
func warm(ctx context.Context, conn *pgx.Conn) error {
	for _, name := range hot {
		text := statement(name)
		if _, err := conn.Prepare(ctx, text, text); err != nil {
			if refusalOf(err) != nil {
				return nil //nolint:nilerr // not this binary's schema, as current is about to say
			}
			return labelled(name, err)
		}
	}
	return nil
}

// newSelf makes the name by which a store knows its own notifications.
func newSelf() string { return strings.ToLower(rand.Text())[:12] }

// redacted takes the address and the password out of an error of connecting. The
// driver writes both into its messages.
func redacted(err error) error {
	if c, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &ConnectError{cause: c}
	}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return ErrAddress
	}
	return err
}

// ErrAddress says that the address of the database, or a setting in it, is none.
var ErrAddress = errors.New("the address of the database cannot be read")

// ConnectError says why the database could not be reached, without saying where
// it is or as whom.
type ConnectError struct{ cause *pgconn.ConnectError }

func (e *ConnectError) Error() string {
	if pg, ok := errors.AsType[*pgconn.PgError](e.cause); ok {
		return "the database refuses the connection: SQLSTATE " + pg.Code
	}
	return "the database cannot be reached" + e.reason()
}

// reason is what is known of why, without names and addresses.
func (e *ConnectError) reason() string {
	if errno, ok := errors.AsType[syscall.Errno](e.cause); ok {
		return ": " + errno.Error()
	}
	if _, ok := errors.AsType[*net.DNSError](e.cause); ok {
		return ": its host is not known"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e.cause); ok {
		return ": its certificate is not accepted"
	}
	if netErr, ok := errors.AsType[net.Error](e.cause); ok && netErr.Timeout() {
		return ": it does not answer"
	}
	return ""
}

// Code is the SQLSTATE the server refused the connection with; "" when it did not
// answer.
func (e *ConnectError) Code() string {
	if pg, ok := errors.AsType[*pgconn.PgError](e.cause); ok {
		return pg.Code
	}
	return ""
}

// noRestaurant is the tenant of a transaction that is about none.
var noRestaurant seating.RestaurantID
