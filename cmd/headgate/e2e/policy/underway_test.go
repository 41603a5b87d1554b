package policy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestExchangesEndAsTheyBegan changes the policy, so that nothing of the old one is
// left, while one exchange waits for its first attempt to fail and another is still
// being sent. Both end by the policy that they began with.
func TestExchangesEndAsTheyBegan(t *testing.T) {
	t.Parallel()
	asked, fail := make(chan struct{}, 100), make(chan struct{})
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-fail
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer broken.Close()
	old, next := gatewaytest.Simulate(t, sim.Options{Keyless: true}), gatewaytest.Simulate(t, sim.Options{Keyless: true})
	before := fmt.Sprintf(`version: 1
unpriced: flag
backends:
  broken: {provider: openai-compatible, url: %q}
  old: {provider: openai-compatible, url: %q}
models:
  m: {retries: 0, timeout: 15s, chain: [broken/first, old/second]}
  gone: old/alone
`, broken.URL, old.URL)
	after := fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {next: {provider: openai-compatible, url: %q}}\nmodels: {m: next/third}\n", next.URL)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: before})
	pair := f.Pairs[0]

	answers := make(chan gatewaytest.Answer, 1)
	go func() {
		a, err := pair.Try(t.Context(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "waits", false), ""))
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()
	<-asked
	upload, finish := slowly(t, pair, gatewaytest.ChatBody("gone", "slow", false))
	f.Write(after)
	gatewaytest.Eventually(t, "the new policy", func() bool {
		return pair.Metric(`headgate_pair_policy_info{revision="`+gatewaytest.RevisionOf(t, after)+`"}`) == 1
	})
	a := pair.Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "new", false), ""))
	if a.Status != http.StatusOK || a.Header.Get("x-headgate-model") != "third" {
		t.Errorf("status %d, model %s: the new policy is not in effect", a.Status, a.Header.Get("x-headgate-model"))
	}
	close(fail)
	finish()
	for what, got := range map[string]gatewaytest.Answer{"the one that waited": <-answers, "the one that was sent slowly": <-upload} {
		if got.Status != http.StatusOK || got.Header.Get("x-headgate-policy-revision") != gatewaytest.RevisionOf(t, before) || got.Header.Get("x-headgate-backend") != "old" {
			t.Errorf("%s: status %d, revision %s, backend %s: %s", what, got.Status, got.Header.Get("x-headgate-policy-revision"), got.Header.Get("x-headgate-backend"), got.Body)
		}
	}
}

// slowly begins a request and sends the rest of its body at a signal.
func slowly(t *testing.T, pair *gatewaytest.Pair, body string) (answer <-chan gatewaytest.Answer, finish func()) {
	t.Helper()
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, pair.URL+"/v1/chat/completions", in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("content-type", "application/json")
	answers := make(chan gatewaytest.Answer, 1)
	begun := pair.Metric(`headgate_extproc_phase_seconds_count{phase="request_headers"}`)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			answers <- gatewaytest.Answer{}
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		answers <- gatewaytest.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text), Err: err}
	}()
	if _, err := out.Write([]byte(body[:10])); err != nil {
		t.Fatal(err)
	}
	gatewaytest.Eventually(t, "the headers at ext_proc", func() bool {
		return pair.Metric(`headgate_extproc_phase_seconds_count{phase="request_headers"}`) > begun
	})
	return answers, func() {
		if _, err := io.Copy(out, strings.NewReader(body[10:])); err != nil {
			t.Error(err)
		}
		_ = out.Close()
	}
}
