package extproc

import (
	"bytes"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestGoAwayIsReadByItself holds that an Envoy that reads late reads goAway by itself, after all
// that was written before, and no PING.
func TestGoAwayIsReadByItself(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	away := append([]byte{0, 0, 8}, goAway...)
	asked := append(append(append([]byte("before"), away...), ping...), "12345678after"...)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var leaving atomic.Bool
		leaving.Store(true)
		c := &connection{Conn: conn, read: func() {}, leaving: &leaving}
		if n, err := c.Write(asked); n != len(asked) || err != nil {
			t.Errorf("%d of %d bytes written, %v", n, len(asked), err)
		}
	}()
	envoy, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer envoy.Close()
	time.Sleep(10 * afterRead) // late
	b := make([]byte, 100)
	if n, err := envoy.Read(b); err != nil || string(b[:n]) != "before" {
		t.Errorf("first it reads %q, %v", b[:n], err)
	}
	var rest []byte
	for len(rest) < len(away)+len("after") {
		n, err := envoy.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, b[:n]...)
	}
	if want := append(away, "after"...); !bytes.Equal(rest, want) {
		t.Errorf("then it reads %q, want %q", rest, want)
	}
}
