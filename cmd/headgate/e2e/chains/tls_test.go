package chains

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// secureProvider is a simulated provider behind TLS.
type secureProvider struct {
	*gatewaytest.Provider
	https string // base URL
}

// serveTLS serves over TLS at localhost, with a certificate for a name.
func serveTLS(t *testing.T, a *gatewaytest.Authority, name string, http2 bool) *secureProvider {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	s := httptest.NewUnstartedServer(p.Server)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.Issue(t, name)}, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = http2
	s.Config.ConnContext = sim.ConnContext
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ := strings.Cut(s.Listener.Addr().String(), ":")
	return &secureProvider{p, "https://localhost:" + port + "/v1"}
}

// TestChainsOverTLS fails over between providers behind certificates of a private
// authority that speak HTTP/1.1 and HTTP/2: what leaves has the length that it says.
func TestChainsOverTLS(t *testing.T) {
	t.Parallel()
	ca := gatewaytest.NewAuthority(t)
	at := map[string]*secureProvider{
		"old": serveTLS(t, ca, "localhost", false), "new": serveTLS(t, ca, "localhost", true), "wrong": serveTLS(t, ca, "elsewhere.example", true),
	}
	var b strings.Builder
	b.WriteString("version: 1\nunpriced: flag\nbackends:\n")
	for name, p := range at {
		for _, dialect := range []string{"openai", "anthropic"} {
			fmt.Fprintf(&b, "  %s-%s: {provider: openai-compatible, dialect: %[2]s, url: %q, ca_file: %s}\n", name, dialect, p.https, ca.File)
		}
	}
	b.WriteString("models:\n")
	cases := []struct{ first, last, proto string }{
		{"old-openai/m+status=500", "new-anthropic", "HTTP/2.0"}, {"new-anthropic/m+status=503", "old-openai", "HTTP/1.1"},
		{"new-openai/m+status=500", "old-anthropic", "HTTP/1.1"}, {"wrong-openai/m", "new-openai", "HTTP/2.0"}, {"wrong-anthropic/m", "old-openai", "HTTP/1.1"},
	}
	for i, c := range cases {
		for _, w := range gatewaytest.Ways {
			fmt.Fprintf(&b, "  tls-%d-%s: {chain: [%s, %s/m], retries: 0}\n", i, w, c.first, c.last)
		}
	}
	g := gatewaytest.Start(t, b.String(), gatewaytest.Options{})
	for i, c := range cases {
		for _, w := range gatewaytest.Ways {
			t.Run(c.first+" then "+c.last+" "+w.String(), func(t *testing.T) {
				mark := fmt.Sprintf("TLS %d %s?", i, w)
				a := g.Ask(w.Request(fmt.Sprintf("tls-%d-%s", i, w), mark))
				w.Text(t, a)
				if got := a.Header.Get("x-headgate-backend"); got != c.last || a.Header.Get("x-headgate-attempts") != "2" {
					t.Errorf("answered by %q: %v", got, a.Internals())
				}
				name, _, _ := strings.Cut(c.last, "-")
				served := at[name].With(t).Find(mark)
				if served.Proto != c.proto || served.Header.Get("Content-Length") != strconv.Itoa(len(served.Body)) {
					t.Errorf("over %s with content-length %q for %d bytes", served.Proto, served.Header.Get("Content-Length"), len(served.Body))
				}
				if want := strings.TrimSuffix(strings.TrimPrefix(at[name].https, "https://"), "/v1"); served.Host != want {
					t.Errorf("host %q, want %q", served.Host, want)
				}
			})
		}
	}
	if n := len(at["wrong"].Served()); n != 0 {
		t.Errorf("the provider with another name's certificate got %d requests", n)
	}
}
