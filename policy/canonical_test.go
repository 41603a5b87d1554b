package policy

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/strict/stricttest"
	"go.yaml.in/yaml/v3"
)

// silent says what testdata/defaults.yaml says, but for every default.
const silent = `version: 1
listen: {tls: {cert: /tls.crt, key: /tls.key, client_ca: /ca.crt}}
tiers: {free: {}}
teams: {search: {}}
features: {summaries: {}}
callers: {ci: {key: {env: CI_KEY}}}
guards: {input: [{pii: {}}, {length: {max_chars: 1}}, {words: {words: [a]}}, {pattern: {patterns: {ab: a}}}], output: [{format: {}}, {leak: {}}, {secrets: {}}, {webhook: {url: "https://guard.example.com/check"}}, {entities: {url: "http://127.0.0.1:5002"}}, {moderation: {model: m}}]}
cache: {every_model: {semantic: {}}, embedder: {model: m}}
cors: {origins: ["*"]}
redis: {url: {env: REDIS_URL}}
backends:
  of-openai: {provider: openai, credential: {env: KEY}}
  of-anthropic: {provider: anthropic, credential: {env: KEY}}
  of-deepseek: {provider: deepseek, credential: {env: KEY}}
  of-groq: {provider: groq, credential: {env: KEY}}
  of-mistral: {provider: mistral, credential: {env: KEY}}
  of-openrouter: {provider: openrouter, credential: {env: KEY}}
  of-openai-compatible: {provider: openai-compatible, url: "http://127.0.0.1:11434/v1"}
  of-simulated: {provider: simulated}
  auth-of-openai: {provider: openai, credential: {env: KEY}}
  auth-of-anthropic: {provider: anthropic, credential: {env: KEY}}
models:
  m: {chain: [of-simulated/x, [{use: of-simulated/x}, {use: of-simulated/y}]]}
  checked: {chain: [of-simulated/x], health: {interval: 30s}}
prices:
  x: {input: 1, output: 2}
  y: {input: 3, output: 4}
`

// TestDefaultsNeverChange holds that what a document leaves out means what it has always
// meant. A pair of another version reads the canonical form, which leaves it out, too.
func TestDefaultsNeverChange(t *testing.T) {
	data, err := os.ReadFile("testdata/defaults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	written, err := Parse("policy.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	left, err := Parse("policy.yaml", []byte(silent))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, left, sameSet); diff != "" {
		t.Errorf("defaults differ (-written out +left out):\n%s", diff)
	}
}

// TestEveryDefaultIsWritten holds that testdata/defaults.yaml lacks no default, and no
// provider, each of which has some of its own.
func TestEveryDefaultIsWritten(t *testing.T) {
	data, err := os.ReadFile("testdata/defaults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	said := stricttest.Said(Document(), doc)
	stricttest.Walk(Document(), func(path string, k strict.Key) {
		if (k.Default != "" || k.Derived) && !said[path] {
			t.Errorf("%s is not written out", path)
		}
	})
	for _, p := range Providers {
		if !strings.Contains(string(data), "{provider: "+p.Name+",") {
			t.Errorf("no backend of provider %s", p.Name)
		}
	}
}

// TestEveryKeyIsSet holds that testdata/good/everything.yaml sets every key to a value that
// differs from its default, and that the canonical form holds every key: what it forgot
// would be lost on the way to a pair.
func TestEveryKeyIsSet(t *testing.T) {
	everything := files(t, "good")["everything.yaml"]
	stricttest.Document(t, fields, everything,
		[]byte("version: 1\nstore: {sqlite: journal.db}"), []byte("version: 1\nstore: {postgres: {file: /run/secrets/database}}"),
		[]byte("version: 1\nredis: {url: {file: /run/secrets/redis}}\nstate: {key: {file: /run/secrets/state}}"))
	set, err := Parse("policy.yaml", everything)
	if err != nil {
		t.Fatal(err)
	}
	var document document
	strict.Read(fields, []File{{Name: "policy.yaml", Data: everything}}, strict.Options{}, &document)
	// Prices are compiled, so that their way to the canonical form is another one.
	said := func(form []byte) map[string]bool {
		var doc any
		if err := json.Unmarshal(form, &doc); err != nil {
			t.Fatal(err)
		}
		return stricttest.Said(Document(), doc)
	}
	if diff := cmp.Diff(said(fields.Canonical(&document)), said(set.Canonical())); diff != "" {
		t.Errorf("the compiled set holds other keys (-document +set):\n%s", diff)
	}
}

// TestCanonicalFormHoldsWhatIsSaid holds that the canonical form adds nothing: a pair
// that does not know a key must not meet it where nobody wrote it.
func TestCanonicalFormHoldsWhatIsSaid(t *testing.T) {
	for _, c := range []struct{ document, want string }{
		{"version: 1", `{"version":1}`},
		{"version: 1\nlimits: {}\nbackends: {}\nmodels: {}\nprices: {}", `{"version":1}`},
		{"version: 1\nbackends: {b: {provider: simulated}}\nmodels: {m: b/gpt-5.5}", `{"backends":{"b":{"provider":"simulated"}},"models":{"m":{"chain":["b/gpt-5.5"]}},"version":1}`},
		{"version: 1\nbackends: {b: {provider: simulated, dialect: anthropic}}\nmodels: {m: {chain: [[{use: b/gpt-5.5, weight: 5}]], breaker: {pending: 1}}}",
			`{"backends":{"b":{"dialect":"anthropic","provider":"simulated"}},"models":{"m":{"breaker":{"pending":1},"chain":[[{"use":"b/gpt-5.5","weight":5}]]}},"version":1}`},
		{"version: 1\nprices: {x: {input: 1, output: 2, cache_read: 0}}", `{"prices":{"x":{"cache_read":0,"input":1,"output":2}},"version":1}`},
	} {
		set, err := Parse("policy.yaml", []byte(c.document))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(set.Canonical())); got != c.want {
			t.Errorf("%s\n is %s\nwant %s", c.document, got, c.want)
		}
	}
}

// TestRevisionsStay holds that the documents of releases keep their revision and, with the
// same classes, their shape, which a history and access records name.
func TestRevisionsStay(t *testing.T) {
	for name, r := range releases(t) {
		if name == wroteDefaults {
			continue
		}
		set, err := ParseAccepted([]File{{Name: "policy.yaml", Data: r.document}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		set.takeClasses(r.message.GetClasses())
		if set.Revision != r.message.GetRevision() || set.shape() != r.message.GetShape() {
			t.Errorf("%s: revision %s and shape %s, want %s and %s", name, set.Revision, set.shape(), r.message.GetRevision(), r.message.GetShape())
		}
	}
}

// wroteDefaults is the one release whose canonical form wrote defaults out.
const wroteDefaults = "66a3ae3"
