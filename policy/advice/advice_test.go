package advice

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// backends are what the chains of the tests go to: two accounts of one provider,
// one server that speaks plain http, on two ports, and the gateway itself.
const backends = `version: 1
unpriced: flag
backends:
  gpt: {provider: openai, credential: {env: A}}
  gpt-too: {provider: openai, credential: {env: B}}
  claude: {provider: anthropic, credential: {env: C}}
  deepseek: {provider: deepseek, credential: {env: D}}
  llama: {provider: openai-compatible, url: "https://Llama.example:8443/v1"}
  qwen: {provider: openai-compatible, url: "https://llama.example:8444/v1"}
  plain: {provider: openai-compatible, url: "http://10.0.0.1/v1"}
  sim: {provider: simulated}
  sim-too: {provider: simulated}
models: {m: `

// parse returns a policy with one model.
func parse(t *testing.T, model string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(backends+model+"}"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// of returns the advice of some codes as text.
func of(all []Advice, codes ...Code) []string {
	var out []string
	for _, a := range all {
		for _, c := range codes {
			if a.Code == c {
				out = append(out, a.String())
			}
		}
	}
	return out
}

type adviceCase struct {
	name   string
	model  string
	expect Expectation
	want   []string
}

// checkAdvice holds what is said under some codes about each model, word by word.
func checkAdvice(t *testing.T, cases []adviceCase, codes ...Code) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := of(Advise(parse(t, c.model), c.expect), codes...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("advice differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"the documented example", `{chain: [claude/c, gpt/g, deepseek/d], retries: 2, timeout: 30s}`, Expectation{}, nil},
		{"two links are never asked", `{chain: [claude/c, gpt/g, deepseek/d], retries: 2, timeout: 4m}`, Expectation{}, []string{
			"warning models.m: at worst an answer begins, or an error comes, after 36m2s; callers hang up after 10m, before the turn of chain[1] and chain[2]; a timeout of at most 1m6s would fit",
		}},
		{"one link is never asked", `{chain: [claude/c, gpt/g, deepseek/d], retries: 2, timeout: 2m}`, Expectation{}, []string{
			"warning models.m: at worst an answer begins, or an error comes, after 18m2s; callers hang up after 10m, before the turn of chain[2]; a timeout of at most 1m6s would fit",
		}},
		{"the last link is cut short", `{chain: [claude/c, gpt/g], retries: 1, timeout: 150s}`, Expectation{}, []string{
			"warning models.m: at worst an answer begins, or an error comes, after 10m0.75s; callers hang up after 10m, before the last attempt on chain[1] has ended; a timeout of at most 2m29s would fit",
		}},
		{"exactly as long as callers wait", `{chain: [claude/c, gpt/g], retries: 0, timeout: 1s}`, Expectation{CallerTimeout: 2250 * time.Millisecond}, nil},
		{"a millisecond more", `{chain: [claude/c, gpt/g], retries: 0, timeout: 1s}`, Expectation{CallerTimeout: 2249 * time.Millisecond}, []string{
			"warning models.m: at worst an answer begins, or an error comes, after 2.25s; callers hang up after 2.249s, before the last attempt on chain[1] has ended; use fewer links or retries",
		}},
		{"a link that is reached as callers hang up", `{chain: [claude/c, gpt/g], retries: 0, timeout: 1s}`, Expectation{CallerTimeout: 1250 * time.Millisecond}, []string{
			"warning models.m: at worst an answer begins, or an error comes, after 2.25s; callers hang up after 1.25s, before the turn of chain[1]; use fewer links or retries",
		}},
	}, CallerGivesUp)
}

func TestRetryTooLate(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"in time", `{chain: [gpt/g], retries: 1, timeout: 599749ms}`, Expectation{}, nil},
		{"too late", `{chain: [gpt/g], retries: 1, timeout: 599750ms}`, Expectation{}, []string{
			"warning models.m.retries: a retry after a timeout begins after up to 10m; callers hang up after 10m; shorten the timeout: as it is, retries help against quick failures only",
		}},
		{"without retries", `{chain: [gpt/g], retries: 0, timeout: 1h}`, Expectation{}, nil},
		{"patient callers", `{chain: [gpt/g], retries: 1, timeout: 10m}`, Expectation{CallerTimeout: time.Hour}, nil},
	}, RetryTooLate)
}

