package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// keyring is a folder with the PEM files of one end of a connection.
type keyring struct {
	t   *testing.T
	dir string
}

func (k keyring) at(name string) string { return filepath.Join(k.dir, name) }

// fill writes a certificate of an authority that is good for both ends until some
// time, with names beside the control plane's, and what verifies the other end.
func (k keyring) fill(own, other *gatewaytest.Authority, until time.Time, names ...string) keyring {
	k.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		k.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(3), DNSNames: append([]string{"control.example"}, names...), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: own.Cert.NotBefore, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, own.Cert, key.Public(), own.Key)
	if err != nil {
		k.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		k.t.Fatal(err)
	}
	k.write("tls.crt", "CERTIFICATE", der)
	k.write("tls.key", "PRIVATE KEY", private)
	k.write("ca.crt", "CERTIFICATE", other.Cert.Raw)
	return k
}

func (k keyring) write(name, typ string, der []byte) {
	k.t.Helper()
	if err := os.WriteFile(k.at(name), pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// server are the flags of a control plane that shows this keyring.
func (k keyring) server() []string {
	return []string{"--tls-cert", k.at("tls.crt"), "--tls-key", k.at("tls.key"), "--tls-client-ca", k.at("ca.crt")}
}

// pair are the flags of a pair that shows it.
func (k keyring) pair() []string {
	return []string{"--xds-cert", k.at("tls.crt"), "--xds-key", k.at("tls.key"), "--xds-ca", k.at("ca.crt")}
}

func newKeyring(t *testing.T) keyring { return keyring{t, t.TempDir()} }
