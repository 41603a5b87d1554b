package agent

import (
	"testing"
	"testing/synctest"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// TestTakesOwnCalls holds that a pair adds the listener of own calls to what any control plane
// sends, for Envoy alone, and without a socket adds nothing.
func TestTakesOwnCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for socket, want := range map[string]int{"": 1, "/run/headgate/own.sock": 2} {
			set := revision(t, "r1", "s1", "a=1")
			b, err := newBundle(set, place{own: socket})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(b.set[resourcev3.ListenerType].Items); n != want {
				t.Errorf("socket %q: %d listeners, want %d", socket, n, want)
			}
			if b.pair[resourcev3.ListenerType] != set[resourcev3.ListenerType] {
				t.Errorf("socket %q: the control plane's listener is not what it sent", socket)
			}
			item := b.set[resourcev3.ListenerType].Items["own"]
			if socket == "" {
				continue
			}
			l := &listenerv3.Listener{}
			if err := item.Value.UnmarshalTo(l); err != nil {
				t.Fatal(err)
			}
			if at := l.GetAddress().GetPipe(); at.GetPath() != socket || at.GetMode() != 0o600 {
				t.Errorf("socket %q: Envoy listens on %v", socket, l.GetAddress())
			}
		}
	})
}

// TestEnvoysShareAPort holds that Envoys of a pair may listen on one port only if it says so,
// whatever the control plane sends.
func TestEnvoysShareAPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, shared := range []bool{false, true} {
			b, err := newBundle(revision(t, "r1", "s1", "a=1"), place{shared: shared})
			if err != nil {
				t.Fatal(err)
			}
			for name, item := range b.set[resourcev3.ListenerType].Items {
				l := &listenerv3.Listener{}
				if err := item.Value.UnmarshalTo(l); err != nil {
					t.Fatal(err)
				}
				if l.GetEnableReusePort().GetValue() != shared {
					t.Errorf("listener %s: shared %v, want %v", name, l.GetEnableReusePort().GetValue(), shared)
				}
			}
		}
	})
}
