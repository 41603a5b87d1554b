package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// splitPolicy has a link to lay weights over, wholePolicy has none.
const (
	splitPolicy = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nmodels: {m: {chain: [[{use: a/x}, {use: b/x}]]}}\n"
	wholePolicy = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nmodels: {m: a/x}\n"
)

// publishes is a fleet without pairs, to which a source publishes.
type publishes struct {
	noFleet
	source *source.Source
}

func (p publishes) Status() xds.Status { return xds.Status{Overlay: p.source.Latest().Overlay} }

// TestOverlayIsTold holds that the log, /readyz and a metric say what lies over the policy,
// what of it is left out, and that it expired.
func TestOverlayIsTold(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	path := policyFile(t, splitPolicy)
	synctest.Test(t, func(t *testing.T) {
		s, err := source.Open(source.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		reg := prometheus.NewRegistry()
		p := newPublisher(s, publishes{source: s}, controlOptions{path: path, ops: &operations{}, reg: reg, log: zap.New(core)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.ExpireInTime(ctx, p.done)
		}()
		says := func(what, detail string, acting, left float64) {
			t.Helper()
			if _, rest, _ := strings.Cut(p.detail(), "\n"); rest != detail {
				t.Errorf("%s: /readyz says %q, want %q", what, rest, detail)
			}
			want := map[string]float64{"simulated in_effect": 0, "simulated left_out": 0, "weights in_effect": acting, "weights left_out": left, "drained in_effect": 0, "drained left_out": 0}
			if diff := cmp.Diff(want, values(t, reg, "headgate_policy_overlay_entries")); diff != "" {
				t.Errorf("%s: counted (-want +got):\n%s", what, diff)
			}
		}
		says("at first", "", 0, 0)
		_, err = p.Lay(source.Laying{Weights: []source.LinkWeights{{Target: source.Target{Model: "m"}, Uses: map[string]uint32{"a/x": 0}}},
			Author: "ann", Reason: "it is slow", For: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		const entry = "models.m.chain[0]: a/x=0, by ann since 2000-01-01T00:00:00Z until 2000-01-01T01:00:00Z: it is slow"
		says("laid", "overlay "+entry+"\n", 1, 0)
		_, err = p.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(wholePolicy)}}, Author: "bob", Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		says("left out", "overlay "+entry+" (left out: models.m.chain[0]: the link has one use, which gets every request)\n", 0, 1)
		time.Sleep(time.Hour)
		synctest.Wait()
		says("expired", "", 0, 0)
		cancel()
		<-done
	})
	var logged []string
	for _, entry := range logs.All() {
		fields := entry.ContextMap()
		logged = append(logged, strings.Join([]string{entry.Message, str(fields["origin"]), str(fields["author"]), str(fields["reason"])}, "|"))
	}
	want := []string{"policy changed|overlay|ann|it is slow", "policy changed|push|bob|test",
		"an entry of the overlay is left out: the policy has no place for it|||models.m.chain[0]: the link has one use, which gets every request",
		"policy changed|expiry|headgate|expired: models.m.chain[0]: a/x=0 of ann (it is slow)"}
	if diff := cmp.Diff(want, logged); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

// TestTakingBackIsLogged holds that a push which only takes back what did not act is a
// change that is logged and counted.
func TestTakingBackIsLogged(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	s, err := source.Open(source.Options{Path: policyFile(t, splitPolicy)})
	if err != nil {
		t.Fatal(err)
	}
	p := newPublisher(s, publishes{source: s}, controlOptions{ops: &operations{}, reg: prometheus.NewRegistry(), log: zap.New(core)})
	_, err = p.Lay(source.Laying{Weights: []source.LinkWeights{{Target: source.Target{Model: "m"}, Uses: map[string]uint32{"a/x": 7}}}, Author: "ann", Reason: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	proposal := source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(wholePolicy)}}, Author: "bob", Reason: "test"}
	for _, proposal.WithoutOverlay = range []bool{false, true, true} {
		if _, err := p.Push(proposal); err != nil {
			t.Fatal(err)
		}
	}
	if got := logs.FilterMessage("policy changed").Len(); got != 3 {
		t.Errorf("%d changes are logged, want 3", got)
	}
}

// earlierPolicy is a fleet that was taken back to a policy over which something expires.
type earlierPolicy struct {
	noFleet
	asked  []time.Time
	expiry time.Time
	fails  bool
}

func (e *earlierPolicy) ExpireEarlier() (time.Time, error) {
	e.asked = append(e.asked, time.Now())
	switch {
	case e.fails:
		e.fails = false
		return e.expiry, errors.New("cannot be built")
	case time.Now().Before(e.expiry):
		return e.expiry, nil
	}
	return time.Time{}, nil
}

// TestEarlierPoliciesExpireInTime holds that what lies over an earlier policy is taken back
// at its expiry, and tried again after a pause if that fails.
func TestEarlierPoliciesExpireInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		e := &earlierPolicy{expiry: start.Add(40 * time.Second), fails: true}
		p := &publisher{fleet: e, log: zap.NewNop()}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		p.expireEarlier(ctx)
		var got []time.Duration
		for _, at := range e.asked {
			got = append(got, at.Sub(start))
		}
		want := []time.Duration{0, expireAgain, 40 * time.Second, 40*time.Second + expireLate}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}

// TestPairSaysWhatLiesOverItsPolicy holds that a pair's /readyz can say why it serves
// other weights than the operator's document has.
func TestPairSaysWhatLiesOverItsPolicy(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(splitPolicy))
	if err != nil {
		t.Fatal(err)
	}
	set, _ = set.Under(policy.Overlay{Weights: []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": 9}, Laid: policy.Laid{Author: "ann", Reason: "test"}}}})
	d := testDataPlane(t)
	if got := overlayDetail(d.overlay(), nil); got != "" {
		t.Errorf("without a policy: %q", got)
	}
	if err := d.apply(set.Wire()); err != nil {
		t.Fatal(err)
	}
	if got := overlayDetail(d.overlay(), nil); got != "overlay models.m.chain[0]: a/x=9, by ann: test\n" {
		t.Errorf("it says %q", got)
	}
}
