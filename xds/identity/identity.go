// Package identity makes the TLS configurations of the xDS port and of the pairs
// that dial it, from certificates in files that may change at any time.
//
// The promise: a new handshake uses what the files hold now, at most one second
// late; connections that are open live on. Files that cannot be used are reported
// and change nothing. The trap: both ends insist on the protocol h2, so an Envoy
// that dials must name it in its alpn_protocols, which it does not do by itself.
package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Files names the PEM files of one end of a connection.
type Files struct {
	Cert string // the certificate and its chain, leaf first; a client may have none
	Key  string // the private key of the certificate
	CA   string // verifies the other end; empty: a server asks for no certificate, a client trusts the system's roots
}

// Options are what both ends may set.
type Options struct {
	Report func(error)      // called for files that cannot be used, once until the failure changes or ends; may be nil
	Now    func() time.Time // nil: the system's clock
}

// protocol is what gRPC negotiates.
const protocol = "h2"

// Server returns the configuration of a listener. With Files.CA every client must
// show a certificate that it verifies.
func Server(f Files, o Options) (*tls.Config, error) {
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("identity of a server: both a certificate and its key are needed")
	}
	k, err := open(f, o)
	if err != nil {
		return nil, fmt.Errorf("identity of a server: %w", err)
	}
	c := k.config()
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return k.forClient(), nil }
	return c, nil
}

// forClient returns the configuration of one handshake.
func (k *keeper) forClient() *tls.Config {
	now := k.current()
	c := k.config()
	c.Certificates = []tls.Certificate{*now.pair}
	// A resumed session would bring back what was trusted when it began.
	c.SessionTicketsDisabled = true
	c.VerifyConnection = negotiated
	if now.pool != nil {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, now.pool
	}
	return c
}

// Client returns the configuration of a client of the server with that name, which may
// be an IP address. The server is verified by the name, whatever address is dialled.
func Client(f Files, serverName string, o Options) (*tls.Config, error) {
	switch {
	case serverName == "":
		return nil, errors.New("identity of a client: the server's name is needed to verify it")
	case (f.Cert == "") != (f.Key == ""):
		return nil, errors.New("identity of a client: a certificate and its key are needed, or neither")
	}
	k, err := open(f, o)
	if err != nil {
		return nil, fmt.Errorf("identity of a client: %w", err)
	}
	c := k.config()
	c.ServerName = serverName
	if f.Cert != "" {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return k.current().pair, nil }
	}
	// The built-in verification uses the roots of the moment when the configuration was
	// made. VerifyConnection does all of it in its place.
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error { return k.verify(serverName, s) }
	return c, nil
}

// verify does what crypto/tls does for a client: chain, name, time and use of the
// server's certificate.
func (k *keeper) verify(serverName string, s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server shows no certificate")
	}
	o := x509.VerifyOptions{
		DNSName: serverName, Roots: k.current().pool, CurrentTime: k.now(),
		Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err := s.PeerCertificates[0].Verify(o); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return negotiated(s)
}

// negotiated refuses a peer that named no protocol, which crypto/tls accepts.
func negotiated(s tls.ConnectionState) error {
	if s.NegotiatedProtocol != protocol {
		return fmt.Errorf("the peer does not offer the protocol %s", protocol)
	}
	return nil
}

// config returns what both ends have in common.
func (k *keeper) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{protocol}, Time: k.now}
}
