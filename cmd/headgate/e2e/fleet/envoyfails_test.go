package fleet

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAPairReportsWhatItsEnvoyTakesOut holds that a pair whose Envoy is a process of its own
// counts and logs the ejections there, and that the other pairs and operators learn of them.
func TestAPairReportsWhatItsEnvoyTakesOut(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 0)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Pairs: 2, Policy: fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  gone: {provider: openai-compatible, url: \"http://127.0.0.1:%d/v1\"}\n"+
		"  b: {provider: openai-compatible, url: %q}\nmodels: {m: {chain: [gone/x, b/v0], retries: 0}}\n", gatewaytest.FreePort(t), s.URLs[0])})
	pair := f.Pairs[0]
	gatewaytest.Eventually(t, "the ejection", func() bool {
		pair.Meets()
		return strings.Contains(pair.Metrics(), "headgate_endpoints_out{backend=\"gone\",reason=\"ejected\"} 1\n")
	})
	if !strings.Contains(pair.Log(), "Envoy has taken an endpoint out") {
		t.Errorf("not in the pair's log: %s", pair.Log())
	}
	gatewaytest.Eventually(t, "the other pair to know", func() bool {
		_, text := f.Pairs[1].Readyz()
		return strings.Contains(text, "other pairs do not ask gone/x: ejected\n")
	})
	if _, text := pair.Readyz(); strings.Contains(text, "other pairs") {
		t.Errorf("the pair hears its own words: %s", text)
	}
	if status := f.XDS[0].Status(); !strings.Contains(status, "ejected") || !strings.Contains(status, " pair-1\n") {
		t.Errorf("the status is\n%s", status)
	}
}

// TestEnvoyThatCannotServeIsReported takes away a file that the policy in effect names and
// starts Envoy again: the pair is not ready and says why, a good policy mends it, and
// the one that names the file is refused then, which changes nothing.
func TestEnvoyThatCannotServeIsReported(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 1)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	roots, err := os.ReadFile(gatewaytest.NewAuthority(t).File)
	if err != nil {
		t.Fatal(err)
	}
	gatewaytest.Overwrite(t, ca, string(roots))
	bad := fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  own: {provider: openai-compatible, url: \"https://127.0.0.1:1/v1\", ca_file: %q}\n"+
		"  b: {provider: openai-compatible, url: %q}\nmodels: {m: {chain: [own/x, b/v0]}}\n", ca, s.URLs[0])
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: bad})
	pair := f.Pairs[0]
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, bad))
	if err := os.Remove(ca); err != nil {
		t.Fatal(err)
	}
	pair.Envoy.Kill()
	gatewaytest.Eventually(t, "a pair without Envoy to say so", func() bool {
		status, text := pair.Readyz()
		return status == http.StatusServiceUnavailable && strings.Contains(text, "no Envoy is connected")
	})
	gatewaytest.Eventually(t, "the control plane to know", func() bool { return strings.Contains(f.XDS[0].Status(), "no Envoy is connected") })
	f.StartEnvoy(pair)
	gatewaytest.Eventually(t, "what Envoy refuses", func() bool {
		status, text := pair.Readyz()
		return status == http.StatusServiceUnavailable && strings.Contains(text, "Envoy refuses a cluster") && strings.Contains(text, "ca.pem")
	})
	gatewaytest.Eventually(t, "the control plane to know that, too", func() bool {
		status := f.XDS[0].Status()
		return strings.Contains(status, "Envoy refuses a cluster") && !strings.Contains(status, "no Envoy is connected")
	})
	good := gatewaytest.Edition(0, s.URLs)
	f.Write(good)
	pair.AwaitPolicy(gatewaytest.RevisionOf(t, good))
	pair.AwaitRevision(gatewaytest.RevisionOf(t, good))
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	o.Push(1, bad, nil, "was refused", "ca.pem")
	pair.AwaitRevision(gatewaytest.RevisionOf(t, good))
	gatewaytest.Overwrite(t, ca, string(roots))
	o.Push(0, bad, nil, "taken by 1 of 1 pair")
	pair.AwaitRevision(gatewaytest.RevisionOf(t, bad))
	pair.Envoy.Kill()
	gatewaytest.Eventually(t, "a pair without Envoy", func() bool { return strings.Contains(f.XDS[0].Status(), "no Envoy is connected") })
	o.Push(0, good, nil, "pair-1 does not serve: no Envoy is connected")
}
