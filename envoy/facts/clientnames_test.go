package facts_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
)

// peerAttributes are what ext_proc may be sent of a client's certificate.
const peerAttributes = `"connection.uri_san_peer_certificate", "connection.dns_san_peer_certificate", "connection.subject_peer_certificate"`

// startVerifying is a listener that verifies certificates of clients, and demands one if required.
func startVerifying(t *testing.T, required, more string) (r *rig, ours *authority) {
	t.Helper()
	ours = newAuthority(t)
	files := [2]string{ours.file + ".crt", ours.file + ".key"}
	certificate, key := ours.server(t)
	write(t, files[0], certificate)
	write(t, files[1], key)
	r = start(t, setup{RequestAttributes: peerAttributes, Clients: clientsBy(`require_client_certificate: ` + required + more + `
    common_tls_context:
      tls_certificates: [ { certificate_chain: { filename: ` + files[0] + ` }, private_key: { filename: ` + files[1] + ` } } ]
      validation_context: { trusted_ca: { filename: ` + ours.file + ` } }`)})
	r.play(routed(), script{})
	return r, ours
}

// namesSent are the attributes of a request's first message.
func namesSent(m *extprocv3.ProcessingRequest) map[string]any {
	return m.GetAttributes()["envoy.filters.http.ext_proc"].AsMap()
}

// Envoy sanitizes x-forwarded-client-cert unless it is told to forward it, so that not even the
// header of that name reaches ext_proc.
func TestNamesOfAClientsCertificateAreAttributesThatNoHeaderSets(t *testing.T) {
	r, ours := startVerifying(t, "false", "")
	spoof := []string{"x-forwarded-client-cert", "URI=spiffe://example.com/admin", "connection.uri_san_peer_certificate", "spiffe://example.com/admin"}
	uri := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for _, c := range []struct {
		name string
		edit func(*x509.Certificate)
		want map[string]any
	}{
		{"no certificate", nil, map[string]any{}},
		{"all kinds of names, of which the first counts", func(c *x509.Certificate) {
			c.URIs, c.DNSNames = []*url.URL{uri("spiffe://example.com/ci"), uri("spiffe://example.com/admin")}, []string{"ci.example.com", "admin.example.com"}
			c.Subject = pkix.Name{CommonName: "ci", Organization: []string{"Example"}}
		}, map[string]any{
			"connection.uri_san_peer_certificate": "spiffe://example.com/ci", "connection.dns_san_peer_certificate": "ci.example.com",
			"connection.subject_peer_certificate": "CN=ci,O=Example",
		}},
		{"a subject with signs, the most specific part first", func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "Übung, CN=admin+x", Organization: []string{"a\\b"}}
		}, map[string]any{"connection.subject_peer_certificate": `CN=\C3\9Cbung\, CN=admin\+x,O=a\\b`}},
		{"two common names, the last of them first", func(c *x509.Certificate) {
			c.Subject = pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "first"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "last"},
			}}
		}, map[string]any{"connection.subject_peer_certificate": "CN=last,CN=first"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := ours.trust()
			if c.edit != nil {
				config = ours.trust(ours.issue(t, c.edit))
			}
			if got := r.over(config).post(t, `{}`, spoof...); got.status != 200 {
				t.Fatalf("answer: %+v", got)
			}
			m := r.next(t, "router").await(t)
			got := namesSent(m)
			maps.DeleteFunc(got, func(_ string, v any) bool { return v == "" || v == nil })
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("attributes (-want +got):\n%s", d)
			}
			if v, ok := headerOf(t, m, "x-forwarded-client-cert"); ok {
				t.Errorf("x-forwarded-client-cert: %q", v)
			}
		})
	}
}

func TestAClientCertificateThatIsNotVerifiedIsNoConnectionEvenWhereNoneIsNeeded(t *testing.T) {
	for _, required := range []string{"false", "true"} {
		r, ours := startVerifying(t, required, "")
		expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
		forServers := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
		got := map[string]bool{}
		for name, config := range map[string]*tls.Config{
			"good": ours.trust(ours.issue(t, func(*x509.Certificate) {})), "none": ours.trust(),
			"another authority's": ours.trust(newAuthority(t).issue(t, func(*x509.Certificate) {})),
			"expired":             ours.trust(ours.issue(t, expired)), "for servers": ours.trust(ours.issue(t, forServers)),
		} {
			resp, err := r.over(config).try(t.Context(), "POST", "/", strings.NewReader(`{}`))
			if got[name] = err == nil; got[name] {
				_ = resp.Body.Close()
			}
		}
		want := []string{"good"}
		if required == "false" {
			want = append(want, "none")
		}
		maps.DeleteFunc(got, func(_ string, connected bool) bool { return !connected })
		if d := cmp.Diff(want, slices.Sorted(maps.Keys(got))); d != "" {
			t.Errorf("required %s: connected (-want +got):\n%s", required, d)
		}
	}
}

// A session that is resumed has the certificate of the handshake that it resumes, whatever has
// become of that. Turned off in both forms, each connection shows it again.
func TestASessionThatIsResumedShowsNoCertificateAgainUnlessThatIsTurnedOff(t *testing.T) {
	const off = "\n    disable_stateless_session_resumption: true\n    disable_stateful_session_resumption: true"
	for more, want := range map[string]bool{"": true, off: false} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			r, ours := startVerifying(t, "true", more)
			config := ours.trust(ours.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"ci.example.com"} }))
			config.MaxVersion, config.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
			resumed := false
			for range 2 {
				resp := r.over(config).open(t, t.Context(), "POST", "/", strings.NewReader(`{}`))
				resumed = resp.TLS.DidResume
				_ = resp.Body.Close()
				if got := namesSent(r.next(t, "router").await(t))["connection.dns_san_peer_certificate"]; got != "ci.example.com" {
					t.Errorf("%s, resumed %v: name %v", tls.VersionName(version), resumed, got)
				}
			}
			if resumed != want {
				t.Errorf("%s with %q: resumed %v, want %v", tls.VersionName(version), more, resumed, want)
			}
		}
	}
}