func TestNoFallback(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"one use", `gpt/g`, Expectation{}, []string{"note models.m: has no fallback: all goes to backend gpt"}},
		{"one link to one host", `{chain: [[{use: gpt/g}, {use: gpt-too/g}]]}`, Expectation{}, []string{"note models.m: has no fallback: all goes to host api.openai.com"}},
		{"one link to two hosts", `{chain: [[{use: gpt/g}, {use: claude/c}]]}`, Expectation{}, nil},
		{"a chain to one backend", `{chain: [gpt/g, gpt/h]}`, Expectation{}, []string{
			"warning models.m.chain: every link goes to backend gpt: in its outage there is no fallback; add a link to another backend",
		}},
		{"a chain to one host", `{chain: [gpt/g, gpt-too/g]}`, Expectation{}, []string{
			"warning models.m.chain: every link goes to host api.openai.com: in its outage there is no fallback; add a link to another provider or region",
		}},
		{"two ports of one host", `{chain: [llama/l, qwen/q]}`, Expectation{}, []string{
			"warning models.m.chain: every link goes to host llama.example: in its outage there is no fallback; add a link to another provider or region",
		}},
		{"the last of three elsewhere", `{chain: [gpt/g, gpt-too/g, claude/c]}`, Expectation{}, nil},
		{"a weighted use elsewhere", `{chain: [gpt/g, [{use: gpt/g}, {use: claude/c}]]}`, Expectation{}, nil},
		{"two simulated backends", `{chain: [sim/s, sim-too/s]}`, Expectation{}, nil},
	}, NoFallback, OneBackend, OneHost)
}

func TestFallbackSkipped(t *testing.T) {
	const hint = "its servers cannot express them; add a link that takes them, or count on one fallback less"
	checkAdvice(t, []adviceCase{
		{"a server without images and schemas", `{chain: [gpt/g, deepseek/d]}`, Expectation{}, []string{
			"warning models.m.chain[1]: requests with images or a JSON schema of the answer skip this link: " + hint,
		}},
		{"the last of three", `{chain: [claude/c, gpt/g, deepseek/d]}`, Expectation{}, []string{
			"warning models.m.chain[2]: requests with images or a JSON schema of the answer skip this link: " + hint,
		}},
		{"a server with more than the first", `{chain: [deepseek/d, gpt/g]}`, Expectation{}, nil},
		{"nothing that the first could", `{chain: [deepseek/d, deepseek/e]}`, Expectation{}, nil},
		{"a weighted use takes them", `{chain: [gpt/g, [{use: deepseek/d}, {use: claude/c}]]}`, Expectation{}, nil},
		{"left out where the policy says so", `{chain: [gpt/g, deepseek/d], unfit: drop}`, Expectation{}, []string{
			"warning models.m.chain[1]: a request loses its images and the JSON schema of its answer here: the servers of this link cannot express it; the answer's header x-headgate-dropped names them",
		}},
	}, FallbackSkipped, FallbackDrops)
}

