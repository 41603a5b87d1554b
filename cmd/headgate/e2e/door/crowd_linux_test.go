package door

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestACrowdOfConnections holds that more connections than Envoy has descriptors for do not stop
// those that are there, that the ones too many are closed, counted and logged, and that there is
// room again once others have gone.
func TestACrowdOfConnections(t *testing.T) {
	t.Parallel()
	const descriptors, room, crowd = 400, 150, 600
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{Descriptors: descriptors, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	ask := func(when string) {
		t.Helper()
		if a := g.Chat(gatewaytest.ChatBody("plain", "", false), ""); a.Status != 200 {
			t.Errorf("%s: status %d: %s", when, a.Status, a.Body)
		}
	}
	ask("before") // its connection stays
	var all []net.Conn
	for range crowd {
		conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	g.Eventually("refusals are counted", func() bool { return g.Metric("headgate_connections_refused_total") >= crowd-room })
	ask("among a crowd")
	if log := g.Log(); strings.Count(log, "Envoy refuses connections") != 1 {
		t.Error("the log does not say once that connections are refused")
	}
	for _, conn := range all {
		_ = conn.Close()
	}
	g.Eventually("there is room again", func() bool {
		conn := g.Dial()
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n"))
		n, _ := conn.Read(make([]byte, 1))
		return n == 1
	})
}
