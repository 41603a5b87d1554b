package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func server(t *testing.T, f Files, o Options) *tls.Config {
	t.Helper()
	c, err := Server(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func client(t *testing.T, f Files, name string, o Options) *tls.Config {
	t.Helper()
	c, err := Client(f, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhoMeets(t *testing.T) {
	late := start.Add(1000 * time.Hour)
	ours, theirs := newAuthority(t, "ours", late), newAuthority(t, "theirs", late)
	short := leaf{name: "short", until: start.Add(time.Minute)}
	serverOnly := leaf{name: "server", usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	clientOnly := leaf{name: "pair", usages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	rows := []struct {
		name                  string
		server, client        leaf
		serverBy, clientBy    *authority
		serverCA, clientCA    *authority
		dial                  string
		later                 time.Duration
		alter                 func(*tls.Config)
		meet, refuser, reason string
	}{
		{name: "both of one authority", dial: "localhost", meet: "server, pair"},
		{name: "each trusts the authority of the other", serverBy: theirs, clientCA: theirs, dial: "localhost", meet: "server, pair"},
		{name: "certificates for one end only", server: serverOnly, client: clientOnly, dial: "localhost", meet: "server, pair"},
		{name: "an address as the name", dial: "127.0.0.1", meet: "server, pair"},
		{name: "TLS 1.2", dial: "localhost", alter: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, meet: "server, pair"},

		{name: "a server of another authority", serverBy: theirs, dial: "localhost", refuser: "client", reason: "signed by unknown authority"},
		{name: "a server of another name", dial: "elsewhere", refuser: "client", reason: "not elsewhere"},
		{name: "a server at another address", dial: "127.0.0.2", refuser: "client", reason: "not 127.0.0.2"},
		{name: "a server that expired", server: short, later: time.Hour, dial: "localhost", refuser: "client", reason: "expired"},
		{name: "a server with a client's certificate", server: clientOnly, dial: "localhost", refuser: "client", reason: "incompatible key usage"},
		{name: "a client of another authority", clientBy: theirs, dial: "localhost", refuser: "server", reason: "signed by unknown authority"},
		{name: "a client that expired", client: short, later: time.Hour, dial: "localhost", refuser: "server", reason: "expired"},
		{name: "a client with a server's certificate", client: serverOnly, dial: "localhost", refuser: "server", reason: "incompatible key usage"},
		{name: "a client without a certificate", dial: "localhost", alter: func(c *tls.Config) { c.GetClientCertificate = nil }, refuser: "server", reason: "didn't provide a certificate"},
		{name: "TLS 1.1", dial: "localhost", alter: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, refuser: "server", reason: "unsupported versions"},
		{name: "another protocol", dial: "localhost", alter: func(c *tls.Config) { c.NextProtos, c.VerifyConnection = []string{"http/1.1"}, nil }, refuser: "server", reason: "does not offer the protocol h2"},
		{name: "no protocol", dial: "localhost", alter: func(c *tls.Config) { c.NextProtos, c.VerifyConnection = nil, nil }, refuser: "server", reason: "does not offer the protocol h2"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var c clock
			o := Options{Now: c.now}
			serverFiles := newFolder(t).fill(or(r.serverBy, ours), named(r.server, "server"), or(r.serverCA, ours))
			clientFiles := newFolder(t).fill(or(r.clientBy, ours), named(r.client, "pair"), or(r.clientCA, ours))
			l, dial := listen(t, server(t, serverFiles, o)), client(t, clientFiles, r.dial, o)
			if r.alter != nil {
				r.alter(dial)
			}
			c.pass(r.later)
			if r.meet != "" {
				l.meet(t, dial, r.meet)
				return
			}
			l.refuse(t, dial, r.refuser, r.reason)
		})
	}
}

func or(a, b *authority) *authority {
	if a != nil {
		return a
	}
	return b
}

func named(l leaf, name string) leaf {
	if l.name == "" {
		l.name = name
	}
	return l
}

func TestAClientRefusesAServerWithoutTheProtocol(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(time.Hour))
	f := newFolder(t).fill(ours, leaf{name: "server"}, ours)
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	var c clock
	l := listen(t, &tls.Config{Certificates: []tls.Certificate{pair}})
	l.refuse(t, client(t, Files{CA: f.CA}, "localhost", Options{Now: c.now}), "client", "does not offer the protocol h2")
}

func TestAServerWithoutCATakesAnyClient(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(time.Hour))
	var c clock
	f := newFolder(t).fill(ours, leaf{name: "server"}, ours)
	l := listen(t, server(t, Files{Cert: f.Cert, Key: f.Key}, Options{Now: c.now}))
	l.meet(t, client(t, Files{CA: f.CA}, "localhost", Options{Now: c.now}), "server, nobody")
	l.refuse(t, client(t, Files{}, "localhost", Options{Now: c.now}), "client", "signed by unknown authority")
}

func TestIntermediatesAreFollowed(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(time.Hour))
	below := ours.intermediate("below")
	var c clock
	ends := [2]Files{}
	for i, name := range []string{"server", "pair"} {
		d := newFolder(t)
		cert, key := below.issue(leaf{name: name})
		d.write("tls.crt", append(cert, below.pem...))
		d.write("tls.key", key)
		d.write("ca.crt", ours.pem)
		ends[i] = d.files()
	}
	l := listen(t, server(t, ends[0], Options{Now: c.now}))
	l.meet(t, client(t, ends[1], "localhost", Options{Now: c.now}), "server, pair")
}

func TestFaultsAtTheStart(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(1000*time.Hour))
	old := newAuthority(t, "old", start.Add(-time.Hour))
	_, otherKey := ours.issue(leaf{name: "other"})
	rows := []struct {
		name   string
		change func(f folder)
		want   string // after it the file's name
		file   string
	}{
		{"no certificate file", func(f folder) { os.Remove(f.at("tls.crt")) }, "reading the certificate: open ", "tls.crt"},
		{"no key file", func(f folder) { os.Remove(f.at("tls.key")) }, "reading the key: open ", "tls.key"},
		{"no CA file", func(f folder) { os.Remove(f.at("ca.crt")) }, "reading the CA: open ", "ca.crt"},
		{"an empty certificate", func(f folder) { f.write("tls.crt", nil) }, "certificate ", "tls.crt"},
		{"an empty CA", func(f folder) { f.write("ca.crt", nil) }, "CA ", "ca.crt"},
		{"a broken CA", func(f folder) { f.write("ca.crt", append(ours.pem, block("CERTIFICATE", []byte("x"))...)) }, "CA ", "ca.crt: PEM block 2: "},
		{"the key of another certificate", func(f folder) { f.write("tls.key", otherKey) }, "key ", "tls.key with certificate "},
		{"a certificate in place of the key", func(f folder) { f.write("tls.key", ours.pem) }, "key ", "tls.key with certificate "},
		{"an expired certificate", func(f folder) { f.pair(ours, leaf{name: "late", until: start.Add(-time.Minute)}) }, "certificate ", "tls.crt: CN=late expired on 2026-03-01T11:59:00Z"},
		{"a certificate of the future", func(f folder) { f.pair(ours, leaf{name: "early", from: start.Add(time.Minute)}) }, "certificate ", "tls.crt: CN=early is not valid before 2026-03-01T12:01:00Z"},
		{"an expired CA", func(f folder) { f.write("ca.crt", old.pem) }, "CA ", "ca.crt: CN=old expired on 2026-03-01T11:00:00Z"},
		{"a file without end", func(f folder) { f.write("ca.crt", make([]byte, maxFile+1)) }, "reading the CA: ", "ca.crt: larger than"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := newFolder(t)
			files := f.fill(ours, leaf{name: "server"}, ours)
			r.change(f)
			var c clock
			_, serverErr := Server(files, Options{Now: c.now})
			_, clientErr := Client(files, "localhost", Options{Now: c.now})
			for _, err := range []error{serverErr, clientErr} {
				if want := r.want + filepath.Join(f.path, r.file); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("returned %v, want %q in it", err, want)
				}
				if err != nil && strings.Contains(err.Error(), "PRIVATE") {
					t.Errorf("quotes a key: %v", err)
				}
			}
		})
	}
}

func TestFaultyArguments(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(time.Hour))
	f := newFolder(t).fill(ours, leaf{name: "server"}, ours)
	var c clock
	o := Options{Now: c.now}
	_, noKey := Server(Files{Cert: f.Cert}, o)
	_, noCert := Server(Files{Key: f.Key}, o)
	_, half := Client(Files{Cert: f.Cert, CA: f.CA}, "localhost", o)
	_, nameless := Client(f, "", o)
	if err := errors.Join(noKey, noCert, half, nameless); err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Errorf("four faulty calls returned: %v", err)
	}
}

func TestABundleMayHoldExpiredAuthorities(t *testing.T) {
	ours := newAuthority(t, "ours", start.Add(time.Hour))
	old := newAuthority(t, "old", start.Add(-time.Hour))
	d := newFolder(t)
	f := d.fill(ours, leaf{name: "server"}, ours)
	d.write("ca.crt", append(old.pem, ours.pem...))
	d.write("ca2.crt", append(ours.pem, old.pem...))
	var c clock
	l := listen(t, server(t, f, Options{Now: c.now}))
	f.CA = d.at("ca2.crt")
	l.meet(t, client(t, f, "localhost", Options{Now: c.now}), "server, server")
}
