package agent

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestNextAddress holds that a pair serves on when its control plane ends, follows the
// next one, and sends and takes nothing there that it has.
func TestNextAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newControl(t), newControl(t)
		set := revision(t, "r1", "s1", "a=1")
		second.set = set
		p := newPair(t, "", first, second)
		p.envoy(nil)
		first.publish(set)
		p.expect(t, "at the first", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		if !p.Linked() || p.gauge(t, "headgate_pair_linked") != 1 {
			t.Error("no control plane counts as connected")
		}
		first.stop()
		synctest.Wait()
		if p.Linked() || p.gauge(t, "headgate_pair_linked") != 0 {
			t.Error("a control plane that has ended counts as connected")
		}
		time.Sleep(time.Second)
		p.expect(t, "at the second")
		if !second.has(set) {
			t.Error("the second control plane does not know what the pair has")
		}
		next := revision(t, "r2", "s2", "a=1")
		second.publish(next)
		if !second.has(next) || p.Revision() != "r2" {
			t.Error("the pair does not follow the second")
		}
	})
}

// TestReconnectInTheMiddle holds that a change which is under way when the control
// plane goes is not taken for done by the next one, which learns how it ended.
func TestReconnectInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		name, refuse string
		early        bool // Envoy answers while no control plane is connected
		want         []string
	}{
		{"taken", "", false, nil},
		{"taken while alone", "", true, nil},
		{"refused", "no", false, []string{"cluster: no"}},
		{"refused while alone", "no", true, []string{"cluster: no"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := newControl(t), newControl(t)
				p := newPair(t, "", first, second)
				wait := false
				e := p.envoy(func(m *adstest.Message) adstest.Verdict {
					if wait {
						return adstest.Verdict{Wait: true}
					}
					return refuse(resourcev3.ClusterType, "bad", "no")(m)
				})
				first.publish(revision(t, "r1", "s1", "a=1"))
				set := revision(t, "r2", "s2", "bad=1")
				second.set = set
				wait = true
				first.publish(set)
				first.stop()
				synctest.Wait()
				wait = false
				if c.early {
					e.Answer(c.refuse)
				}
				time.Sleep(time.Second)
				if !c.early {
					if second.has(set) {
						t.Error("it counts as taken while Envoy has not answered")
					}
					e.Answer(c.refuse)
				}
				if got := second.refused(); !slices.Equal(got, c.want) {
					t.Errorf("the second control plane is told %q, want %q", got, c.want)
				}
				if got := second.has(set); got != (c.refuse == "") {
					t.Errorf("it counts as taken: %v", got)
				}
			})
		})
	}
}

// TestPublishedMeanwhile holds that what is published while a change is under way is
// taken after it, and not acknowledged with it.
func TestPublishedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newControl(t), newControl(t)
		p := newPair(t, "", first, second)
		wait := true
		e := p.envoy(func(*adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: wait} })
		first.publish(revision(t, "r1", "s1", "a=1"))
		later := revision(t, "r2", "s2", "b=1")
		second.set = later
		first.stop()
		time.Sleep(time.Second)
		p.fail["r2"] = errBroken
		wait = false
		e.Answer("")
		if second.has(later) {
			t.Error("the later one counts as taken with the one before it")
		}
		if got := second.refused(); !slices.Equal(got, []string{"policy: " + errBroken.Error()}) {
			t.Errorf("the control plane is told %q", got)
		}
		if p.Revision() != "r1" {
			t.Errorf("%q is served", p.Revision())
		}
	})
}

