package snapshot

import (
	"time"

	rulesv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	headertov3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// maxMessageTimeout is how far a stage that waits may extend the time of one answer.
const maxMessageTimeout = 90 * time.Second

// The names of the router level's filters. The route that is matched first chooses one of
// them: Envoy bounds all answers of a filter alike, and an answer about a large body takes
// longer.
const (
	routerFilter = "headgate.router"
	largeFilter  = "headgate.router.large"
)

// upstreamFilter is the name of the upstream level's filter.
const upstreamFilter = "headgate.upstream"

// foldFilter is the name of the fold level's filter.
const foldFilter = "headgate.fold"

// httpFilters are the filters of every exchange, in request order; answers go through them
// the other way round. That of CORS is outermost, so that refusals have its headers, too: a
// browser would not show them otherwise. It does nothing if the policy lets no page ask. Compressed answers are unpacked by ext_proc: after it, Envoy's
// decompressor never lets an answer end.
func httpFilters(set *policy.Set) []*hcmv3.HttpFilter {
	names := peerAttributes(set)
	return []*hcmv3.HttpFilter{
		httpFilter(corsFilter, &corsv3.Cors{}),
		byRoute(httpFilter(routerFilter, routerLevel(set.Stall, names))),
		byRoute(httpFilter(largeFilter, routerLevel(set.LargeStall(), names))),
		httpFilter(foldFilter, foldLevel(set.LargeStall())),
		httpFilter("headgate.order", order()),
		httpFilter("envoy.filters.http.router", &routerv3.Router{}),
	}
}

// byRoute makes a filter one that routes turn on. What is so broken that it has no route is
// answered by Envoy alone: it ends such a connection without waiting for ext_proc.
func byRoute(f *hcmv3.HttpFilter) *hcmv3.HttpFilter {
	f.Disabled = true
	return f
}

func httpFilter(name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(config)}}
}

func extProcService(level string) *corev3.GrpcService {
	return &corev3.GrpcService{
		TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: ExtProcCluster}},
		InitialMetadata: []*corev3.HeaderValue{{Key: policy.LevelHeader, Value: level}},
	}
}

// failClosed is what a client gets if ext_proc cannot be asked.
func failClosed() *typev3.HttpStatus {
	return &typev3.HttpStatus{Code: typev3.StatusCode_ServiceUnavailable}
}

// routerLevel sees the client's request and the response once. It may set Envoy's
// own retry and timeout headers: a client's were stripped before. It is given attributes of
// the request.
func routerLevel(timeout time.Duration, attributes []string) *extprocv3.ExternalProcessor {
	return &extprocv3.ExternalProcessor{
		GrpcService: extProcService(policy.LevelRouter),
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:  extprocv3.ProcessingMode_SEND,
			RequestBodyMode:    extprocv3.ProcessingMode_BUFFERED,
			ResponseHeaderMode: extprocv3.ProcessingMode_SEND,
			ResponseBodyMode:   extprocv3.ProcessingMode_BUFFERED,
		},
		AllowModeOverride: true,
		MessageTimeout:    durationpb.New(timeout),
		MaxMessageTimeout: durationpb.New(maxMessageTimeout),
		StatusOnError:     failClosed(),
		RequestAttributes: attributes,
		MutationRules:     &rulesv3.HeaderMutationRules{AllowEnvoy: wrapperspb.Bool(true)},
		MetadataOptions: &extprocv3.MetadataOptions{
			ReceivingNamespaces: &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{policy.MetadataNamespace, policy.BalancerNamespace}},
		},
	}
}

// order turns the user's order of the chain, which ext_proc sets as a header, into metadata
// for the choice of an endpoint. The fit ext_proc writes there itself.
func order() *headertov3.Config {
	return &headertov3.Config{RequestRules: []*headertov3.Config_Rule{{
		Header:          policy.SplitHeader,
		OnHeaderPresent: &headertov3.Config_KeyValuePair{MetadataNamespace: policy.BalancerNamespace, Key: orderKey, Type: headertov3.Config_STRING},
	}}}
}

// endpointMetadata is the attribute that holds one value of the metadata of the
// endpoint that Envoy chose.
func endpointMetadata(key string) string {
	return "xds.upstream_host_metadata.filter_metadata['" + policy.MetadataNamespace + "']['" + key + "']"
}

// upstreamLevel runs once per attempt, of pools with more than one use. It sees no body,
// unless the route has it judge by content: then Envoy holds headers and body until it
// knows of the verdict. Its flags for that mean nothing without a body.
func upstreamLevel(timeout time.Duration) *extprocv3.ExternalProcessor {
	service := extProcService(policy.LevelUpstream)
	service.InitialMetadata = append(service.InitialMetadata, &corev3.HeaderValue{Key: policy.NarrowHeader, Value: "1"})
	return &extprocv3.ExternalProcessor{
		GrpcService: service,
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:  extprocv3.ProcessingMode_SEND,
			ResponseHeaderMode: extprocv3.ProcessingMode_SEND,
		},
		SendBodyWithoutWaitingForHeaderResponse: true,
		AllowContentLengthHeader:                true, // no body is changed

		MessageTimeout:    durationpb.New(timeout),
		MaxMessageTimeout: durationpb.New(policy.MaxGate),
		StatusOnError:     failClosed(),
		RequestAttributes: []string{endpointMetadata(policy.BackendKey), endpointMetadata(policy.ModelKey)},
		MutationRules:     &rulesv3.HeaderMutationRules{AllowAllRouting: wrapperspb.Bool(true), AllowEnvoy: wrapperspb.Bool(true)},
		MetadataOptions: &extprocv3.MetadataOptions{
			ReceivingNamespaces:  &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{policy.MetadataNamespace, policy.BalancerNamespace}},
			ForwardingNamespaces: &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{policy.MetadataNamespace}},
		},
	}
}

// byContent are the modes of the upstream level in which it judges by content.
func byContent() *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{Overrides: &extprocv3.ExtProcOverrides{
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:  extprocv3.ProcessingMode_SEND,
			ResponseHeaderMode: extprocv3.ProcessingMode_SEND,
			ResponseBodyMode:   extprocv3.ProcessingMode_STREAMED,
		},
	}}}
}
