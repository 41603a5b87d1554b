package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/headgate/headgate/policy/strict"
	"go.yaml.in/yaml/v3"
)

// silent says what testdata/defaults.yaml says, but for every default.
const silent = `version: 1
backends:
  of-openai: {provider: openai, credential: {env: KEY}}
  of-anthropic: {provider: anthropic, credential: {env: KEY}}
  of-deepseek: {provider: deepseek, credential: {env: KEY}}
  of-groq: {provider: groq, credential: {env: KEY}}
  of-mistral: {provider: mistral, credential: {env: KEY}}
  of-openrouter: {provider: openrouter, credential: {env: KEY}}
  of-openai-compatible: {provider: openai-compatible, url: "http://127.0.0.1:11434/v1"}
  of-simulated: {provider: simulated}
models:
  m: {chain: [of-simulated/x, [{use: of-simulated/x}, {use: of-simulated/y}]]}
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
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for _, fault := range unwritten(Document, doc.Content[0], "") {
		t.Error(fault)
	}
	for _, p := range Providers {
		if !strings.Contains(string(data), "{provider: "+p.Name+",") {
			t.Errorf("no backend of provider %s", p.Name)
		}
	}
}

// unwritten names the keys with a default that a value of a type does not hold.
func unwritten(t *strict.Type, n *yaml.Node, path string) (all []string) {
	switch {
	case t.Kind == strict.Either && n.Kind == yaml.SequenceNode:
		return unwritten(t.Option(strict.List), n, path)
	case t.Kind == strict.Either && n.Kind == yaml.MappingNode:
		return unwritten(t.Option(strict.Object), n, path)
	case t.Kind == strict.List:
		for i, e := range n.Content {
			all = append(all, unwritten(t.Elem, e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case t.Kind == strict.Map:
		for i := 0; i < len(n.Content); i += 2 {
			all = append(all, unwritten(t.Elem, n.Content[i+1], strict.Join(path, n.Content[i].Value))...)
		}
	case t.Kind == strict.Object:
		for _, f := range t.Fields {
			all = append(all, unwrittenField(f, n, path)...)
		}
	}
	return all
}

func unwrittenField(f strict.Field, n *yaml.Node, path string) []string {
	path = strict.Join(path, f.Key)
	i := slices.IndexFunc(n.Content, func(key *yaml.Node) bool { return key.Value == f.Key })
	switch {
	case i < 0 && hasDefault(f):
		return []string{path + " is not written out"}
	case i < 0:
		return nil
	case f.Default != "" && n.Content[i+1].Value != f.Default:
		return []string{path + " is not " + f.Default}
	}
	return unwritten(f.Type, n.Content[i+1], path)
}

// hasDefault tells whether a key, or one below it, has a default.
func hasDefault(f strict.Field) bool {
	return f.Default != "" || f.Type.Kind == strict.Object && slices.ContainsFunc(f.Type.Fields, hasDefault)
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

// TestRevisionsStay holds that the documents of releases keep their revision and shape,
// which a history and access records name.
func TestRevisionsStay(t *testing.T) {
	for name, r := range releases(t) {
		if name == wroteDefaults {
			continue
		}
		set, err := Parse("policy.yaml", r.document)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if set.Revision != r.message.GetRevision() || set.Shape != r.message.GetShape() {
			t.Errorf("%s: revision %s and shape %s, want %s and %s", name, set.Revision, set.Shape, r.message.GetRevision(), r.message.GetShape())
		}
	}
}

// wroteDefaults is the one release whose canonical form wrote defaults out.
const wroteDefaults = "66a3ae3"
