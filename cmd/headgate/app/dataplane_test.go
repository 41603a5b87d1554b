package app

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// TestListenNeedsThePolicysLeave holds that a pair's own address goes beyond loopback
// only if the policy may.
func TestListenNeedsThePolicysLeave(t *testing.T) {
	d := testDataPlane(t)
	for _, c := range []struct {
		listen, anonymous string
		allowed           bool
	}{{"127.0.0.1:8085", "false", true}, {"0.0.0.0:8085", "false", false}, {"0.0.0.0:8085", "true", true}} {
		set, err := policy.Parse("policy.yaml", []byte("version: 1\nanonymous: "+c.anonymous+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		d.listen = netip.MustParseAddrPort(c.listen)
		if err := d.take(set); (err == nil) != c.allowed || err != nil && !strings.Contains(err.Error(), "anonymous: true") {
			t.Errorf("%s, anonymous %s: error %v", c.listen, c.anonymous, err)
		}
	}
}

func testDataPlane(t *testing.T) *dataPlane {
	t.Helper()
	var l lifecycle
	d, err := newDataPlane(&l, recordsTo{path: t.TempDir() + "/access.jsonl"}, "", "", prometheus.NewRegistry(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.stop(context.Background()) })
	return d
}

// TestEveryMissingCredentialIsNamed holds that who sets credentials learns of all that
// lack at once, whatever the policy says of those without.
func TestEveryMissingCredentialIsNamed(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
backends:
  one:   {provider: openai, credential: {env: HEADGATE_TEST_UNSET}}
  two:   {provider: openai, credential: {env: HEADGATE_TEST_UNSET}}
  three: {provider: openai, credential: {env: HEADGATE_TEST_UNSET}, without_credential: simulate}
  four:  {provider: openai, credential: {env: HEADGATE_TEST_UNSET}, without_credential: simulate}
models: {m: {chain: [one/gpt-4o, two/gpt-4o, three/gpt-4o, four/gpt-4o]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	err = testDataPlane(t).take(set)
	for _, name := range []string{"one", "two", "three", "four"} {
		if err == nil || strings.Count(err.Error(), `backend "`+name+`": `) != 1 {
			t.Errorf("the error does not name %q once: %v", name, err)
		}
	}
}
