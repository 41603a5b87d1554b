package gatewaytest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Secure are the certificate files of a listener, and the authorities that issue them.
type Secure struct {
	t       *testing.T
	Folder  string
	Server  *Authority // of the gateway's certificate
	Clients *Authority // of certificates of clients
}

// NewSecure writes the files of a gateway at 127.0.0.1.
func NewSecure(t *testing.T) *Secure {
	t.Helper()
	s := &Secure{t: t, Folder: t.TempDir(), Server: NewAuthority(t), Clients: NewAuthority(t)}
	s.Renew()
	return s
}

// Path is the path of one of the files: tls.crt, tls.key.
func (s *Secure) Path(name string) string { return filepath.Join(s.Folder, name) }

// Policy is what listen.tls says in a policy; more is what it says beside the certificate.
func (s *Secure) Policy(more string) string {
	return "{cert: " + s.Path("tls.crt") + ", key: " + s.Path("tls.key") + more + "}"
}

// ClientCA is what listen.tls says more, so that clients show certificates.
func (s *Secure) ClientCA() string { return ", client_ca: " + s.Clients.File }

// Issue makes another certificate for the gateway, and its PEM blocks.
func (s *Secure) Issue() (certificate, key []byte) {
	s.t.Helper()
	c := s.Server.Issue(s.t, "localhost")
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Renew puts another certificate and its key into place, one file after the other, as tools
// do that renew certificates.
func (s *Secure) Renew() (certificate []byte) {
	s.t.Helper()
	certificate, key := s.Issue()
	save(s.t, s.Path("tls.crt"), string(certificate))
	save(s.t, s.Path("tls.key"), string(key))
	return certificate
}

// Remove takes the certificate's file away.
func (s *Secure) Remove() {
	s.t.Helper()
	if err := os.Remove(s.Path("tls.crt")); err != nil {
		s.t.Fatal(err)
	}
}

// Trust is the configuration of a client that trusts the gateway, and shows these certificates.
func (s *Secure) Trust(own ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: s.Server.Roots(), ServerName: "localhost", Certificates: own}
}

// Over returns the same gateway for a client that connects by TLS. Each request has a connection
// of its own if alone is said.
func (g *Gateway) Over(config *tls.Config, alone bool) *Gateway {
	c := *g
	_, address, _ := strings.Cut(g.URL, "://")
	c.URL = "https://" + address
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: alone, TLSClientConfig: config.Clone(), ForceAttemptHTTP2: config.NextProtos == nil}
	c.client = &http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}
	g.t.Cleanup(transport.CloseIdleConnections)
	return &c
}
