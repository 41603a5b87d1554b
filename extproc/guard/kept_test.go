package guard

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// TestGuardsOfWhatIsKept holds which reading of what a provider keeps passes guards of answers:
// that which they can look at, and all of it if none of them acts.
func TestGuardsOfWhatIsKept(t *testing.T) {
	for _, c := range []struct {
		name, guards string
		op           exchange.Operation
		stream       bool
		refused      bool
	}{
		{"a response", "output: [{words: {words: [swordfish]}}]", exchange.GetResponse, false, false},
		{"its stream", "output: [{words: {words: [swordfish]}}]", exchange.GetResponse, true, true},
		{"its items", "output: [{words: {words: [swordfish]}}]", exchange.InputItems, false, true},
		{"that it is deleted", "output: [{words: {words: [swordfish]}}]", exchange.DeleteResponse, false, false},
		{"its items, before a guard that only reports", "output: [{words: {words: [swordfish], mode: shadow}}]", exchange.InputItems, false, false},
		{"its items, before guards of requests", "input: [{words: {words: [swordfish]}}]", exchange.InputItems, false, false},
	} {
		s := compiled(t, model+"guards: {"+c.guards+"}\n")
		ex := &exchange.Exchange{Dialect: "responses", Model: "m", Request: exchange.Request{Operation: c.op, Stream: c.stream}}
		if v := exchangetest.Join(t, s, ex).Request(); (v.Action == exchange.Deny) != c.refused || c.refused && (v.Status != 403 || v.Reason != exchange.ReasonUnguarded) {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

// TestAKeptAnswerIsGuarded holds that a guard looks at an answer that is read again, once there is
// one, and that none asks for a form which it does not know.
func TestAKeptAnswerIsGuarded(t *testing.T) {
	s := compiled(t, model+"guards: {output: [{words: {words: [swordfish]}}, {format: {}}]}\n")
	const answer = `{"id":"i","choices":[{"index":0,"message":{"role":"assistant","content":"the TEXT"},"finish_reason":"stop"}]}`
	for text, c := range map[string]struct{ unfinished, refused bool }{"swordfish": {false, true}, "perch": {false, false}, "a swordfish of which nothing is there": {true, false}} {
		ex := &exchange.Exchange{Dialect: "openai", Model: "m", Request: exchange.Request{Operation: exchange.GetResponse}}
		v := exchangetest.Join(t, s, ex)
		v.Request()
		ex.Response.Unfinished = c.unfinished
		ex.Response.DecodeBy(openai.Dialect{}.DecodeAnswer)
		if verdict := v.Respond(200, strings.Replace(answer, "TEXT", text, 1)); (verdict.Reason == exchange.ReasonWord) != c.refused {
			t.Errorf("%s: %+v", text, verdict)
		}
	}
}
