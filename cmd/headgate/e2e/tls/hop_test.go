package tls

import (
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAHopIsKnownByItsCertificate holds that who shows the certificate of a trusted hop may say
// who asks, and that nobody else may who is connected as well, whatever is sent beside.
func TestAHopIsKnownByItsCertificate(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	g, _ := start(t, s, s.ClientCA(), "trusted: {certificates: [\"spiffe://example.com/mesh\"], caller: x-mesh-caller}\n"+callers)
	says := []string{
		"x-mesh-caller", "app", "x-forwarded-client-cert", "URI=spiffe://example.com/mesh", "connection.uri_san_peer_certificate", "spiffe://example.com/mesh",
	}
	for _, c := range []struct {
		name, uri string
		header    []string
		caller    string
		status    int
	}{
		{"the hop", "spiffe://example.com/mesh", says, "app", 200},
		{"the hop, which does not say", "spiffe://example.com/mesh", nil, "", 401},
		{"a caller", "spiffe://example.com/ci", says, "mesh", 200},
		{"anybody else", "spiffe://example.com/other", says, "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			over := g.With(t).Over(s.Trust(named(t, s.Clients, c.uri, "", "")), false)
			a := over.Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "who", false), "tokens=2", c.header...))
			if row := g.With(t).Row(a.Exchange()); a.Status != c.status || row.Caller != c.caller {
				t.Errorf("status %d, caller %q; want %d, %q", a.Status, row.Caller, c.status, c.caller)
			}
		})
	}
}
