package agent

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestRefused holds what happens if a revision does not work, by who refuses it: the one
// before is in effect again at both, the control plane gets the words of the one that
// refused, nothing is tried again, and the next revision is accepted.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		judge   func(*adstest.Message) adstest.Verdict
		fail    bool
		log     []string // of the refused revision
		refusal string
		lingers bool // the refused revision's cluster
	}{
		{name: "ext_proc", fail: true, log: []string{"cannot apply moved"}, refusal: "policy: " + errBroken.Error()},
		{name: "clusters", judge: refuse(resourcev3.ClusterType, "bad", "bad: no such file"),
			log: []string{"apply moved", "Cluster +bad", "apply r1", "Cluster -bad"}, refusal: "cluster: bad: no such file"},
		{name: "listener", judge: refuse(resourcev3.ListenerType, "moved", "port taken"), lingers: true,
			log: []string{"apply moved", "Cluster +bad", "Listener +gateway", "RouteConfiguration +gateway", "apply r1", "Listener +gateway", "RouteConfiguration +gateway"}, refusal: "listener: port taken"},
		{name: "routes", judge: refuse(resourcev3.RouteType, "bad", "no such route"), lingers: true,
			log: []string{"apply moved", "Cluster +bad", "Listener +gateway", "RouteConfiguration +gateway", "apply r1", "RouteConfiguration +gateway", "Listener +gateway"}, refusal: "route: no such route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plane := newControl(t)
				p := newPair(t, "", plane)
				if c.fail {
					p.fail["moved"] = errBroken
				}
				e := p.envoy(c.judge)
				first, bad := revision(t, "r1", "s1", "a=1"), revision(t, "moved", "s2", "a=1 bad=1")
				plane.publish(first)
				p.expect(t, "the good one", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
				plane.publish(bad)
				p.unordered(t, "the bad one", c.log)
				if got := plane.refused(); !slices.Equal(got, []string{c.refusal}) {
					t.Errorf("the control plane is told %q, want %q", got, c.refusal)
				}
				if plane.has(bad) || p.Revision() != "r1" {
					t.Errorf("the bad one counts as taken, or %q is served", p.Revision())
				}
				if n := p.gauge(t, "headgate_pair_refusals_total"); n != 1 {
					t.Errorf("%v refusals counted, want 1", n)
				}
				if got := slices.Contains(e.Names(resourcev3.ClusterType), "bad"); got != c.lingers {
					t.Errorf("the bad one's cluster is there: %v, want %v", got, c.lingers)
				}
				plane.publish(first)
				if !plane.has(first) {
					t.Error("the control plane cannot go back to the good one")
				}
				p.expect(t, "when the control plane goes back")
				time.Sleep(lingering + time.Second)
				if c.lingers {
					p.expect(t, "when no exchange can need it", "Cluster -bad")
				} else {
					p.expect(t, "later")
				}
				next := revision(t, "r3", "s3", "a=1 c=1")
				plane.publish(next)
				if !plane.has(next) || p.Revision() != "r3" || len(plane.refused()) > 0 {
					t.Errorf("the next one is not taken: %q is served", p.Revision())
				}
			})
		})
	}
}

// unordered is expect for messages that may come in any order.
func (p *pair) unordered(t *testing.T, when string, want []string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	got, wanted := slices.Sorted(slices.Values(p.log)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, wanted) {
		t.Errorf("%s:\n got %q\nwant %q", when, p.log, want)
	}
	for _, f := range p.faults {
		t.Errorf("%s: %s", when, f)
	}
	p.log, p.faults = nil, nil
}

// TestRefusedInTheMiddleOfAStep holds that an Envoy whose refusal of clusters comes while
// the agent decides what to do is not given routes to them: first the revision is taken
// back, and Envoy has the clusters of the good one.
func TestRefusedInTheMiddleOfAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane, slow := newControl(t), ""
		p := newPair(t, "", plane)
		e := p.envoy(func(m *adstest.Message) adstest.Verdict { return adstest.Verdict{Wait: m.GetTypeUrl() == slow} })
		plane.publish(revision(t, "r1", "s1", "a=1"))
		p.expect(t, "the good one", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		slow = resourcev3.ClusterType
		plane.publish(revision(t, "r2", "s2", "new=1"))
		e.Restart()
		p.expect(t, "the bad one", "apply r2", "Cluster +new", "Cluster +a +new")
		p.inside(func() {
			stepped := p.advance()
			slow = ""
			e.Answer("no")
			synctest.Wait()
			if stepped || p.advanceEnvoys() {
				t.Error("the agent goes on before it has dealt with the refusal")
			}
		})
		p.expect(t, "in the end", "apply r1", "Cluster +a", "Listener +gateway", "RouteConfiguration +gateway")
		p.inside(p.neverRetry)
		time.Sleep(lingering + time.Second)
		p.expect(t, "once its exchanges have ended", "Cluster -new")
		if got := plane.refused(); !slices.Equal(got, []string{"cluster: no"}) || p.Revision() != "r1" {
			t.Errorf("the control plane is told %q, and %q is served", got, p.Revision())
		}
	})
}

