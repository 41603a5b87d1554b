package agent

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads/adstest"
)

// exchanges are those of one Envoy, connected or not: with each cluster that its routes
// name, one begins at any time, and takes as long as an exchange may.
type exchanges struct {
	clusters []string             // with which exchanges begin
	until    map[string]time.Time // by cluster with which none begins any more: when the last one ends
}

// seeExchanges checks that a message takes no cluster from the exchanges under way.
func (p *pair) seeExchanges(e *adstest.Envoy, m *adstest.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.underWay[e]
	if x == nil {
		x = &exchanges{until: map[string]time.Time{}}
		p.underWay[e] = x
	}
	for _, name := range m.GetRemovedResources() {
		if m.GetTypeUrl() == resourcev3.ClusterType && time.Now().Before(x.until[name]) {
			p.faults = append(p.faults, fmt.Sprintf("%q takes a cluster from exchanges that may need it for another %s", adstest.Summary(m), time.Until(x.until[name])))
		}
	}
	if m.GetTypeUrl() != resourcev3.RouteType {
		return
	}
	for _, name := range x.clusters {
		x.until[name] = time.Now().Add(lingering)
	}
	x.clusters = routed(e)
}

// beginExchanges forgets the exchanges of an Envoy, because it or its pair is started
// anew, and begins others.
func (p *pair) beginExchanges(e *adstest.Envoy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underWay[e] = &exchanges{clusters: routed(e), until: map[string]time.Time{}}
}

// routed are the clusters that an Envoy's routes name.
func routed(e *adstest.Envoy) (clusters []string) {
	r, config := e.Resource(resourcev3.RouteType, adstest.Routes), &routev3.RouteConfiguration{}
	if r == nil || r.GetResource().UnmarshalTo(config) != nil {
		return nil
	}
	for _, host := range config.GetVirtualHosts() {
		clusters = append(clusters, host.GetName())
	}
	return clusters
}

// TestALateEnvoyKeepsItsClusters holds that an Envoy which was away during a change goes on
// with the exchanges that it began by the routes before, once it is given the new ones.
func TestALateEnvoyKeepsItsClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		e := p.envoy(nil)
		plane.publish(revision(t, "r1", "s1", "a=1"))
		p.expect(t, "before", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		e.Disconnect()
		plane.publish(revision(t, "r2", "s2", "b=1"))
		time.Sleep(2 * lingering)
		p.expect(t, "without it", "apply r2")
		e.Connect()
		p.expect(t, "when it returns", "Cluster +b", "RouteConfiguration +gateway")
		time.Sleep(lingering - time.Second)
		plane.publish(revision(t, "r3", "s3", "c=1"))
		p.expect(t, "while its exchanges may be under way", "apply r3", "Cluster +c", "RouteConfiguration +gateway")
		time.Sleep(2 * time.Second)
		p.expect(t, "when they have ended", "Cluster -a")
		time.Sleep(lingering)
		p.expect(t, "when those of the next one have", "Cluster -b")
	})
}

// TestExchangesTakeAsLongAsTheirRevisionSays holds that a revision's clusters stay as long as
// its own exchanges may take, even if those of the next may take less.
func TestExchangesTakeAsLongAsTheirRevisionSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		p.envoy(nil)
		plane.publish(revision(t, "r1", "s1", "a=1"))
		plane.publish(revision(t, "brief2", "s2", "b=1"))
		p.expect(t, "before", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway",
			"apply brief2", "Cluster +b", "RouteConfiguration +gateway")
		time.Sleep(lingering - time.Second)
		p.expect(t, "while exchanges of the first may be under way")
		time.Sleep(2 * time.Second)
		p.expect(t, "when they have ended", "Cluster -a")
	})
}
