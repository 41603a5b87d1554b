package xds_test

import (
	"maps"
	"net/url"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestWhatLiesOverAPolicyIsPublished holds that pairs are given what is in effect and what
// was laid over the document, that Envoy has nothing to take of other weights, but of a
// simulated backend and of a use that is taken out, and that the status says what lies
// over the policy.
func TestWhatLiesOverAPolicyIsPublished(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	given := make(chan *policypb.Policy, 10)
	new(pair).serve(t, agent.Options{Node: "a", Cluster: "edge", Addresses: []string{c.addr}, Log: zap.NewNop(),
		Apply: func(p *policypb.Policy) error { given <- p; return nil }})
	document, err := policy.Parse("policy.yaml", []byte(`
version: 1
unpriced: flag
backends: {a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}}
models: {m: {chain: [[{use: a/x}, {use: b/x}]]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	simulator, err := url.Parse("http://127.0.0.1:3/v1")
	if err != nil {
		t.Fatal(err)
	}
	publish := func(o policy.Overlay) *policypb.Policy {
		t.Helper()
		set, _ := document.Under(o)
		if err := c.Publish(set, snapshot.Options{Simulated: simulator}); err != nil {
			t.Fatal(err)
		}
		if got := c.Status().Overlay; !got.Equal(o) {
			t.Errorf("the status says %+v, want %+v", got, o)
		}
		select {
		case p := <-given:
			if read, err := policy.FromWire(p); err != nil || !read.Overlay.Equal(o) || p.GetRevision() != set.Revision {
				t.Errorf("the pair was given %+v, %v", read, err)
			}
			return p
		case <-time.After(20 * time.Second):
			t.Fatal("the pair was given nothing")
			return nil
		}
	}
	weights := func(weight uint32) policy.Overlay {
		return policy.Overlay{Weights: []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": weight}, Laid: policy.Laid{Author: "ann", Reason: "test"}}}}
	}
	before := publish(policy.Overlay{})
	for what, laid := range map[string]struct {
		over  policy.Overlay
		envoy bool
	}{
		"weights":             {weights(70), false},
		"a use taken out":     {weights(0), true},
		"a simulated backend": {policy.Overlay{Simulated: []policy.Simulated{{Backend: "a", Laid: policy.Laid{Author: "headgate"}}}}, true},
	} {
		if p := publish(laid.over); maps.Equal(p.GetVersions(), before.GetVersions()) == laid.envoy {
			t.Errorf("%s: Envoy has versions %v, before %v", what, p.GetVersions(), before.GetVersions())
		}
	}
}
