package policies_test

import (
	"encoding/json"
	"testing"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

func TestDiff(t *testing.T) {
	const backends = `backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, c: {provider: simulated}}` + "\n"
	const head = "version: 1\nunpriced: flag\n" + backends
	chain := func(text string) string { return head + "models: {fast: {chain: [" + text + "]}}\n" }
	rows := []struct {
		name, from, to string
		want           []policies.Difference
	}{
		{"texts that mean the same", head, "# other\nunpriced: flag\nversion: 1\nlisten: \"127.0.0.1:8080\"\n" + backends, []policies.Difference{}},
		{"a value", head + "limits: {body: 2KiB}\n", head + "limits: {body: 1KiB}\n", []policies.Difference{
			{Path: "limits.body", Kind: policies.Changed, From: text(`"2048B"`), To: text(`"1024B"`)}}},
		{"a default that is left", head, head + "limits: {body: 1KiB}\n", []policies.Difference{
			{Path: "limits", Kind: policies.Added, To: text(`{"body":"1024B"}`)}}},
		{"a name that comes", head + "prices: {x: {input: 1, output: 2}}\n", head + "prices: {x: {input: 1, output: 2}, gpt-9.1: {input: 1, output: 2.50}}\n", []policies.Difference{
			{Path: `prices["gpt-9.1"]`, Kind: policies.Added, To: text(`{"input":1,"output":2.5}`)}}},
		{"a name that goes", head, "version: 1\nunpriced: flag\nbackends: {c: {provider: simulated}}\n", []policies.Difference{
			{Path: "backends.b", Kind: policies.Removed, From: text(`{"provider":"openai-compatible","url":"http://127.0.0.1:1/v1"}`)}}},
		{"a key inside a name", head, head[:len(head)-3] + ", region: eu}}\n", []policies.Difference{
			{Path: "backends.c.region", Kind: policies.Added, To: text(`"eu"`)}}},
		{"the order of a chain", chain("b/m, c/m"), chain("c/m, b/m"), []policies.Difference{
			{Path: "models.fast.chain[0]", Kind: policies.Changed, From: text(`"b/m"`), To: text(`"c/m"`)},
			{Path: "models.fast.chain[1]", Kind: policies.Changed, From: text(`"c/m"`), To: text(`"b/m"`)}}},
		{"a longer chain", chain("b/m"), chain("b/m, c/m"), []policies.Difference{
			{Path: "models.fast.chain[1]", Kind: policies.Added, To: text(`"c/m"`)}}},
		{"a shorter chain", chain("b/m, c/m"), chain("b/m"), []policies.Difference{
			{Path: "models.fast.chain[1]", Kind: policies.Removed, From: text(`"c/m"`)}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			consoletest.Want[json.RawMessage](t, r.Ask("PUT", "/api/v1/policy", proposal(row.from, "")), 200)
			got := consoletest.Want[policies.Diff](t, r.Ask("POST", "/api/v1/policy/diff", map[string]any{"files": one(row.to)}), 200)
			same(t, "the diff", policies.Diff{From: revision(t, row.from), To: revision(t, row.to), Changes: row.want}, got)
			if len(r.policies.History()) != 2 {
				t.Error("a diff changed something")
			}
		})
	}
}

func text(s string) json.RawMessage { return json.RawMessage(s) }

func TestADiffNeedsFiles(t *testing.T) {
	consoletest.Fails(t, newRig(t).Ask("POST", "/api/v1/policy/diff", `{}`), console.BadRequest)
}
