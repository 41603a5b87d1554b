package identity

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// both is a server and a client of one authority, with what each has reported.
type both struct {
	clock          clock
	ours           *authority
	server, client folder
	reported       []string
	listener       *listener
	dial           *tls.Config
}

func newBoth(t *testing.T) *both {
	t.Helper()
	b := &both{ours: newAuthority(t, "ours", start.Add(1000*time.Hour)), server: newFolder(t), client: newFolder(t)}
	o := Options{Now: b.clock.now, Report: func(err error) { b.reported = append(b.reported, err.Error()) }}
	b.listener = listen(t, server(t, b.server.fill(b.ours, leaf{name: "server"}, b.ours), o))
	b.dial = client(t, b.client.fill(b.ours, leaf{name: "pair"}, b.ours), "localhost", o)
	return b
}

func TestNewHandshakesUseNewFiles(t *testing.T) {
	b := newBoth(t)
	next := newAuthority(t, "next", start.Add(1000*time.Hour))
	open := b.listener.meet(t, b.dial, "server, pair")
	steps := []struct {
		name   string
		change func()
		meet   string
		refuse [2]string
	}{
		{name: "the server's pair", change: func() { b.server.pair(b.ours, leaf{name: "server 2"}) }, meet: "server 2, pair"},
		{name: "the client's pair", change: func() { b.client.pair(b.ours, leaf{name: "pair 2"}) }, meet: "server 2, pair 2"},
		{name: "a client of an authority that the server does not know", change: func() { b.client.pair(next, leaf{name: "pair 3"}) },
			refuse: [2]string{"server", "signed by unknown authority"}},
		{name: "which it then knows", change: func() { b.server.write("ca.crt", next.pem) }, meet: "server 2, pair 3"},
		{name: "a server of an authority that the client does not know", change: func() { b.server.pair(next, leaf{name: "server 4"}) },
			refuse: [2]string{"client", "signed by unknown authority"}},
		{name: "which it then knows, too", change: func() { b.client.write("ca.crt", next.pem) }, meet: "server 4, pair 3"},
		{name: "the former authority is out", change: func() { b.client.pair(b.ours, leaf{name: "pair 5"}) },
			refuse: [2]string{"server", "signed by unknown authority"}},
	}
	for _, s := range steps {
		s.change()
		b.clock.pass(lookEvery)
		if s.meet != "" {
			b.listener.meet(t, b.dial, s.meet)
		} else {
			b.listener.refuse(t, b.dial, s.refuse[0], s.refuse[1])
		}
		if names, err := open.ask(); err != nil || names != "server, pair" {
			t.Fatalf("%s: the open connection answers %q, %v", s.name, names, err)
		}
	}
	if len(b.reported) > 0 {
		t.Errorf("reported %q, want nothing", b.reported)
	}
}

func TestFilesAreLookedAtOnceASecond(t *testing.T) {
	b := newBoth(t)
	b.server.pair(b.ours, leaf{name: "server 2"})
	b.clock.pass(lookEvery - 1)
	b.listener.meet(t, b.dial, "server, pair")
	b.clock.pass(1)
	b.listener.meet(t, b.dial, "server 2, pair")
	b.server.pair(b.ours, leaf{name: "server 3"})
	b.listener.meet(t, b.dial, "server 2, pair")
	b.clock.pass(lookEvery)
	b.listener.meet(t, b.dial, "server 3, pair")
}

func TestFaultyFilesChangeNothingAndAreReportedOnce(t *testing.T) {
	b := newBoth(t)
	cert, key := b.ours.issue(leaf{name: "server 2"})
	steps := []struct {
		name     string
		change   func()
		meet     string
		reported string // empty: nothing
	}{
		{"half of a pair", func() { b.server.write("tls.crt", cert) }, "server, pair", "private key does not match public key"},
		{"still half of it", func() {}, "server, pair", ""},
		{"the other half", func() { b.server.write("tls.key", key) }, "server 2, pair", ""},
		{"an expired pair", func() { b.server.pair(b.ours, leaf{name: "late", until: start.Add(-time.Hour)}) }, "server 2, pair", "CN=late expired on 2026-03-01T11:00:00Z"},
		{"no file at all", func() { os.Remove(b.server.at("tls.key")) }, "server 2, pair", "no such file or directory"},
		{"the former pair again", func() { b.server.write("tls.crt", cert); b.server.write("tls.key", key) }, "server 2, pair", ""},
		{"the same failure again", func() { os.Remove(b.server.at("tls.key")) }, "server 2, pair", "no such file or directory"},
		{"a pair of a minute from now", func() { b.server.pair(b.ours, leaf{name: "soon", from: start.Add(time.Minute)}) }, "server 2, pair", "is not valid before"},
		{"a minute later", func() { b.clock.pass(time.Minute) }, "soon, pair", ""},
		{"the client's CA", func() { b.client.write("ca.crt", []byte("x")) }, "soon, pair", "holds no certificate in PEM form"},
	}
	for _, s := range steps {
		b.reported = nil
		s.change()
		b.clock.pass(lookEvery)
		b.listener.meet(t, b.dial, s.meet)
		b.listener.meet(t, b.dial, s.meet)
		if s.reported == "" && len(b.reported) > 0 || s.reported != "" && (len(b.reported) != 1 || !strings.Contains(b.reported[0], s.reported)) {
			t.Errorf("%s: reported %q, want once %q", s.name, b.reported, s.reported)
		}
		if slices.ContainsFunc(b.reported, func(s string) bool { return !strings.HasPrefix(s, "kept the former certificates: ") }) {
			t.Errorf("%s: reported %q", s.name, b.reported)
		}
	}
}

// TestSwappedLinks replaces all files at once as a kubelet does: each is a link
// through ..data, which is swapped for a link to another folder.
func TestSwappedLinks(t *testing.T) {
	first, second := newAuthority(t, "first", start.Add(time.Hour)), newAuthority(t, "second", start.Add(time.Hour))
	d := newFolder(t)
	for version, a := range map[string]*authority{"1": first, "2": second} {
		if err := os.Mkdir(d.at(version), 0o700); err != nil {
			t.Fatal(err)
		}
		folder{t, d.at(version)}.fill(a, leaf{name: "server " + version}, a)
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, d.at("new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(d.at("new"), d.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	link("1", "..data")
	for _, name := range []string{"tls.crt", "tls.key", "ca.crt"} {
		link(filepath.Join("..data", name), name)
	}
	var c clock
	l := listen(t, server(t, d.files(), Options{Now: c.now}))
	dial := client(t, d.files(), "localhost", Options{Now: c.now})
	l.meet(t, dial, "server 1, server 1")
	link("2", "..data")
	c.pass(lookEvery)
	l.meet(t, dial, "server 2, server 2")
}

func TestManyHandshakesWhileFilesChange(t *testing.T) {
	b := newBoth(t)
	var wg sync.WaitGroup
	errs := make(chan error, 40)
	for range 4 {
		wg.Go(func() {
			for range 10 {
				b.clock.pass(lookEvery)
				_, _, err := b.listener.dial(t, b.dial)
				errs <- errors.Join(err, <-b.listener.ended)
			}
		})
	}
	for range 10 {
		b.server.pair(b.ours, leaf{name: "server"})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestGRPCTakesBothEnds(t *testing.T) {
	b := newBoth(t)
	o := Options{Now: b.clock.now}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(server(t, b.server.files(), o))))
	healthpb.RegisterHealthServer(s, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- s.Serve(lis) }()
	conn, err := grpc.NewClient(lis.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(b.dial)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("asking over gRPC: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	s.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
