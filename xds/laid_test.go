package xds_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
	"github.com/headgate/headgate/xds/snapshot"
)

// drained drains a backend.
func drained(backend string) policy.Overlay {
	return policy.Overlay{Drained: []policy.Drained{{Backend: backend, Laid: policy.Laid{Author: "health", Reason: "test"}}}}
}

// under is what pairs know of a set under an overlay: its own revision and another shape.
func under(set *policy.Set, o policy.Overlay) string {
	out, _ := set.Under(o.With(set.Overlay))
	return set.Revision + " of " + out.Shape
}

// takeWhole is take, with the shape of each revision.
func takeWhole(t *testing.T, s *adstest.Stream) (all []string) {
	t.Helper()
	for {
		messages := s.Received()
		if len(messages) == 0 {
			return all
		}
		for _, m := range messages {
			for _, p := range policiesOf(t, m) {
				all = append(all, p.GetRevision()+" of "+p.GetShape())
			}
			s.Ack(m)
		}
	}
}

// TestWhatIsLaidIsNoChange holds that what is laid over a release reaches pairs, stays over
// the next one, and goes; and that all the while the control plane speaks of the revision
// that was published.
func TestWhatIsLaidIsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.join("one", "")
		set := parsedAs(t, splitUses)
		publish := func(set *policy.Set) {
			t.Helper()
			if err := f.Publish(set, snapshot.Options{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		lay := func(o policy.Overlay) {
			t.Helper()
			if err := f.Lay(o); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		state := func(when string, set *policy.Set) {
			t.Helper()
			if got := f.state(); got != set.Revision+" good "+set.Revision+" refused false; one "+set.Revision+" refused false" {
				t.Errorf("%s: the state is %s", when, got)
			}
			if revision, _ := f.Accepted(); revision != set.Revision {
				t.Errorf("%s: accepted is %s", when, revision)
			}
		}
		publish(set)
		want(t, "published", takeWhole(t, s), under(set, policy.Overlay{}))
		lay(drained("a"))
		want(t, "drained", takeWhole(t, s), under(set, drained("a")))
		state("drained", set)
		if got := f.Status(); len(got.Overlay.Drained) != 1 || got.Undrained != nil {
			t.Errorf("the status is %+v", got)
		}
		lay(drained("a"))
		want(t, "again", takeWhole(t, s))
		other, _ := set.Under(policy.Overlay{Weights: []policy.Weights{{Model: "m", Uses: map[string]uint32{"b/x": 5}}}})
		publish(other)
		want(t, "the next release", takeWhole(t, s), under(other, drained("a")))
		state("the next release", other)
		lay(policy.Overlay{})
		want(t, "taken back", takeWhole(t, s), under(other, policy.Overlay{}))
		state("taken back", other)
	})
}

// TestWhatIsLaidOffersNothingRefused holds that pairs which went back get what is laid over
// the release that they went back to, and are not offered again what one has refused.
func TestWhatIsLaidOffersNothingRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.join("one", "")
		set := parsedAs(t, splitUses)
		if err := f.Publish(set, snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		takeWhole(t, s)
		latest := f.publish("other")
		want(t, "offered", refuse(t, s), latest)
		want(t, "gone back", takeWhole(t, s), under(set, policy.Overlay{}))
		if err := f.Lay(drained("b")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want(t, "drained", takeWhole(t, s), under(set, drained("b")))
		if got := f.state(); got != set.Revision+" good "+set.Revision+" refused true; one "+set.Revision+" refused true" {
			t.Errorf("the state is %s", got)
		}
	})
}

// TestAllOfAChainIsDrained holds that the status says so.
func TestAllOfAChainIsDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		if err := f.Publish(parsedAs(t, splitUses), snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := f.Lay(drained("a").With(drained("b"))); err != nil {
			t.Fatal(err)
		}
		if got := f.Status().Undrained; len(got) != 1 || got[0] != "m" {
			t.Errorf("undrained are %v", got)
		}
	})
}

func parsedAs(t *testing.T, document string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestPairsAloneGiveUpWhatIsLaid holds that pairs know what to serve once no control
// plane sees to what is laid: the release as it was published, whole. Of a release over
// which nothing is laid they get nothing.
func TestPairsAloneGiveUpWhatIsLaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		s := f.join("one", "")
		set := parsedAs(t, splitUses)
		newest := func() (p *policypb.Policy) {
			for all := s.Received(); len(all) > 0; all = s.Received() {
				for _, m := range all {
					for _, got := range policiesOf(t, m) {
						p = got
					}
					s.Ack(m)
				}
			}
			return p
		}
		if err := f.Publish(set, snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		published := newest()
		if published.GetAlone() != nil {
			t.Error("nothing is laid, and yet something is to be given up")
		}
		if err := f.Lay(drained("a")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		alone := newest().GetAlone()
		own := ads.SetOf(alone.GetRevision())[policypb.TypeURL]
		if own == nil || alone.GetAfter().AsDuration() != time.Minute {
			t.Fatalf("to be served alone: %v", alone)
		}
		p := &policypb.Policy{}
		if err := own.Items["policy"].Value.UnmarshalTo(p); err != nil || !proto.Equal(p, published) {
			t.Errorf("to be served alone: %v, %v; published was %v", p, err, published)
		}
	})
}
