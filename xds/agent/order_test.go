package agent

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestOrder holds that ext_proc has a revision before Envoy has anything of it, that
// routes wait for Envoy's word on the clusters, and the control plane for all of it.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		wait := false
		e := p.envoy(func(m *adstest.Message) adstest.Verdict {
			return adstest.Verdict{Wait: wait && m.GetTypeUrl() != resourcev3.ListenerType}
		})
		first := revision(t, "r1", "s1", "a=1")
		c.publish(first)
		p.expect(t, "the first revision", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		if !c.has(first) || p.Revision() != "r1" {
			t.Errorf("the pair has it: %v, and serves %q", c.has(first), p.Revision())
		}
		wait = true
		second := revision(t, "r2", "s2", "b=1")
		c.publish(second)
		p.expect(t, "the second", "apply r2", "Cluster +b")
		time.Sleep(time.Hour)
		p.expect(t, "while Envoy has not taken the clusters")
		e.Answer("")
		p.expect(t, "when it has", "RouteConfiguration +gateway")
		if c.has(second) || p.Revision() != "r1" {
			t.Error("it counts as taken while Envoy has not taken the routes")
		}
		e.Answer("")
		if !c.has(second) || p.Revision() != "r2" {
			t.Error("it does not count as taken when Envoy has")
		}
		if got := e.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("Envoy has clusters %q, want those of both revisions", got)
		}
		p.expect(t, "in the end")
		time.Sleep(lingering - time.Second)
		p.expect(t, "while exchanges may need the old cluster")
		time.Sleep(2 * time.Second)
		p.expect(t, "when they cannot any more", "Cluster -a")
		if len(p.kept) != 0 {
			t.Errorf("%d clusters are still kept", len(p.kept))
		}
	})
}

// TestWeightsOnly holds that other content of the same clusters is one update of
// clusters, and nothing else if the routes are the same.
func TestWeightsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		p.envoy(nil)
		c.publish(revision(t, "r1", "s1", "a=1 b=1"))
		p.expect(t, "the first", "apply r1", "Cluster +a +b", "Listener +gateway", "RouteConfiguration +gateway")
		second := revision(t, "r2", "s1", "a=2 b=1")
		c.publish(second)
		p.expect(t, "other weights", "apply r2", "Cluster +a")
		if !c.has(second) || p.Revision() != "r2" {
			t.Error("the second revision is not in effect")
		}
		time.Sleep(time.Hour)
		p.expect(t, "later")
	})
}

// TestNoEnvoy holds that a revision is taken though no Envoy comes, and at once while
// none has come.
func TestNoEnvoy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, c := time.Now(), newControl(t)
		p := newPair(t, "", c)
		first, second := revision(t, "r1", "s1", "a=1"), revision(t, "r2", "s2", "b=1")
		c.publish(first)
		time.Sleep(awaitEnvoy - time.Millisecond)
		if c.has(first) {
			t.Error("it is taken before an Envoy had time to come")
		}
		time.Sleep(2 * time.Millisecond)
		if !c.has(first) {
			t.Errorf("it is not taken %v after the start", time.Since(began))
		}
		c.publish(second)
		if !c.has(second) {
			t.Error("the second waits for an Envoy that has not been there for long")
		}
		e := p.envoy(nil)
		p.expect(t, "when an Envoy comes", "apply r1", "apply r2", "Cluster +b", "Listener +gateway", "RouteConfiguration +gateway")
		if n := p.gauge(t, "headgate_pair_envoys"); n != 1 {
			t.Errorf("%v Envoys counted", n)
		}
		e.Disconnect()
		synctest.Wait()
		if n := p.gauge(t, "headgate_pair_envoys"); n != 0 {
			t.Errorf("%v Envoys counted", n)
		}
	})
}

// TestEnvoyReturns holds that one that was away in the middle of a change is waited
// for, and comes to the new revision in order, whether it kept what it had or not.
func TestEnvoyReturns(t *testing.T) {
	for _, c := range []struct {
		name string
		come func(*adstest.Envoy)
		want []string
	}{
		{"as it was", (*adstest.Envoy).Connect, []string{"Cluster +b", "RouteConfiguration +gateway"}},
		{"fresh", (*adstest.Envoy).Restart, []string{"Cluster +a +b", "Listener +gateway", "RouteConfiguration +gateway"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plane := newControl(t)
				p := newPair(t, "", plane)
				away := false
				e := p.envoy(func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: away} })
				plane.publish(revision(t, "r1", "s1", "a=1"))
				away = true
				second := revision(t, "r2", "s2", "b=1")
				plane.publish(second)
				e.Disconnect()
				synctest.Wait()
				p.expect(t, "before", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway", "apply r2", "Cluster +b")
				time.Sleep(awaitEnvoy / 2)
				if plane.has(second) {
					t.Error("it is taken without the Envoy that was there a moment ago")
				}
				away = false
				c.come(e)
				p.expect(t, "after its return", c.want...)
				if !plane.has(second) {
					t.Error("it is not taken after Envoy's return")
				}
			})
		})
	}
}

