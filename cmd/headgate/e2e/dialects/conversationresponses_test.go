package dialects

import (
	"encoding/json"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// responsesTalk plays the conversation of a client of Responses that keeps its items itself.
func responsesTalk(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, stride int, stream bool) {
	client := sdk.OpenAI(g)
	params := responses.ResponseNewParams{
		Store:   openai.Bool(false),
		Include: []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
		Tools:   []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", map[string]any{"type": "object", "properties": map[string]any{}}, false)},
	}
	var items responses.ResponseInputParam
	n := 0
	answer := func() *responses.Response {
		link := talkLinks[n*stride%len(talkLinks)]
		n++
		params.Model, params.Reasoning = link.name, shared.ReasoningParam{Effort: shared.ReasoningEffortLow, Summary: shared.ReasoningSummaryAuto}
		if link.name == "talk-mistral" {
			params.Reasoning = shared.ReasoningParam{}
		}
		params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: items}
		before := len(p.Settled())
		r := responded(t, client, params, stream)
		answered(t, p, before, link.use)
		for i := range r.Output {
			items = append(items, param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(r.Output[i].RawJSON())))
		}
		return r
	}
	for turn := range talkTurns {
		items = append(items, responses.ResponseInputItemParamOfMessage(talkAsks, responses.EasyInputMessageRoleUser))
		r := answer()
		call := r.Output[len(r.Output)-1]
		if call.Type != "function_call" {
			t.Fatalf("turn %d: %s", turn, r.RawJSON())
		}
		items = append(items, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
			CallID: openai.String(call.CallID), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("sunny")},
		}})
		if turn%3 == 2 {
			items = append(items, responses.ResponseInputItemParamOfMessage("And tomorrow?", responses.EasyInputMessageRoleUser))
		}
		if r = answer(); r.OutputText() == "" {
			t.Fatalf("turn %d: %s", turn, r.RawJSON())
		}
	}
}

// responded asks and returns the answer, of a stream that which its last event holds.
func responded(t *testing.T, client openai.Client, params responses.ResponseNewParams, stream bool) *responses.Response {
	t.Helper()
	if !stream {
		r, err := client.Responses.New(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	events := client.Responses.NewStreaming(t.Context(), params)
	defer func() { _ = events.Close() }()
	var last *responses.Response
	for events.Next() {
		if ev := events.Current(); ev.Type == "response.completed" {
			last = &ev.Response
		}
	}
	if events.Err() != nil || last == nil {
		t.Fatalf("%v, %v", events.Err(), last)
	}
	return last
}
