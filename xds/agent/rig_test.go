package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lingering is how long the clusters of a test's revisions stay.
const lingering = 5 * time.Minute

// revision makes what a control plane sends for a policy: clusters are "name=content"
// words, and the routes name all of them.
func revision(t testing.TB, name, shape, words string) ads.Set {
	t.Helper()
	all := map[string]*clusterv3.Cluster{}
	routes := &routev3.RouteConfiguration{Name: adstest.Routes, InternalOnlyHeaders: []string{shape}}
	for _, word := range strings.Fields(words) {
		cluster, content, _ := strings.Cut(word, "=")
		all[cluster] = &clusterv3.Cluster{Name: cluster, AltStatName: content}
		routes.VirtualHosts = append(routes.VirtualHosts, &routev3.VirtualHost{Name: cluster})
	}
	listener := &listenerv3.Listener{Name: "gateway", StatPrefix: "of all"}
	if strings.HasPrefix(name, "moved") {
		listener.StatPrefix = name
	}
	set := ads.Set{
		resourcev3.ClusterType:  encode(t, all),
		resourcev3.ListenerType: encode(t, map[string]*listenerv3.Listener{"gateway": listener}),
		resourcev3.RouteType:    encode(t, map[string]*routev3.RouteConfiguration{adstest.Routes: routes}),
	}
	p := &policypb.Policy{Revision: name, Shape: shape, Versions: map[string]string{}, Linger: durationpb.New(lingering)}
	if strings.HasPrefix(name, "brief") {
		p.Linger = durationpb.New(lingering / 5)
	}
	for typ, r := range set {
		p.Versions[typ] = r.Version
	}
	return set.With(policypb.TypeURL, encode(t, map[string]*policypb.Policy{"policy": p}))
}

func encode[M proto.Message](t testing.TB, messages map[string]M) *ads.Resources {
	t.Helper()
	r, err := ads.Encode(messages, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pair is an agent under test, with the policies that its ext_proc server was given.
type pair struct {
	*Agent
	t    *testing.T
	l    *adstest.Listener
	reg  *prometheus.Registry
	stop func()

	mu             sync.Mutex
	log            []string         // what was applied, and what Envoys were sent
	fail           map[string]error // by revision
	warning        string           // what is wrong although the pair serves
	onApply        func()           // called with each policy; may be nil
	newest, before string           // shapes that ext_proc has
	faults         []string
	underWay       map[*adstest.Envoy]*exchanges // by the Envoy that began them
}

// newPair starts an agent that follows control planes by their addresses, "1:1" and so
// on. It ends with the test.
func newPair(t *testing.T, state string, planes ...*control) *pair {
	t.Helper()
	p := &pair{t: t, fail: map[string]error{}, reg: prometheus.NewRegistry(), underWay: map[*adstest.Envoy]*exchanges{}}
	if err := p.start(state, planes); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pair) start(state string, planes []*control) (err error) {
	o := Options{Node: "pair", Cluster: "edge", State: state, Apply: p.apply, Warning: p.warn, Log: zap.NewNop()}
	for i := range planes {
		o.Addresses = append(o.Addresses, fmt.Sprintf("10.0.0.1:%d", i+1))
	}
	o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		return planes[slices.Index(o.Addresses, address)].listener().DialContext(ctx)
	}
	if p.Agent, err = New(o, p.reg); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	l, stop := adstest.Serve(p.Register)
	p.l = l
	p.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		p.Stop()
		stop()
	})
	p.t.Cleanup(p.stop)
	return nil
}

func (p *pair) warn() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.warning
}

// apply keeps policies as the ext_proc server does: the newest and the one before.
func (p *pair) apply(policy *policypb.Policy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.onApply != nil {
		p.onApply()
	}
	err := p.fail[policy.GetRevision()]
	if strings.HasPrefix(policy.GetRevision(), "unapplied") {
		err = errBroken
	}
	if err != nil {
		p.log = append(p.log, "cannot apply "+policy.GetRevision())
		return err
	}
	if p.newest != policy.GetShape() {
		p.newest, p.before = policy.GetShape(), p.newest
	}
	p.log = append(p.log, "apply "+policy.GetRevision())
	return nil
}

