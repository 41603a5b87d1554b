package tls

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestACertificateIsReplacedUnderLoad holds that connections that are opened while a certificate
// is replaced all succeed, that those which are open live on, and that new ones see the new one.
func TestACertificateIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	g, _ := start(t, s, "", "")
	lasting, fresh := g.Over(s.Trust(), false), g.Over(s.Trust(), true)
	stream := lasting.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "long", true), "tokens=40;pause=100ms"))
	if _, err := stream.Next(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				a, err := fresh.Try(context.Background(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", fmt.Sprintf("%d-%d", i, n), false), "tokens=2"))
				if err != nil || a.Status != http.StatusOK || a.Err != nil {
					t.Errorf("client %d, request %d: status %d, %v, %v", i, n, a.Status, err, a.Err)
					return
				}
			}
		})
	}
	for range 3 {
		certificate := s.Renew()
		gatewaytest.Eventually(t, "the new certificate", func() bool { return shows(t, fresh, certificate) })
	}
	stop()
	clients.Wait()
	if _, err := stream.Rest(); err != nil {
		t.Errorf("the stream that was open: %v", err)
	}
}

// shows reports whether a new connection is shown a certificate.
func shows(t *testing.T, g *gatewaytest.Gateway, certificate []byte) bool {
	t.Helper()
	a, err := g.Try(context.Background(), gatewaytest.Request{Method: http.MethodGet, Path: "/v1/models"})
	if err != nil {
		t.Fatalf("while the certificate is replaced: %v", err)
	}
	block, _ := pem.Decode(certificate)
	return string(a.TLS.PeerCertificates[0].Raw) == string(block.Bytes)
}

// TestFilesThatCannotBeUsedChangeNothing holds that the former certificate serves on, and that
// this is seen, until the files are good again.
func TestFilesThatCannotBeUsedChangeNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		harm       func(s *gatewaytest.Secure)
	}{
		{"the certificate is gone", "no such file", (*gatewaytest.Secure).Remove},
		{"a key of another certificate", "private key does not match", func(s *gatewaytest.Secure) {
			_, key := s.Issue()
			gatewaytest.Overwrite(t, s.Path("tls.key"), string(key))
		}},
		{"no certificate", "no certificate in PEM form", func(s *gatewaytest.Secure) { gatewaytest.Overwrite(t, s.Path("tls.crt"), "hello\n") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := gatewaytest.NewSecure(t)
			g, _ := start(t, s, "", "")
			c.harm(s)
			g.Eventually("a word in the log", func() bool {
				return strings.Contains(g.Log(), "certificate files of the listener cannot be used") && strings.Contains(g.Log(), c.says)
			})
			g.Eventually("a word in the status", func() bool { return strings.Contains(status(t, g), c.says) })
			gatewaytest.MustOK(t, g.Over(s.Trust(), true).Chat(gatewaytest.ChatBody("plain", "still", false), ""))
			certificate := s.Renew()
			gatewaytest.Eventually(t, "the certificate after that", func() bool { return shows(t, g.Over(s.Trust(), true), certificate) })
			g.Eventually("no word in the status", func() bool { return !strings.Contains(status(t, g), "listen.tls") })
		})
	}
}

// status is what headgate status says.
func status(t *testing.T, g *gatewaytest.Gateway) string {
	t.Helper()
	return g.Operator(t).Says(0, []string{"status"})
}

// TestAGatewayDoesNotStartWithoutItsCertificate holds that it says why, as check does.
func TestAGatewayDoesNotStartWithoutItsCertificate(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewSecure(t)
	s.Remove()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := secured(t, s, "", "version: 1\nbackends: {sim: {provider: simulated, url: \""+p.URL+"\"}}\nmodels: {plain: sim/plain}\nunpriced: flag\n")
	g := gatewaytest.Launch(t, policy, gatewaytest.Options{})
	if code := g.Exited(); code == 0 || !strings.Contains(g.Log(), "listen.tls: reading the certificate: open "+s.Path("tls.crt")) {
		t.Errorf("exit code %d, log:\n%s", code, g.Log())
	}
	stdout, _, code := gatewaytest.Run(t, "check", "--env", g.Policy)
	if code == 0 || !strings.Contains(stdout, "policy.yaml:1:") || !strings.Contains(stdout, "listen.tls: reading the certificate") {
		t.Errorf("check: exit code %d, %s", code, stdout)
	}
}
