package agent

import (
	"fmt"
	"maps"
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/identity"
	"github.com/headgate/headgate/xds/snapshot"
)

// bundle is one complete revision: the policy, and Envoy's resources that belong to it.
type bundle struct {
	policy  *policypb.Policy
	version string       // of the policy as a resource
	set     ads.Set      // Envoy's types
	pair    ads.Set      // those and the policy itself, as the control plane sent them
	clients *clientFiles // that secure connections of clients; nil: they are plain
}

// place is where a pair's Envoy listens.
type place struct {
	clients netip.AddrPort // for clients; the zero value: where the policy says
	shared  bool           // with other Envoys of the pair
	own     string         // Unix socket for Headgate's own calls; empty: none
}

// newBundle reads a set as it is received, and makes its listeners fit the place of the pair; nil:
// it is not complete yet.
func newBundle(received ads.Set, at place) (*bundle, error) {
	own := received[policypb.TypeURL]
	if own == nil || len(own.Items) == 0 {
		return nil, nil
	}
	b := &bundle{policy: &policypb.Policy{}, version: own.Version, set: received.Without(policypb.TypeURL), pair: maps.Clone(received)}
	if err := b.readPolicy(own); err != nil {
		return nil, err
	}
	for _, typ := range types[1:] {
		if received[typ] == nil || received[typ].Version != b.policy.GetVersions()[typ] {
			return nil, nil
		}
		if err := check(typ, received[typ]); err != nil {
			return nil, err
		}
	}
	if err := b.adapt(at); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *bundle) readPolicy(own *ads.Resources) error {
	if len(own.Items) != 1 {
		return fmt.Errorf("there are %d policies, want one", len(own.Items))
	}
	for name, item := range own.Items {
		if err := item.Value.UnmarshalTo(b.policy); err != nil {
			return fmt.Errorf("reading resource %q: %w", name, err)
		}
	}
	for _, typ := range types[1:] {
		if b.policy.GetVersions()[typ] == "" {
			return fmt.Errorf("the policy does not say which %ss belong to it", ads.Kind(typ))
		}
	}
	return nil
}

// check refuses resources of another type. Their content is judged by Envoy.
func check(typ string, all *ads.Resources) error {
	for name, item := range all.Items {
		if got := item.Value.GetTypeUrl(); got != typ {
			return fmt.Errorf("%s %q is of type %q", ads.Kind(typ), name, got)
		}
	}
	return nil
}

// adapt makes listeners fit this pair: they listen where it says, and take certificates from the
// agent.
func (b *bundle) adapt(at place) error {
	all, changed := b.set[resourcev3.ListenerType], at != place{}
	out := make(map[string]*listenerv3.Listener, len(all.Items)+1)
	for name, item := range all.Items {
		l := &listenerv3.Listener{}
		if err := item.Value.UnmarshalTo(l); err != nil {
			return fmt.Errorf("reading listener %q: %w", name, err)
		}
		if at.clients.IsValid() {
			move(l, at.clients)
		}
		if at.shared {
			l.EnableReusePort = wrapperspb.Bool(true)
		}
		files, err := takeFiles(l)
		if err != nil {
			return fmt.Errorf("reading listener %q: %w", name, err)
		}
		if files != (identity.Files{}) {
			b.clients, changed = &clientFiles{files: files}, true
		}
		out[name] = l
	}
	if err := addOwn(out, at.own); err != nil {
		return err
	}
	if !changed {
		return nil
	}
	adapted, err := ads.Encode(out, all.Version)
	b.set[resourcev3.ListenerType] = adapted
	return err
}

// addOwn adds the listener for Headgate's own calls. The control plane sends none: the socket is
// the pair's.
func addOwn(all map[string]*listenerv3.Listener, socket string) error {
	clients := all[policy.ClientListener]
	if socket == "" || clients == nil {
		return nil
	}
	own, err := snapshot.Own(clients, socket)
	if err != nil {
		return err
	}
	all[own.Name] = own
	return nil
}

// move gives a listener another address.
func move(l *listenerv3.Listener, to netip.AddrPort) {
	l.Address = &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: to.Addr().String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(to.Port())},
	}}}
}
