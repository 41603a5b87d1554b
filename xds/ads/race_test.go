package ads_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestGivenWhileAsking holds that a client ends with the set that it was given last,
// however the sets overtake its requests, and whatever it refuses on the way.
func TestGivenWhileAsking(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		set, n := ads.Set{clusters: of(t, "last=1 a0=1")}, 0
		e := adstest.NewEnvoy(t, r.l, func(m *adstest.Message) adstest.Verdict {
			if n++; n%3 == 0 && m.GetSystemVersionInfo() != set[clusters].Version {
				return adstest.Verdict{Refuse: "every third"}
			}
			return adstest.Verdict{}
		}, nil)
		r.give(ads.Set{clusters: of(t, "first=0")})
		e.Connect()
		t.Cleanup(e.Disconnect)
		e.Received()
		var asking sync.WaitGroup
		asking.Go(func() {
			for range 2000 {
				e.AskAgain(clusters)
			}
		})
		for i := range 2000 {
			r.give(ads.Set{clusters: of(t, fmt.Sprintf("a%d=1 b%d=1 c=%d", i%7, i%5, i))})
		}
		asking.Wait()
		r.give(set)
		if got := e.Names(clusters); !slices.Equal(got, []string{"a0", "last"}) {
			t.Errorf("the client has %q", got)
		}
		if c := r.client(0); !c.Has(set) {
			t.Error("the client does not count as having it")
		}
	})
}

// TestGivenWhileAnswering holds that what an owner gives a client on its answer is sent
// once, though the client has asked twice by then.
func TestGivenWhileAnswering(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.give(ads.Set{clusters: of(t, "a=1")})
		s := r.open("one")
		s.Ask(clusters, nil)
		first := expect(t, s, "the first", "cluster +a")[0]
		s.Ask(clusters, nil)
		expect(t, s, "asking again", "")
		second := of(t, "b=1")
		r.mu.Lock()
		r.onChange = func() { r.give(ads.Set{clusters: second}) }
		r.mu.Unlock()
		s.Ack(first)
		expect(t, s, "the second", "cluster +b -a")
	})
}
