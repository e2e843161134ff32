package pgtest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
)

// Login is the role that serves: NOSUPERUSER and NOINHERIT, a member of
// maitred_app and maitred_system, with no other right.
const Login = "maitred_test_login"

// migrate makes maitred's schema and roles.
var migrate = func(ctx context.Context, admin string) error {
	_, err := postgres.Migrate(ctx, admin, store.Up)
	return err
}

// Server is where databases are made. It is safe for concurrent use.
type Server struct {
	admin *url.URL // of the database from which others are made
	// disposable: the server goes with its databases, nobody drops them singly.
	disposable bool

	mu       sync.Mutex
	template string // a migrated database; "" until it is needed
}

// own is a server of this machine with nobody's data in it.
func own(port int, disposable bool) *Server {
	return &Server{disposable: disposable, admin: &url.URL{
		Scheme: "postgres", User: url.User("postgres"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path: "/postgres", RawQuery: "sslmode=disable",
	}}
}

// elsewhere is the server that MAITRED_TEST_POSTGRES names.
func elsewhere(address string) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("MAITRED_TEST_POSTGRES is not a URL postgres://user:password@host:port/database") // without the password in it
	}
	return &Server{admin: u}, nil
}

// named is the admin's URL for another database.
func (s *Server) named(database string) *url.URL {
	u := *s.admin
	u.Path = "/" + database
	return &u
}

// password is the login role's: the same in every test binary that has the same
// admin, and known to nobody who has no such URL.
func (s *Server) password() string {
	h := hmac.New(sha256.New, []byte(s.admin.String()))
	h.Write([]byte(Login))
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// Database makes a fresh database with maitred's schema for one test and drops it
// at the end.
func (s *Server) Database(t testing.TB) *DB {
	t.Helper()
	template, err := s.migrated()
	if err != nil {
		t.Fatalf("pgtest: make the schema: %v", err)
	}
	return s.make(t, template)
}

// Empty makes a database without schema, for tests of migrations, and drops it at
// the end. The login role is there, but a member of maitred's roles only after
// DB.Join, as those may not exist yet.
func (s *Server) Empty(t testing.TB) *DB {
	t.Helper()
	err := s.as(func(ctx context.Context, conn *pgx.Conn) error { return s.makeLogin(ctx, conn) })
	if err != nil {
		t.Fatalf("pgtest: make the login role: %v", err)
	}
	return s.make(t, "template0")
}

func (s *Server) make(t testing.TB, template string) *DB {
	t.Helper()
	name := databaseName()
	err := s.as(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
		return err
	})
	if err != nil {
		t.Fatalf("pgtest: make a database: %v", err)
	}
	if !s.disposable {
		t.Cleanup(func() {
			if err := s.drop(name); err != nil {
				t.Errorf("pgtest: drop the test's database: %v", err)
			}
		})
	}
	serving := s.named(name)
	serving.User = url.UserPassword(Login, s.password())
	return &DB{Name: name, URL: serving.String(), Admin: s.named(name).String(), Server: s}
}

// drop drops a database, whoever is connected to it.
func (s *Server) drop(name string) error {
	return s.as(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		return err
	})
}

// migrated makes the database that all others are copied from, once: to copy one
// takes a tenth of what the migrations take.
func (s *Server) migrated() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template != "" {
		return s.template, nil
	}
	name := databaseName()
	err := s.as(func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
			return err
		}
		s.template = name
		if err := migrate(ctx, s.named(name).String()); err != nil {
			return err
		}
		if err := s.makeLogin(ctx, conn); err != nil {
			return err
		}
		return join(ctx, conn)
	})
	if err != nil {
		if s.template != "" {
			err = errors.Join(err, s.drop(name))
		}
		s.template = ""
	}
	return s.template, err
}

// close drops what no test drops.
func (s *Server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template == "" || s.disposable {
		return nil
	}
	name := s.template
	s.template = ""
	return s.drop(name)
}

// as does something as the admin. Roles belong to the whole server, which other
// test binaries may use at the same time.
func (s *Server) as(do func(ctx context.Context, conn *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return do(ctx, conn)
}

// makeLogin makes the login role, or makes it what it should be.
func (s *Server) makeLogin(ctx context.Context, conn *pgx.Conn) error {
	return locked(ctx, conn, fmt.Sprintf(`
		DO $$ BEGIN
			CREATE ROLE %[1]s LOGIN NOINHERIT;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
		END $$;
		ALTER ROLE %[1]s LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD '%[2]s'`, Login, s.password()))
}

// join makes the login role a member of maitred's roles.
func join(ctx context.Context, conn *pgx.Conn) error {
	return locked(ctx, conn, "GRANT maitred_app, maitred_system TO "+Login)
}

// locked runs statements in one transaction, one test binary at a time: two that
// change the same role at once fail.
func locked(ctx context.Context, conn *pgx.Conn, statements string) error {
	_, err := conn.PgConn().Exec(ctx, "BEGIN; SELECT pg_advisory_xact_lock(hashtext('maitred pgtest')); "+statements+"; COMMIT").ReadAll()
	return err
}

// withHost is the URL with another address.
func withHost(address, host string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err) // it was made here
	}
	u.Host = host
	return u.String()
}

func databaseName() string { return "maitred_test_" + strings.ToLower(rand.Text())[:16] }
