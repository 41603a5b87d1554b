package gatewaytest

import (
	"context"
	"strings"
	"time"
)

// AwaitRevision asks for model m until an answer is of a revision.
func (g *Gateway) AwaitRevision(revision string) {
	g.t.Helper()
	Eventually(g.t, "a request that meets revision "+revision, func() bool { return g.Meets() == revision })
}

// Meets asks once for model m and returns the revision that answered; empty: none did.
func (g *Gateway) Meets() string {
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
	defer cancel()
	a, err := g.Try(ctx, ChatRequest("/v1/chat/completions", ChatBody("m", "[[sim tokens=1]]", false), ""))
	if err != nil || a.Status != 200 {
		return ""
	}
	return a.Header.Get("x-headgate-policy-revision")
}

// AwaitPolicy waits until ext_proc and Envoy both have a revision.
func (p *Pair) AwaitPolicy(revision string) {
	p.t.Helper()
	p.Eventually("revision "+revision+" at "+p.Node, func() bool {
		return p.Metric(`headgate_pair_policy_info{revision="`+revision+`"}`) == 1
	})
}

// AwaitLink waits until a pair follows a control plane.
func (p *Pair) AwaitLink() {
	p.t.Helper()
	p.Eventually("a control plane", func() bool { return p.Metric("headgate_pair_linked") == 1 })
}

// HasTaken reports whether a control plane knows that a pair has taken a revision whole.
func (x *Replica) HasTaken(pair *Pair, revision string) bool {
	x.t.Helper()
	return strings.Contains(x.Status(), pair.Node+"  -       "+revision)
}

// CheckRevisionsKnown fails the test if Envoy routed an exchange by a policy that
// ext_proc did not have. A pair of the release before counts such exchanges under
// another name.
func (p *Pair) CheckRevisionsKnown() {
	p.t.Helper()
	metrics := p.Metrics()
	for _, series := range []string{"headgate_exchanges_unknown_revision_total", "headgate_exchanges_unheld_total"} {
		if strings.Contains(metrics, "\n"+series+" ") {
			if n := p.Metric(series); n != 0 {
				p.t.Errorf("%s: %v exchanges of policies that ext_proc did not have", p.Node, n)
			}
			return
		}
	}
	p.t.Errorf("%s: exchanges of unknown revisions are not counted", p.Node)
}
