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
	files  bool // certificate files could not be used: it is tried again once they can
}

// nextRevision returns the revision that was received, once it is complete; nil: there is
// nothing new. One that is in effect already, or was refused here, is answered.
func (a *Agent) nextRevision() *bundle {
	own := a.received[policypb.TypeURL]
	switch {
	case own == nil || len(a.nonces) == 0:
		return nil
	case a.good != nil && own.Version == a.good.version:
		a.rejected, a.retry = nil, retry{}
		a.acknowledge(a.good)
		return nil
	case a.rejected != nil && own.Version == a.rejected.bundle.version:
		a.deny(a.rejected)
		return nil
	}
	a.rejected = nil
	b, err := newBundle(a.received, a.options.place())
	if err != nil {
		a.reject(&bundle{version: own.Version, pair: ads.Set{policypb.TypeURL: own}}, ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		a.retry = retry{} // it is no better the next time
		return nil
	}
	return b
}

// reject logs that a revision does not work here, and refuses it to the control plane. What was asked
// for again and is refused in the same words is logged for those who debug.
func (a *Agent) reject(b *bundle, why ads.Refusal) {
	why.Reason = strings.TrimSpace(why.Reason)
	level := zap.ErrorLevel
	if a.retry.version == b.version && a.retry.reason == why.Reason {
		level = zap.DebugLevel
	}
	a.rejected, a.retry = &rejection{bundle: b, why: why}, a.retry.after(b, a.now)
	a.retry.reason = why.Reason
	a.metrics.refusals.WithLabelValues(ads.Kind(why.Type)).Inc()
	a.log.Log(level, "policy refused; "+a.insteadOf(), zap.String("revision", b.policy.GetRevision()),
		zap.String("type", ads.Kind(why.Type)), zap.String("reason", why.Reason), zap.String("serving", a.Revision()))
	a.deny(a.rejected)
}

// insteadOf says what is in effect in place of a revision that is refused.
func (a *Agent) insteadOf() string {
	if a.good == nil {
		return "none is in effect"
	}
	return "the one before stays in effect"
}

// acknowledge acknowledges what was received of a revision that is in effect. What was
// received of a later one waits until that one is in effect.
func (a *Agent) acknowledge(b *bundle) {
	for _, typ := range types {
		if a.nonces[typ] != "" && a.received[typ].Version == b.pair[typ].Version {
			a.reply(typ, nil)
		}
	}
}

// deny refuses the one type of a revision that does not work here, and acknowledges
// the others. A type that awaits no answer was not sent with this revision: then the
// policy is refused in its place, for an old fault. A revision that was not received
// completely on this stream is refused once it was.
func (a *Agent) deny(rejected *rejection) {
	for typ, resources := range rejected.bundle.pair {
		if a.received[typ] == nil || a.received[typ].Version != resources.Version {
			return
		}
	}
	why, code := rejected.why, codes.InvalidArgument
	if why.Old {
		code = ads.OldFault
	}
	if a.nonces[why.Type] == "" {
		why = ads.Refusal{Type: policypb.TypeURL, Reason: ads.Kind(why.Type) + ": " + why.Reason}
		code = ads.OldFault
	}
	for _, typ := range types {
		if a.nonces[typ] == "" {
			continue
		}
		var fault *rpcstatus.Status
		if typ == why.Type {
			fault = &rpcstatus.Status{Code: int32(code), Message: why.Reason}
		}
		a.reply(typ, fault)
	}
}

// reply answers the last response of a type.
func (a *Agent) reply(typ string, fault *rpcstatus.Status) {
	a.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ, ResponseNonce: a.nonces[typ], ErrorDetail: fault})
	delete(a.nonces, typ)
}
