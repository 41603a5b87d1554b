package policy

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/price"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// files returns the documents of a folder of testdata by name, at least one.
func files(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documents in testdata/%s: %v", folder, err)
	}
	all := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = data
	}
	return all
}

func TestBadDocuments(t *testing.T) {
	for name, data := range files(t, "bad") {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(name, data)
			var faults *Faults
			if set != nil || !errors.As(err, &faults) {
				t.Fatalf("Parse returned set %v, error %v; want no set and *Faults", set, err)
			}
			checkPlaces(t, data, faults)
			golden := filepath.Join("testdata", "bad", strings.TrimSuffix(name, ".yaml")+".golden")
			got := err.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s", diff)
			}
		})
	}
}

// checkPlaces holds that every fault points into the document, in order.
func checkPlaces(t *testing.T, data []byte, faults *Faults) {
	t.Helper()
	if len(faults.Faults) == 0 {
		t.Fatal("an error without faults")
	}
	lines, last := bytes.Count(data, []byte("\n"))+1, 0
	for _, f := range faults.Faults {
		if f.Line < 1 || f.Line > lines || f.Col < 1 || f.Message == "" || f.Line < last {
			t.Errorf("fault without a place in the document of %d lines, or out of order: %+v", lines, f)
		}
		last = f.Line
	}
}

func TestFaultsNeverQuoteSecrets(t *testing.T) {
	for _, name := range []string{"credential_literal.yaml", "url.yaml", "headers.yaml"} {
		data := files(t, "bad")[name]
		if !bytes.Contains(data, []byte("hunter2")) {
			t.Fatalf("%s plants no secret", name)
		}
		_, err := Parse(name, data)
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "5553425") {
			t.Errorf("the faults quote a secret:\n%v", err)
		}
	}
}

func TestGoodDocuments(t *testing.T) {
	for name, data := range files(t, "good") {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(name, data)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse("canonical", set.Canonical())
			if err != nil {
				t.Fatalf("the canonical form is no valid document: %v\n%s", err, set.Canonical())
			}
			if diff := cmp.Diff(set, again, sameSet); diff != "" {
				t.Errorf("the canonical form means something else (-document +canonical):\n%s", diff)
			}
		})
	}
}

// sameSet compares sets by value. The ID of a price tells where it stood.
var sameSet = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.Transformer("overrides", func(c *price.Catalogue) []price.Override { return c.Overrides() }),
	cmp.Transformer("traits", func(c *catalogue.Catalogue) []catalogue.Override { return c.Overrides() }),
	cmpopts.IgnoreUnexported(Set{}),
}

