package caller_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

const hopHeaders = "caller: x-mesh-caller, user: x-mesh-user, team: x-mesh-team, tier: x-mesh-tier}\n"

// meshed is a policy that trusts a hop by its networks.
var meshed = document("trusted: {networks: [10.1.0.0/16, \"fd00::/8\"], " + hopHeaders)

// certifiedHop is one that trusts a hop by its certificate, and names the caller of another.
var certifiedHop = document(`
listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt}}
callers: {gateway: {certificate: mesh-gateway}, ci: {key: {env: CI_KEY}}}
trusted: {certificates: [mesh-gateway, other-gateway], ` + hopHeaders)

var words = []string{"x-mesh-caller", "app", "x-mesh-user", "ann", "x-mesh-team", "search", "x-mesh-tier", "free"}

// TestWhomAHopNames holds that the words of a hop count if it is the hop that is connected, and
// only then.
func TestWhomAHopNames(t *testing.T) {
	app := exchange.Caller{Name: "app", User: "ann", Team: "search", Tier: "free", Hop: true}
	keyed := meshed + "callers: {ci: {key: {env: CI_KEY}}}\nmanaged_keys: true\n"
	ring := keyring{known: true}
	with := func(more ...string) []string { return append(more, words...) }
	for _, c := range []struct {
		name, policy, peer, certificate string
		managed                         caller.Managed
		headers                         []string
		want                            exchange.Caller
		refused                         string // status and words
	}{
		{name: "from its network", policy: meshed, peer: "10.1.255.3:4567", headers: words, want: app},
		{name: "from its network of IPv6", policy: meshed, peer: "[fd00::3]:4567", headers: words, want: app},
		{name: "IPv4 on a socket of IPv6", policy: meshed, peer: "[::ffff:10.1.2.3]:4567", headers: words, want: app},
		{name: "from another network", policy: meshed, peer: "10.2.0.1:4567", headers: words, refused: "401 needs a key"},
		{name: "from a network that the request says", policy: meshed, peer: "192.0.2.1:1", headers: with("x-forwarded-for", "10.1.2.3", "x-real-ip", "10.1.2.3", "forwarded", "for=10.1.2.3", "source.address", "10.1.2.3:1"), refused: "401 needs a key"},
		{name: "from nowhere that is known", policy: meshed, headers: words, refused: "401 needs a key"},
		{name: "from something that is no address", policy: meshed, peer: "10.1.2.3", headers: words, refused: "401 needs a key"},
		{name: "the caller alone", policy: meshed, peer: "10.1.2.3:4", headers: words[:2], want: exchange.Caller{Name: "app", Hop: true}},
		{name: "all but the caller", policy: meshed, peer: "10.1.2.3:4", headers: words[2:], refused: "401 needs a key"},
		{name: "an empty caller", policy: meshed, peer: "10.1.2.3:4", headers: []string{"x-mesh-caller", " "}, refused: "401 needs a key"},
		{name: "all but the caller, where anybody may ask", policy: meshed + "anonymous: true\nanonymous_tier: none\n", peer: "10.1.2.3:4", headers: words[2:], want: exchange.Caller{Tier: "none"}},
		{name: "not believed, where anybody may ask", policy: meshed + "anonymous: true\n", peer: "10.2.2.3:4", headers: words},
		{name: "two callers", policy: meshed, peer: "10.1.2.3:4", headers: with("x-mesh-caller", "web"), refused: "401 x-mesh-caller must have one value"},
		{name: "two tiers, where anybody may ask", policy: meshed + "anonymous: true\n", peer: "10.1.2.3:4", headers: with("x-mesh-tier", ""), refused: "401 x-mesh-tier must have one value"},
		{name: "two callers that were joined", policy: meshed, peer: "10.1.2.3:4", headers: []string{"x-mesh-caller", "web, app"}, refused: "401 x-mesh-caller must have one value"},
		{name: "a caller that is too long", policy: meshed, peer: "10.1.2.3:4", headers: []string{"x-mesh-caller", strings.Repeat("a", 257)}, refused: "401 up to 256 bytes"},
		{name: "a caller that is not UTF-8", policy: meshed, peer: "10.1.2.3:4", headers: []string{"x-mesh-caller", "\xff"}, refused: "401 in UTF-8"},
		{name: "two callers from another network", policy: meshed + "anonymous: true\n", peer: "10.2.2.3:4", headers: with("x-mesh-caller", "web")},
		{name: "beside a known key", policy: keyed, peer: "10.1.2.3:4", managed: ring, headers: with("authorization", "Bearer "+ciKey), want: exchange.Caller{Name: "ci"}},
		{name: "beside a placeholder that an SDK demands", policy: keyed, peer: "10.1.2.3:4", managed: ring, headers: with("authorization", "Bearer unused"), want: app},
		{name: "beside a wrong key in the gateway's own header", policy: keyed, peer: "10.1.2.3:4", managed: ring, headers: with("x-headgate-key", other), refused: "401 does not know the key"},
		{name: "beside a key that was revoked", policy: keyed, peer: "10.1.2.3:4", managed: ring, headers: with("authorization", "Bearer hg_1_gone"), refused: "401 does not know the key"},
		{name: "not believed, beside an unknown key", policy: keyed, peer: "10.2.2.3:4", managed: ring, headers: with("authorization", "Bearer unused"), refused: "401 does not know the key"},
		{name: "by its certificate", policy: certifiedHop, certificate: "other-gateway", headers: words, want: app},
		{name: "by a certificate that is a caller's, too", policy: certifiedHop, certificate: "mesh-gateway", headers: words, want: app},
		{name: "which counts for what the hop does not name", policy: certifiedHop, certificate: "mesh-gateway", headers: words[2:], want: exchange.Caller{Name: "gateway"}},
		{name: "by another certificate", policy: certifiedHop, certificate: "mesh", headers: words, refused: "401 knows no caller by the name"},
		{name: "by no certificate", policy: certifiedHop, headers: words, refused: "401 needs a key"},
		{name: "no hop is trusted", policy: known, peer: "10.1.2.3:4", certificate: "mesh-gateway", headers: words, refused: "401"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ex := exchangetest.Ask(t, "openai", `{"model":"m","messages":[]}`)
			ex.Certificate, ex.Peer = c.certificate, c.peer
			verdict := exchangetest.Join(t, compile(t, c.policy, c.managed), ex).Headers(c.headers...)
			if got := fmt.Sprint(verdict.Status, " ", verdict.Message); (c.refused != "" || verdict.Status != 0) && !(got == c.refused || matches(got, c.refused) || c.refused == fmt.Sprint(verdict.Status)) {
				t.Errorf("got %q, want %q", got, c.refused)
			}
			if diff := cmp.Diff(c.want, ex.Caller); diff != "" {
				t.Errorf("caller (-want +got):\n%s", diff)
			}
		})
	}
}
