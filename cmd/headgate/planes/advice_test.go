package planes

import (
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/advice"
	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/xds/snapshot"
)

// twoDialects has a model whose fallback speaks another dialect, for each dialect.
const twoDialects = `version: 1
unpriced: flag
backends:
  gpt: {provider: openai, url: "http://127.0.0.1:1/v1", credential: {env: A}}
  claude: {provider: anthropic, url: "http://127.0.0.1:1/v1", credential: {env: B}}
models:
  openai: {chain: [gpt/g, claude/c]}
  anthropic: {chain: [claude/c, gpt/g]}
`

func twoDialectsSet(t *testing.T) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(twoDialects))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// said returns what is advised of the fallback of one model.
func said(set *policy.Set, model string, code advice.Code) string {
	for _, a := range advice.Advise(set, advice.Expectation{}) {
		if a.Code == code && a.Path == "models."+model+".chain[1]" {
			return a.Message
		}
	}
	return ""
}

// translated reports whether a backend cannot serve a request, and lists what it drops.
func translated(t *testing.T, client, backend, body string, q quirk.Set) (unsupported bool, dropped []string) {
	t.Helper()
	r, err := dialect.ByName(client).Decode([]byte(`{"model":"m",` + body + `}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range dialect.ByName(backend).Unsupported(r, canon.Target{Model: "m", Quirks: q}) {
		if u.Kind == canon.Meaning {
			unsupported = true
		} else {
			dropped = append(dropped, u.Field)
		}
	}
	return unsupported, dropped
}

// TestCheckSaysWhatIsUnsupported holds what check says of a fallback in another dialect
// against the translators themselves, sample by sample.
func TestCheckSaysWhatIsUnsupported(t *testing.T) {
	t.Parallel()
	const text, part = `"messages":[{"role":"user","content":"x"}]`, `"max_tokens":9,"messages":[{"role":"user","content":[PART]}]`
	const chat = `"messages":[{"role":"user","content":[PART]}]`
	samples := map[string]map[string]string{
		"openai": {
			"several answers (n)": `"n":2,` + text,
			"log probabilities":   `"logprobs":true,` + text,
			"audio":               strings.Replace(chat, "PART", `{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`, 1),
			"web search":          `"web_search_options":{},` + text,
			"files by id":         strings.Replace(chat, "PART", `{"type":"file","file":{"file_id":"file-1"}}`, 1),
		},
		"anthropic": {
			"tools that the provider runs":  `"max_tokens":9,"tools":[{"type":"web_search_20250305","name":"web_search"}],` + text,
			"documents by address":          strings.Replace(part, "PART", `{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}`, 1),
			"files by id":                   strings.Replace(part, "PART", `{"type":"image","source":{"type":"file","file_id":"file-1"}}`, 1),
			"more than four stop sequences": `"max_tokens":9,"stop_sequences":["1","2","3","4","5"],` + text,
		},
	}
	for client, all := range samples {
		other := map[string]string{"openai": "anthropic", "anthropic": "openai"}[client]
		message := said(twoDialectsSet(t), client, advice.FallbackDialect)
		_, listed, _ := strings.Cut(message, ": ")
		words := strings.Split(listed, ", ")
		if n := len(words) - 1; n != len(all) { // the last one is an operation
			t.Errorf("%s: %d fields are listed, %d have a sample: %s", client, n, len(all), message)
		}
		for word, body := range all {
			if own, _ := translated(t, client, client, body, quirk.Set{}); own {
				t.Errorf("%s: %s do not fit their own dialect", client, word)
			}
			if unsupported, _ := translated(t, client, other, body, quirk.Set{}); !unsupported || !slices.Contains(words, word) {
				t.Errorf("%s: %s unsupported for the other dialect: %v; check says: %s", client, word, unsupported, message)
			}
		}
	}
}

// TestCheckSaysWhichOperationsAreUnsupported holds the last word of the lists.
func TestCheckSaysWhichOperationsAreUnsupported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		client, other, word string
		op                  exchange.Operation
	}{{"openai", "anthropic", "embeddings", exchange.Embeddings}, {"anthropic", "openai", "token counts", exchange.CountTokens}} {
		own, other := dialect.ByName(c.client).Path(c.op, "m", false), dialect.ByName(c.other).Path(c.op, "m", false)
		if message := said(twoDialectsSet(t), c.client, advice.FallbackDialect); own == "" || other != "" || !strings.HasSuffix(message, ", "+c.word) {
			t.Errorf("%s at %q and %q; check says: %s", c.word, own, other, message)
		}
	}
}

// TestCheckSaysWhatQuirksCost holds what check says of servers with quirks against
// the translators.
func TestCheckSaysWhatQuirksCost(t *testing.T) {
	t.Parallel()
	const text = `"messages":[{"role":"user","content":"x"}]`
	for _, c := range []struct {
		word   string
		quirks quirk.Set
		body   string
		code   advice.Code
	}{
		{"images", quirk.Set{NoImages: true}, `"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]`, advice.FallbackSkipped},
		{"a JSON schema", quirk.Set{NoJSONSchema: true}, `"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{},"additionalProperties":false}}},` + text, advice.FallbackSkipped},
		{"strictness", quirk.Set{NoStrict: true}, `"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}}],` + text, advice.FallbackDrops},
	} {
		for _, model := range []string{"openai", "anthropic"} { // whose fallback has the other dialect
			set := twoDialectsSet(t)
			fallback := set.Models[model].Chain[1].Uses[0].Backend
			fallback.Provider.Quirks = c.quirks
			unsupported, dropped := translated(t, "openai", fallback.Dialect, c.body, c.quirks)
			anyway, kept := translated(t, "openai", fallback.Dialect, c.body, quirk.Set{})
			skips := c.code == advice.FallbackSkipped
			if anyway || len(kept) > 0 || unsupported != skips || (len(dropped) > 0) == skips || !strings.Contains(said(set, model, c.code), c.word) {
				t.Errorf("%s at a server of the %s dialect: unsupported %v, drops %v; check says %q", c.word, fallback.Dialect, unsupported, dropped, said(set, model, c.code))
			}
			if message := said(twoDialectsSet(t), model, c.code); message != "" {
				t.Errorf("without the quirk check says %q", message)
			}
		}
	}
}

// TestCheckKnowsEnvoysClocks holds the clocks that the worst case is computed from
// against those that Envoy is given.
func TestCheckKnowsEnvoysClocks(t *testing.T) {
	t.Parallel()
	set := twoDialectsSet(t)
	r, err := snapshot.Build(set, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clocks, silence := 0, set.Models["openai"].Silence(set.Stall) // the chains are of one length
	for _, route := range r.Routes.VirtualHosts[0].Routes {
		p := route.GetRoute().GetRetryPolicy()
		if p == nil {
			continue
		}
		clocks++
		if got := p.RetryBackOff.MaxInterval.AsDuration(); got != policy.MaxBackOff {
			t.Errorf("route %s: a back-off of up to %v, want %v", route.Name, got, policy.MaxBackOff)
		}
		if got := p.PerTryTimeout.AsDuration(); got != 30*time.Second {
			t.Errorf("route %s: attempts of %v, want 30s", route.Name, got)
		}
		if got := route.GetRoute().IdleTimeout.AsDuration(); got != silence {
			t.Errorf("route %s: a silence of %v, want %v", route.Name, got, silence)
		}
	}
	pools := slices.DeleteFunc(slices.Clone(r.Clusters), func(c *clusterv3.Cluster) bool { return !strings.HasPrefix(c.Name, "pool/") })
	for _, c := range pools {
		if got := c.ConnectTimeout.AsDuration(); got != policy.ConnectTimeout {
			t.Errorf("cluster %s: connections within %v, want %v", c.Name, got, policy.ConnectTimeout)
		}
	}
	if clocks != 8 || len(pools) != 2 {
		t.Errorf("%d routes with retries and %d pools, want 8 and 2", clocks, len(pools))
	}
}
