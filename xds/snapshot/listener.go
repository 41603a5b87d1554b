package snapshot

import (
	"time"

	rulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// connectionBuffer is from how many bytes on that wait to be written to a connection no more are read
// for it: what a client that does not read has Envoy hold. Bodies that are held as a whole have the
// virtual host's limit.
const connectionBuffer = 64 << 10

// cutDelay is how long after a cut an HTTP/1.1 client sees it.
const cutDelay = 100 * time.Millisecond

// unused is how long a client may keep a connection on which it asks nothing. It is longer than
// load balancers keep theirs to a gateway, ten minutes at most: a request may be on its way on a
// connection that ends.
const unused = 11 * time.Minute

// upload bounds how long a client may take to send a request, headersIn to send
// its headers.
const (
	upload    = 5 * time.Minute
	headersIn = time.Minute
)

// routeSource sets where a connection manager takes its routes from.
type routeSource func(*hcmv3.HttpConnectionManager)

func fromADS() routeSource {
	return func(m *hcmv3.HttpConnectionManager) {
		m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
			RouteConfigName: routesName,
			ConfigSource: &corev3.ConfigSource{
				ResourceApiVersion:    corev3.ApiVersion_V3,
				ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
			},
		}}
	}
}

func inline(r *routev3.RouteConfiguration) routeSource {
	return func(m *hcmv3.HttpConnectionManager) {
		m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: r}
	}
}

func listener(set *policy.Set, o Options, from routeSource) (*listenerv3.Listener, error) {
	m := connectionManager(set, o)
	from(m)
	if err := m.ValidateAll(); err != nil {
		return nil, err
	}
	return &listenerv3.Listener{
		Name: listenerName,
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address:       set.Listen.Address.Addr().String(),
			PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(set.Listen.Address.Port())},
		}}},
		// With a shared port two gateways on one machine would share the connections
		// unnoticed. Without it, the second one is refused.
		EnableReusePort:               wrapperspb.Bool(false),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(connectionBuffer),
		FilterChains: []*listenerv3.FilterChain{{TransportSocket: clientSocket(set.Listen.TLS), Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(m)},
		}}}},
	}, nil
}

// Bounds of a request's headers: some hops and clients send more than Envoy takes by itself,
// which is 60 KiB and 100 of them.
const (
	maxHeadersKiB = 256
	maxHeaders    = 1000
)

func connectionManager(set *policy.Set, o Options) *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{
		StatPrefix:            listenerName,
		StreamIdleTimeout:     durationpb.New(maxSilence(set)),
		RequestTimeout:        durationpb.New(upload),
		RequestHeadersTimeout: durationpb.New(headersIn),
		DelayedCloseTimeout:   durationpb.New(cutDelay),
		// The connection's own address is the client's: its x-forwarded-for is not
		// trusted.
		UseRemoteAddress: wrapperspb.Bool(true),
		ServerName:       "headgate",
		// Clients of HTTP/1.0 are answered, too, and those that would go on in a WebSocket are
		// refused by ext_proc, in words that they understand.
		HttpProtocolOptions:       &corev3.Http1ProtocolOptions{AcceptHttp_10: true, DefaultHostForHttp_10: policy.NoHost},
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{MaxHeadersCount: wrapperspb.UInt32(maxHeaders), IdleTimeout: durationpb.New(unused)},
		Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
			InitialStreamWindowSize:     wrapperspb.UInt32(window),
			InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
		},
		MaxRequestHeadersKb: wrapperspb.UInt32(maxHeadersKiB),
		UpgradeConfigs:      []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		// Paths are matched exactly by ext_proc; normalising them first leaves no
		// second spelling. %2F stays, because model names may hold slashes.
		NormalizePath:                wrapperspb.Bool(true),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_KEEP_UNCHANGED,
		EarlyHeaderMutationExtensions: []*corev3.TypedExtensionConfig{{
			Name:        "headgate.strip",
			TypedConfig: packed(&earlyv3.HeaderMutation{Mutations: stripped()}),
		}},
		SchemeHeaderTransformation: &corev3.SchemeHeaderTransformation{MatchUpstream: true},
		LocalReplyConfig:           localReplies(set),
		AccessLog:                  accessLogs(o),
		HttpFilters:                httpFilters(set),
	}
}

// maxSilence is how long a client may have to wait without a byte: a stage of ext_proc
// waits as long as it may, and then every attempt of the longest chain is given up. The
// clock of a route does not help here: it begins with the first byte after the route was
// chosen, which for a request without a body is the response's.
func maxSilence(set *policy.Set) time.Duration {
	longest := upload
	for _, m := range set.Models {
		longest = max(longest, maxMessageTimeout+m.LongestChain()+time.Second)
	}
	return longest
}

// stripped are the headers that only the gateway may set. Envoy gives each request an id,
// by which its account is found if it has not learned of the exchange's. That of the client is kept
// for its row.
func stripped() []*rulesv3.HeaderMutation {
	return []*rulesv3.HeaderMutation{removePrefix(policy.InternalPrefix), removePrefix(policy.EnvoyPrefix), rename("x-request-id", policy.RequestIDHeader), remove("x-request-id")}
}

// rename gives what a header says to another one, if it is there.
func rename(from, to string) *rulesv3.HeaderMutation {
	return &rulesv3.HeaderMutation{Action: &rulesv3.HeaderMutation_Append{Append: &corev3.HeaderValueOption{
		Header: &corev3.HeaderValue{Key: to, Value: "%REQ(" + from + ")%"}, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}}}
}

func removePrefix(prefix string) *rulesv3.HeaderMutation {
	return &rulesv3.HeaderMutation{Action: &rulesv3.HeaderMutation_RemoveOnMatch_{
		RemoveOnMatch: &rulesv3.HeaderMutation_RemoveOnMatch{KeyMatcher: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix},
		}},
	}}
}

func remove(name string) *rulesv3.HeaderMutation {
	return &rulesv3.HeaderMutation{Action: &rulesv3.HeaderMutation_Remove{Remove: name}}
}
