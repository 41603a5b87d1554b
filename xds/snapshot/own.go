package snapshot

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy"
)

// ownMode lets only the user that runs Envoy connect to the socket of own calls.
const ownMode = 0o600

// Own returns the listener for the calls that Headgate makes itself: the clients' listener, on a
// Unix socket and without TLS. It has the same routes and filters, so that an own call takes the
// way of any other.
func Own(clients *listenerv3.Listener, socket string) (*listenerv3.Listener, error) {
	l := proto.CloneOf(clients)
	l.Name = policy.OwnListener
	l.Address = &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: socket, Mode: ownMode}}}
	for _, chain := range l.FilterChains {
		chain.TransportSocket = nil
		for _, f := range chain.Filters {
			m := &hcmv3.HttpConnectionManager{}
			if err := f.GetTypedConfig().UnmarshalTo(m); err != nil {
				return nil, fmt.Errorf("reading the filter %q of listener %q: %w", f.GetName(), clients.GetName(), err)
			}
			m.StatPrefix = policy.OwnListener // the clients' numbers are of clients alone
			f.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed(m)}
		}
	}
	return l, nil
}
