package ads_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestOnlyWhatDiffersIsSent holds what a client is sent from one set to the next.
func TestOnlyWhatDiffersIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.give(ads.Set{clusters: of(t, "a=1 b=1"), routes: of(t, "r=1")})
		s := r.open("one")
		s.Ask(clusters, nil)
		s.Ask(routes, nil, "r")
		for _, step := range []struct{ name, clusters, routes, want string }{
			{"all, at first", "a=1 b=1", "r=1", "cluster +a +b; route +r"},
			{"the same", "a=1 b=1", "r=1", ""},
			{"one has another content", "a=1 b=2", "r=1", "cluster +b"},
			{"one is new", "a=1 b=2 c=1", "r=1", "cluster +c"},
			{"one is gone", "a=1 c=1", "r=1", "cluster -b"},
			{"all at once", "a=2 d=1", "r=2", "cluster +a +d -c; route +r"},
			{"back", "a=1 c=1", "r=1", "cluster +a +c -d; route +r"},
		} {
			set := ads.Set{clusters: of(t, step.clusters), routes: of(t, step.routes)}
			r.give(set)
			for _, m := range expect(t, s, step.name, step.want) {
				s.Ack(m)
			}
			if c := r.client(0); !c.Has(set) || c.Refused(set) != nil {
				t.Errorf("%s: the client counts as without it", step.name)
			}
		}
	})
}

// TestEnvoysOrder holds that no type comes before what it names.
func TestEnvoysOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := r.open("one")
		for _, typ := range []string{routes, listeners, policies, clusters} {
			s.Ask(typ, nil)
		}
		expect(t, s, "before there is anything", "")
		set := ads.Set{routes: of(t, "r=1"), clusters: of(t, "c=1"), policies: of(t, "p=1"), listeners: of(t, "l=1")}
		r.give(set)
		expect(t, s, "all types", "policy +p; cluster +c; listener +l; route +r")
	})
}

// TestHasMeansAcknowledged holds that a set counts only when all of it was
// acknowledged, and that none does while another is under way.
func TestHasMeansAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		first := ads.Set{clusters: of(t, "a=1"), routes: of(t, "r=1")}
		second := first.With(clusters, of(t, "a=2"))
		r.give(first)
		s := r.open("one")
		s.Ask(clusters, nil)
		s.Ask(routes, nil, "r")
		got := expect(t, s, "all", "cluster +a; route +r")
		s.Ack(got[0])
		if c := r.client(0); c.Has(first) {
			t.Error("it counts before the routes were acknowledged")
		}
		s.Ask(routes, nil, "r")
		if c := r.client(0); c.Has(first) {
			t.Error("a further request counts as an acknowledgement")
		}
		s.Ack(got[1])
		if c := r.client(0); !c.Has(first) {
			t.Error("it does not count after both were acknowledged")
		}
		r.give(second)
		got = expect(t, s, "other clusters", "cluster +a")
		r.give(first)
		if c := r.client(0); c.Has(first) || c.Has(second) {
			t.Error("one of two counts while the client is on its way between them")
		}
		s.Ack(got[0])
		s.Ack(expect(t, s, "back again", "cluster +a")[0])
		if c := r.client(0); !c.Has(first) {
			t.Error("it does not count when the client is back")
		}
	})
}

// TestRefusedIsNotSentAgain holds that a refused version is not sent again until another
// takes its place, that the refusal has the client's words, and that the other resources of
// the refused message are sent again with the next version: the client may lack them.
func TestRefusedIsNotSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.give(ads.Set{clusters: of(t, "old=1 same=1")})
		s := r.open("one")
		s.Ask(clusters, nil, "*")
		s.Ack(expect(t, s, "the first", "cluster +old +same")[0])
		bad := ads.Set{clusters: of(t, "same=1 new=1 bad=1")}
		r.give(bad)
		s.Nack(expect(t, s, "the bad one", "cluster +bad +new -old")[0], "bad: no such thing")
		c := r.client(0)
		if refusal := c.Refused(bad); refusal == nil || refusal.Reason != "bad: no such thing" || refusal.Type != clusters || refusal.Old {
			t.Errorf("refusal %+v", refusal)
		}
		if c.Has(bad) {
			t.Error("what was refused counts as taken")
		}
		r.give(bad)
		s.Ask(clusters, nil, "*")
		expect(t, s, "the bad one again", "")
		r.give(ads.Set{clusters: of(t, "same=1 new=1")})
		s.Ack(expect(t, s, "without what was bad", "cluster +new -bad -old")[0])
		if got := r.client(0); !got.Has(ads.Set{clusters: of(t, "same=1 new=1")}) || got.Refused(bad) != nil {
			t.Error("the client is not known to have what it has taken")
		}
		if !slices.Equal(r.reasons, []string{"cluster: bad: no such thing"}) {
			t.Errorf("refusals told: %q", r.reasons)
		}
	})
}

