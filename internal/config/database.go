package config

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Database names where the data is and how it is reached.
type Database struct {
	Path   string // of the SQLite file; "" with PostgreSQL
	URL    Secret // of the PostgreSQL database: it may hold a password
	Pooler Pooler
	Listen Secret // address for notifications; empty: none of its own
	Conns  int    // connections at most
}

// Pooler is what is between maitred and a PostgreSQL database.
type Pooler string

// The kinds of pooler. A pooler that lends a connection for a session is none.
const (
	PoolerNone        Pooler = "none"
	PoolerTransaction Pooler = "transaction"
)

// DefaultDB and DemoDB are where data is kept when nobody says otherwise.
const (
	DefaultDB = "sqlite:maitred-data/maitred.db"
	DemoDB    = "sqlite:maitred-data/demo.db"
)

// DefaultConns is how many connections to PostgreSQL a process keeps at most.
const DefaultConns = 16

// Postgres reports whether the data is in PostgreSQL.
func (d Database) Postgres() bool { return len(d.URL) > 0 }

// String names the database for people, without a password.
func (d Database) String() string {
	if d.Postgres() {
		return shown(d.URL)
	}
	return "sqlite:" + d.Path
}

// at reads the setting db. Its errors never repeat the value: it may hold a
// password.
func (d Database) at(v string) (Database, error) {
	scheme, rest, _ := strings.Cut(v, ":")
	d.Path, d.URL = "", nil
	switch scheme {
	case "postgres", "postgresql":
		var err error
		d.URL, err = parsePostgres(v)
		return d, err
	case "sqlite":
	default:
		return d, errors.New("must be sqlite:PATH or postgres://USER@HOST/DATABASE")
	}
	switch {
	case rest == "":
		return d, errors.New("names no file; use sqlite:PATH")
	case strings.HasPrefix(rest, "//"):
		return d, errors.New("is a path, not a URL: write sqlite:/absolute/path or sqlite:relative/path")
	case strings.ContainsAny(rest, "?\x00") || rest == ":memory:":
		return d, errors.New("must name a file, without parameters behind it")
	}
	d.Path = rest
	return d, nil
}

// parsePostgres checks the address of a PostgreSQL database. What looks like an
// unescaped password in a wrong place is refused: it would be taken for a host, a
// database or a parameter, and shown.
func parsePostgres(v string) (Secret, error) {
	u, err := url.Parse(v)
	switch {
	case err != nil:
		return nil, errors.New("is no address: write postgres://USER@HOST/DATABASE, with a password's special characters as %40, %2F, %3A, %3F, %23")
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		return nil, errors.New("must be postgres://USER@HOST/DATABASE")
	case u.Opaque != "" || !strings.HasPrefix(v, u.Scheme+"://"):
		return nil, errors.New("must begin with postgres://")
	case strings.Contains(v, "#"):
		return nil, errors.New("has a #: write %23 for it")
	case strings.Contains(u.EscapedPath()+u.RawQuery, "@"):
		return nil, errors.New("has an @ behind the host: write a password's special characters as %40, %2F, %3A, %3F, %23")
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return nil, errors.New("has parameters that cannot be read")
	}
	return Secret(v), nil
}

// plain are the parameters of an address that hold no secret.
var plain = []string{
	"application_name", "connect_timeout", "dbname", "host", "passfile", "port", "service", "servicefile", "sslcert", "sslkey", "sslmode",
	"sslrootcert", "target_session_attrs", "user",
}

// shown is an address without its password and without what may be one.
func shown(address Secret) string {
	if len(address) == 0 {
		return ""
	}
	u, err := url.Parse(string(address))
	if err != nil {
		return address.String()
	}
	query := u.Query()
	for name, values := range query {
		if !slices.Contains(plain, name) {
			query[name] = slices.Repeat([]string{"xxxxx"}, len(values))
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}
