package identity

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock is the tests' own time. It is safe for concurrent use.
type clock struct{ passed atomic.Int64 }

func (c *clock) now() time.Time { return start.Add(time.Duration(c.passed.Load())) }

func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

// listener answers each line that it gets over TLS with the name of the client.
type listener struct {
	addr  string
	ended chan error // how each handshake ended
}

// patience bounds what must happen at once.
const patience = 10 * time.Second

func listen(t *testing.T, c *tls.Config) *listener {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lis.Close() })
	l := &listener{addr: lis.Addr().String(), ended: make(chan error, 100)}
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			go l.answer(tls.Server(conn, c))
		}
	}()
	return l
}

func (l *listener) answer(conn *tls.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	err := conn.Handshake()
	l.ended <- err
	if err != nil {
		return
	}
	client := "nobody"
	if certs := conn.ConnectionState().PeerCertificates; len(certs) > 0 {
		client = certs[0].Subject.CommonName
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Fprintln(conn, client)
	}
}

// dialled is a connection on which something can be asked.
type dialled struct {
	*tls.Conn
	lines *bufio.Reader
}

// ask returns the names by which both ends know each other, as "server, client".
func (d *dialled) ask() (string, error) {
	if _, err := fmt.Fprintln(d, "?"); err != nil {
		return "", err
	}
	client, err := d.lines.ReadString('\n')
	if err != nil {
		return "", err
	}
	return d.ConnectionState().PeerCertificates[0].Subject.CommonName + ", " + strings.TrimSpace(client), nil
}

// dial connects. In TLS 1.3 a client learns that it is refused when it reads.
func (l *listener) dial(t *testing.T, c *tls.Config) (*dialled, string, error) {
	raw, err := net.Dial("tcp", l.addr)
	if err != nil {
		return nil, "", err
	}
	t.Cleanup(func() { raw.Close() })
	_ = raw.SetDeadline(time.Now().Add(patience))
	d := &dialled{Conn: tls.Client(raw, c)}
	if err := d.Handshake(); err != nil {
		raw.Close()
		return nil, "", err
	}
	d.lines = bufio.NewReader(d.Conn)
	names, err := d.ask()
	return d, names, err
}

// meet demands a handshake between ends of these names.
func (l *listener) meet(t *testing.T, c *tls.Config, want string) *dialled {
	t.Helper()
	d, names, err := l.dial(t, c)
	if serverErr := <-l.ended; err != nil || serverErr != nil {
		t.Fatalf("dialling: %v; the server: %v", err, serverErr)
	}
	if names != want {
		t.Fatalf("the ends are %q, want %q", names, want)
	}
	return d
}

// refuse demands that no handshake succeeds, for a reason at the client's or the
// server's end.
func (l *listener) refuse(t *testing.T, c *tls.Config, end, reason string) {
	t.Helper()
	_, names, err := l.dial(t, c)
	serverErr := <-l.ended
	if err == nil {
		t.Fatalf("%s met", names)
	}
	if end == "server" {
		err = serverErr
	}
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Fatalf("refused by the %s with %v, want %q", end, err, reason)
	}
}
