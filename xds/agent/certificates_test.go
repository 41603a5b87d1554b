package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// certified are the certificate files of a test's listener.
type certified struct {
	t      *testing.T
	folder string
}

func newCertified(t *testing.T) certified { return certified{t, t.TempDir()} }

func (c certified) path(name string) string { return filepath.Join(c.folder, name) }

func (c certified) write(name string, data []byte) {
	c.t.Helper()
	if err := os.WriteFile(c.path(name), data, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// issue makes a certificate that is good for two hours by the bubble's clock, with its key.
func (c certified) issue() (certificate, key []byte) {
	c.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(2 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		c.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		c.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// renew puts another certificate with its key into place.
func (c certified) renew() {
	c.t.Helper()
	certificate, key := c.issue()
	c.write("tls.crt", certificate)
	c.write("tls.key", key)
}

// revision is a revision whose listener names the files.
func (c certified) revision(name, shape, words string) ads.Set {
	c.t.Helper()
	file := func(name string) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: c.path(name)}}
	}
	config, err := pack(&tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: file("tls.crt"), PrivateKey: file("tls.key")}},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	set := revision(c.t, name, shape, words)
	set[resourcev3.ListenerType] = encode(c.t, map[string]*listenerv3.Listener{"gateway": {Name: "gateway", FilterChains: []*listenerv3.FilterChain{{
		TransportSocket: &corev3.TransportSocket{Name: "tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: config}},
	}}}})
	p := &policypb.Policy{}
	if err := set[policypb.TypeURL].Items["policy"].Value.UnmarshalTo(p); err != nil {
		c.t.Fatal(err)
	}
	p.Versions[resourcev3.ListenerType] = set[resourcev3.ListenerType].Version
	return set.With(policypb.TypeURL, encode(c.t, map[string]*policypb.Policy{"policy": p}))
}

// all is what an Envoy is sent of a revision with TLS at first.
var all = []string{"Cluster +a", "Listener +gateway", "RouteConfiguration +gateway", "Secret +gateway"}

// TestSecretsFollowTheFiles holds that Envoys get what the files hold, within two seconds of a
// change, and nothing while they hold what cannot be used, which is reported.
func TestSecretsFollowTheFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, plane := newCertified(t), newControl(t)
		files.renew()
		p := newPair(t, "", plane)
		p.envoy(nil)
		first := files.revision("r1", "r1", "a=1")
		plane.publish(first)
		p.unordered(t, "the first revision", append([]string{"apply r1"}, all...))
		if !plane.has(first) {
			t.Error("the pair does not have it")
		}
		if until := time.Unix(int64(p.gauge(t, "headgate_pair_certificate_expires_seconds")), 0); time.Until(until).Round(time.Minute) != 2*time.Hour {
			t.Errorf("it says that the certificate expires at %v", until)
		}
		files.renew()
		time.Sleep(2 * time.Second)
		p.expect(t, "other files", "Secret +gateway")
		_, other := files.issue()
		files.write("tls.key", other)
		time.Sleep(time.Minute)
		p.expect(t, "a key of another certificate")
		if why := plane.heard(); why == nil || !why.Serves || !strings.Contains(why.Reason, "private key does not match") {
			t.Errorf("the control plane hears %v", why)
		}
		files.renew()
		time.Sleep(2 * time.Second)
		p.expect(t, "good files", "Secret +gateway")
		time.Sleep(3 * time.Hour)
		if why := plane.heard(); why == nil || !strings.Contains(why.Reason, "expired on") {
			t.Errorf("the certificate has expired: the control plane hears %v", why)
		}
	})
}

// TestFilesThatAreMissingAreWaitedFor holds that a revision is refused whose files cannot be used,
// and asked for again once they can; so is what a restart finds on disk.
func TestFilesThatAreMissingAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, plane, state := newCertified(t), newControl(t), t.TempDir()
		p := newPair(t, state, plane)
		p.envoy(nil)
		first := files.revision("r1", "r1", "a=1")
		plane.publish(first)
		time.Sleep(time.Minute)
		p.expect(t, "without files")
		if got := plane.refused(); len(got) != 1 || !strings.HasPrefix(got[0], "policy: listen.tls: reading the certificate") {
			t.Errorf("refusals %q", got)
		}
		files.renew()
		time.Sleep(5 * time.Second)
		p.unordered(t, "with files", append([]string{"apply r1"}, all...))
		if !plane.has(first) {
			t.Error("the pair does not have it")
		}
		p.stop()
		if err := os.Remove(files.path("tls.crt")); err != nil {
			t.Fatal(err)
		}
		plane.stop()
		p = newPair(t, state, plane)
		p.envoy(nil)
		time.Sleep(time.Minute)
		p.unordered(t, "a restart without files", append([]string{"apply r1"}, all[:3]...))
		if got := p.Trouble(); !strings.Contains(got, "gets no certificate") {
			t.Errorf("trouble %q", got)
		}
		files.renew()
		time.Sleep(2 * time.Second)
		p.expect(t, "with files", "Secret +gateway")
		if got := p.Trouble(); got != "" {
			t.Errorf("trouble %q", got)
		}
	})
}

// TestASecretThatEnvoyRefuses holds that a revision is taken back for it, in words about the policy,
// and that a change of the files alone is only reported.
func TestASecretThatEnvoyRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, plane := newCertified(t), newControl(t)
		files.renew()
		p := newPair(t, "", plane)
		e := p.envoy(refuse(resourcev3.SecretType, "", "no such kind of key"))
		first := revision(t, "r1", "s1", "a=1")
		plane.publish(first)
		p.expect(t, "plain", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		plane.publish(files.revision("r2", "r2", "a=1"))
		if got := plane.refused(); !slices.Equal(got, []string{"policy: listen.tls: Envoy refuses the certificate files: no such kind of key"}) {
			t.Errorf("refusals %q", got)
		}
		if p.Revision() != "r1" {
			t.Errorf("serves %q", p.Revision())
		}
		e.SetJudge(nil)
		files.renew() // what was refused is not sent again
		third := files.revision("r3", "r3", "a=1")
		plane.publish(third)
		if !plane.has(third) {
			t.Error("the pair does not have the third")
		}
		e.SetJudge(refuse(resourcev3.SecretType, "", "no such kind of key"))
		files.renew()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := p.Trouble(); p.Revision() != "r3" || got != "Envoy refuses a secret: no such kind of key" {
			t.Errorf("serves %q, trouble %q", p.Revision(), got)
		}
	})
}
