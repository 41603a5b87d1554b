package provider

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// wildStage is a stage of a policy with a wildcard.
func wildStage(t testing.TB) *stage {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
backends: {b: {provider: openai, credential: {env: FIRST}}, router: {provider: openrouter, credential: {env: SECOND}}}
models: {"gpt-*": {chain: [b/*, [{use: router/openai/gpt-*, weight: 2}, {use: router/auto}]]}}
unpriced: flag
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newTestKind(map[string]string{"FIRST": "sk-1", "SECOND": "sk-2"}).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*stage)
}

func poolOf(s *stage, name string) *pool {
	ex := &exchange.Exchange{Model: "gpt-*", Name: name, Dialect: "openai"}
	ex.Request.Operation = exchange.Chat
	return s.poolsOf(ex).of(ex)
}

// TestAPoolOfAName holds that a name of a wildcard has targets of its own, in the classes that Envoy
// knows, with what its models take.
func TestAPoolOfAName(t *testing.T) {
	s := wildStage(t)
	fit := s.set.Models["gpt-*"].Fit()
	for name, output := range map[string]int64{"gpt-4o": 16_384, "gpt-5": 128_000, "gpt-of-nobody": 0} {
		p := poolOf(s, name)
		for i, want := range []string{name, "openai/" + name, "auto"} {
			got, as := p.targets[i], s.set.Models["gpt-*"].Uses()[i]
			if got.model != want || got.class != fit.Class(as) || got.wild != as.Wild() || p.find(as.Backend.Name, want) != got {
				t.Errorf("%s: target %d asks for %s, class %d, wild %v", name, i, got.model, got.class, got.wild)
			}
		}
		if got := p.targets[0].canon.MaxTokens; got != output {
			t.Errorf("%s answers up to %d tokens, want %d", name, got, output)
		}
	}
	if first := poolOf(s, "gpt-4o"); poolOf(s, "gpt-4o") != first {
		t.Error("a pool is made anew")
	}
}

// TestPoolsOfNamesAreBounded holds that of ten thousand names a few are kept, and that the one that is
// asked for all the time stays.
func TestPoolsOfNamesAreBounded(t *testing.T) {
	s := wildStage(t)
	often := poolOf(s, "gpt-often")
	for i := range 10_000 {
		poolOf(s, fmt.Sprintf("gpt-%d", i))
		if i%100 == 0 && poolOf(s, "gpt-often") != often {
			t.Fatal("what is asked for often is made anew")
		}
	}
	kept := 0
	s.wild.each(func(*pools) { kept++ })
	if kept > 2*maxNames || kept < maxNames {
		t.Errorf("%d pools are kept", kept)
	}
}

// BenchmarkPoolOfAName is what finding the targets of a name costs: one that is kept, and a new one.
func BenchmarkPoolOfAName(b *testing.B) {
	s := wildStage(b)
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			poolOf(s, "gpt-4o")
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			poolOf(s, fmt.Sprintf("gpt-%d", i))
		}
	})
}
