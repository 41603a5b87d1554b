package fleet

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPairsShowCertificates holds that a control plane with a client CA serves pairs
// whose certificates it verifies, and turns away every other, without harm to the rest.
// Both say why in their logs.
func TestPairsShowCertificates(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 3)
	a, stranger, later := gatewaytest.NewAuthority(t), gatewaytest.NewAuthority(t), time.Now().Add(30*time.Minute)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy: gatewaytest.Edition(1, s.URLs), XDSArgs: newKeyring(t).fill(a, a, later).server(), PairArgs: newKeyring(t).fill(a, a, later).pair(),
	})
	pair := f.Pairs[0]
	pair.AwaitLink()
	l := gatewaytest.StartLoad(t, pair, 5, s.Whole(t))
	expiry := time.Now().Add(3 * time.Second).Truncate(time.Second)
	brief := add(f, newKeyring(t).fill(a, a, expiry).pair()...)
	brief.AwaitLink()
	says := func(text string) {
		t.Helper()
		gatewaytest.Eventually(t, "the control plane's log to say "+text, func() bool { return strings.Contains(f.XDS[0].Log(), text) })
	}
	notServed(t, add(f, newKeyring(t).fill(stranger, a, later).pair()...), "certificate")
	says("certificate signed by unknown authority")
	notServed(t, add(f, "--xds-cert", "", "--xds-key", ""), "certificate required")
	says("client didn't provide a certificate")
	if n := f.XDS[0].Metric("headgate_xds_handshake_failures_total"); n < 2 {
		t.Errorf("%v handshakes failed, want 2", n)
	}
	notServed(t, add(f, newKeyring(t).fill(a, stranger, later).pair()...), "unknown authority")
	notServed(t, add(f, "--xds-name", "other.example"), "other.example")
	add(f, "--xds-name", "control.example").AwaitLink()

	time.Sleep(time.Until(expiry.Add(1100 * time.Millisecond))) // nothing says that a certificate expires
	f.XDS[0].Kill()
	f.StartXDS(0)
	notServed(t, brief, "expired")
	says("certificate has expired")
	pair.AwaitLink()
	f.Write(gatewaytest.Edition(2, s.URLs))
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs)))
	gatewaytest.Eventually(t, "the two pairs that may be served", func() bool { return f.XDS[0].Metric("headgate_xds_clients") == 2 })
	l.Stop()
}

// TestNodeIDsAreBound holds that a pair's id is refused to another certificate while it is in
// use and after, that its own takes over under the same id, and that with --bind-nodes an id
// must be among a certificate's names.
func TestNodeIDsAreBound(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 1)
	a, later := gatewaytest.NewAuthority(t), time.Now().Add(30*time.Minute)
	own := newKeyring(t).fill(a, a, later, "pair-1").pair()
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDSArgs: newKeyring(t).fill(a, a, later).server(), PairArgs: own})
	first, control := f.Pairs[0], f.XDS[0]
	first.AwaitLink()
	rogue := add(f, append(newKeyring(t).fill(a, a, later, "pair-2").pair(), "--node", first.Node)...)
	notServed(t, rogue, `the node id \"pair-1\" is refused`)
	first.ExtProc.Kill()
	gatewaytest.Eventually(t, "the pair to have gone", func() bool { return control.Metric("headgate_xds_clients") == 0 })
	n := control.Metric("headgate_xds_node_ids_refused_total")
	gatewaytest.Eventually(t, "refusals of an id that is not in use", func() bool { return control.Metric("headgate_xds_node_ids_refused_total") > n })
	notServed(t, rogue, "it belongs to the certificate of control.example, pair-1")
	f.StartExtProc(first)
	first.AwaitLink()
	twin := add(f, append(own, "--node", first.Node)...)
	twin.AwaitLink()
	gatewaytest.Eventually(t, "the older connection to be closed", func() bool { return first.Metric("headgate_pair_linked") == 0 })
	if text := first.ExtProc.Log(); !strings.Contains(text, "another connection has taken over the node id") {
		t.Errorf("the older pair's log does not say why it was closed:\n%s", text)
	}
	twin.ExtProc.Kill()
	rogue.ExtProc.Kill()

	control.Kill()
	control.Args = []string{"--bind-nodes"}
	f.StartXDS(0)
	notServed(t, add(f, append(own, "--node", "pair-9")...), "the certificate does not name it")
	f.StartExtProc(twin)
	twin.AwaitLink()
}

