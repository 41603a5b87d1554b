package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// start is when the tests begin, by their own clock.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// authority issues certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// leaf says what differs from a certificate for localhost and 127.0.0.1 that is
// valid for a day around start and good for both ends.
type leaf struct {
	name   string
	from   time.Time
	until  time.Time
	usages []x509.ExtKeyUsage
}

var serial int64

func template(name string, from, until time.Time) *x509.Certificate {
	serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: until, BasicConstraintsValid: true,
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newAuthority makes a root that is valid until some time.
func newAuthority(t *testing.T, name string, until time.Time) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	root := template(name, start.Add(-100*time.Hour), until)
	root.IsCA, root.KeyUsage = true, x509.KeyUsageCertSign
	a.sign(root, root, a.key)
	return a
}

func (a *authority) sign(c, parent *x509.Certificate, by *ecdsa.PrivateKey) {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &a.key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	a.pem = block("CERTIFICATE", der)
}

// intermediate makes an authority below another one.
func (a *authority) intermediate(name string) *authority {
	a.t.Helper()
	below := &authority{t: a.t, key: newKey(a.t)}
	c := template(name, start.Add(-time.Hour), start.Add(time.Hour))
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	below.sign(c, a.cert, a.key)
	return below
}

// issue returns a certificate and its key as PEM.
func (a *authority) issue(l leaf) (cert, key []byte) {
	a.t.Helper()
	if l.from.IsZero() {
		l.from = start.Add(-12 * time.Hour)
	}
	if l.until.IsZero() {
		l.until = start.Add(12 * time.Hour)
	}
	if l.usages == nil {
		l.usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	c := template(l.name, l.from, l.until)
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, l.usages
	c.DNSNames, c.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	private := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &private.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8)
}

func block(typ string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
}

// folder has the files of one end.
type folder struct {
	t    *testing.T
	path string
}

func newFolder(t *testing.T) folder { return folder{t, t.TempDir()} }

// files names the three files of the folder.
func (f folder) files() Files {
	return Files{Cert: f.at("tls.crt"), Key: f.at("tls.key"), CA: f.at("ca.crt")}
}

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

func (f folder) write(name string, data []byte) {
	f.t.Helper()
	if err := os.WriteFile(f.at(name), data, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// pair writes a new certificate of an authority with its key.
func (f folder) pair(a *authority, l leaf) {
	f.t.Helper()
	cert, key := a.issue(l)
	f.write("tls.crt", cert)
	f.write("tls.key", key)
}

// fill writes a certificate of one authority and, as CA, another one.
func (f folder) fill(own *authority, l leaf, ca *authority) Files {
	f.t.Helper()
	f.pair(own, l)
	f.write("ca.crt", ca.pem)
	return f.files()
}