// TestGarbage holds that what makes no sense is refused, or waited for, and nothing
// of it is put into effect.
func TestGarbage(t *testing.T) {
	good := func(t *testing.T) ads.Set { return revision(t, "r1", "s1", "a=1") }
	policyOf := func(t *testing.T, p *policypb.Policy) *ads.Resources {
		return encode(t, map[string]*policypb.Policy{"policy": p})
	}
	for _, c := range []struct {
		name string
		set  func(t *testing.T) ads.Set
		want string // in the refusal; empty: it is waited for
	}{
		{"no versions", func(t *testing.T) ads.Set {
			return good(t).With(policypb.TypeURL, policyOf(t, &policypb.Policy{Revision: "r1"}))
		}, "does not say which clusters"},
		{"not a policy", func(t *testing.T) ads.Set {
			return good(t).With(policypb.TypeURL, encode(t, map[string]*clusterv3.Cluster{"policy": {Name: "c"}}))
		}, "reading resource"},
		{"two policies", func(t *testing.T) ads.Set {
			return good(t).With(policypb.TypeURL, encode(t, map[string]*policypb.Policy{"one": {Revision: "1"}, "two": {Revision: "2"}}))
		}, "2 policies"},
		{"clusters that are none", func(t *testing.T) ads.Set {
			set := good(t).With(resourcev3.ClusterType, encode(t, map[string]*policypb.Policy{"a": {}}))
			p := &policypb.Policy{Revision: "r1", Versions: map[string]string{}}
			for typ, r := range set.Without(policypb.TypeURL) {
				p.Versions[typ] = r.Version
			}
			return set.With(policypb.TypeURL, policyOf(t, p))
		}, "is of type"},
		{"never whole", func(t *testing.T) ads.Set {
			return good(t).With(resourcev3.ClusterType, encode(t, map[string]*clusterv3.Cluster{"a": {Name: "other"}}))
		}, ""},
		{"no policy", func(t *testing.T) ads.Set { return good(t).Without(policypb.TypeURL) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plane := newControl(t)
				p := newPair(t, "", plane)
				p.envoy(nil)
				plane.publish(c.set(t))
				time.Sleep(time.Minute)
				p.expect(t, "garbage")
				got := plane.refused()
				if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], "policy: ") || !strings.Contains(got[0], c.want)) {
					t.Errorf("the control plane is told %q, want %q", got, c.want)
				}
				if c.want == "" {
					return
				}
				next := revision(t, "r2", "s2", "b=1")
				plane.publish(next)
				if !plane.has(next) {
					t.Error("what is published next is not taken")
				}
			})
		})
	}
}

// deaf takes streams and never reads from them.
type deaf struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
}

func (deaf) DeltaAggregatedResources(s discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	<-s.Context().Done()
	return s.Context().Err()
}

// TestDeafControlPlane holds that a pair which has much to say to a control plane that
// does not read goes on serving its Envoys.
func TestDeafControlPlane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		deafOne := silent(t, func(g *grpc.Server) {
			discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, deaf{})
		})
		p := newPair(t, "", plane, deafOne)
		var words strings.Builder
		for i := range 3000 {
			words.WriteString(" " + strings.Repeat("long", 10) + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "=1")
		}
		plane.publish(revision(t, "r1", "s1", words.String()))
		time.Sleep(awaitEnvoy)
		plane.stop()
		time.Sleep(10 * time.Second)
		if !p.Linked() {
			t.Fatal("the pair is not connected to the deaf control plane")
		}
		e := p.envoy(nil)
		if n := len(e.Names(resourcev3.ClusterType)); n != 3000 {
			t.Errorf("Envoy got %d clusters, want 3000", n)
		}
		if len(e.Names(resourcev3.RouteType)) == 0 {
			t.Error("Envoy got no routes")
		}
	})
}

// TestHangingAddress holds that one which takes connections and says nothing is given
// up in time.
func TestHangingAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := adstest.Listen()
		t.Cleanup(func() { _ = hanging.Close() })
		go func() {
			for {
				conn, err := hanging.Accept()
				if err != nil {
					return
				}
				go func() { _, _ = io.Copy(io.Discard, conn) }()
			}
		}()
		plane, set := newControl(t), revision(t, "r1", "s1", "a=1")
		plane.set = set
		p := newPair(t, "", &control{l: hanging}, plane)
		p.envoy(nil)
		time.Sleep(2 * connectTimeout)
		if !plane.has(set) {
			t.Error("the pair still waits for the address that hangs")
		}
	})
}

// TestStopsWhenever holds that an agent can be stopped before it runs, and while events
// are posted that are not handled any more.
func TestStopsWhenever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Options{Addresses: []string{"10.0.0.1:1"}, Apply: func(*policypb.Policy) error { return nil }}, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		l, stop := adstest.Serve(r.Register)
		var envoys []*adstest.Envoy
		for range cap(r.events) + 1 {
			e := adstest.NewEnvoy(t, l, nil, nil)
			e.Connect()
			envoys = append(envoys, e)
		}
		synctest.Wait()
		r.Stop()
		stop()
		for _, e := range envoys {
			e.Disconnect()
		}
	})
}

// TestOptions holds that what cannot work is refused at once.
func TestOptions(t *testing.T) {
	apply := func(*policypb.Policy) error { return nil }
	for name, o := range map[string]Options{
		"address": {Apply: apply}, "applies a policy": {Addresses: []string{"10.0.0.1:1"}},
	} {
		if _, err := New(o, prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one about %q", err, name)
		}
	}
}
