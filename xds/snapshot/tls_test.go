package snapshot_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// certificate makes a certificate of a name or address and the bundle that verifies it.
func certificate(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, bundle
}

// startTLS serves over TLS at a host with a certificate of a name or address.
func startTLS(t *testing.T, host, name string) (backend map[string]any, p *provider) {
	t.Helper()
	cert, bundle := certificate(t, name)
	p = &provider{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen = append(p.seen, r.Clone(context.Background()))
		_, _ = io.WriteString(w, "tls")
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	s.StartTLS()
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.url = "https://" + net.JoinHostPort(host, u.Port())
	return map[string]any{"provider": "openai-compatible", "url": p.url + "/v1", "ca_file": bundle}, p
}

// TestTLS holds that a provider is verified by its own name or address and by its
// own roots, and that plain and verified backends live in one pool.
func TestTLS(t *testing.T) {
	plain := startProvider(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "plain") })
	right, rightProvider := startTLS(t, "localhost", "localhost")
	wrong, wrongProvider := startTLS(t, "localhost", "elsewhere.example")
	address, addressProvider := startTLS(t, "127.0.0.1", "127.0.0.1")
	moved, movedProvider := startTLS(t, "127.0.0.1", "127.0.0.2")
	g := startGateway(t,
		map[string]any{
			"right": right, "wrong": wrong, "address": address, "moved": moved,
			"plain":    map[string]any{"provider": "openai-compatible", "url": plain.url + "/v1"},
			"stranger": map[string]any{"provider": "openai-compatible", "url": rightProvider.url + "/v1", "ca_file": wrong["ca_file"]},
			"public":   map[string]any{"provider": "openai-compatible", "url": rightProvider.url + "/v1"},
		},
		map[string]any{
			"right": "right/m", "address": "address/m", "wrong": "wrong/m", "moved": "moved/m", "stranger": "stranger/m", "public": "public/m",
			"both":     map[string]any{"chain": []string{"right/m", "plain/m"}},
			"mixed":    map[string]any{"chain": []string{"wrong/m", "plain/m"}, "retries": 0},
			"verified": map[string]any{"chain": []string{"wrong/m", "right/m"}, "retries": 0},
		})
	for _, c := range []struct {
		name, model string
		status      int
		body        string
	}{
		{"its own name", "right", 200, "tls"},
		{"its own address", "address", 200, "tls"},
		{"beside a plain one", "both", 200, "tls"},
		{"another's name, then a plain one", "mixed", 200, "plain"},
		{"another's name, then its own", "verified", 200, "tls"},
		{"another's name", "wrong", 503, ""},
		{"another's address", "moved", 503, ""},
		{"another's roots", "stranger", 503, ""},
		{"the system's roots", "public", 503, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := g.get(t, policy.RouteName(c.model, false))
			if resp.StatusCode != c.status || c.body != "" && body != c.body {
				t.Errorf("status %d, body %q; want %d, %q", resp.StatusCode, body, c.status, c.body)
			}
		})
	}
	for _, c := range []struct {
		name string
		p    *provider
		want []string
	}{
		// HTTP/2 if every backend of the pool can speak it.
		{"right", rightProvider, []string{"HTTP/2.0 localhost", "HTTP/1.1 localhost", "HTTP/2.0 localhost"}},
		{"address", addressProvider, []string{"HTTP/2.0 "}},
		{"wrong", wrongProvider, nil},
		{"moved", movedProvider, nil},
	} {
		if d := cmp.Diff(c.want, arrivals(c.p)); d != "" {
			t.Errorf("what reached the provider %q (-want +got):\n%s", c.name, d)
		}
	}
}

// TestTLSAtTheUsualPort holds the same for a URL without a port, which is what
// providers have: Envoy then takes the name from the endpoint.
func TestTLSAtTheUsualPort(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		want   []string
	}{
		{"localhost", 200, []string{"HTTP/2.0 localhost"}},
		{"elsewhere.example", 503, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			backend, p := startTLS(t, "localhost", c.name)
			_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "https://"), ":")
			backend["url"] = "https://localhost/v1"
			g := startEdited(t, map[string]any{"b": backend}, map[string]any{"m": "b/m"},
				strings.NewReplacer(`"port_value":443}`, `"port_value":`+port+`}`, `"port_value": 443}`, `"port_value":`+port+`}`))
			if resp, body := g.get(t, policy.RouteName("m", false)); resp.StatusCode != c.status {
				t.Errorf("status %d, body %q; want %d", resp.StatusCode, body, c.status)
			}
			if d := cmp.Diff(c.want, arrivals(p)); d != "" {
				t.Errorf("what reached the provider (-want +got):\n%s", d)
			}
		})
	}
}

// arrivals lists how each request reached a provider: the protocol, and the name in the
// handshake.
func arrivals(p *provider) (all []string) {
	for _, r := range p.requests() {
		all = append(all, r.Proto+" "+r.TLS.ServerName)
	}
	return all
}
