package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// callers are those of the tests, by certificate and by key. Each sees one model.
const callers = `callers:
  mesh: {certificate: "spiffe://example.com/ci", models: [plain]}
  host: {certificate: host.example.com, models: [renamed]}
  person: {certificate: "Ann, Example", models: [fast]}
  keyed: {key: {env: CI_KEY}, models: [once]}
`

// callerOf finds callers by what they see.
var callerOf = map[string]string{"plain": "mesh", "renamed": "host", "fast": "person", "once": "keyed"}

// named issues a client's certificate with names.
func named(t *testing.T, a *gatewaytest.Authority, uri, dns, common string) tls.Certificate {
	t.Helper()
	return a.IssueFor(t, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: common, Organization: []string{"Example"}, OrganizationalUnit: []string{"CN=keyed"}}
		if uri != "" {
			u, err := url.Parse(uri)
			if err != nil {
				t.Fatal(err)
			}
			c.URIs = []*url.URL{u}
		}
		if dns != "" {
			c.DNSNames = []string{dns}
		}
	})
}

// asks lists models, and returns whose list it is, or the status.
func asks(t *testing.T, g *gatewaytest.Gateway, header ...string) (caller string, status int) {
	t.Helper()
	r := gatewaytest.ChatRequest("/v1/models", "", "", header...)
	r.Method = http.MethodGet
	a := g.Ask(r)
	if a.Status != http.StatusOK {
		return "", a.Status
	}
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil || len(list.Data) != 1 {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return callerOf[list.Data[0].ID], a.Status
}

// TestACertificateSaysWhoAsks holds which name of a certificate counts, and that nothing which a
// client sends beside it does.
func TestACertificateSaysWhoAsks(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	g, _ := start(t, s, s.ClientCA(), callers)
	for _, c := range []struct {
		name             string
		uri, dns, common string
		header           []string
		caller           string
		status           int
	}{
		{name: "its URI", uri: "spiffe://example.com/ci", dns: "host.example.com", common: "Ann, Example", caller: "mesh", status: 200},
		{name: "its DNS name", dns: "host.example.com", common: "Ann, Example", caller: "host", status: 200},
		{name: "its common name", common: "Ann, Example", caller: "person", status: 200},
		{name: "beside a placeholder for a key", common: "Ann, Example", header: []string{"authorization", "Bearer unused"}, caller: "person", status: 200},
		{name: "a caller's key beside it", common: "Ann, Example", header: []string{"authorization", "Bearer " + ciKey}, caller: "keyed", status: 200},
		{name: "a key, and a name that is no caller's", common: "Bob", header: []string{"authorization", "Bearer " + ciKey}, caller: "keyed", status: 200},
		{name: "a name that is no caller's", common: "Bob", status: 401},
		{name: "a URI that is no caller's beside a name that is", uri: "spiffe://example.com/other", dns: "host.example.com", status: 401},
		{name: "a header of a proxy's that names a caller", common: "Bob", status: 401, header: []string{
			"x-forwarded-client-cert", `By=x;Hash=0;Subject="CN=Ann\, Example";URI=spiffe://example.com/ci;DNS=host.example.com`,
		}},
		{name: "the same beside another caller's name", dns: "host.example.com", caller: "host", status: 200, header: []string{
			"x-forwarded-client-cert", "URI=spiffe://example.com/ci", "x-client-cert-subject", "CN=Ann", "connection.uri_san_peer_certificate", "spiffe://example.com/ci",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := g.With(t).Over(s.Trust(named(t, s.Clients, c.uri, c.dns, c.common)), false)
			for range 2 { // on one connection
				if caller, status := asks(t, g, c.header...); caller != c.caller || status != c.status {
					t.Errorf("caller %q, status %d; want %q, %d", caller, status, c.caller, c.status)
				}
			}
		})
	}
}

// TestClientsWithoutAGoodCertificate holds who is connected and who is not, whether one is
// required or a key will do.
func TestClientsWithoutAGoodCertificate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more        string
		without, keyAlone int // 0: not connected
	}{
		{"required", "", 0, 0},
		{"optional", ", client_certificate: optional", 401, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := gatewaytest.NewSecure(t)
			g, _ := start(t, s, s.ClientCA()+c.more, callers)
			stranger := gatewaytest.NewAuthority(t)
			expired := s.Clients.IssueFor(t, func(c *x509.Certificate) {
				c.DNSNames, c.NotBefore, c.NotAfter = []string{"host.example.com"}, time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
			})
			for _, w := range []struct {
				name   string
				config *tls.Config
				key    string
				status int
			}{
				{"a good one", s.Trust(named(t, s.Clients, "", "host.example.com", "")), "", 200},
				{"none", s.Trust(), "", c.without},
				{"a key alone", s.Trust(), ciKey, c.keyAlone},
				{"one of another authority", s.Trust(named(t, stranger, "", "host.example.com", "")), ciKey, 0},
				{"one that has expired", s.Trust(expired), ciKey, 0},
				{"one of a server", s.Trust(s.Clients.Issue(t, "host.example.com")), ciKey, 0},
			} {
				t.Run(w.name, func(t *testing.T) { checkStatus(t, g.With(t).Over(showing(w.config), true), w.key, w.status) })
			}
		})
	}
}

// showing makes a client show its certificate whichever authorities the server names.
func showing(c *tls.Config) *tls.Config {
	if len(c.Certificates) > 0 {
		own := c.Certificates[0]
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	return c
}

// checkStatus asks with a key, or without if it is empty; status 0: no connection comes about.
func checkStatus(t *testing.T, g *gatewaytest.Gateway, key string, status int) {
	t.Helper()
	r := gatewaytest.Request{Method: http.MethodGet, Path: "/v1/models", Header: map[string]string{}}
	if key != "" {
		r.Header["x-api-key"] = key
	}
	a, err := g.Try(context.Background(), r)
	switch {
	case status == 0 && err == nil: // the words of the error depend on who comes first
		t.Errorf("status %d, want no connection", a.Status)
	case status != 0 && (err != nil || a.Status != status):
		t.Errorf("status %d, error %v; want %d", a.Status, err, status)
	}
}