// TestFreshEnvoyGetsClustersFirst holds the order for an Envoy that comes when a
// revision is in effect already.
func TestFreshEnvoyGetsClustersFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		c.publish(revision(t, "r1", "s1", "a=1"))
		time.Sleep(awaitEnvoy)
		e := p.envoy(await(resourcev3.ClusterType))
		p.expect(t, "at first", "apply r1", "Cluster +a")
		e.Answer("")
		p.expect(t, "with the clusters", "Listener +gateway", "RouteConfiguration +gateway")
	})
}

// TestTwoEnvoys holds that a revision waits for both of a hot restart's.
func TestTwoEnvoys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newControl(t)
		p := newPair(t, "", c)
		p.envoy(nil)
		c.publish(revision(t, "r1", "s1", "a=1"))
		wait := false
		child := p.envoy(func(*adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: wait} })
		wait = true
		second := revision(t, "r2", "s2", "b=1")
		c.publish(second)
		late := func(want float64) {
			t.Helper()
			if got := p.gauge(t, "headgate_pair_change_late"); got != want {
				t.Errorf("late is %v, want %v", got, want)
			}
		}
		time.Sleep(slowAfter - time.Millisecond)
		late(0)
		time.Sleep(2 * time.Millisecond)
		late(1)
		time.Sleep(time.Minute)
		if p.Revision() != "r1" {
			t.Error("the change did not wait for the second Envoy")
		}
		for child.Answer("") {
			synctest.Wait()
		}
		if !c.has(second) {
			t.Error("the change is not done when both have it")
		}
		late(0)
	})
}

// TestKeptClustersAreNotSent holds that an Envoy which connects in the middle of a change,
// when routes are on their way already, is given the clusters that they name and no others:
// one that cannot use a cluster of the revision before does not keep the change away.
func TestKeptClustersAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane, slow := newControl(t), ""
		p := newPair(t, "", plane)
		first := p.envoy(func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: m.GetTypeUrl() == slow} })
		plane.publish(revision(t, "r1", "s1", "old=1"))
		p.expect(t, "before", "apply r1", "Cluster +old", "Listener +gateway", "RouteConfiguration +gateway")
		slow = resourcev3.RouteType
		next := revision(t, "r2", "s2", "new=1")
		plane.publish(next)
		p.expect(t, "until routes", "apply r2", "Cluster +new", "RouteConfiguration +gateway")
		second := p.envoy(refuse(resourcev3.ClusterType, "old", "its file is gone"))
		p.unordered(t, "the second Envoy", []string{"Cluster +new", "Listener +gateway", "RouteConfiguration +gateway"})
		first.Answer("")
		synctest.Wait()
		if told := plane.refused(); !plane.has(next) || p.Revision() != "r2" || len(told) > 0 {
			t.Errorf("%q is served, and the control plane was told %q", p.Revision(), told)
		}
		if got := first.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"new", "old"}) {
			t.Errorf("the first Envoy has clusters %q, want old for the exchanges under way", got)
		}
		time.Sleep(lingering + time.Second)
		p.expect(t, "when no exchange can need it", "Cluster -old")
		second.Restart()
		p.unordered(t, "after a restart", []string{"Cluster +new", "Listener +gateway", "RouteConfiguration +gateway"})
	})
}

// TestBackToClustersThatWereNotSent holds that such an Envoy is given the clusters of the
// revision before, and then its routes, if the change is taken back.
func TestBackToClustersThatWereNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane, slow, slowSecond := newControl(t), "", ""
		p := newPair(t, "", plane)
		first := p.envoy(func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: m.GetTypeUrl() == slow} })
		plane.publish(revision(t, "r1", "s1", "old=1"))
		slow = resourcev3.RouteType
		plane.publish(revision(t, "r2", "s2", "new=1"))
		second := p.envoy(func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: m.GetTypeUrl() == slowSecond} })
		p.unordered(t, "until here", []string{
			"apply r1", "Cluster +old", "Listener +gateway", "RouteConfiguration +gateway",
			"apply r2", "Cluster +new", "RouteConfiguration +gateway",
			"Cluster +new", "Listener +gateway", "RouteConfiguration +gateway",
		})
		slow, slowSecond = "", resourcev3.ClusterType
		first.Answer("no such route")
		synctest.Wait()
		if got := plane.refused(); !slices.Equal(got, []string{"route: no such route"}) || p.Revision() != "r1" {
			t.Errorf("the control plane is told %q, and %q is served", got, p.Revision())
		}
		p.unordered(t, "the second Envoy's clusters", []string{"apply r1", "RouteConfiguration +gateway", "Cluster +old"})
		second.Answer("")
		p.expect(t, "its routes", "RouteConfiguration +gateway")
	})
}
