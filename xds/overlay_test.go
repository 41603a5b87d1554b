package xds_test

import (
	"fmt"
	"maps"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

// splitUses is a policy with a link of two uses.
const splitUses = `
version: 1
unpriced: flag
backends: {a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}}
models: {m: {chain: [[{use: a/x}, {use: b/x}]]}}
`

// TestWhatLiesOverAPolicyIsPublished holds that pairs are given what is in effect and what
// was laid over the document, that Envoy has nothing to take of other weights, but of a
// simulated backend and of a use that is taken out, and that the status says what lies
// over the policy.
func TestWhatLiesOverAPolicyIsPublished(t *testing.T) {
	c := start(t, "127.0.0.1:0")
	given := make(chan *policypb.Policy, 10)
	new(pair).serve(t, agent.Options{Node: "a", Cluster: "edge", Addresses: []string{c.addr}, Log: zap.NewNop(),
		Apply: func(p *policypb.Policy) error { given <- p; return nil }})
	document, err := policy.Parse("policy.yaml", []byte(splitUses))
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

// TestWhatExpiresOverAnEarlierRelease holds that pairs which go back, because one refuses the
// latest release, lose what expires of what lies over the earlier one, before or after
// that.
func TestWhatExpiresOverAnEarlierRelease(t *testing.T) {
	for _, refusedFirst := range []bool{true, false} {
		t.Run(fmt.Sprint("refused first ", refusedFirst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { expiresEarlier(t, refusedFirst) })
		})
	}
}

func expiresEarlier(t *testing.T, refusedFirst bool) {
	f := newFleet(t)
	s := f.join("one", "")
	document, err := policy.Parse("policy.yaml", []byte(splitUses))
	if err != nil {
		t.Fatal(err)
	}
	laid := policy.Laid{Author: "ann", Reason: "test", Expiry: time.Now().Add(time.Hour)}
	over, _ := document.Under(policy.Overlay{
		Simulated: []policy.Simulated{{Backend: "b"}},
		Weights:   []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": 70}, Laid: laid}},
	})
	if err := f.Publish(over, snapshot.Options{Simulated: &url.URL{Scheme: "http", Host: "127.0.0.1:3"}}); err != nil {
		t.Fatal(err)
	}
	expire := func(next time.Time) {
		t.Helper()
		synctest.Wait()
		if got, err := f.ExpireEarlier(); err != nil || !got.Equal(next) {
			t.Errorf("the next expiry is at %s, %v; want %s", got, err, next)
		}
		synctest.Wait()
	}
	expire(time.Time{}) // the latest is not its business
	want(t, "at first", take(t, s), over.Revision)
	latest := f.publish("other")
	if refusedFirst {
		want(t, "offered", refuse(t, s), latest)
		expire(laid.Expiry)
		want(t, "gone back", take(t, s), over.Revision)
	}
	time.Sleep(time.Hour)
	expire(time.Time{})
	if !refusedFirst {
		want(t, "offered", refuse(t, s), latest)
		synctest.Wait()
	}
	want(t, "expired", take(t, s), document.Revision)
	expire(time.Time{})
	want(t, "then", take(t, s))
	if got := f.state(); got != document.Revision+" good "+document.Revision+" refused true; one "+document.Revision+" refused true" {
		t.Errorf("the state is %s", got)
	}
}
