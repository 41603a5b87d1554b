package ads_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestGivenWhileAsking holds that a client ends with the set that it was given last,
// however the sets overtake its requests, and whatever it refuses on the way.
func TestGivenWhileAsking(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		n := 0
		e := adstest.NewEnvoy(t, r.l, func(m *adstest.Message) adstest.Verdict {
			if n++; n%3 == 0 && !last(m) {
				return adstest.Verdict{Refuse: "every third"}
			}
			return adstest.Verdict{}
		}, nil)
		r.give(ads.Set{clusters: of(t, "first=0")})
		e.Connect()
		t.Cleanup(e.Disconnect)
		e.Take()
		for i := range 500 {
			r.give(ads.Set{clusters: of(t, fmt.Sprintf("a%d=1 b%d=1 c=%d", i%7, i%5, i))})
		}
		set := ads.Set{clusters: of(t, "last=1 a0=1")}
		r.give(set)
		if got := e.Names(clusters); !slices.Equal(got, []string{"a0", "last"}) {
			t.Errorf("the client has %q", got)
		}
		if c := r.client(0); !c.Has(set) {
			t.Error("the client does not count as having it")
		}
	})
}

// last tells a message of the last set.
func last(m *adstest.Message) bool {
	return slices.ContainsFunc(m.GetResources(), func(r *adstest.Resource) bool { return r.GetName() == "last" })
}