// TestStrictnessIsLost holds what is said of a quirk that no listed provider has.
func TestStrictnessIsLost(t *testing.T) {
	for _, c := range []struct {
		name, model string
		want        []string
	}{
		{"of the fallback", `{chain: [claude/c, gpt/g]}`, []string{
			"warning models.m.chain[1]: a request loses the strictness of its tools here: the servers of this link cannot express it; the answer's header x-headgate-dropped names them",
		}},
		{"of the first link", `{chain: [gpt/g, claude/c]}`, nil},
	} {
		set := parse(t, c.model)
		set.Backends["gpt"].Provider.Quirks.NoStrict = true
		if diff := cmp.Diff(c.want, of(Advise(set, Expectation{}), FallbackSkipped, FallbackDrops)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestQuirksOfAServerInTheClientsDialect holds that Anthropic requests go to
// Anthropic servers as they are, whatever their quirks in translation.
func TestQuirksOfAServerInTheClientsDialect(t *testing.T) {
	set := parse(t, `{chain: [claude/c, gpt/g]}`)
	set.Backends["claude"].Provider.Quirks.NoImages = true
	set.Backends["gpt"].Provider.Quirks.NoImages = true
	got := of(Advise(set, Expectation{}), FallbackSkipped)
	if len(got) != 1 || !strings.Contains(got[0], "chain[1]: requests with images skip") {
		t.Errorf("got %q", got)
	}
}

func TestFallbackDialect(t *testing.T) {
	const open, other = "several answers (n), log probabilities, audio, web search, files by id",
		"tools that the provider runs, documents by address, files by id, more than four stop sequences"
	checkAdvice(t, []adviceCase{
		{"the same dialect", `{chain: [gpt/g, deepseek/d]}`, Expectation{}, nil},
		{"Claude after GPT", `{chain: [gpt/g, claude/c]}`, Expectation{}, []string{
			"note models.m.chain[1]: what only OpenAI requests can say skips this link: " + open + ", embeddings",
		}},
		{"GPT after Claude", `{chain: [claude/c, gpt/g]}`, Expectation{}, []string{
			"note models.m.chain[1]: what only Anthropic requests can say skips this link: " + other + ", token counts",
		}},
		{"both before", `{chain: [claude/c, gpt/g, claude/d]}`, Expectation{}, []string{
			"note models.m.chain[1]: what only Anthropic requests can say skips this link: " + other + ", token counts",
			"note models.m.chain[2]: what only OpenAI requests can say skips this link: " + open + ", embeddings",
		}},
		{"both in the fallback", `{chain: [claude/c, [{use: gpt/g}, {use: claude/c}]]}`, Expectation{}, nil},
		{"left out", `{chain: [claude/c, gpt/g], unfit: drop}`, Expectation{}, []string{
			"note models.m.chain[1]: what only Anthropic requests can say is left out here: " + other + "; token counts skip this link",
		}},
	}, FallbackDialect)
}

func TestWeights(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"alone", `{chain: [gpt/g, [{use: claude/c, weight: 30}]]}`, Expectation{}, []string{
			"warning models.m.chain[1][0].weight: is 30 and has no effect: the link has one use, which gets all; leave it out, or add the other uses to this link",
		}},
		{"one use without a weight", `{chain: [[{use: claude/c}]]}`, Expectation{}, nil},
		{"two alike", `{chain: [[{use: gpt/g, weight: 70}, {use: claude/c, weight: 30}]]}`, Expectation{}, nil},
		{"one takes less", `{chain: [[{use: gpt/g, weight: 70}, {use: deepseek/d, weight: 30}]]}`, Expectation{}, []string{
			"warning models.m.chain[0][1].weight: requests with images or a JSON schema of the answer never go to deepseek/d: the other uses take its share; put it into a link of its own, or count on other shares",
		}},
		{"none takes it", `{chain: [[{use: deepseek/d, weight: 70}, {use: deepseek/e, weight: 30}]]}`, Expectation{}, nil},
		{"left out where the policy says so", `{chain: [[{use: gpt/g, weight: 70}, {use: deepseek/d, weight: 30}]], unfit: drop}`, Expectation{}, nil},
	}, WeightAlone, WeightUnmet)
}

func TestBreakerLow(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"nothing expected", `{chain: [plain/p], breaker: {connections: 1, pending: 1, requests: 1}}`, Expectation{}, nil},
		{"as many as expected", `{chain: [plain/p], breaker: {connections: 50, pending: 50, requests: 50}}`, Expectation{Concurrency: 50}, nil},
		{"requests", `{chain: [gpt/g], breaker: {requests: 49}}`, Expectation{Concurrency: 50}, []string{
			"warning models.m.breaker.requests: is 49, below the 50 requests expected at a time: the rest is refused; raise it, or expect refusals",
		}},
		{"pending", `{chain: [gpt/g], breaker: {pending: 49}}`, Expectation{Concurrency: 50}, []string{
			"warning models.m.breaker.pending: is 49, below the 50 requests expected at a time: while connections are being made, the rest is refused; raise it, or expect refusals",
		}},
		{"connections over TLS", `{chain: [gpt/g], breaker: {connections: 49}}`, Expectation{Concurrency: 50}, nil},
		{"connections over plain http", `{chain: [gpt/g, plain/p], breaker: {connections: 49}}`, Expectation{Concurrency: 50}, []string{
			"warning models.m.breaker.connections: is 49, below the 50 requests expected at a time: this pool speaks HTTP/1.1 because a backend has plain http, so that each request takes a connection and the rest waits; raise it, or expect refusals",
		}},
		{"connections to the gateway itself", `{chain: [sim/s], breaker: {connections: 1}}`, Expectation{Concurrency: 2}, []string{
			"warning models.m.breaker.connections: is 1, below the 2 requests expected at a time: this pool speaks HTTP/1.1 because a backend has plain http, so that each request takes a connection and the rest waits; raise it, or expect refusals",
		}},
		{"the defaults", `plain/p`, Expectation{Concurrency: 4096}, nil},
		{"beyond the defaults", `gpt/g`, Expectation{Concurrency: 4097}, []string{
			"warning models.m.breaker.pending: is 4096, below the 4097 requests expected at a time: while connections are being made, the rest is refused; raise it, or expect refusals",
		}},
	}, BreakerLow)
}