// TestRefusedTwice holds that a revision which was refused may be tried again once
// another was in between, and that the pair is never left without an answer.
func TestRefusedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		e := p.envoy(refuse(resourcev3.ClusterType, "bad", "no"))
		first, bad := revision(t, "r1", "s1", "a=1"), revision(t, "r2", "s2", "bad=1")
		for range 3 {
			plane.publish(first)
			plane.publish(bad)
			if got := plane.refused(); !slices.Equal(got, []string{"cluster: no"}) {
				t.Errorf("the control plane is told %q", got)
			}
		}
		p.fail["r2"] = errBroken
		plane.publish(first)
		plane.publish(bad)
		if got := plane.refused(); !slices.Equal(got, []string{"policy: " + errBroken.Error()}) {
			t.Errorf("the control plane is told %q", got)
		}
		if got := e.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"a"}) {
			t.Errorf("Envoy has clusters %q", got)
		}
	})
}

// TestNothingIsSaidToStay holds that the log says that a policy stays in effect only if
// there is one, after a refusal and without a control plane.
func TestNothingIsSaidToStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		core, logs := observer.New(zap.WarnLevel)
		p.post(func() { p.Agent.log = zap.New(core) })
		p.envoy(nil)
		p.fail["r1"], p.fail["r3"] = errBroken, errBroken
		var without []string
		for _, name := range []string{"r1", "r2", "r3"} {
			plane.publish(revision(t, name, "s", "a=1"))
			without = append(without, p.whileUnlinked())
		}
		var told []string
		for _, entry := range logs.All() {
			told = append(told, entry.Message)
		}
		if want := []string{"policy refused; none is in effect", "policy refused; the one before stays in effect"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		const nothing, on = "nothing can be served until one sends a policy", "serving on with the last good policy"
		if want := []string{nothing, on, on}; !slices.Equal(without, want) {
			t.Errorf("without a control plane it says %q, want %q", without, want)
		}
	})
}

// TestFirstRefused holds that if there is nothing to go back to, an Envoy that accepted
// the refused revision keeps its clusters, until another revision is in effect.
func TestFirstRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		took := p.envoy(nil)
		other := p.envoy(refuse(resourcev3.RouteType, "r1", "no"))
		plane.publish(revision(t, "r1", "s1", "r1=1"))
		if len(plane.refused()) != 1 {
			t.Fatal("the first revision is not refused")
		}
		p.inside(p.neverRetry)
		time.Sleep(2 * lingering)
		p.unordered(t, "with the refused one", []string{"apply r1", "Cluster +r1", "Cluster +r1", "Listener +gateway", "Listener +gateway", "RouteConfiguration +gateway", "RouteConfiguration +gateway"})
		next := revision(t, "r2", "s2", "b=1")
		plane.publish(next)
		time.Sleep(2 * lingering)
		for _, e := range []*adstest.Envoy{took, other} {
			if got := e.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"b"}) || !plane.has(next) {
				t.Errorf("Envoy has clusters %q, and the revision is taken: %v", got, plane.has(next))
			}
		}
	})
}

// TestEnvoyRefusesWhatIsInEffect holds that an Envoy which refuses what is in effect,
// because its machine has changed, does not block the next revision, which may mend that.
func TestEnvoyRefusesWhatIsInEffect(t *testing.T) {
	for _, c := range []struct{ name, typ, text string }{
		{"clusters", resourcev3.ClusterType, "gone"},
		{"listener", resourcev3.ListenerType, "moved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plane := newControl(t)
				p := newPair(t, "", plane)
				plane.publish(revision(t, "moved", "s1", "gone=1"))
				time.Sleep(awaitEnvoy)
				e := p.envoy(refuse(c.typ, c.text, "the file is gone"))
				if n := p.gauge(t, "headgate_pair_refusals_total"); n != 1 {
					t.Errorf("%v refusals counted, want 1", n)
				}
				next := revision(t, "r2", "s2", "b=1")
				plane.publish(next)
				if !plane.has(next) || p.Revision() != "r2" {
					t.Errorf("the next revision is not taken: %q, %q", p.Revision(), plane.refused())
				}
				time.Sleep(2 * lingering)
				if got := e.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"b"}) {
					t.Errorf("Envoy has clusters %q", got)
				}
			})
		})
	}
}

// TestKeptIsBounded holds that clusters of many changes do not pile up beyond those of
// the time that exchanges may take, refused revisions among them.
func TestKeptIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		e := p.envoy(refuse(resourcev3.RouteType, "bad", "no"))
		const pause = 20 * time.Second
		for i := range 500 {
			name := "good"
			if i%4 == 3 {
				name = "bad"
			}
			plane.publish(revision(t, fmt.Sprint("r", i), fmt.Sprint("s", i), fmt.Sprintf("%s%d=1", name, i)))
			time.Sleep(pause)
		}
		if most, got := int(lingering/pause)+2, len(e.Names(resourcev3.ClusterType)); got > most || len(p.kept) > most {
			t.Errorf("Envoy has %d clusters and %d are kept, want at most %d", got, len(p.kept), most)
		}
		p.mu.Lock()
		p.log = nil
		p.mu.Unlock()
		p.expect(t, "all the time")
	})
}

// TestKeptSurvivesARefusal holds that a cluster which exchanges still need is not
// dropped because a refused revision has it too.
func TestKeptSurvivesARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		e := p.envoy(refuse(resourcev3.ClusterType, "bad", "no"))
		plane.publish(revision(t, "r1", "s1", "a=1"))
		plane.publish(revision(t, "r2", "s2", "b=1"))
		plane.publish(revision(t, "r3", "s3", "a=1 bad=1"))
		if got := e.Names(resourcev3.ClusterType); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("Envoy has clusters %q, want a for the first revision's exchanges", got)
		}
	})
}
