package streams

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestAClientThatStopsReadingIsNotASilentProvider holds that a stream which cannot move on
// because its client takes no more of it ends as the client's, for pools of one and chains,
// passed and translated; the provider had sent all the time.
func TestAClientThatStopsReadingIsNotASilentProvider(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	const more = `  one: {chain: [sim/plain], idle_timeout: 1s}
  two: {chain: [sim/plain, claude/plain-claude], idle_timeout: 1s, cooldown: 0s} # the answers use a limit up
`
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, more)+"unpriced: flag\n", gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	for _, model := range []string{"one", "two"} {
		for path, body := range map[string]string{
			"/v1/chat/completions": gatewaytest.ChatBody(model, "never read", true),
			"/v1/messages":         strings.Replace(gatewaytest.MessageBody(model, "never read", true), "512", "200000", 1),
		} {
			t.Run(model+" "+path, func(t *testing.T) {
				t.Parallel()
				checkStopped(t, g, stopReading(t, strings.TrimPrefix(g.URL, "http://"), path, body))
			})
		}
		t.Run(model+" over HTTP/2", func(t *testing.T) {
			t.Parallel()
			resp := openStream(t, g, model, true, "tokens=100000;tps=1000000")
			defer resp.Body.Close()
			checkStopped(t, g, resp.Header.Get(record.ExchangeHeader))
		})
	}
	t.Run("a silent provider over HTTP/2", func(t *testing.T) {
		t.Parallel()
		resp := openStream(t, g, "one", true, "hang=3")
		defer resp.Body.Close()
		if row := g.With(t).Row(resp.Header.Get(record.ExchangeHeader)); row.Outcome != "idle_timeout" || row.By != "provider" {
			t.Errorf("the row says %s by %q (%s)", row.Outcome, row.By, row.Detail)
		}
	})
}

// checkStopped holds what the row says of a client that has stopped reading.
func checkStopped(t *testing.T, g *gatewaytest.Gateway, exchange string) {
	t.Helper()
	row := g.With(t).Row(exchange)
	if row.Outcome != "idle_timeout" || row.By != "client" || row.Tokens == nil {
		t.Errorf("the row says %s by %q (%s), tokens %+v", row.Outcome, row.By, row.Detail, row.Tokens)
	}
}

// stopReading asks for a stream that no buffer holds, reads its headers and nothing else, and
// keeps the connection. It returns the exchange's id.
func stopReading(t *testing.T, address, path, body string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := netlink.SocketGet(conn.LocalAddr(), conn.RemoteAddr()); err != nil {
		t.Skipf("the kernel says nothing of connections here: %v", err)
	}
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nhost: localhost\r\nx-sim: tokens=100000;tps=1000000\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", path, len(body), body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return resp.Header.Get(record.ExchangeHeader)
}
