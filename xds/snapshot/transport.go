package snapshot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	rulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	codecv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	rawv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

const (
	// providerIdle closes connections to providers before most of them do.
	providerIdle = 55 * time.Second
	// window bounds how much of one stream of HTTP/2 is on its way, and waits in Envoy, in bytes.
	window           = 256 << 10
	connectionWindow = 16 << 20
)

// secure gives the cluster its transport: one socket if all endpoints use the same, else
// one for each kind, chosen by the endpoint's metadata.
func secure(c *clusterv3.Cluster, all []endpoint, o Options) {
	seen := map[string]bool{}
	var matches []*clusterv3.Cluster_TransportSocketMatch
	for i := range all {
		name := socketName(&all[i])
		if seen[name] {
			continue
		}
		seen[name] = true
		matches = append(matches, &clusterv3.Cluster_TransportSocketMatch{
			Name: name, Match: fields("socket", name), TransportSocket: socket(&all[i], o),
		})
	}
	// A cluster that negotiates HTTP/2 by ALPN must have a socket that can do that, beside
	// those that are matched.
	c.TransportSocket = matches[0].TransportSocket
	if len(matches) > 1 {
		c.TransportSocketMatches = matches
	}
}

// socketName distinguishes transports: plain, TLS with the system's roots, and TLS with
// roots or an address of its own.
func socketName(e *endpoint) string {
	own := e.use.Backend.CAFile
	if address := e.address(); address.IsValid() {
		own += "\x00" + address.String()
	}
	switch {
	case !e.tls():
		return "plain"
	case own == "":
		return "tls"
	}
	sum := sha256.Sum256([]byte(own))
	return "tls-" + hex.EncodeToString(sum[:4])
}

// address is the host if that is an IP address; else it is not valid.
func (e *endpoint) address() netip.Addr {
	a, _ := netip.ParseAddr(e.host)
	return a
}

func socket(e *endpoint, o Options) *corev3.TransportSocket {
	if !e.tls() {
		return &corev3.TransportSocket{
			Name:       "envoy.transport_sockets.raw_buffer",
			ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(&rawv3.RawBuffer{})},
		}
	}
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(tlsContext(e, o))},
	}
}

// tlsContext verifies the server by the endpoint's own name, as SNI and in its
// certificate, or by its address, which goes into no SNI.
//
// Envoy knows no roots of the system by itself: the field system_root_certs is in
// its API, but a cluster that relies on it is refused.
func tlsContext(e *endpoint, o Options) *tlsv3.UpstreamTlsContext {
	validation := &tlsv3.CertificateValidationContext{TrustedCa: &corev3.DataSource{
		Specifier: &corev3.DataSource_Filename{Filename: cmp.Or(e.use.Backend.CAFile, o.Roots, DefaultRoots)},
	}}
	c := &tlsv3.UpstreamTlsContext{
		CommonTlsContext: &tlsv3.CommonTlsContext{
			TlsParams:             &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2},
			ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: validation},
		},
	}
	address := e.address()
	if !address.IsValid() {
		c.AutoHostSni, c.AutoSniSanValidation = true, true
		return c
	}
	validation.MatchTypedSubjectAltNames = []*tlsv3.SubjectAltNameMatcher{{
		SanType: tlsv3.SubjectAltNameMatcher_IP_ADDRESS,
		Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: address.String()}},
	}}
	return c
}

// protocol is HTTP/2 if all endpoints can agree on it by ALPN, else HTTP/1.1. It has the
// filters of every attempt.
func protocol(all []endpoint, o Options) map[string]*anypb.Any {
	p := &httpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(providerIdle)},
		HttpFilters:               attemptFilters(len(all) > 1, o),
	}
	if everyTLS(all) {
		p.UpstreamProtocolOptions = &httpv3.HttpProtocolOptions_AutoConfig{AutoConfig: &httpv3.HttpProtocolOptions_AutoHttpConfig{
			Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
				InitialStreamWindowSize:     wrapperspb.UInt32(window),
				InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
				// A connection whose other end is gone is noticed within about 3 s.
				ConnectionKeepalive: &corev3.KeepaliveSettings{
					Interval: durationpb.New(2 * time.Second), Timeout: durationpb.New(1500 * time.Millisecond),
				},
			},
		}}
	} else {
		p.UpstreamProtocolOptions = &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{HttpProtocolOptions: &corev3.Http1ProtocolOptions{}},
		}}
	}
	return map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(p)}
}

func everyTLS(all []endpoint) bool {
	for i := range all {
		if !all[i].tls() {
			return false
		}
	}
	return true
}

// addedByEnvoy are the headers that Envoy adds and no provider may see.
var addedByEnvoy = []string{"x-request-id", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "via", "traceparent", "tracestate"}

// attemptFilters run once per attempt: the upstream level if there is a choice of backends,
// then the egress filter, which removes what no provider may see.
func attemptFilters(several bool, o Options) []*hcmv3.HttpFilter {
	var out []*hcmv3.HttpFilter
	egress := []*rulesv3.HeaderMutation{removePrefix(policy.HeaderPrefix), removePrefix(policy.EnvoyPrefix)}
	for _, name := range addedByEnvoy {
		egress = append(egress, remove(name))
	}
	if several {
		out = append(out, httpFilter(upstreamFilter, upstreamLevel(o.largeStall)))
		egress = append(egress, contentLength())
	}
	return append(out,
		httpFilter("headgate.egress", &headerv3.HeaderMutation{Mutations: &headerv3.Mutations{RequestMutations: egress}}),
		httpFilter("envoy.filters.http.upstream_codec", &codecv3.UpstreamCodec{}))
}

// contentLength sets the header again that Envoy drops when a body is replaced.
func contentLength() *rulesv3.HeaderMutation {
	return &rulesv3.HeaderMutation{Action: &rulesv3.HeaderMutation_Append{Append: header("content-length", "%DYNAMIC_METADATA("+policy.MetadataNamespace+":"+policy.ContentLengthKey+")%")}}
}
