package extproc

import (
	"bytes"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestWhatFollowsGoAwayIsReadByItself holds that an Envoy that reads late reads the PING after
// goAway by itself, so that it answers that after all that it says because of what came before.
func TestWhatFollowsGoAwayIsReadByItself(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var leaving atomic.Bool
		leaving.Store(true)
		c := &connection{Conn: conn, read: func() {}, leaving: &leaving}
		if n, err := c.Write([]byte("before" + string(goAway) + "PING")); n != len(goAway)+10 || err != nil {
			t.Errorf("%d bytes written, %v", n, err)
		}
	}()
	envoy, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer envoy.Close()
	time.Sleep(10 * afterRead)
	for _, want := range [][]byte{append([]byte("before"), goAway...), []byte("PING")} {
		b := make([]byte, 100)
		n, err := envoy.Read(b)
		if err != nil || !bytes.Equal(b[:n], want) {
			t.Errorf("read %q, %v, want %q", b[:n], err, want)
		}
	}
}