// envoy connects an Envoy, which accepts everything if judge is nil.
func (p *pair) envoy(judge func(*adstest.Message) adstest.Verdict) *adstest.Envoy {
	e := adstest.NewEnvoy(p.t, p.l, func(m *adstest.Message) adstest.Verdict {
		p.mu.Lock()
		p.log = append(p.log, adstest.Summary(m))
		p.mu.Unlock()
		if judge == nil {
			return adstest.Verdict{}
		}
		return judge(m)
	}, p.see)
	p.t.Cleanup(e.Disconnect)
	e.Connect()
	synctest.Wait()
	return e
}

// adopt lets an Envoy ask this pair from now on.
func (p *pair) adopt(e *adstest.Envoy) {
	p.beginExchanges(e)
	e.SetServer(p.l, p.see)
}

// see checks what must be true whenever an Envoy has accepted something: its routes name
// clusters that it has, and a shape that ext_proc has, and exchanges keep their clusters.
func (p *pair) see(e *adstest.Envoy, m *adstest.Message) {
	p.seeExchanges(e, m)
	r := e.Resource(resourcev3.RouteType, adstest.Routes)
	if r == nil {
		return
	}
	config := &routev3.RouteConfiguration{}
	if err := r.GetResource().UnmarshalTo(config); err != nil {
		p.fault("routes: %v", err)
		return
	}
	refused := func(host *routev3.VirtualHost) bool { return strings.HasPrefix(host.GetName(), "badcluster") }
	if slices.ContainsFunc(config.GetVirtualHosts(), refused) {
		return // accepted while no Envoy was there: it routes to what it refuses
	}
	for _, host := range config.GetVirtualHosts() {
		if e.Resource(resourcev3.ClusterType, host.GetName()) == nil && !e.Offered(host.GetName()) {
			p.fault("after %q routes of shape %s name %q, which Envoy does not have", adstest.Summary(m), shapeOf(config), host.GetName())
		}
	}
	p.mu.Lock()
	newest, before := p.newest, p.before
	p.mu.Unlock()
	if s := shapeOf(config); m.GetTypeUrl() == resourcev3.RouteType && s != newest && s != before {
		p.fault("Envoy routes by shape %q, ext_proc holds %q and %q", s, newest, before)
	}
}

func shapeOf(c *routev3.RouteConfiguration) string { return c.GetInternalOnlyHeaders()[0] }

func (p *pair) fault(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

// expect checks what has happened since, once everything is quiet, and that see has found
// nothing.
func (p *pair) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.log, want) {
		t.Errorf("%s:\n got %q\nwant %q", when, p.log, want)
	}
	for _, f := range p.faults {
		t.Errorf("%s: %s", when, f)
	}
	p.log, p.faults = nil, nil
}

// inside calls a function on the goroutine of Run, between two steps.
func (p *pair) inside(f func()) {
	done := make(chan struct{})
	p.post(func() {
		defer close(done)
		f()
	})
	<-done
}

// refuse makes an Envoy refuse a message that has a resource of a type with a text in it.
func refuse(typ, text, reason string) func(*adstest.Message) adstest.Verdict {
	return func(m *adstest.Message) adstest.Verdict {
		for _, r := range m.GetResources() {
			if m.GetTypeUrl() == typ && bytes.Contains(r.GetResource().GetValue(), []byte(text)) {
				return adstest.Verdict{Refuse: reason}
			}
		}
		return adstest.Verdict{}
	}
}

// await leaves it to the test to answer messages of a type.
func await(typ string) func(*adstest.Message) adstest.Verdict {
	return func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: m.GetTypeUrl() == typ} }
}

// gauge is the sum of a metric's values.
func (p *pair) gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := p.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

var errBroken = errors.New("its credential is gone")
