package agent

import (
	"cmp"
	"strings"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// Trouble says why the pair does not serve although it has a policy: what its Envoy
// refuses, or that no Envoy is connected. Empty: it serves.
func (a *Agent) Trouble() string {
	if t := a.trouble.Load(); !t.GetServes() {
		return t.GetReason()
	}
	return ""
}

// Warning says what is wrong with a pair that serves; empty: nothing.
func (a *Agent) Warning() string {
	if t := a.trouble.Load(); t.GetServes() {
		return t.GetReason()
	}
	return ""
}

// Recheck asks again what is wrong with what is not the agent's.
func (a *Agent) Recheck() { a.post(func() {}) }

// reportTrouble reports to the control plane why this pair does not serve, or what else is wrong
// with it, if that has changed.
func (a *Agent) reportTrouble() {
	reason, before := a.troubleReason(), a.trouble.Load()
	serves := reason == ""
	if serves {
		reason = a.warning()
	}
	if reason == before.GetReason() && (reason == "" || a.Revision() == before.GetRevision()) {
		return
	}
	a.trouble.Store(a.troubleFor(reason, serves, before))
	if a.up != nil {
		a.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: policypb.TypeURL, Node: a.node()})
	}
}

// warning is what is wrong with a pair that serves; empty: nothing.
func (a *Agent) warning() string {
	if trouble := cmp.Or(a.certificateTrouble(), a.keys.Trouble()); trouble != "" || a.options.Warning == nil {
		return trouble
	}
	return a.options.Warning()
}

// troubleFor is the trouble with this reason; nil: there is no reason. It began earlier if
// the trouble before had the same reason.
func (a *Agent) troubleFor(reason string, serves bool, before *policypb.Trouble) *policypb.Trouble {
	if reason == "" {
		return nil
	}
	t := &policypb.Trouble{Reason: reason, Since: timestamppb.New(a.now), Revision: a.Revision(), Serves: serves}
	if reason == before.GetReason() {
		t.Since = before.GetSince()
	}
	return t
}

// troubleReason is why this pair does not serve although a revision is in effect, as far
// as its Envoys report; empty: it serves.
func (a *Agent) troubleReason() string {
	if b := a.good; b != nil && b.clients != nil && b.clients.watched == nil {
		return "listen.tls: an Envoy that starts gets no certificate, because its files cannot be used"
	}
	for _, e := range a.envoys {
		if refusal := e.client.Refused(*a.current.Load()); refusal != nil && a.progress == idle {
			return "Envoy refuses a " + ads.Kind(refusal.Type) + ": " + clip(strings.TrimSpace(refusal.Reason))
		}
	}
	if a.hadEnvoy && len(a.envoys) == 0 && a.now.Sub(a.noEnvoySince) >= awaitEnvoy {
		return "no Envoy is connected"
	}
	return ""
}

// maxWords bounds how much of Envoy's own words is passed on, in bytes.
const maxWords = 1000

func clip(words string) string {
	return strings.ToValidUTF8(words[:min(len(words), maxWords)], "")
}
