package xds_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/ads/adstest"
	"github.com/headgate/headgate/xds/agent"
	"github.com/headgate/headgate/xds/snapshot"
)

// fleet is a control plane in memory, with pairs that answer as the test says.
type fleet struct {
	*xds.Server
	t    *testing.T
	l    *adstest.Listener
	logs *observer.ObservedLogs // warnings and worse
}

func newFleet(t *testing.T) *fleet { return newFleetWith(t, func(*xds.Options) {}) }

// newFleetWith makes a fleet whose control plane has other options.
func newFleetWith(t *testing.T, set func(*xds.Options)) *fleet {
	core, logs := observer.New(zap.WarnLevel)
	f := &fleet{t: t, l: adstest.Listen(), logs: logs}
	o := xds.Options{Cluster: "edge", Now: time.Now}
	set(&o)
	f.Server = xds.New(o, prometheus.NewRegistry(), zap.New(core))
	served := make(chan error, 1)
	go func() { served <- f.Serve(f.l) }()
	t.Cleanup(func() {
		f.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return f
}

// join connects a pair that asks for everything.
func (f *fleet) join(node, region string) *adstest.Stream {
	s := adstest.Open(f.t, f.l, &corev3.Node{
		Id: node, Cluster: "edge", UserAgentName: policypb.PairAgent, Locality: &corev3.Locality{Region: region},
	}, nil)
	f.t.Cleanup(s.Close)
	for _, typ := range []string{policypb.TypeURL, resourcev3.ClusterType, resourcev3.ListenerType, resourcev3.RouteType} {
		s.Ask(typ, nil, "*")
	}
	return s
}

// publish publishes a policy with a model of a name, and returns its revision.
func (f *fleet) publish(model string) string {
	f.t.Helper()
	synctest.Wait()
	set := parse(f.t, 8080, model, "provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"")
	if err := f.Publish(set, snapshot.Options{}); err != nil {
		f.t.Fatal(err)
	}
	synctest.Wait()
	return set.Revision
}

// take acknowledges everything that a pair has been sent, and what comes then. It
// returns the revisions among it.
func take(t *testing.T, s *adstest.Stream) (revisions []string) {
	t.Helper()
	for {
		all := s.Received()
		if len(all) == 0 {
			return revisions
		}
		for _, m := range all {
			revisions = append(revisions, revisionsOf(t, m)...)
			s.Ack(m)
		}
	}
}

// refuse refuses the policy that a pair has been sent, and acknowledges the rest of
// that.
func refuse(t *testing.T, s *adstest.Stream) (revisions []string) {
	t.Helper()
	for _, m := range s.Received() {
		if r := revisionsOf(t, m); r != nil {
			revisions = append(revisions, r...)
			s.Nack(m, "it does not work here")
		} else {
			s.Ack(m)
		}
	}
	return revisions
}

func revisionsOf(t *testing.T, m *adstest.Message) (out []string) {
	t.Helper()
	for _, p := range policiesOf(t, m) {
		out = append(out, p.GetRevision())
	}
	return out
}

func policiesOf(t *testing.T, m *adstest.Message) (out []*policypb.Policy) {
	t.Helper()
	for _, r := range m.GetResources() {
		if m.GetTypeUrl() != policypb.TypeURL {
			return nil
		}
		p := &policypb.Policy{}
		if err := r.GetResource().UnmarshalTo(p); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func want(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// state is a group's and its pairs' state in one line: what the group is served, its
// last good revision, and what each pair runs.
func (f *fleet) state() string {
	synctest.Wait()
	s := f.Status()
	var b strings.Builder
	for _, g := range s.Groups {
		fmt.Fprintf(&b, "%s%s good %s refused %v;", g.Region, g.Revision, g.LastGood, g.Refused != nil)
	}
	for _, p := range s.Pairs {
		fmt.Fprintf(&b, " %s %s refused %v", p.Node, p.Revision, p.Refused != nil)
	}
	return b.String()
}

// pair runs an agent whose Envoy asks on a listener in memory.
func (f *fleet) pair(t *testing.T) (l *adstest.Listener, stop func()) {
	t.Helper()
	r, err := agent.New(agent.Options{
		Node: "pair", Cluster: "edge", Addresses: []string{"10.0.0.1:1"}, State: t.TempDir(), Log: zap.NewNop(),
		Dial:  func(ctx context.Context, _ string) (net.Conn, error) { return f.l.DialContext(ctx) },
		Apply: func(p *policypb.Policy) error { _, err := policy.FromWire(p); return err },
	}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	l, end := adstest.Serve(r.Register)
	return l, func() {
		cancel()
		<-ended
		r.Stop()
		end()
	}
}
