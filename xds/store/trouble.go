package store

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrUnavailable says that there is no database at the moment.
var ErrUnavailable = errors.New("the database cannot be used")

// unavailable is an ErrUnavailable, and why.
type unavailable struct {
	why string
	err error // nil: there is no other
}

func (u *unavailable) Error() string { return ErrUnavailable.Error() + ": " + u.why }

func (u *unavailable) Unwrap() error { return u.err }

func (u *unavailable) Is(target error) bool { return target == ErrUnavailable }

// Unavailable says what is away, for those who ask for more than it takes to do without.
func (u *unavailable) Unavailable() string { return u.Error() }

// explain says what is wrong with a database in words that quote nothing of its URL: a part of
// the password may stand where the driver sees a host, a user or a name.
func explain(err error) string {
	var (
		away    *unavailable
		said    *pgconn.PgError
		connect *pgconn.ConnectError
		name    *net.DNSError
		cert    x509.UnknownAuthorityError
		host    x509.HostnameError
		errno   syscall.Errno
	)
	switch {
	case errors.As(err, &away):
		return away.why
	case errors.As(err, &said):
		return said.Severity + " " + said.Code + ": " + words(said)
	case !errors.As(err, &connect):
		return err.Error()
	case errors.As(err, &name):
		return "the server's name is not known"
	case errors.As(err, &errno):
		return "the server cannot be reached: " + errno.Error()
	case errors.As(err, &cert), errors.As(err, &host):
		return "the server's certificate is not trusted"
	case errors.Is(err, context.DeadlineExceeded):
		return "the server did not answer in time"
	}
	return "the server cannot be reached"
}

// words are what the server says, unless it is about what the URL names.
func words(e *pgconn.PgError) string {
	switch {
	case strings.HasPrefix(e.Code, "28"):
		return "the server refuses the user or the password"
	case strings.HasPrefix(e.Code, "3D"):
		return "the server does not have the database"
	}
	return e.Message
}