func TestCompiledSet(t *testing.T) {
	data := files(t, "good")["everything.yaml"]
	got, err := Parse("everything.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	a := &Backend{
		Name: "a", Provider: Providers[6], Dialect: "anthropic", Region: "eu-west-1",
		URL:               &url.URL{Scheme: "https", Host: "llm.example.com:8443", Path: "/prefix/v1"},
		Access:            Access{Credentials: []Credential{{Env: "FIRST"}, {File: "/run/secrets/second"}}},
		WithoutCredential: WithoutSimulate, CAFile: "/etc/ssl/private ca.pem",
		AuthHeader: "x-goog-api-key", AuthScheme: "Token",
		Headers: map[string]*HeaderValue{
			"anthropic-beta": {Text: "one, two"}, "x-tenant": {Text: "7"},
			"helicone-auth": {Credential: Credential{Env: "HELICONE"}}, "x_other.key": {Credential: Credential{File: "/run/secrets/other"}},
		},
	}
	router := &Backend{
		Name: "router", Provider: Providers[5], Dialect: "openai", Responses: true, Region: "us-east-1",
		URL:    &url.URL{Scheme: "https", Host: "openrouter.ai", Path: "/api/v1"},
		Access: Access{Credentials: []Credential{{Env: "ROUTER"}}}, WithoutCredential: WithoutFail,
		AuthHeader: "authorization", AuthScheme: "Bearer", Headers: map[string]*HeaderValue{},
		Organization: HeaderValue{Credential: Credential{Env: "ORGANIZATION"}}, Project: HeaderValue{Credential: Credential{File: "/run/project"}},
	}
	lan := &Backend{
		Name: "lan", Provider: Providers[2], Dialect: "openai",
		URL:    &url.URL{Scheme: "http", Host: "10.1.2.3", Path: "/v1"},
		Access: Access{Credentials: []Credential{{Env: "LAN"}}}, WithoutCredential: WithoutFail,
		AuthHeader: "authorization", AuthScheme: "Bearer", Headers: map[string]*HeaderValue{},
		Organization: HeaderValue{Credential: Credential{File: "/run/organization"}}, Project: HeaderValue{Credential: Credential{Env: "PROJECT"}},
	}
	everyListen := Listen{
		Address: netip.MustParseAddrPort("0.0.0.0:8443"),
		TLS:     TLS{Cert: "/run/tls/tls.crt", Key: "/run/tls/tls.key", ClientCA: "/run/tls/clients.crt", ClientCertificate: ClientCertificateOptional},
	}
	theirs := &Backend{
		Name: "theirs", Provider: Providers[1], Dialect: "anthropic", URL: &url.URL{Scheme: "https", Host: "api.anthropic.com", Path: "/v1"},
		Access: Access{FromCaller: true}, WithoutCredential: WithoutFail, AuthHeader: "x-api-key", AuthScheme: "none", Headers: map[string]*HeaderValue{},
	}
	want := &Set{
		Listen: everyListen, Anonymous: true, Default: "claude-sonnet-5", Unpriced: UnpricedFlag, BodyLimit: 1024, Memory: 64 << 20, Stall: 5 * time.Second,
		Store:         Store{Postgres: Credential{Env: "DATABASE_URL"}},
		AnonymousTier: "free", ManagedKeys: true, Timezone: "Europe/Berlin",
		Guards: Guards{
			Input: slices.Concat([]Guard{{PII: &PIIGuard{Types: []string{"CREDIT_CARD", "IBAN_CODE"}, GuardTerms: GuardTerms{
				Name: "personal", Action: GuardDeny, Mode: GuardShadow, OnError: FailOpen, Timeout: 500 * time.Millisecond, Message: "No {types}, {exchange}.", Cut: CutError,
			}}}, {Length: &LengthGuard{MaxChars: 1_000_000_000, MaxTokens: 1, MaxMessages: 1_000_000, GuardTerms: unusual("size", "Too long.")}},
				{Words: &WordsGuard{Type: "COMPETITOR", Words: []string{"acme", "project  42"}, File: "/etc/headgate/words.txt", GuardTerms: unusual("rivals", "No.")}},
				{Pattern: &PatternGuard{Patterns: map[string]*Pattern{"ticket": new(Pattern("TICK-[0-9]+")), "ab": new(Pattern("(?m)^a|b$"))}, MaxMatch: 4096, GuardTerms: unusual("tickets", "No.")}},
			}, servicesOfRequests),
			Output: slices.Concat([]Guard{{Secrets: &SecretsGuard{Types: []string{"JWT"}, GuardTerms: GuardTerms{
				Name: "keys", Action: GuardFlag, Mode: GuardOff, OnError: FailOpen, Timeout: time.Minute, Message: "No {guard}.", Cut: CutError,
			}}}, {Format: &FormatGuard{JSON: true, Regex: "[a-z]+", Enum: []string{"a", ""}, SchemaFile: "/etc/headgate/schema.json", Schema: "request", Repair: true, GuardTerms: unusual("forms", "No.")}},
				{Leak: &LeakGuard{Words: 64, Canary: []string{"zx-4471"}, Allow: []string{"I cannot\nhelp"}, GuardTerms: unusual("prompt", "No.")}},
				{Words: &WordsGuard{Type: "WORD", Words: []string{"acme"}, GuardTerms: usual("words", GuardDeny)}},
				{Pattern: &PatternGuard{Patterns: map[string]*Pattern{"ticket": new(Pattern("TICK-[0-9]+"))}, MaxMatch: 256, GuardTerms: usual("pattern", GuardDeny)}},
			}, servicesOfAnswers),
		},
		Tiers:    map[string]*Tier{"free": {Quota: Quota{Name: "free", RPM: 10, TPM: 10_000, USDPerDay: 100_000_000, USDPerMonth: 1_500_000_000, Mode: QuotaShadow}, Guards: Guards{Input: []Guard{{PII: &PIIGuard{GuardTerms: usual("pii", GuardFlag)}}}}}},
		Teams:    map[string]*Quota{"search": {Name: "search", RPM: 1, TPM: 2, USDPerDay: 3e9, USDPerMonth: 500e9, Mode: QuotaShadow}},
		Features: map[string]*Quota{"sum/marize": {Name: "sum/marize", RPM: 600, TPM: 2, USDPerDay: 3e9, USDPerMonth: 4e9, Mode: QuotaShadow}},
		Callers: map[string]*Caller{
			"ci": {Name: "ci", Key: CallerKey{Credential: Credential{Env: "CI_KEY"}}, User: "ci", Team: "search", Tier: "free", Models: []string{"1.5", "claude-*", "claude-opus-5"}, Tags: []string{"nightly"},
				Quota: Quota{RPM: 1, TPM: 2, USDPerDay: 1000, USDPerMonth: 1_000_000e9, Mode: QuotaShadow}, Guards: Guards{Output: []Guard{{PII: &PIIGuard{GuardTerms: usual("pii", GuardMask)}}}}},
			"laptop": {Name: "laptop", Key: CallerKey{Credential: Credential{File: "/run/secrets/laptop"}}, Quota: Quota{Mode: QuotaEnforce}},
			"mesh":   {Name: "mesh", Certificate: "spiffe://example.com/ns/ci", Key: CallerKey{Credential: Credential{Env: "MESH_KEY"}}, Quota: Quota{Mode: QuotaEnforce}},
			"bot":    {Name: "bot", Key: CallerKey{SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, Quota: Quota{Mode: QuotaEnforce}},
		},
		Trusted: Trusted{
			Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::1/128")}, Certificates: []string{"mesh-gateway"},
			Caller: "x-mesh-caller", User: "x-mesh-user", Team: "x-mesh-team", Tier: "x-mesh-tier",
		},
		CORS:     CORS{Origins: []string{"https://app.example.com", "http://localhost:5173", "https://*.example.org"}, Headers: []string{"x-trace"}, MaxAge: time.Hour},
		Hosts:    []string{"headgate", "[fd00::1]", "10.0.0.1"},
		State:    State{Key: Credential{Env: "STATE_KEY"}, Owner: OwnerTeam},
		Redis:    Redis{URL: Credential{Env: "REDIS_URL"}, Cluster: true, Prefix: "hg:", Timeout: 50 * time.Millisecond, WhenLost: WhenLostClosed},
		OwnCalls: OwnCalls{USDPerDay: 2_500_000_000},
		Cache: Cache{
			EveryModel: &CacheRules{
				Mode: CacheShadow, TTL: 24 * time.Hour, Scope: CacheTeam, MaxTemperature: new(Temperature(0.2)), ToolCalls: true, StoreFallback: true, Masked: true,
				MaxEntry: 256 << 10, Verify: 0.02, Coalesce: CoalesceAll, CoalesceWait: 10 * time.Second,
				Semantic: &SemanticCache{Mode: CacheShadow, Threshold: 0.97, Rules: VerifyBasic},
			},
			Memory: 256 << 20, Timeout: 50 * time.Millisecond, Epoch: 2,
			Embedder: &CacheEmbedder{Model: "1.5", Dimensions: 256, Timeout: time.Second},
		},
		Journal:  Journal{Retention: 400 * day, Durable: DurableStrict, WhenFull: WhenFullStop, Spool: 16 << 20},
		Records:  Records{ClientAddress: true, ForwardedHops: 2},
		Backends: map[string]*Backend{"a": a, "router": router, "theirs": theirs, "lan": lan},
		Models: map[string]*Model{
			"org/model:tag+x": {
				Name: "org/model:tag+x", Timeout: 90 * time.Second, FirstToken: 45 * time.Second, Cooldown: 10 * time.Second, IdleTimeout: time.Hour, Judging: JudgingContent, Total: 24 * time.Hour, API: APIResponses, Ask: AskStream, Unfit: UnfitDrop, Nearest: true, Balance: BalanceHealth,
				RegionsOnly: []string{"eu-west-1", "us-east-1"},
				Breaker:     Breaker{Connections: 1, Pending: 1_000_000, Requests: 2}, Health: Health{Interval: 90 * time.Second, Probe: ProbeModels},
				Quota: Quota{RPM: 60, TPM: 1000, USDPerDay: 5e9, USDPerMonth: 50e9, Mode: QuotaShadow}, Guards: Guards{Input: []Guard{{Secrets: &SecretsGuard{GuardTerms: usual("secrets", GuardMask)}}}},
				Cache: &CacheRules{Mode: CacheOff, TTL: time.Hour, Scope: CacheCaller, MaxEntry: 1 << 20, Coalesce: CoalesceJSON, CoalesceWait: 30 * time.Second},
				Chain: []Link{
					{Uses: []Use{{Backend: a, Model: "org/model:tag+x.1", Weight: 1}}},
					{Uses: []Use{{Backend: a, Model: "m", Weight: 1}, {Backend: router, Model: "deepseek/deepseek-v4-pro", Weight: 10000}}},
				},
				Classes: map[string]uint32{"a/org/model:tag+x.1": 0, "a/m": 1, "router/deepseek/deepseek-v4-pro": 2},
			},
			"claude-*": {
				Name: "claude-*", Wildcard: true, Retries: 2, Timeout: 30 * time.Second, Cooldown: DefaultCooldown, IdleTimeout: time.Minute, Judging: JudgingContent, API: APIAuto, Ask: AskAuto, Unfit: UnfitRefuse, Balance: BalanceWeights,
				Breaker: Breaker{Connections: 4096, Pending: 4096, Requests: 16384}, Health: Health{Probe: ProbeConnect}, Quota: Quota{Mode: QuotaEnforce},
				Chain: []Link{
					{Uses: []Use{{Backend: theirs, Model: "*", Weight: 1}}},
					{Uses: []Use{{Backend: router, Model: "anthropic/claude-*", Weight: 1}, {Backend: router, Model: "auto", Weight: 1}}},
				},
				Classes: map[string]uint32{"theirs/*": 0, "router/anthropic/claude-*": 1, "router/auto": 2},
			},
			"1.5": {
				Name: "1.5", Retries: 2, Timeout: 30 * time.Second, Cooldown: DefaultCooldown, IdleTimeout: time.Minute, Judging: JudgingHeaders, API: APIAuto, Ask: AskAuto, Unfit: UnfitRefuse, Balance: BalanceWeights,
				Breaker: Breaker{Connections: 4096, Pending: 4096, Requests: 16384}, Health: Health{Probe: ProbeConnect}, Quota: Quota{Mode: QuotaEnforce},
				Chain: []Link{{Uses: []Use{{Backend: a, Model: "m", Weight: 1}}}},
			},
		},
	}
	ignore := cmpopts.IgnoreFields(Set{}, "Revision", "Shape", "Prices", "Traits")
	if diff := cmp.Diff(want, got, sameSet, ignore); diff != "" {
		t.Errorf("set differs (-want +got):\n%s", diff)
	}
	row := func(id string, in, out price.Pico, from string) price.Price {
		day, _ := time.Parse(time.DateOnly, from)
		return price.Price{ID: id, Input: in, Output: out, CacheRead: in, CacheWrite5m: in, CacheWrite1h: in, AudioInput: in, AudioOutput: out, ValidFrom: day}
	}
	am := row("policy:a/m", 1, 10_000_000_000, "")
	am.CacheRead, am.CacheWrite5m, am.CacheWrite1h = 500_000, 1_250_000, 2_000_000
	am.AudioInput, am.AudioOutput = 32_000_000, 64_000_000
	v4 := "deepseek/deepseek-v4-pro"
	prices := []price.Override{
		{Model: v4, Price: row("policy:"+v4, 1_000_000, 2_000_000, "")},
		{Model: v4, Price: row("policy:"+v4+"@2026-09-01", 1_500_000, 2_500_000, "2026-09-01")},
		{Model: v4, Price: row("policy:"+v4+"@2027-01-01", 2_500_000, 3_000_000, "2027-01-01")},
		{Backend: "a", Model: "m", Price: am},
	}
	if diff := cmp.Diff(prices, got.Prices.Overrides()); diff != "" {
		t.Errorf("prices differ (-want +got):\n%s", diff)
	}
}

// unusual are the terms of a guard of which everything is said.
func unusual(name, message string) GuardTerms {
	return GuardTerms{Name: name, Action: GuardFlag, Mode: GuardShadow, OnError: FailOpen, Timeout: time.Millisecond, Message: message, Cut: CutError}
}

// usual are the terms of a guard of which no more is said.
func usual(name string, action GuardAction) GuardTerms {
	return GuardTerms{Name: name, Action: action, Mode: GuardEnforce, OnError: FailClosed, Timeout: 2 * time.Second, Cut: CutRefusal, Restore: true}
}

func TestDefaults(t *testing.T) {
	got, err := Parse("least.yaml", []byte("version: 1"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Set{
		Listen: Listen{Address: netip.MustParseAddrPort("127.0.0.1:8080")}, Unpriced: UnpricedRefuse, BodyLimit: 32 << 20, Stall: 2 * time.Second,
		Callers: map[string]*Caller{}, Tiers: map[string]*Tier{}, Teams: map[string]*Quota{}, Features: map[string]*Quota{}, Timezone: "UTC",
		CORS:     CORS{MaxAge: 10 * time.Minute},
		State:    State{Owner: OwnerCaller},
		Redis:    Redis{Prefix: "headgate:", Timeout: 20 * time.Millisecond, WhenLost: WhenLostLocal},
		OwnCalls: OwnCalls{USDPerDay: 5e9},
		Cache:    Cache{Memory: 64 << 20, Redis: true, Timeout: 20 * time.Millisecond},
		Journal:  Journal{Retention: 90 * day, Durable: DurableGroup, WhenFull: WhenFullDrop, Spool: 1 << 30},
		Backends: map[string]*Backend{}, Models: map[string]*Model{}, Prices: price.Builtin(), Traits: catalogue.Builtin(),
	}
	if diff := cmp.Diff(want, got, sameSet, cmpopts.IgnoreFields(Set{}, "Revision", "Shape")); diff != "" {
		t.Errorf("set differs (-want +got):\n%s", diff)
	}
}

func TestRevisionFollowsTheMeaning(t *testing.T) {
	base := string(files(t, "good")["full.yaml"])
	tests := []struct {
		name     string
		old, new string
		same     bool
	}{
		{"a comment", "version: 1", "version: 1 # as ever", true},
		{"a default written out", "limits: {body: 32MiB}", "unpriced: refuse", true},
		{"another unit for the same size", "32MiB", "32768KiB", true},
		{"a price with trailing zeros", "input: 3,", "input: 3.00,", true},
		{"a price", "output: 15", "output: 16", false},
		{"a timeout", "timeout: 30s  ", "timeout: 31s  ", false},
		{"a breaker's defaults written out", "health: {", "breaker: {connections: 4096, pending: 4096, requests: 16384}\n    health: {", true},
		{"another unit for the same interval", "health: {interval: 30s}", "health: {interval: 0.5m}", true},
		{"a breaker", "health: {", "breaker: {pending: 4095}\n    health: {", false},
		{"an interval", "health: {interval: 30s}", "health: {interval: 31s}", false},
		{"no checks", "    health: {interval: 30s}  # a TCP connection to each backend\n", "", false},
		{"a weight", "weight: 70", "weight: 71", false},
		{"an address", "127.0.0.1:8080", "127.0.0.1:8081", false},
		{"a credential's name", "env: OPENAI_API_KEY", "env: OPENAI_KEY", false},
		{"a database", "limits: {body: 32MiB}", "store: {sqlite: a.db}", false},
		{"a region", "region: eu", "region: us", false},
		{"the order of the chain", "      - gpt/gpt-5.5\n      - deepseek/deepseek-v4\n", "      - deepseek/deepseek-v4\n      - gpt/gpt-5.5\n", false},
	}
	first := revision(t, base)
	if len(first) != 12 || strings.Trim(first, "0123456789abcdef") != "" {
		t.Errorf("revision %q is not 12 hex digits", first)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(base, tt.old, tt.new, 1)
			if changed == base {
				t.Fatalf("the document holds no %q", tt.old)
			}
			if got := revision(t, changed); (got == first) != tt.same {
				t.Errorf("revision %s, before %s; want same: %v", got, first, tt.same)
			}
		})
	}
}

func revision(t *testing.T, doc string) string {
	t.Helper()
	set, err := Parse("x", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

func TestDocumentTooLarge(t *testing.T) {
	data := append([]byte("version: 1\n#"), bytes.Repeat([]byte("x"), MaxDocument)...)
	if _, err := Parse("big.yaml", data); err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("got %v", err)
	}
}

// TestShapeLeavesWeightsOut holds that a shape changes with everything but weights.
func TestShapeLeavesWeightsOut(t *testing.T) {
	const text = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\n" +
		"models: {m: {retries: %d, chain: [[{use: a/x, weight: %d}, {use: b/x, weight: 10}]]}}\n"
	shape := func(retries, weight int) (string, string) {
		s, err := Parse("policy.yaml", fmt.Appendf(nil, text, retries, weight))
		if err != nil {
			t.Fatal(err)
		}
		return s.Shape, s.Revision
	}
	first, revision := shape(1, 90)
	weighted, other := shape(1, 50)
	retried, _ := shape(2, 90)
	if first != weighted || revision == other || first == retried {
		t.Errorf("shapes %s, with other weights %s, with other retries %s; revisions %s and %s", first, weighted, retried, revision, other)
	}
}

// TestAttemptsOfAChain holds how often each backend is tried in a row, when each link
// has its turn, and what one exchange may cost at most.
func TestAttemptsOfAChain(t *testing.T) {
	for _, c := range []struct {
		name    string
		retries int
		uses    []int // of each link
		inARow  int
		turns   []int // attempts before each link
		most    int
	}{
		{"one backend", 2, []int{1}, 3, []int{0}, 3},
		{"plain links", 2, []int{1, 1, 1}, 3, []int{0, 3, 6}, 9},
		{"no retries", 0, []int{1, 2}, 1, []int{0, 1}, 3},
		{"one retry, two uses", 1, []int{2, 1}, 1, []int{0, 2}, 4},
		{"two retries, two uses", 2, []int{2, 1, 1}, 2, []int{0, 4, 6}, 9},
		{"two retries, three uses", 2, []int{1, 3}, 1, []int{0, 1}, 6},
		{"five retries, two uses", 5, []int{2, 1}, 3, []int{0, 6}, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &Model{Retries: c.retries}
			for _, n := range c.uses {
				m.Chain = append(m.Chain, Link{Uses: make([]Use, n)})
			}
			var turns []int
			for i := range m.Chain {
				turns = append(turns, m.Before(i))
			}
			if m.InARow() != c.inARow || m.Attempts() != c.most || !cmp.Equal(turns, c.turns) {
				t.Errorf("%d in a row, turns %v, %d at most; want %d, %v, %d", m.InARow(), turns, m.Attempts(), c.inARow, c.turns, c.most)
			}
		})
	}
}
