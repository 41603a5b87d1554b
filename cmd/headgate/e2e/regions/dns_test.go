package regions

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// names is a DNS server that answers every question for an address with the one of the
// moment, for a second.
type names struct {
	conn    net.PacketConn
	address atomic.Pointer[netip.Addr]
}

func startNames(t *testing.T, address string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn}
	n.lead(address)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return n
}

// lead has all names lead to an address from now on.
func (n *names) lead(address string) {
	a := netip.MustParseAddr(address)
	n.address.Store(&a)
}

func (n *names) serve() {
	query := make([]byte, 512)
	for {
		size, from, err := n.conn.ReadFrom(query)
		if err != nil {
			return
		}
		if reply := n.reply(query[:size]); reply != nil {
			_, _ = n.conn.WriteTo(reply, from) // a lost packet is asked for again
		}
	}
}

// reply answers a query of one question (RFC 1035, 4.1).
func (n *names) reply(query []byte) []byte {
	const header, typeA, ttl = 12, 1, 1
	end := header
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end += 5; end > len(query) { // the root, type and class
		return nil
	}
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[header:end]...)
	if binary.BigEndian.Uint16(query[end-4:]) != typeA {
		return reply // the name has no others
	}
	reply[7] = 1 // an answer
	reply = append(reply, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, ttl, 0, 4)
	return append(reply, n.address.Load().AsSlice()...)
}

// TestANameLeadsElsewhere holds that requests succeed within the example's clocks while a
// backend's name leads to an address that is gone, and that the backend answers again once
// the name leads to another one. Headgate has no key for the DNS server that Envoy asks: it
// is that of the machine, and here one that the test adds to Envoy's bootstrap. Health
// checks ask the machine's, and are left out.
func TestANameLeadsElsewhere(t *testing.T) {
	for name, lose := range map[string]func(*gatewaytest.Network){"refuses": (*gatewaytest.Network).Refuse, "answers no SYN": (*gatewaytest.Network).Blackhole} {
		t.Run("the address before "+name, func(t *testing.T) {
			t.Parallel()
			leadsElsewhere(t, lose)
		})
	}
}

func leadsElsewhere(t *testing.T, lose func(*gatewaytest.Network)) {
	const before, after = "127.0.0.2", "127.0.0.3"
	provider := gatewaytest.Simulate(t, sim.Options{Keyless: true})
	server := strings.TrimSuffix(strings.TrimPrefix(provider.URL, "http://"), "/v1")
	at := gatewaytest.StartNetworkAt(t, before+":0", server)
	_, port, _ := strings.Cut(at.Addr, ":")
	gatewaytest.StartNetworkAt(t, after+":"+port, server)
	far := gatewaytest.Simulate(t, sim.Options{Keyless: true})
	policy := exampleAt(t, map[string]string{
		ports[0]: fmt.Sprintf(`"http://provider.example:%s/v1"`, port), ports[1]: fmt.Sprintf("%q", far.URL), ports[2]: fmt.Sprintf("%q", far.URL),
	})
	policy = strings.ReplaceAll(policy, "    health: {interval: 10s, probe: models}\n", "")
	dns := startNames(t, before)
	w := &world{Gateway: &startAsking(t, policy, dns).Gateway}
	for range 8 {
		if backend, attempts, _ := w.one(t); !near(backend) || attempts != "1" {
			t.Fatalf("%s answers at attempt %s", backend, attempts)
		}
	}
	dns.lead(after)
	lose(at)
	lost := time.Now()
	for row := 0; row < 8; row++ {
		backend, attempts, took := w.one(t)
		if took > within {
			t.Errorf("a request took %v, want at most %v", took, within)
		}
		if !near(backend) || attempts != "1" {
			row = -1
		}
		if time.Since(lost) > time.Minute {
			t.Fatal("the name's new address is never asked")
		}
	}
	t.Logf("the name's new address answers all after %v", time.Since(lost).Round(time.Millisecond))
}

// startAsking starts a pair in us-east whose Envoy asks a DNS server for names.
func startAsking(t *testing.T, policy string, dns *names) *gatewaytest.Pair {
	t.Helper()
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: "version: 1\n"})
	first, pair := f.Pairs[0], f.AddPair()
	text, err := os.ReadFile(f.Bootstrap(first))
	if err != nil {
		t.Fatal(err)
	}
	var bootstrap map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), first.Node, pair.Node)), &bootstrap); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(dns.conn.LocalAddr().String(), ":")
	bootstrap["typed_dns_resolver_config"] = map[string]any{
		"name": "envoy.network.dns_resolver.cares",
		"typed_config": map[string]any{
			"@type":     "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
			"resolvers": []any{map[string]any{"socket_address": map[string]any{"address": "127.0.0.1", "port_value": json.Number(port)}}},
		},
	}
	if text, err = json.Marshal(bootstrap); err == nil {
		err = os.WriteFile(f.Bootstrap(pair), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Write(policy)
	pair.Args = []string{"--region", "us-east"}
	f.StartExtProc(pair)
	f.StartEnvoy(pair)
	f.AwaitAnswer(pair)
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, policy))
	return pair
}
