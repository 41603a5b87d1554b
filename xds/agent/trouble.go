package agent

import (
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// Trouble says why the pair does not serve although it has a policy: what its Envoy
// refuses, or that there is none any more. Empty: all is well.
func (r *Agent) Trouble() string { return r.trouble.Load().GetReason() }

// report tells the control plane why this pair does not serve, when that has changed.
func (r *Agent) report() {
	reason, before := r.reason(), r.trouble.Load()
	if reason == before.GetReason() && (reason == "" || r.Revision() == before.GetRevision()) {
		return
	}
	r.trouble.Store(r.troubled(reason, before))
	if r.up != nil {
		r.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: policypb.TypeURL, Node: r.node()})
	}
}

// troubled is the trouble for a reason, which began when there was none or another; nil
// where there is no reason.
func (r *Agent) troubled(reason string, before *policypb.Trouble) *policypb.Trouble {
	if reason == "" {
		return nil
	}
	t := &policypb.Trouble{Reason: reason, Since: timestamppb.New(r.now), Revision: r.Revision()}
	if reason == before.GetReason() {
		t.Since = before.GetSince()
	}
	return t
}

// reason is why this pair does not serve although a revision is in effect, as far as its
// Envoys tell; empty where all is well.
func (r *Agent) reason() string {
	for _, e := range r.envoys {
		if refusal := e.client.Refused(*r.current.Load()); refusal != nil && r.stage == idle {
			return "Envoy refuses a " + ads.Kind(refusal.Type) + ": " + clip(strings.TrimSpace(refusal.Reason))
		}
	}
	if r.joined && len(r.envoys) == 0 && r.now.Sub(r.alone) >= absent {
		return "no Envoy is connected"
	}
	return ""
}

// maxWords bounds what is passed on of Envoy's words, in bytes.
const maxWords = 1000

func clip(words string) string {
	return strings.ToValidUTF8(words[:min(len(words), maxWords)], "")
}
