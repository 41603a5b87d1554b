// Package folded tests answers that a client wants whole and for which the backend is
// asked for a stream.
package folded

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// whole are the ways to ask for an answer that is no stream.
var whole = []gatewaytest.Way{{Dialect: "openai"}, {Dialect: "anthropic"}}

// models ask for the whole answer, and for a stream of it: of a backend of each dialect,
// alone and with another after it.
const models = `
  json-a: {chain: [a/m], ask: json}
  stream-a: {chain: [a/m], ask: stream}
  json-c: {chain: [c/m], ask: json}
  stream-c: {chain: [c/m], ask: stream}
  chain-a: {chain: [a/m, b/m], ask: stream}
  chain-c: {chain: [c/m, b/m], ask: stream}
`

const tool = `"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city","days"]}}}]`

const ownTool = `"tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city","days"]}}]`

// answers are what the simulated provider says, and what a request has beside
// its message in each dialect; on: of which backend, if not of both.
var answers = []struct{ name, directive, openai, anthropic, on string }{
	{name: "text", directive: `text="Grüße, \"world\" 😀"`},
	{name: "nothing", directive: "tokens=0"},
	{name: "a limit", directive: "finish=length tokens=7"},
	{name: "a call", directive: "tool=weather", openai: tool, anthropic: ownTool},
	{name: "calls", directive: "tool=weather tools=3", openai: tool, anthropic: ownTool},
	{name: "reasoning", directive: "reasoning=20 reasoning-content tokens=30", on: "a"},
	{name: "thinking", directive: "tokens=30", openai: `"reasoning_effort":"low"`, anthropic: `"thinking":{"type":"enabled","budget_tokens":1024}`, on: "c"},
	{name: "a refusal", directive: `refusal="I would rather not."`},
	{name: "usage", directive: "cached=64 reasoning=9 tokens=40", on: "a"},
	{name: "usage of a cache", directive: "cached=6 cache-write=4 cache-write-1h=3 tokens=40", on: "c"},
	{name: "packed", directive: "gzip tokens=50"},
	{name: "in pieces", directive: "drip=11 comments crlf tokens=20"},
	{name: "without an end mark", directive: "tokens=20 no-done", on: "a"}, // a message without its stop is cut
	{name: "long", directive: "tokens=4000"},
}

// TestAFoldedAnswerIsTheWholeOne holds that the answer made of a stream is the one that
// the provider gives to a request for none, member by member.
func TestAFoldedAnswerIsTheWholeOne(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
	for _, c := range answers {
		for _, w := range whole {
			for _, backend := range []string{"a", "c"} {
				if c.on != "" && c.on != backend {
					continue
				}
				t.Run(c.name+" "+w.Dialect+" of "+backend, func(t *testing.T) {
					t.Parallel()
					rig := rig.With(t)
					ask := func(model string) gatewaytest.Answer {
						more := c.openai
						if w.Claude() {
							more = c.anthropic
						}
						r := w.Request(model, fmt.Sprintf("%s %s %s [[sim %s]]", c.name, w, model, c.directive))
						if more != "" {
							r.Body = "{" + more + "," + strings.Replace(r.Body[1:], `"max_tokens":512`, `"max_tokens":2000`, 1)
						}
						a := rig.Ask(r)
						gatewaytest.MustOK(t, a)
						return a
					}
					want := ask("json-" + backend)
					for _, model := range []string{"stream-" + backend, "chain-" + backend} {
						got := ask(model)
						if diff := cmp.Diff(comparable(t, want.Body), comparable(t, got.Body)); diff != "" {
							t.Errorf("%s (-whole +folded): %s", model, diff)
						}
						if got.Header.Get("content-type") != "application/json" || got.Header.Get("x-headgate-cost-usd") != want.Header.Get("x-headgate-cost-usd") {
							t.Errorf("headers %v, want those of %v", got.Header, want.Header)
						}
						row, wantRow := rig.Row(got.Exchange()), rig.Row(want.Exchange())
						if row.Outcome != "ok" || row.Stream || !row.Folded || wantRow.Folded {
							t.Errorf("row %+v", row)
						}
						if diff := cmp.Diff(wantRow.Tokens, row.Tokens); diff != "" || row.UsageSource != wantRow.UsageSource {
							t.Errorf("usage of the row: %s", diff)
						}
					}
				})
			}
		}
	}
}

// comparable is an answer without what each one has of its own, and without members that
// say that there is nothing.
func comparable(t *testing.T, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, own := range []string{"id", "created", "system_fingerprint"} {
		if _, ok := m[own]; ok {
			m[own] = "its own"
		}
	}
	walk(m)
	return m
}

// walk makes the ids of calls and signatures alike, and takes out what is null or an empty
// list: chunks do not have it.
func walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			list, isList := inner.([]any)
			switch {
			case name == "id" || name == "signature":
				v[name] = "its own"
			case inner == nil || isList && len(list) == 0:
				delete(v, name)
			}
			walk(inner)
		}
	case []any:
		for _, inner := range v {
			walk(inner)
		}
	}
}
