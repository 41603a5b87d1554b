package policy

import (
	"fmt"
	"testing"
)

// BenchmarkParse reads policies as teams write them: half of the models in short, half
// with a chain, a weighted link and settings of their own.
func BenchmarkParse(b *testing.B) {
	for _, models := range []int{20, 2000} {
		data := manyModels(models)
		b.Run(fmt.Sprintf("%d models", models), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Parse("policy.yaml", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func manyModels(n int) []byte {
	doc := []byte("version: 1\nunpriced: flag\nbackends:\n" +
		"  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}\n" +
		"  claude: {provider: anthropic, region: us, credential: [{env: A}, {file: /run/b}]}\n" +
		"  claude-eu: {provider: anthropic, region: eu, credential: {env: B}}\nmodels:\n")
	for i := range n {
		if i%2 == 0 {
			doc = fmt.Appendf(doc, "  model-%d: gpt/gpt-5-nano\n", i)
			continue
		}
		doc = fmt.Appendf(doc, "  model-%d:\n    retries: 1\n    timeout: 20s\n    breaker: {pending: 100}\n"+
			"    chain:\n      - [{use: claude/c, weight: 70}, {use: claude-eu/c, weight: 30}]\n      - gpt/gpt-5.5\n", i)
	}
	return doc
}
