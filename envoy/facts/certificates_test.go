package facts_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// clientsBy secures connections of clients, with a context in YAML.
func clientsBy(context string) string {
	return `transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
    ` + context
}

// bySecret takes the listener's certificate from the control plane.
const bySecret = `common_tls_context: { tls_certificate_sds_secret_configs: [ { name: gateway, sds_config: { ads: {}, resource_api_version: V3 } } ] }`

func secret(certificate, key []byte) *tlsv3.Secret {
	inline := func(b []byte) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
	}
	return &tlsv3.Secret{Name: "gateway", Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
		CertificateChain: inline(certificate), PrivateKey: inline(key),
	}}}
}

// So another end must say that a file has changed. Here a listener shows the former certificate
// after a change; there is nothing to wait for, because nothing happens.
func TestCertificateFilesThatAListenerNamesAreReadOnce(t *testing.T) {
	ours, dir := newAuthority(t), t.TempDir()
	files := [2]string{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	renew := func() {
		certificate, key := ours.server(t)
		write(t, files[0], certificate)
		write(t, files[1], key)
	}
	renew()
	r := start(t, setup{Clients: clientsBy(`common_tls_context: { tls_certificates: [ { certificate_chain: { filename: ` + files[0] + ` }, private_key: { filename: ` + files[1] + ` } } ] }`)})
	first := r.shown(t, ours.trust())
	renew()
	if got := r.shown(t, ours.trust()); got != first {
		t.Errorf("shown certificate %d after %d: the file was read again", got, first)
	}
}

// startSecret is a listener that takes its certificate from a control plane.
func startSecret(t *testing.T, ours *authority) (*rig, *control, dynamic) {
	t.Helper()
	d := dynamic{routes: routesTo("pool"), secrets: []*tlsv3.Secret{secret(ours.server(t))}}
	r, c := startControlled(t, setup{Clients: clientsBy(bySecret)}, d)
	return r, c, d
}

func TestASecretThatChangesIsShownToNewConnectionsAndEndsNone(t *testing.T) {
	ours := newAuthority(t)
	r, c, d := startSecret(t, ours)
	r.play(routed(), script{})
	asked, finish := make(chan struct{}), make(chan struct{})
	r.a().serve(func(w http.ResponseWriter, req *http.Request) {
		close(asked)
		<-finish
		answerJSON(`{}`)(w, req)
	})
	underWay := make(chan answer, 1)
	go func() { underWay <- r.over(ours.trust()).post(t, `{}`) }()
	<-asked
	first := r.shown(t, ours.trust())
	d.secrets = []*tlsv3.Secret{secret(ours.server(t))}
	c.publish(t, d)
	c.taken(t, resourcev3.SecretType)
	if got := r.shown(t, ours.trust()); got <= first {
		t.Errorf("shown certificate %d after %d", got, first)
	}
	close(finish)
	if got := <-underWay; got.status != 200 || got.body != `{}` {
		t.Errorf("a request that was under way: %+v", got)
	}
}

func TestASecretThatIsRefusedLeavesTheOneBefore(t *testing.T) {
	ours := newAuthority(t)
	r, c, d := startSecret(t, ours)
	first := r.shown(t, ours.trust())
	certificate, _ := ours.server(t)
	_, key := ours.server(t)
	d.secrets = []*tlsv3.Secret{secret(certificate, key)}
	c.publish(t, d)
	eventually(t, "a refusal", func() bool { return strings.Contains(c.refusal(), "KEY_VALUES_MISMATCH") })
	if got := r.shown(t, ours.trust()); got != first {
		t.Errorf("shown certificate %d after %d", got, first)
	}
}
