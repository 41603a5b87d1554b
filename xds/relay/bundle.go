package relay

import (
	"fmt"
	"maps"
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// bundle is one whole revision: the policy, and Envoy's resources that belong to it.
type bundle struct {
	policy  *policypb.Policy
	version string  // of the policy as a resource
	set     ads.Set // Envoy's types
	pair    ads.Set // those and the policy itself, as the control plane sent them
}

// whole returns the revision that was received, once nothing of it is missing; nil
// where it is in effect already, or was refused here.
func (r *Relay) whole() *bundle {
	own := r.received[policypb.TypeURL]
	if own == nil || own.Version == r.rejected {
		return nil
	}
	if r.good != nil && own.Version == r.good.version {
		r.answer(nil)
		return nil
	}
	b, err := newBundle(r.received, r.options.Listen)
	if err != nil {
		r.reject(&bundle{version: own.Version}, &ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		return nil
	}
	if b == nil {
		return nil
	}
	for typ, version := range b.policy.GetVersions() {
		if b.pair[typ] == nil || b.pair[typ].Version != version {
			return nil
		}
	}
	return b
}

// newBundle reads a set as it is received; nil: it holds no policy yet. A valid listen
// is where the pair's Envoy listens in place of the policy's address.
func newBundle(received ads.Set, listen netip.AddrPort) (*bundle, error) {
	own := received[policypb.TypeURL]
	if own == nil || len(own.Items) == 0 {
		return nil, nil
	}
	b := &bundle{policy: &policypb.Policy{}, version: own.Version, set: received.Without(policypb.TypeURL), pair: maps.Clone(received)}
	for name, item := range own.Items {
		if err := item.Value.UnmarshalTo(b.policy); err != nil {
			return nil, fmt.Errorf("reading resource %q: %w", name, err)
		}
	}
	if listen.IsValid() && b.set[resourcev3.ListenerType] != nil {
		moved, err := move(b.set[resourcev3.ListenerType], listen)
		if err != nil {
			return nil, err
		}
		b.set[resourcev3.ListenerType] = moved
	}
	return b, nil
}

// move returns listeners with another address.
func move(all *ads.Resources, to netip.AddrPort) (*ads.Resources, error) {
	out := make(map[string]*listenerv3.Listener, len(all.Items))
	for name, item := range all.Items {
		l := &listenerv3.Listener{}
		if err := item.Value.UnmarshalTo(l); err != nil {
			return nil, fmt.Errorf("reading listener %q: %w", name, err)
		}
		l.Address = &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: to.Addr().String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(to.Port())},
		}}}
		out[name] = l
	}
	return ads.Encode(out, all.Version)
}
