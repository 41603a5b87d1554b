// Package tls holds that clients connect over TLS, that certificates change while they do, and
// that a client's certificate says who it is.
package tls

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// secured is a policy of a gateway over TLS, at an address of its own.
func secured(t *testing.T, s *gatewaytest.Secure, more, rest string) string {
	t.Helper()
	return fmt.Sprintf("listen: {address: \"127.0.0.1:%d\", tls: %s}\n%s", gatewaytest.FreePort(t), s.Policy(more), rest)
}

// start runs a gateway over TLS before a simulated provider.
func start(t *testing.T, s *gatewaytest.Secure, more, callers string) (*gatewaytest.Gateway, *gatewaytest.Provider) {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Launch(t, secured(t, s, more, gatewaytest.PolicyFor(p, callers)), gatewaytest.Options{Env: []string{
		gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "CI_KEY=" + ciKey,
	}})
	g.WaitReady()
	return g, p
}

// ciKey is the key of a caller.
const ciKey = "the-key-of-ci-0123456789"

// TestClientsConnectOverTLS holds by which protocols clients are served, and by which not.
func TestClientsConnectOverTLS(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	g, _ := start(t, s, "", "")
	for _, c := range []struct {
		name     string
		version  uint16
		protocol string
	}{
		{"HTTP/2", tls.VersionTLS13, "HTTP/2.0"},
		{"HTTP/2 over TLS 1.2", tls.VersionTLS12, "HTTP/2.0"},
		{"HTTP/1.1", tls.VersionTLS13, "HTTP/1.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := s.Trust()
			config.MaxVersion = c.version
			if c.protocol == "HTTP/1.1" {
				config.NextProtos = []string{"http/1.1"}
			}
			for _, stream := range []bool{false, true} {
				g := g.With(t).Over(config, false)
				a := g.Chat(gatewaytest.ChatBody("plain", "over TLS", stream), "tokens=3")
				gatewaytest.MustOK(t, a)
				if a.Protocol != c.protocol || a.TLS.Version != c.version {
					t.Errorf("served by %s over %s, want %s", a.Protocol, tls.VersionName(a.TLS.Version), c.protocol)
				}
			}
		})
	}
	t.Run("TLS 1.1", func(t *testing.T) {
		config := s.Trust()
		config.MinVersion, config.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
		if conn, err := tls.Dial("tcp", address(g), config); err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("connected: %v, error %v", conn != nil, err)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		resp, err := http.Get("http://" + address(g) + "/v1/models")
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("status %d without TLS", resp.StatusCode)
		}
	})
}

// address is where a gateway listens.
func address(g *gatewaytest.Gateway) string {
	_, at, _ := strings.Cut(g.URL, "://")
	host, port, _ := net.SplitHostPort(at)
	return net.JoinHostPort(host, port)
}
