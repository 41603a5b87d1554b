package xds_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads/adstest"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestPublishedRightAfterAnOldFault holds that a pair goes on after a release with a resource
// that its Envoy has refused before, although the next one is published at once: the pair
// is given that only when it has answered.
func TestPublishedRightAfterAnOldFault(t *testing.T) {
	const taken = 8081
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		l, stop := f.pair(t)
		defer stop()
		e := adstest.NewEnvoy(t, l, func(m *adstest.Message) adstest.Verdict {
			var listener listenerv3.Listener
			if m.GetTypeUrl() != resourcev3.ListenerType || m.GetResources()[0].GetResource().UnmarshalTo(&listener) != nil {
				return adstest.Verdict{}
			}
			if listener.GetAddress().GetSocketAddress().GetPortValue() != taken {
				return adstest.Verdict{}
			}
			return adstest.Verdict{Refuse: "the port is in use"}
		}, nil)
		e.Connect()
		defer e.Disconnect()
		publish := func(port uint16, model string) {
			set := parse(t, port, model, `provider: openai-compatible, url: "http://127.0.0.1:1/v1"`)
			if err := f.Publish(set, snapshot.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		publish(taken, "first")
		time.Sleep(time.Minute)
		publish(taken, "second")
		publish(8080, "third")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := f.AwaitAccepted(ctx); err != nil {
			t.Errorf("a release that works: %v; %s", err, f.state())
		}
	})
}
