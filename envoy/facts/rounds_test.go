package facts_test

import (
	"strings"
	"testing"
	"time"
)

// A round is one way through the chain. The upstream level names a wait on the last try of
// a round alone, and the router takes it as a provider's rate limit.
const rounds = `
rate_limited_retry_back_off: { max_interval: 10s, reset_headers: [ { name: x-round, format: SECONDS } ] }`

// waitAfter names a wait of a second on the nth attempt's answer.
func waitAfter(n string) script {
	plain, waits := responseHeaders(nil), responseHeaders(&common{HeaderMutation: set(header("x-round", "1"))})
	return script{responseHeaders: func(s *stream, _ *request) error {
		for _, h := range s.messages[0].GetRequestHeaders().GetHeaders().GetHeaders() {
			if h.Key == "x-envoy-attempt-count" && string(h.RawValue) == n {
				return s.grpc.Send(waits)
			}
		}
		return s.grpc.Send(plain)
	}}
}

func TestAHeaderOfTheUpstreamLevelHoldsTheNextRoundOfAChainBack(t *testing.T) {
	chain := strings.NewReplacer("num_retries: 8", "num_retries: 3", "update_frequency: 3", "update_frequency: 1").Replace(theRule) + rounds
	r := start(t, setup{Retry: chain, Pool: noOutliers, UpstreamMode: headersOnly, VHost: "response_headers_to_remove: [x-round]"}, "a", "b")
	r.play(routed(), waitAfter("2"))
	for _, p := range r.providers {
		p.serve(answerStatus(500))
	}
	began := time.Now()
	got := r.post(t, `{}`)
	if tried := names(r.received.take()); tried != "abab" || got.status != 500 || got.header.Get("x-round") != "" {
		t.Errorf("tried %q, answer %+v", tried, got)
	}
	if d := time.Since(began); d < time.Second {
		t.Errorf("two rounds with a second between them took %v", d)
	}
}

// An attempt without an answer has no header: the next round follows at once.
func TestAnAttemptWithoutAnAnswerHoldsNoRoundBack(t *testing.T) {
	chain := strings.NewReplacer("num_retries: 8", "num_retries: 3", "update_frequency: 3", "update_frequency: 1").Replace(theRule) + rounds
	r := start(t, setup{Retry: chain, Pool: noOutliers, UpstreamMode: headersOnly}, "a", "b")
	r.play(routed(), waitAfter("2"))
	r.providers["a"].serve(answerStatus(500))
	r.providers["b"].serve(cut)
	began := time.Now()
	r.post(t, `{}`)
	if tried := names(r.received.take()); tried != "abab" {
		t.Errorf("tried %q", tried)
	}
	if d := time.Since(began); d >= time.Second {
		t.Errorf("the second round waited: %v", d)
	}
}
