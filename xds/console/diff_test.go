package console_test

import (
	"encoding/json"
	"testing"

	"github.com/headgate/headgate/xds/console"
)

func TestDiff(t *testing.T) {
	const backends = `backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, c: {provider: simulated}}` + "\n"
	const head = "version: 1\nunpriced: flag\n" + backends
	chain := func(text string) string { return head + "models: {fast: {chain: [" + text + "]}}\n" }
	rows := []struct {
		name, from, to string
		want           []console.Difference
	}{
		{"texts that mean the same", head, "# other\nunpriced: flag\nversion: 1\nlisten: \"127.0.0.1:8080\"\n" + backends, []console.Difference{}},
		{"a value", head + "limits: {body: 2KiB}\n", head + "limits: {body: 1KiB}\n", []console.Difference{
			{Path: "limits.body", Kind: console.Changed, From: text(`"2048B"`), To: text(`"1024B"`)}}},
		{"a default that is left", head, head + "limits: {body: 1KiB}\n", []console.Difference{
			{Path: "limits", Kind: console.Added, To: text(`{"body":"1024B"}`)}}},
		{"a name that comes", head + "prices: {x: {input: 1, output: 2}}\n", head + "prices: {x: {input: 1, output: 2}, gpt-9.1: {input: 1, output: 2.50}}\n", []console.Difference{
			{Path: `prices["gpt-9.1"]`, Kind: console.Added, To: text(`{"input":1,"output":2.5}`)}}},
		{"a name that goes", head, "version: 1\nunpriced: flag\nbackends: {c: {provider: simulated}}\n", []console.Difference{
			{Path: "backends.b", Kind: console.Removed, From: text(`{"provider":"openai-compatible","url":"http://127.0.0.1:1/v1"}`)}}},
		{"a key inside a name", head, head[:len(head)-3] + ", region: eu}}\n", []console.Difference{
			{Path: "backends.c.region", Kind: console.Added, To: text(`"eu"`)}}},
		{"the order of a chain", chain("b/m, c/m"), chain("c/m, b/m"), []console.Difference{
			{Path: "models.fast.chain[0]", Kind: console.Changed, From: text(`"b/m"`), To: text(`"c/m"`)},
			{Path: "models.fast.chain[1]", Kind: console.Changed, From: text(`"c/m"`), To: text(`"b/m"`)}}},
		{"a longer chain", chain("b/m"), chain("b/m, c/m"), []console.Difference{
			{Path: "models.fast.chain[1]", Kind: console.Added, To: text(`"c/m"`)}}},
		{"a shorter chain", chain("b/m, c/m"), chain("b/m"), []console.Difference{
			{Path: "models.fast.chain[1]", Kind: console.Removed, From: text(`"c/m"`)}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			want[json.RawMessage](t, r.ask("PUT", "/api/v1/policy", proposal(row.from, "")), 200)
			got := want[console.Diff](t, r.ask("POST", "/api/v1/policy/diff", map[string]any{"files": one(row.to)}), 200)
			same(t, "the diff", console.Diff{From: revision(t, row.from), To: revision(t, row.to), Changes: row.want}, got)
			if len(r.policies.History()) != 2 {
				t.Error("a diff changed something")
			}
		})
	}
}

func text(s string) json.RawMessage { return json.RawMessage(s) }

func TestADiffNeedsFiles(t *testing.T) {
	got := want[console.Failure](t, newRig(t).ask("POST", "/api/v1/policy/diff", `{}`), 400)
	same(t, "the code", console.BadRequest, got.Cause.Code)
}
