package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestCheckSaysWhatWildcardsDo holds what is printed of them, and that of other policies nothing is.
func TestCheckSaysWhatWildcardsDo(t *testing.T) {
	const backends = "version: 1\nbackends: {claude: {provider: anthropic, credential: {env: A}}, local: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\n" +
		"prices: {local/small: {input: 0, output: 0}, local/one/more: {input: 0, output: 0}}\n"
	for models, want := range map[string]string{
		"models: {fast: local/small}\n": "",
		"models: {fast: local/small, \"one-*\": {chain: [local/*, local/small]}, \"local/*\": local/*, \"x-*\": local/small}\ndefault: fast\n": `
Names that stand nowhere:
  local/*  2 names known; local/one/more asks local/one/more
  one-*    no name is known by its price, so that none is listed
  x-*      no name is known by its price, so that none is listed
  others   are answered as fast
`,
		"models: {\"local/s*\": {chain: [local/*, claude/claude-opus-5]}}\n": `
Names that stand nowhere:
  local/s*  1 name known; local/small asks local/small, claude/claude-opus-5
`,
		"models: {\"local/s*\": {chain: [claude/*, local/*]}}\n": `
Names that stand nowhere:
  local/s*  1 name known; local/small asks local/small
`,
	} {
		set, err := policy.Parse("policy.yaml", []byte(backends+models))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := printNames(&out, set); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s: %s", models, diff)
		}
	}
}