func TestChecksTooOften(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"no checks", `gpt/g`, Expectation{}, nil},
		{"as fast as one may take", `{chain: [gpt/g], health: {interval: 1s}}`, Expectation{}, []string{
			"warning models.m.health.interval: is 1s; a check waits 1s for a connection, so that a slow backend is asked without a pause; 30s suits most",
		}},
		{"slower", `{chain: [gpt/g], health: {interval: 1001ms}}`, Expectation{}, nil},
	}, ChecksTooOften)
}

func TestTotalEndsChain(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"no bound", `{chain: [gpt/g, claude/c]}`, Expectation{}, nil},
		{"long enough to the last attempt", `{chain: [gpt/g], retries: 1, timeout: 10s, total: 20250ms}`, Expectation{}, nil},
		{"not to its end", `{chain: [gpt/g], retries: 1, timeout: 10s, total: 20s}`, Expectation{}, []string{
			"warning models.m.total: is 20s; at worst every attempt has ended after 20.25s: the exchange ends before the last attempt on chain[0] has ended; a timeout of at most 9s would fit",
		}},
		{"not to the next link", `{chain: [gpt/g, claude/c], retries: 1, timeout: 10s, total: 15s}`, Expectation{}, []string{
			"warning models.m.total: is 15s; at worst every attempt has ended after 40.75s: the exchange ends before the turn of chain[1]; a timeout of at most 3s would fit",
		}},
	}, TotalEndsChain)
}

func TestSilence(t *testing.T) {
	checkAdvice(t, []adviceCase{
		{"one link", `gpt/g`, Expectation{}, nil},
		{"a choice", `{chain: [gpt/g, claude/c]}`, Expectation{}, []string{
			"note models.m: a link that sends headers and then nothing is not left for the next one; first_token: 10s asks the next link then",
		}},
		{"a choice without a judgement", `{chain: [gpt/g, claude/c], judge: headers}`, Expectation{}, nil},
		{"a choice and a bound", `{chain: [gpt/g, claude/c], first_token: 5s}`, Expectation{}, nil},
		{"a bound without a choice", `{chain: [gpt/g], first_token: 5s}`, Expectation{}, []string{
			"warning models.m.first_token: has no effect: there is nowhere else to go; add a link, or leave it out",
		}},
	}, WaitsInSilence, FirstTokenAlone)
}

// TestKinds holds that every code is of one kind and that paths are those of the
// document, whatever the model's name.
func TestKinds(t *testing.T) {
	seen := make(map[Code]bool)
	for _, k := range Kinds {
		if seen[k.Code] || k.Meaning == "" || k.Level != Note && k.Level != Warning {
			t.Errorf("kind %+v", k)
		}
		seen[k.Code] = true
	}
	set, err := policy.Parse("policy.yaml", []byte(strings.Replace(backends, "{m: ", `{b.1: gpt/g, "a/b": `, 1)+"{first_token: 5s, chain: [gpt/g, gpt/h]}}"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, a := range Advise(set, Expectation{}) {
		paths = append(paths, a.Path)
	}
	if diff := cmp.Diff([]string{`models["b.1"]`, `models["a/b"].chain`}, paths); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
}
