package agent

import (
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"go.uber.org/zap"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// rejection is a revision that does not work here, and why.
type rejection struct {
	bundle *bundle
	why    ads.Refusal
}

// whole returns the revision that was received, once nothing of it is missing; nil
// where there is nothing new. What is in effect already, or was refused here, is
// answered.
func (r *Agent) whole() *bundle {
	own := r.received[policypb.TypeURL]
	switch {
	case own == nil || len(r.nonces) == 0:
		return nil
	case r.good != nil && own.Version == r.good.version:
		r.rejected = nil
		r.acknowledge(r.good)
		return nil
	case r.rejected != nil && own.Version == r.rejected.bundle.version:
		r.deny(r.rejected)
		return nil
	}
	r.rejected = nil
	b, err := newBundle(r.received, r.options.Listen)
	if err != nil {
		r.reject(&bundle{version: own.Version, pair: ads.Set{policypb.TypeURL: own}}, ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		return nil
	}
	return b
}

// reject tells the control plane that a revision does not work here.
func (r *Agent) reject(b *bundle, why ads.Refusal) {
	why.Reason = strings.TrimSpace(why.Reason)
	r.rejected = &rejection{b, why}
	r.metrics.refusals.WithLabelValues(ads.Kind(why.Type)).Inc()
	r.log.Error("policy refused; "+r.insteadOf(), zap.String("revision", b.policy.GetRevision()),
		zap.String("type", ads.Kind(why.Type)), zap.String("reason", why.Reason), zap.String("serving", r.Revision()))
	r.deny(r.rejected)
}

// insteadOf says what is in effect where a revision is refused.
func (r *Agent) insteadOf() string {
	if r.good == nil {
		return "none is in effect"
	}
	return "the one before stays in effect"
}

// acknowledge acknowledges what has come of a revision that is in effect. What has
// come of a later one waits until that is.
func (r *Agent) acknowledge(b *bundle) {
	for _, typ := range types {
		if r.nonces[typ] != "" && r.received[typ].Version == b.pair[typ].Version {
			r.reply(typ, nil)
		}
	}
}

// deny refuses the one type of a revision that does not work here, and acknowledges
// the others. A type that has no answer due did not come with this revision: then it
// is the policy that is refused, for an old fault. A revision that has not come whole
// on this stream is refused when it has.
func (r *Agent) deny(rejected *rejection) {
	for typ, part := range rejected.bundle.pair {
		if r.received[typ] == nil || r.received[typ].Version != part.Version {
			return
		}
	}
	why, code := rejected.why, codes.InvalidArgument
	if why.Old {
		code = ads.OldFault
	}
	if r.nonces[why.Type] == "" {
		why = ads.Refusal{Type: policypb.TypeURL, Reason: ads.Kind(why.Type) + ": " + why.Reason}
		code = ads.OldFault
	}
	for _, typ := range types {
		if r.nonces[typ] == "" {
			continue
		}
		var fault *rpcstatus.Status
		if typ == why.Type {
			fault = &rpcstatus.Status{Code: int32(code), Message: why.Reason}
		}
		r.reply(typ, fault)
	}
}

// reply answers the last response of a type.
func (r *Agent) reply(typ string, fault *rpcstatus.Status) {
	r.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ, ResponseNonce: r.nonces[typ], ErrorDetail: fault})
	delete(r.nonces, typ)
}
