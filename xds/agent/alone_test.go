package agent

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// drained is a revision that a pair gives up a minute after it has lost its control plane,
// and the one that it serves then.
func drained(t *testing.T) (set, without ads.Set) {
	t.Helper()
	without = revision(t, "r1 whole", "whole", "a=1 b=1")
	set = revision(t, "r1", "drained", "b=1")
	p := &policypb.Policy{}
	if err := set[policypb.TypeURL].Items["policy"].Value.UnmarshalTo(p); err != nil {
		t.Fatal(err)
	}
	p.Alone = &policypb.Alone{After: durationpb.New(time.Minute), Revision: without.Bundle()}
	return set.With(policypb.TypeURL, encode(t, map[string]*policypb.Policy{"policy": p})), without
}

// TestAlone holds that a pair gives up what nobody sees to any more, once it has been
// without a control plane for long enough and not before, and takes it again from the next
// one.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := newControl(t)
		set, without := drained(t)
		p := newPair(t, "", first)
		p.envoy(nil)
		first.publish(set)
		p.expect(t, "drained", "apply r1", "Cluster +b", "Listener +gateway", "RouteConfiguration +gateway")
		time.Sleep(time.Hour)
		p.expect(t, "with a control plane")
		first.stop()
		time.Sleep(50 * time.Second)
		first.start()
		synctest.Wait()
		time.Sleep(50 * time.Second)
		p.expect(t, "it returned in time")
		first.stop()
		time.Sleep(59 * time.Second)
		p.expect(t, "not yet")
		time.Sleep(2 * time.Second)
		p.expect(t, "alone", "apply r1 whole", "Cluster +a", "RouteConfiguration +gateway")
		time.Sleep(time.Hour)
		p.expect(t, "alone for an hour")
		first.set = without
		first.start()
		time.Sleep(3 * time.Second)
		p.expect(t, "followed again")
		if !first.has(without) {
			t.Error("the control plane does not know what the pair has")
		}
		first.publish(set)
		p.expect(t, "drained again", "apply r1", "RouteConfiguration +gateway")
	})
}

// TestAloneAfterARestart holds that a pair which starts without a control plane gives up
// what it has saved, too.
func TestAloneAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		control, state := newControl(t), t.TempDir()
		set, _ := drained(t)
		p := newPair(t, state, control)
		p.envoy(nil)
		control.publish(set)
		synctest.Wait()
		p.stop()
		control.stop()
		again := newPair(t, state, control)
		again.envoy(nil)
		again.expect(t, "from the disk", "apply r1", "Cluster +b", "Listener +gateway", "RouteConfiguration +gateway")
		time.Sleep(61 * time.Second)
		again.expect(t, "alone", "apply r1 whole", "Cluster +a", "RouteConfiguration +gateway")
	})
}

// TestAloneIsRefused holds that a pair whose ext_proc server or Envoy cannot take what is
// left stays as it is, and does not try for ever.
func TestAloneIsRefused(t *testing.T) {
	for name, judge := range map[string]func(*adstest.Message) adstest.Verdict{
		"by ext_proc": nil, "by Envoy": refuse("type.googleapis.com/envoy.config.cluster.v3.Cluster", "a", "no"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				control := newControl(t)
				set, _ := drained(t)
				p := newPair(t, "", control)
				if judge == nil {
					p.fail["r1 whole"] = errBroken
				}
				p.envoy(judge)
				control.publish(set)
				synctest.Wait()
				control.stop()
				time.Sleep(61 * time.Second)
				synctest.Wait()
				p.mu.Lock()
				p.log = nil
				p.mu.Unlock()
				time.Sleep(time.Hour)
				p.expect(t, "afterwards")
				if p.Revision() != "r1" {
					t.Errorf("serves %s", p.Revision())
				}
			})
		})
	}
}