// TestBackToWhatWasThere holds that a client which refused something is led back to
// what it had, whatever it has made of it.
func TestBackToWhatWasThere(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		good := ads.Set{clusters: of(t, "a=1 b=1")}
		r.give(good)
		s := r.open("one")
		s.Ask(clusters, nil)
		s.Ack(expect(t, s, "the good one", "cluster +a +b")[0])
		r.give(ads.Set{clusters: of(t, "a=2 c=1")})
		s.NackAs(expect(t, s, "the bad one", "cluster +a +c -b")[0], ads.OldFault, "an old fault")
		c := r.client(0)
		if refusal := c.Refused(ads.Set{clusters: of(t, "a=2 c=1")}); refusal == nil || !refusal.Old {
			t.Errorf("refusal %+v, want an old fault", refusal)
		}
		r.give(good)
		s.Ack(expect(t, s, "back", "cluster +a +b -c")[0])
		if c := r.client(0); !c.Has(good) {
			t.Error("it does not count as being back")
		}
	})
}

// TestReconnecting holds that a client is sent only what it lacks, whatever it had
// when it asks.
func TestReconnecting(t *testing.T) {
	held := ads.Set{clusters: of(t, "a=1 b=1"), routes: of(t, "r=1")}
	for _, c := range []struct {
		name, clusters, routes string // that it holds
		want                   string
	}{
		{"it holds everything", "a=1 b=1", "r=1", ""},
		{"it is fresh", "", "", "cluster +a +b; route +r"},
		{"it holds more", "a=1 b=1 x=1", "r=1", "cluster -x"},
		{"it holds an older one", "a=0 b=1", "r=1", "cluster +a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.give(held)
				s := r.open("one")
				s.Ask(clusters, versions(of(t, c.clusters)), "*")
				s.Ask(routes, versions(of(t, c.routes)), "r")
				for _, m := range expect(t, s, "on connecting", c.want) {
					s.Ack(m)
				}
				client := r.client(0)
				if !client.Has(held) {
					t.Error("the client counts as without it")
				}
				if r.moves == 0 {
					t.Error("the owner was not told")
				}
			})
		})
	}
}

// TestNamedSubscription holds that a client gets the names that it asks for, when
// it asks, and no others.
func TestNamedSubscription(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.give(ads.Set{routes: of(t, "r=1 q=1 other=1")})
		s := r.open("one")
		s.Ask(routes, nil, "r")
		s.Ack(expect(t, s, "one name", "route +r")[0])
		s.Ask(routes, nil, "q", "unknown")
		s.Ack(expect(t, s, "a further name", "route +q")[0])
		r.give(ads.Set{routes: of(t, "r=2 q=1 other=2")})
		s.Ack(expect(t, s, "one has changed, and one that was not asked for", "route +r")[0])
		s.Leave(routes, "q")
		synctest.Wait()
		r.give(ads.Set{routes: of(t, "r=2 q=2 other=2")})
		expect(t, s, "a name that was left", "")
		r.give(ads.Set{routes: of(t, "other=2")})
		expect(t, s, "a name that is gone", "route -r")
	})
}

// TestAsksForNothing holds that a client which asks for nothing that is there does not
// count as having it, and one that asks for all of nothing does.
func TestAsksForNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		set := ads.Set{clusters: of(t, ""), routes: of(t, "r=1")}
		r.give(set)
		s := r.open("one")
		s.Ask(clusters, nil, "*")
		s.Ask(routes, nil, "unknown")
		expect(t, s, "nothing to send", "")
		if c := r.client(0); !c.Has(set.Without(routes)) || c.Has(set.Without(clusters)) {
			t.Error("want it to have the empty type and not the one that it did not ask for")
		}
	})
}

// TestOneNodeTwice holds that two streams of one node, as in a hot restart, are two
// clients.
func TestOneNodeTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		set := ads.Set{clusters: of(t, "a=1")}
		r.give(set)
		parent, child := r.open("one"), r.open("one")
		parent.Ask(clusters, nil)
		parent.Ack(expect(t, parent, "the parent", "cluster +a")[0])
		child.Ask(clusters, nil)
		child.Nack(expect(t, child, "the child", "cluster +a")[0], "no")
		first, second := r.client(0), r.client(1)
		if !first.Has(set) || first.Refused(set) != nil || second.Has(set) || second.Refused(set) == nil {
			t.Error("the two clients are taken for one")
		}
		parent.Close()
		synctest.Wait()
		if r.left != 1 {
			t.Errorf("%d clients left, want 1", r.left)
		}
		r.give(ads.Set{clusters: of(t, "a=2")})
		expect(t, child, "after the parent's end", "cluster +a")
	})
}

// TestRefusedClient holds that a client which the owner does not serve learns why, and is
// no client.
func TestRefusedClient(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := r.open("stranger")
		s.Ask(clusters, nil)
		synctest.Wait()
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), "not served here") {
			t.Errorf("error %v, want the owner's", err)
		}
		if r.left != 0 {
			t.Error("a client left that never joined")
		}
	})
}

// TestDeltaOnly holds that a state-of-the-world client is refused with the reason.
func TestDeltaOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		conn := adstest.Dial(t, r.l)
		defer func() { _ = conn.Close() }()
		s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&discoveryv3.DiscoveryRequest{TypeUrl: clusters}); err != nil {
			t.Fatal(err)
		}
		_, err = s.Recv()
		if status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "only delta ADS") {
			t.Errorf("error %v, want it to say that only delta ADS is served", err)
		}
	})
}
