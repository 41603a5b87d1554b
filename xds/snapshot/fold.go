package snapshot

import (
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/trait"
)

// foldLevel makes one answer of a stream before the router level sees it. It asks ext_proc
// nothing, unless the route has it do so.
func foldLevel(timeout time.Duration) *extprocv3.ExternalProcessor {
	return &extprocv3.ExternalProcessor{
		GrpcService: extProcService(policy.LevelFold),
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:  extprocv3.ProcessingMode_SKIP,
			ResponseHeaderMode: extprocv3.ProcessingMode_SKIP,
		},
		MessageTimeout:     durationpb.New(timeout),
		StatusOnError:      failClosed(),
		ResponseAttributes: []string{endpointMetadata(policy.BackendKey), endpointMetadata(policy.ModelKey)},
		MetadataOptions: &extprocv3.MetadataOptions{
			ForwardingNamespaces: &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{policy.MetadataNamespace}},
		},
	}
}

// folding are the modes of the fold level in which it makes one answer of a stream: it sees
// the events as they come, and the headers wait until all is there.
func folding() *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{Overrides: &extprocv3.ExtProcOverrides{
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:   extprocv3.ProcessingMode_SKIP,
			ResponseHeaderMode:  extprocv3.ProcessingMode_SEND,
			ResponseBodyMode:    extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED,
			ResponseTrailerMode: extprocv3.ProcessingMode_SEND,
		},
	}}}
}

// folds reports whether a backend of a model may be asked for a stream by a client that
// wants the whole answer.
func folds(m *policy.Model, set *policy.Set) bool {
	for _, u := range m.Uses() {
		reasoning := set.Takes(u).Reasoning
		if m.Wildcard && u.Wild() { // some name may be that of a model which reasons
			reasoning = trait.ReasoningOptional
		}
		if m.Streams(u, reasoning) {
			return true
		}
	}
	return false
}
