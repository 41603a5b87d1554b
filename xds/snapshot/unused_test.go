package snapshot_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
)

// TestUnusedConnectionsAreClosed holds that Envoy closes a connection on which nothing was ever
// asked. The clock is made shorter.
func TestUnusedConnectionsAreClosed(t *testing.T) {
	p := startProvider(t, func(http.ResponseWriter, *http.Request) {})
	g := startEdited(t, map[string]any{"a": map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}}, map[string]any{"m": "a/m"},
		strings.NewReplacer(`"660s"`, `"0.200s"`))
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(envoytest.Patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes, %v, want the end", n, err)
	}
}
