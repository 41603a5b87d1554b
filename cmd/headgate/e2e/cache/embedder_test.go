package cache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// embedding starts a gateway whose embedder is a model of its policy, at a backend with a URL of
// its own if that is given.
func embedding(t *testing.T, use, timeout, at string) *rig {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	if at == "" {
		at = p.URL
	}
	text := strings.NewReplacer("backends:\n", "backends:\n  vectors: {provider: simulated, url: \""+at+"\"}\n", "prices:\n", "prices:\n  embed-a: {input: 1, output: 1}\n  embed-b: {input: 1, output: 1}\n").Replace(
		gatewaytest.PolicyFor(p, "  embed-a: {chain: [vectors/embed-a"+use+"], retries: 0}\n  embed-b: {chain: [sim/embed-b], retries: 0}\n  faq: {chain: [sim/plain], cache: {semantic: {threshold: 0.5}}}\n")) +
		"unpriced: flag\ncache: {embedder: {model: embed-a, timeout: " + timeout + "}}\n"
	return &rig{gatewaytest.Start(t, text, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}), p}
}

const (
	firstQuestion  = "How do I reset my password?"
	secondQuestion = "please how do I reset my password"
)

// TestModelsMakeVectors holds that an embedder of the policy is asked by own calls, which have rows
// with their parent and their cost, and nothing for requests that are equal.
func TestModelsMakeVectors(t *testing.T) {
	t.Parallel()
	r := embedding(t, "", "5s", "")
	first := r.Chat(gatewaytest.ChatBody("faq", firstQuestion, false), "text=first")
	wants(t, first, "miss unknown")
	r.stored(t, first)
	second := r.Chat(gatewaytest.ChatBody("faq", secondQuestion, false), "text=second")
	wants(t, second, "semantic-hit")
	if u := r.used(t, second); u.Embedder != "embed-a" {
		t.Errorf("the row says %+v", u)
	}
	for _, parent := range []gatewaytest.Answer{first, second} {
		own := r.children(t, parent, 1)[0]
		if own.Caller != "headgate" || own.Feature != "cache" || own.Model != "embed-a" || own.Operation != "embeddings" || own.CostNano == nil || *own.CostNano == 0 || own.Tokens == nil || own.Tokens.Input == 0 {
			t.Errorf("the own call's row %+v", own)
		}
	}
	third := r.Chat(gatewaytest.ChatBody("faq", firstQuestion, false), "")
	wants(t, third, "hit")
	if row := r.Row(third.Exchange()); len(r.children(t, third, 0)) != 0 || *row.CostNano != 0 {
		t.Errorf("a vector is made for an equal request, or it costs %d", *row.CostNano)
	}
	if n := r.Metric(`headgate_own_calls_total{feature="cache",result="answered"}`); n != 2 {
		t.Errorf("%v own calls", n)
	}
}

// children are the rows of the own calls that were made for an exchange, at least so many.
func (r *rig) children(t *testing.T, parent gatewaytest.Answer, n int) (all []record.Line) {
	t.Helper()
	r.Gateway.With(t).Eventually(fmt.Sprintf("%d own calls of %s", n, parent.Exchange()), func() bool {
		all = nil
		for _, row := range r.Rows() {
			if row.Parent == parent.Exchange() {
				all = append(all, row)
			}
		}
		return len(all) >= n
	})
	return all
}

// TestWithoutAVectorItIsAMiss holds that an embedder that fails, is slow or is not there costs a
// request its hit, and neither its answer nor more time than the policy gives it.
func TestWithoutAVectorItIsAMiss(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ use, timeout, at string }{
		"fails":     {"+status=500", "5s", ""},
		"raves":     {"+truncate", "5s", ""},
		"hangs":     {"+hang=headers", "100ms", ""},
		"not there": {"", "5s", fmt.Sprintf("http://127.0.0.1:%d/v1", gatewaytest.FreePort(t))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := embedding(t, c.use, c.timeout, c.at)
			for _, w := range gatewaytest.Ways {
				question := firstQuestion + " " + w.String()
				a := r.Ask(w.Request("faq", question, "x-sim", "text=first"))
				wants(t, a, "miss no-vector")
				if u := r.used(t, a); u.Reason != "no_vector" || u.Stored == "" {
					t.Errorf("the row says %+v", u)
				}
				wants(t, r.Ask(w.Request("faq", question, "x-sim", "text=second")), "hit")
			}
		})
	}
}

// TestAnotherEmbedderMakesVectorsAnew holds that after another embedder has taken its place, what is
// kept gets vectors of that one, beside the exchanges.
func TestAnotherEmbedderMakesVectorsAnew(t *testing.T) {
	t.Parallel()
	r := embedding(t, "", "5s", "")
	r.stored(t, r.Chat(gatewaytest.ChatBody("faq", firstQuestion, false), "text=first"))
	r.edit(t, "{embedder: {model: embed-a,", "{embedder: {model: embed-b,")
	r.Eventually("a vector of the other embedder", func() bool { return r.Metric(`headgate_cache_renewed_total{result="done"}`) == 1 })
	a := r.Chat(gatewaytest.ChatBody("faq", secondQuestion, false), "text=second")
	wants(t, a, "semantic-hit")
	if u := r.used(t, a); u.Embedder != "embed-b" {
		t.Errorf("the row says %+v", u)
	}
	r.edit(t, "cache: {embedder: {model: embed-b, timeout: 5s}}", "")
	r.Eventually("a vector of the table", func() bool { return r.Metric(`headgate_cache_renewed_total{result="done"}`) == 2 })
	a = r.Chat(gatewaytest.ChatBody("faq", secondQuestion, false), "text=third")
	wants(t, a, "semantic-hit")
}