// add starts another pair's ext_proc server with flags of its own.
func add(f *gatewaytest.Fleet, args ...string) *gatewaytest.Pair {
	p := f.AddPair()
	p.Args = args
	f.StartExtProc(p)
	return p
}

// notServed waits until a pair says why it is not served.
func notServed(t *testing.T, p *gatewaytest.Pair, says string) {
	t.Helper()
	p.Eventually("the log of "+p.Node+" to say "+says, func() bool { return strings.Contains(p.ExtProc.Log(), says) })
	// A stream that is refused by its first message was open until then.
	p.Eventually(p.Node+" to be without a link", func() bool { return p.Metric("headgate_pair_linked") == 0 })
}

// TestExpiredCertificate holds that a pair does not start with a certificate that has
// expired.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	a := gatewaytest.NewAuthority(t)
	args := []string{"extproc", "--operations", fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t)), "--state", t.TempDir()}
	p := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), append(args, newKeyring(t).fill(a, a, time.Now().Add(-time.Minute)).pair()...)...)
	if code, text := p.Exited(t), p.Log(); code != 2 || !strings.Contains(text, "expired on") || strings.Count(text, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, text)
	}
}

// TestCertificatesAreReplaced holds that both ends use certificates, and authorities,
// that were replaced on disk while they run, for the next connection.
func TestCertificatesAreReplaced(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 2)
	first, second, third, later := gatewaytest.NewAuthority(t), gatewaytest.NewAuthority(t), gatewaytest.NewAuthority(t), time.Now().Add(30*time.Minute)
	server, client := newKeyring(t).fill(first, first, later), newKeyring(t).fill(first, first, later)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs), XDSArgs: server.server(), PairArgs: client.pair()})
	pair := f.Pairs[0]
	pair.AwaitLink()

	server.fill(second, second, later)
	client.fill(second, second, later)
	pair.ExtProc.Kill()
	f.StartExtProc(pair)
	pair.AwaitLink() // the control plane has read its files again

	server.fill(third, third, later)
	client.fill(third, third, later)
	f.XDS[0].Kill()
	f.StartXDS(0)
	gatewaytest.Eventually(t, "the pair, which has read its files again", func() bool { return f.XDS[0].Metric("headgate_xds_clients") == 1 })

	notServed(t, add(f, newKeyring(t).fill(first, third, later).pair()...), "certificate")
	pair.AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)))
}

// TestPlainBeyondLoopback holds that neither end starts where others could read or
// change what they say to each other.
func TestPlainBeyondLoopback(t *testing.T) {
	t.Parallel()
	a := gatewaytest.NewAuthority(t)
	keys := newKeyring(t).fill(a, a, time.Now().Add(time.Minute))
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	gatewaytest.Overwrite(t, policy, gatewaytest.Edition(1, gatewaytest.NewEditions(t, 0).URLs))
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"a plain control plane", []string{"xds", "-f", policy, "--listen", "0.0.0.0:0"}, []string{"0.0.0.0:0", "--tls-cert", "--tls-client-ca"}},
		{"one that asks for no certificates", append([]string{"xds", "-f", policy, "--listen", "0.0.0.0:0"}, keys.server()[:4]...), []string{"0.0.0.0:0", "--tls-client-ca"}},
		{"a plain pair", []string{"extproc", "--xds", "127.0.0.1:1,control.example:18000"}, []string{"control.example:18000", "--xds-ca"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			args := append(c.args, "--operations", fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t)), "--state", dir)
			p := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), args...)
			code, text := p.Exited(t), p.Log()
			if code != 2 || strings.Count(text, "\n") != 1 {
				t.Errorf("exit code %d, %q", code, text)
			}
			for _, says := range c.says {
				if !strings.Contains(text, says) {
					t.Errorf("%q is not in %q", says, text)
				}
			}
		})
	}
}
