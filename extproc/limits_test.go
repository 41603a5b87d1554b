package extproc

import (
	"testing"

	"github.com/headgate/headgate/policy"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestALimitIsLeftOutOfThisExchangeAndOfTheNext holds what Envoy is answered about a backend that
// answered 429: the exchange's own fit, if Envoy takes one from there, or else a mark, and
// the fit of the exchanges after it, which make as many attempts as what is left. The last
// resort is one backend alone.
func TestALimitIsLeftOutOfThisExchangeAndOfTheNext(t *testing.T) {
	const body = `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`
	for _, c := range []struct {
		more      []string // metadata of the upstream level's stream
		fit, mark string
	}{
		{[]string{policy.NarrowHeader, "1"}, "c2", ""},
		{nil, "", "1"}, // an Envoy with the configuration of the release before
	} {
		r := newRig(t, chainPolicy)
		_, id, first := begin(r, "/v1/chat/completions", body)
		if fitOf(first) != "" || first.Set("x-envoy-max-retries") != "" {
			t.Errorf("nothing is known yet: %v", first)
		}
		gpt := r.Open("upstream", c.more...)
		r.attempts = append(r.attempts, gpt)
		gpt.Raw(attemptMessage(id, "gpt", "gpt-4o-mini", Post("/")))
		judged := gpt.ResponseHeaders(H{":status", "429", "retry-after", "7"}, false)
		if judged.Set(":status") != "429" || fitOf(judged) != c.fit || judged.Set("x-envoy-degraded") != c.mark {
			t.Errorf("the 429 is answered by %v", judged)
		}
		_, id, next := begin(r, "/v1/chat/completions", body)
		if fitOf(next) != "c2" || next.Set("x-envoy-max-retries") != "2" {
			t.Errorf("the next exchange is answered %v", next)
		}
		claude, _ := attempt(r, id, "claude", "claude-sonnet-4-6", Post("/"))
		if judged := claude.ResponseHeaders(H{":status", "529", "retry-after", "3"}, false); judged.Set(":status") != "424" {
			t.Errorf("no backend is left, and the 529 is answered by %v", judged)
		}
		if _, _, last := begin(r, "/v1/chat/completions", body); fitOf(last) != "c2" {
			t.Errorf("the last resort is %v, not the one that is back first", last)
		}
	}
}

// fitOf is the fit that a reply names for the choice of an endpoint.
func fitOf(r *Reply) string {
	return r.GetDynamicMetadata().GetFields()[policy.BalancerNamespace].GetStructValue().GetFields()[policy.FitKey].GetStringValue()
}
