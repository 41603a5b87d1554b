package identity

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// material is what the files of one moment mean.
type material struct {
	pair *tls.Certificate // nil: no certificate is named
	pool *x509.CertPool   // nil: no CA is named
}

// parse makes the material, or says which file cannot be used and why. It never
// quotes a file.
func (f Files) parse(c contents, now time.Time) (m material, err error) {
	if f.Cert != "" {
		if m.pair, err = f.pair(c, now); err != nil {
			return material{}, err
		}
	}
	if f.CA != "" {
		if m.pool, err = pool(c.ca, now); err != nil {
			return material{}, fmt.Errorf("CA %s: %w", f.CA, err)
		}
	}
	return m, nil
}

func (f Files) pair(c contents, now time.Time) (*tls.Certificate, error) {
	chain, err := certificates(c.cert)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", f.Cert, err)
	}
	if err := valid(chain[0], now); err != nil {
		return nil, fmt.Errorf("certificate %s: %w", f.Cert, err)
	}
	pair, err := tls.X509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("key %s with certificate %s: %w", f.Key, f.Cert, err)
	}
	return &pair, nil
}

// pool takes expired certificates along with others, as bundles have them, but not
// alone: nothing could be verified.
func pool(data []byte, now time.Time) (*x509.CertPool, error) {
	all, err := certificates(data)
	if err != nil {
		return nil, err
	}
	p, usable := x509.NewCertPool(), false
	for _, c := range all {
		p.AddCert(c)
		if err = valid(c, now); err == nil {
			usable = true
		}
	}
	if !usable {
		return nil, err
	}
	return p, nil
}

// certificates returns every certificate of a PEM file, at least one.
func certificates(data []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("it holds no certificate in PEM form")
	}
	return all, nil
}

// valid returns why a certificate may not be used now, or nil.
func valid(c *x509.Certificate, now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("%s expired on %s", c.Subject, c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s is not valid before %s", c.Subject, c.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
