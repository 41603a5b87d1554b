package sim

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/conversations"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/respjson"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func responseParams(model, text string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: sdk.String(text)}}
}

// items is an input of items.
func items(all ...responses.ResponseInputItemUnionParam) responses.ResponseNewParamsInputUnion {
	return responses.ResponseNewParamsInputUnion{OfInputItemList: all}
}

// sentBack is an item of a response as it stands, as an item of the next input.
func sentBack(item responses.ResponseOutputItemUnion) responses.ResponseInputItemUnionParam {
	return param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(item.RawJSON()))
}

var weatherFunction = responses.ToolParamOfFunction("get_weather", map[string]any{
	"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}, "additionalProperties": false,
}, true)

// lacking names a member that the SDK's types require and the JSON does not have.
func lacking(v reflect.Value, at string) string {
	if m := v.MethodByName("AsAny"); m.IsValid() {
		any := m.Call(nil)[0]
		if any.IsNil() {
			return at + ": of no known type"
		}
		return lacking(any.Elem(), at+"."+any.Elem().Type().Name())
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if name := lacking(v.Index(i), at); name != "" {
				return name
			}
		}
	}
	if v.Kind() != reflect.Struct || !v.FieldByName("JSON").IsValid() {
		return ""
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		raw := v.FieldByName("JSON").FieldByName(f.Name)
		if f.Name == "JSON" || !f.IsExported() || !raw.IsValid() {
			continue
		}
		switch text := raw.Interface().(respjson.Field).Raw(); {
		case text == "" && f.Tag.Get("api") == "required":
			return at + "." + f.Name
		case text == "" || text == "null":
			continue
		}
		if name := lacking(v.Field(i), at+"."+f.Name); name != "" {
			return name
		}
	}
	return ""
}

// whole fails a test unless the SDK's types find all that they require in a value.
func whole(t *testing.T, v any) {
	t.Helper()
	if name := lacking(reflect.ValueOf(v), reflect.TypeOf(v).Name()); name != "" {
		t.Errorf("the JSON lacks %s", name)
	}
}

// played reads a stream to its end, checks each event, and returns the last response and the
// types of the events.
func played(t *testing.T, client sdk.Client, params responses.ResponseNewParams) (responses.Response, []string) {
	t.Helper()
	stream := client.Responses.NewStreaming(timeout(t), params)
	var types []string
	var last responses.Response
	for stream.Next() {
		ev := stream.Current()
		whole(t, ev)
		if ev.SequenceNumber != int64(len(types)) {
			t.Errorf("event %d has number %d", len(types), ev.SequenceNumber)
		}
		if types = append(types, ev.Type); ev.Response.ID != "" {
			last = ev.Response
		}
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	return last, types
}

func TestResponsesPlain(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	params := responseParams("gpt-4o-mini+tokens=9+snapshot=gpt-4o-mini-2024-07-18", "Hello!")
	params.Instructions = sdk.String("Be brief.")
	params.Metadata = shared.Metadata{"a": "b"}
	got, err := client.Responses.New(timeout(t), params)
	if err != nil {
		t.Fatal(err)
	}
	whole(t, *got)
	const prompt = wire.PrimeTokens + 2*wire.FrameTokens + 3 + 2
	if got.Model != "gpt-4o-mini-2024-07-18" || got.Status != "completed" || wire.CountTokens(got.OutputText()) != 9 || got.Metadata["a"] != "b" {
		t.Errorf("got %s", got.RawJSON())
	}
	if u := got.Usage; u.InputTokens != prompt || u.OutputTokens != 9 || u.TotalTokens != prompt+9 {
		t.Errorf("usage %s", u.RawJSON())
	}
	served := last(t, s, 1)
	if served.ID != got.ID || served.Path != "/v1/responses" || served.Model != "gpt-4o-mini" || served.Usage != (Usage{Input: prompt, Output: 9}) || served.Stream {
		t.Errorf("served %+v", served)
	}
	count, err := client.Responses.InputTokens.Count(timeout(t), responses.InputTokenCountParams{
		Model: sdk.String("gpt-4o-mini"), Instructions: sdk.String("Be brief."), Input: responses.InputTokenCountParamsInputUnion{OfString: sdk.String("Hello!")},
	})
	if err != nil || count.InputTokens != prompt {
		t.Errorf("counted %+v, %v", count, err)
	}
}

func TestResponsesStream(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	params := responseParams("gpt-5-nano", "Hello!")
	params.Reasoning.Summary = "auto"
	got, types := played(t, client, params)
	if got.Status != "completed" || got.OutputText() != answerText || types[0] != "response.created" || types[len(types)-1] != "response.completed" {
		t.Errorf("%v %s", types, got.RawJSON())
	}
	summary := got.Output[0].AsReasoning()
	if len(summary.Summary) != 1 || wire.CountTokens(summary.Summary[0].Text) != openai.EffortTokens["medium"] || summary.EncryptedContent != "" {
		t.Errorf("reasoning %s", summary.RawJSON())
	}
	if u, served := got.Usage, last(t, s, 1); u.OutputTokensDetails.ReasoningTokens != int64(openai.EffortTokens["medium"]) ||
		u.OutputTokens != int64(served.Usage.TotalOutput()) || u.InputTokens != int64(served.Usage.TotalInput()) || served.Events != len(types) || served.ID != got.ID {
		t.Errorf("usage %s, served %+v", u.RawJSON(), served)
	}
}

// TestResponsesEventsAreTheSDKs plays every kind of item, whole and as a stream: the SDK knows
// each event and finds all that it requires, and both say the same.
func TestResponsesEventsAreTheSDKs(t *testing.T) {
	_, r := start(t, Options{})
	tools := `[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}},{"type":"custom","name":"c"},{"type":"web_search"},
		{"type":"file_search","vector_store_ids":["vs_1"]},{"type":"code_interpreter","container":{"type":"auto"}},{"type":"image_generation"},
		{"type":"mcp","server_label":"m","server_url":"https://example.com"},{"type":"local_shell"},{"type":"shell"},{"type":"apply_patch"},
		{"type":"computer_use_preview","display_width":9,"display_height":9,"environment":"linux"},{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"g"}]}]`
	for sim, want := range map[string]string{
		"":                                     "reasoning,message",
		"reasoning-content":                    "reasoning,message",
		"refusal":                              "reasoning,message",
		"tool=f":                               "reasoning,function_call",
		"tool=g":                               "reasoning,function_call",
		"tool=c;input=*** Begin Patch":         "reasoning,custom_tool_call",
		"tool=web_search":                      "reasoning,web_search_call,message",
		"tool=file_search":                     "reasoning,file_search_call,message",
		"tool=code_interpreter":                "reasoning,code_interpreter_call,message",
		"tool=image_generation":                "reasoning,image_generation_call,message",
		"tool=mcp":                             "reasoning,mcp_call,message",
		"tool=local_shell":                     "reasoning,local_shell_call",
		"tool=shell":                           "reasoning,shell_call",
		"tool=apply_patch":                     "reasoning,apply_patch_call",
		"tool=computer;reasoning=0":            "computer_call",
		"tools=3":                              "reasoning,function_call,custom_tool_call,web_search_call",
		"tokens=5;finish=content_filter":       "reasoning,message",
		"tokens=5;finish=failed":               "",
		"tokens=0;no-usage;cached=3":           "reasoning,message",
		"oversize=2000;reasoning=1;snapshot=x": "reasoning,message",
	} {
		t.Run(sim, func(t *testing.T) {
			client := openAIClient(r, option.WithHeader("X-Sim", sim), option.WithJSONSet("tools", json.RawMessage(tools)))
			params := responseParams("gpt-5", "Go on.")
			params.Reasoning.Summary = "detailed"
			params.Include = []responses.ResponseIncludable{"reasoning.encrypted_content", "web_search_call.action.sources", "file_search_call.results", "code_interpreter_call.outputs"}
			plain, err := client.Responses.New(timeout(t), params)
			if err != nil {
				t.Fatal(err)
			}
			whole(t, *plain)
			streamed, _ := played(t, client, params)
			for _, got := range []responses.Response{*plain, streamed} {
				var kinds []string
				for _, item := range got.Output {
					kinds = append(kinds, item.Type)
				}
				if strings.Join(kinds, ",") != want {
					t.Errorf("got %v, want %s", kinds, want)
				}
			}
			if plain.Status != streamed.Status || plain.OutputText() != streamed.OutputText() || plain.Usage.TotalTokens != streamed.Usage.TotalTokens {
				t.Errorf("whole %s\nstreamed %s", plain.RawJSON(), streamed.RawJSON())
			}
		})
	}
}

func TestResponsesParallelTools(t *testing.T) {
	for _, by := range []string{"items", "previous_response_id", "conversation"} {
		t.Run(by, func(t *testing.T) {
			_, r := start(t, Options{})
			client := openAIClient(r)
			question := responses.ResponseInputItemParamOfMessage("Weather in two towns? [[sim tools=2]]", "user")
			params := responses.ResponseNewParams{Model: "gpt-5", Input: items(question), Tools: []responses.ToolUnionParam{weatherFunction}}
			if by == "conversation" {
				c, err := client.Conversations.New(timeout(t), conversations.ConversationNewParams{})
				if err != nil {
					t.Fatal(err)
				}
				params.Conversation.OfString = sdk.String(c.ID)
			}
			first, err := client.Responses.New(timeout(t), params)
			if err != nil {
				t.Fatal(err)
			}
			var next []responses.ResponseInputItemUnionParam
			if by == "items" {
				next = append(next, question)
			}
			calls := 0
			for _, item := range first.Output {
				if by == "items" {
					next = append(next, sentBack(item))
				}
				if item.Type != "function_call" {
					continue
				}
				calls++
				if call := item.AsFunctionCall(); call.Name != "get_weather" || call.Arguments != `{"city":"café 中文 😀"}` {
					t.Errorf("call %s", item.RawJSON())
				}
				output := responses.ResponseInputItemParamOfFunctionCallOutput("sunny")
				output.OfFunctionCallOutput.CallID = sdk.String(item.CallID)
				next = append(next, output)
			}
			if calls != 2 {
				t.Fatalf("%d calls: %s", calls, first.RawJSON())
			}
			if params.Input = items(next...); by == "previous_response_id" {
				params.PreviousResponseID = sdk.String(first.ID)
			}
			// The directive is used up once its calls are answered.
			second, err := client.Responses.New(timeout(t), params)
			if err != nil || second.OutputText() != answerText || second.Usage.InputTokens <= first.Usage.InputTokens {
				t.Fatalf("after the results: %v %+v", err, second)
			}
			page, err := client.Responses.InputItems.List(timeout(t), second.ID, responses.InputItemListParams{Order: "asc", Limit: sdk.Int(3)})
			if err != nil || len(page.Data) != 3 || page.Data[0].Type != "message" || page.Data[0].ID == "" || !page.HasMore {
				t.Errorf("input items: %v %+v", err, page)
			}
			rest, err := page.GetNextPage()
			if err != nil || len(rest.Data) == 0 || rest.Data[len(rest.Data)-1].Type != "function_call_output" {
				t.Errorf("the next page: %v %+v", err, rest)
			}
		})
	}
}

func TestResponsesSchema(t *testing.T) {
	_, r := start(t, Options{})
	params := responseParams("gpt-4o", "Answer in JSON.")
	params.Text.Format.OfJSONSchema = &responses.ResponseFormatTextJSONSchemaConfigParam{Name: "x", Strict: sdk.Bool(true), Schema: map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"name"}, "properties": map[string]any{"name": map[string]any{"type": "string"}},
	}}
	client := openAIClient(r)
	got, err := client.Responses.New(timeout(t), params)
	if err != nil || got.OutputText() != `{"name":"café 中文 😀"}` {
		t.Errorf("%v %+v", err, got)
	}
}

func TestResponsesMedia(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	content := responses.ResponseInputMessageContentListParam{responses.ResponseInputContentParamOfInputText("See.")}
	image := responses.ResponseInputContentParamOfInputImage("low")
	image.OfInputImage.ImageURL = sdk.String("data:image/png;base64,AAAA")
	file := responses.ResponseInputContentUnionParam{OfInputFile: &responses.ResponseInputFileParam{
		FileData: sdk.String("data:application/pdf;base64," + strings.Repeat("A", 172)), Filename: sdk.String("a.pdf"),
	}}
	params := responses.ResponseNewParams{Model: "gpt-4o", Input: items(responses.ResponseInputItemParamOfMessage(append(content, image, file), "user"))}
	if _, err := client.Responses.New(timeout(t), params); err != nil {
		t.Fatal(err)
	}
	if got, want := last(t, s, 1).Usage.Input, wire.PrimeTokens+wire.FrameTokens+2+wire.ImageLowTokens+2; got != want {
		t.Errorf("%d tokens, want %d", got, want)
	}
}

func TestResponsesBackground(t *testing.T) {
	clock := NewInstant(testStart)
	s, r := start(t, Options{Clock: clock})
	client := openAIClient(r)
	params := responseParams("gpt-4o+ttft=5s", "Take your time.")
	params.Background = sdk.Bool(true)
	got, err := client.Responses.New(timeout(t), params)
	if err != nil {
		t.Fatal(err)
	}
	states := []string{string(got.Status)}
	get := func() {
		t.Helper()
		if got, err = client.Responses.Get(timeout(t), got.ID, responses.ResponseGetParams{}); err != nil {
			t.Fatal(err)
		}
		whole(t, *got)
		states = append(states, string(got.Status))
	}
	get()
	get()
	clock.Sleep(t.Context(), 5*time.Second)
	get()
	if want := "queued in_progress in_progress completed"; strings.Join(states, " ") != want || got.OutputText() != answerText || got.Usage.OutputTokens == 0 {
		t.Errorf("%v, want %s: %s", states, want, got.RawJSON())
	}
	if served := s.Served(); served[0].Usage.Output != len(answerTokens) || last(t, s, 4).Usage != (Usage{}) {
		t.Errorf("billed %+v, and for a look %+v", served[0].Usage, last(t, s, 4).Usage)
	}
	var e *sdk.Error
	if _, err := client.Responses.Cancel(timeout(t), got.ID); !errors.As(err, &e) || e.StatusCode != 400 {
		t.Errorf("cancel of a complete one: %v", err)
	}
}

// TestResponsesFailInTheBackground holds that a response that is to fail is queued at first.
func TestResponsesFailInTheBackground(t *testing.T) {
	_, r := start(t, Options{})
	client := openAIClient(r)
	params := responseParams("gpt-4o+error=0", "Take your time.")
	params.Background = sdk.Bool(true)
	got, err := client.Responses.New(timeout(t), params)
	for _, want := range []responses.ResponseStatus{"queued", "in_progress", "failed"} {
		if err != nil || got.Status != want {
			t.Fatalf("%v %+v, want %s", err, got, want)
		}
		got, err = client.Responses.Get(timeout(t), got.ID, responses.ResponseGetParams{})
	}
	if got.Error.Code != "server_error" {
		t.Errorf("%s", got.RawJSON())
	}
}

func TestResponsesCancel(t *testing.T) {
	_, r := start(t, Options{})
	client := openAIClient(r)
	params := responseParams("gpt-4o", "Take your time.")
	params.Background = sdk.Bool(true)
	got, err := client.Responses.New(timeout(t), params)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cancelled, err := client.Responses.Cancel(timeout(t), got.ID)
		if err != nil || cancelled.Status != "cancelled" || cancelled.OutputText() != "" {
			t.Errorf("%v %+v", err, cancelled)
		}
	}
	params.Background = sdk.Bool(false)
	if got, err = client.Responses.New(timeout(t), params); err != nil {
		t.Fatal(err)
	}
	var e *sdk.Error
	if _, err := client.Responses.Cancel(timeout(t), got.ID); !errors.As(err, &e) || e.Message != "Cannot cancel a synchronous response." {
		t.Errorf("cancel of a synchronous one: %v", err)
	}
}

// TestResponsesStreamGoesOn holds that the events of a response in the background can be had
// again from any of them on, though the connection broke.
func TestResponsesStreamGoesOn(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	params := responseParams("gpt-4o+cut=4+tokens=6", "Hello!")
	params.Background = sdk.Bool(true)
	stream := client.Responses.NewStreaming(timeout(t), params)
	id, seen := "", int64(-1)
	for stream.Next() {
		id, seen = max(id, stream.Current().Response.ID), stream.Current().SequenceNumber
	}
	if stream.Err() == nil || seen != 3 {
		t.Fatalf("the stream was not cut: %d, %v", seen, stream.Err())
	}
	// openai-go 3.98 says stream in a body, where the API's reference has it in the query.
	again := client.Responses.GetStreaming(timeout(t), id, responses.ResponseGetParams{StartingAfter: sdk.Int(seen)}, option.WithQuery("stream", "true"))
	text := ""
	for again.Next() {
		ev := again.Current()
		if ev.SequenceNumber != seen+1 {
			t.Errorf("event %d after %d", ev.SequenceNumber, seen)
		}
		seen = ev.SequenceNumber
		if text += ev.Delta; ev.Type == "response.completed" && ev.Response.OutputText() != text {
			t.Errorf("the pieces are %q, the whole %q", text, ev.Response.OutputText())
		}
	}
	if again.Err() != nil || wire.CountTokens(text) != 6 {
		t.Errorf("%q, %v", text, again.Err())
	}
	if u := last(t, s, 2).Usage; u != (Usage{}) {
		t.Errorf("billed again: %+v", u)
	}
}

// TestResponsesBelongToAnAccount holds that neither another key nor another host finds what
// was kept for one, or can give back its encrypted reasoning.
func TestResponsesBelongToAnAccount(t *testing.T) {
	_, r := start(t, Options{})
	mine := openAIClient(r)
	params := responseParams("gpt-5", "Hello!")
	params.Include = []responses.ResponseIncludable{"reasoning.encrypted_content"}
	kept, err := mine.Responses.New(timeout(t), params)
	if err != nil {
		t.Fatal(err)
	}
	follow := responseParams("gpt-5", "And?")
	follow.PreviousResponseID = sdk.String(kept.ID)
	back := responses.ResponseNewParams{Model: "gpt-5", Input: items(sentBack(kept.Output[0]), sentBack(kept.Output[1]), responses.ResponseInputItemParamOfMessage("And?", "user"))}
	if _, err := mine.Responses.New(timeout(t), back); err != nil {
		t.Errorf("my own reasoning: %v", err)
	}
	if _, err := mine.Responses.New(timeout(t), follow); err != nil {
		t.Errorf("my own response: %v", err)
	}
	for name, other := range map[string]sdk.Client{
		"key": openAIClient(r, option.WithAPIKey("sk-other")), "host": openAIClient(r, option.WithBaseURL(strings.Replace(r.URL, "127.0.0.1", "localhost", 1)+"/v1")),
	} {
		var e *sdk.Error
		if _, err := other.Responses.Get(timeout(t), kept.ID, responses.ResponseGetParams{}); !errors.As(err, &e) || e.StatusCode != 404 {
			t.Errorf("%s: get: %v", name, err)
		}
		if _, err := other.Responses.New(timeout(t), follow); !errors.As(err, &e) || e.Code != "previous_response_not_found" || e.StatusCode != 400 {
			t.Errorf("%s: previous_response_id: %v", name, err)
		}
		if _, err := other.Responses.New(timeout(t), back); !errors.As(err, &e) || e.Code != "invalid_encrypted_content" || e.StatusCode != 400 {
			t.Errorf("%s: reasoning: %v", name, err)
		}
	}
	if err := mine.Responses.Delete(timeout(t), kept.ID); err != nil {
		t.Error(err)
	}
	var e *sdk.Error
	if _, err := mine.Responses.Get(timeout(t), kept.ID, responses.ResponseGetParams{}); !errors.As(err, &e) || e.StatusCode != 404 {
		t.Errorf("after its deletion: %v", err)
	}
}

func TestResponsesConversations(t *testing.T) {
	_, r := start(t, Options{})
	client := openAIClient(r)
	c, err := client.Conversations.New(timeout(t), conversations.ConversationNewParams{
		Metadata: shared.Metadata{"topic": "demo"}, Items: []responses.ResponseInputItemUnionParam{responses.ResponseInputItemParamOfMessage("Hello!", "user")},
	})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, *c)
	params := responseParams("gpt-4o", "And?")
	params.Conversation.OfConversationObject = &responses.ResponseConversationParam{ID: c.ID}
	got, err := client.Responses.New(timeout(t), params)
	if err != nil || got.Conversation.ID != c.ID {
		t.Fatalf("%v %+v", err, got)
	}
	list, err := client.Conversations.Items.List(timeout(t), c.ID, conversations.ItemListParams{Order: "asc"})
	if err != nil || len(list.Data) != 3 || !strings.Contains(list.Data[0].RawJSON(), `"text":"Hello!"`) || list.Data[2].ID != got.Output[0].ID {
		t.Errorf("items: %v %+v", err, list)
	}
	if _, err := client.Conversations.Items.New(timeout(t), c.ID, conversations.ItemNewParams{
		Items: []responses.ResponseInputItemUnionParam{responses.ResponseInputItemParamOfMessage("More.", "user")},
	}); err != nil {
		t.Error(err)
	}
	if item, err := client.Conversations.Items.Get(timeout(t), c.ID, list.Data[2].ID, conversations.ItemGetParams{}); err != nil || item.ID != list.Data[2].ID {
		t.Errorf("one item: %v %+v", err, item)
	}
	if _, err := client.Conversations.Items.Delete(timeout(t), c.ID, list.Data[0].ID); err != nil {
		t.Error(err)
	}
	if left, err := client.Conversations.Items.List(timeout(t), c.ID, conversations.ItemListParams{}); err != nil || len(left.Data) != 3 {
		t.Errorf("after its deletion: %v %+v", err, left)
	}
	if updated, err := client.Conversations.Update(timeout(t), c.ID, conversations.ConversationUpdateParams{Metadata: shared.Metadata{"topic": "x"}}); err != nil || updated.Metadata == nil {
		t.Errorf("update: %v %+v", err, updated)
	}
	if found, err := client.Conversations.Get(timeout(t), c.ID); err != nil || !strings.Contains(found.RawJSON(), `"topic":"x"`) {
		t.Errorf("get: %v %+v", err, found)
	}
	if gone, err := client.Conversations.Delete(timeout(t), c.ID); err != nil || !gone.Deleted {
		t.Errorf("delete: %v %+v", err, gone)
	}
	var e *sdk.Error
	if _, err := client.Responses.New(timeout(t), params); !errors.As(err, &e) || e.StatusCode != 404 {
		t.Errorf("after its deletion: %v", err)
	}
}

func TestResponsesCompact(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	got, err := client.Responses.New(timeout(t), responseParams("gpt-5", "Hello!"))
	if err != nil {
		t.Fatal(err)
	}
	compacted, err := client.Responses.Compact(timeout(t), responses.ResponseCompactParams{
		Model: "gpt-5", PreviousResponseID: sdk.String(got.ID), Input: responses.ResponseCompactParamsInputUnion{OfString: sdk.String("And?")},
	})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, compacted.Usage)
	whole(t, compacted.Output[len(compacted.Output)-1])
	served := last(t, s, 2)
	if n := len(compacted.Output); n != 3 || compacted.Output[2].Type != "compaction" || served.Usage.TotalInput() != int(compacted.Usage.InputTokens) {
		t.Fatalf("%s", compacted.RawJSON())
	}
	var next []responses.ResponseInputItemUnionParam
	for _, item := range compacted.Output {
		next = append(next, sentBack(item))
	}
	if _, err := client.Responses.New(timeout(t), responses.ResponseNewParams{Model: "gpt-5", Input: items(next...)}); err != nil {
		t.Errorf("with what was compacted: %v", err)
	}
	// As Codex does: within a response.
	trigger := param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(`{"type":"compaction_trigger"}`))
	params := responses.ResponseNewParams{Model: "gpt-5", Input: items(responses.ResponseInputItemParamOfMessage("Hello!", "user"), trigger)}
	within, types := played(t, client, params)
	if len(within.Output) != 1 || within.Output[0].Type != "compaction" || !slices.Contains(types, "response.compaction.compacting") ||
		int(within.Usage.OutputTokens) != last(t, s, 4).Usage.Output {
		t.Fatalf("%v %s", types, within.RawJSON())
	}
	if _, err := client.Responses.New(timeout(t), responses.ResponseNewParams{
		Model: "gpt-5", Input: items(sentBack(within.Output[0]), responses.ResponseInputItemParamOfMessage("And?", "user")),
	}); err != nil {
		t.Errorf("with what was compacted within: %v", err)
	}
}

func TestResponsesFaultsReachTheClient(t *testing.T) {
	for _, sim := range []string{"cut=3", "reset=3", "malformed=3"} {
		_, r := start(t, Options{})
		client := openAIClient(r, option.WithHeader("X-Sim", sim))
		stream := client.Responses.NewStreaming(timeout(t), responseParams("gpt-4o", "Hello!"))
		n := 0
		for stream.Next() {
			n++
		}
		if stream.Err() == nil || n > 3 {
			t.Errorf("%s: %d events, error %v", sim, n, stream.Err())
		}
	}
	s, r := start(t, Options{})
	client := openAIClient(r, option.WithHeader("X-Sim", "no-done;tokens=1"))
	if got, types := played(t, client, responseParams("gpt-4o", "Hello!")); got.Status != "in_progress" || types[len(types)-1] != "response.output_item.done" {
		t.Errorf("without an end: %v", types)
	}
	client = openAIClient(r, option.WithHeader("X-Sim", "error=5;status=429"))
	got, types := played(t, client, responseParams("gpt-4o", "Hello!"))
	if got.Status != "failed" || got.Error.Code != "rate_limit_exceeded" || strings.Join(types[5:], " ") != "error response.failed" {
		t.Errorf("%v %s", types, got.RawJSON())
	}
	if served := last(t, s, 2); served.Status != 200 || served.Usage.Input == 0 {
		t.Errorf("served %+v", served)
	}
	whole, err := client.Responses.New(timeout(t), responseParams("gpt-4o", "Hello!"))
	if err != nil || whole.Status != "failed" || whole.Error.Code != "rate_limit_exceeded" {
		t.Errorf("%v %+v", err, whole)
	}
	if again, err := client.Responses.Get(timeout(t), whole.ID, responses.ResponseGetParams{}, option.WithHeader("X-Sim", "")); err != nil || again.Status != "failed" {
		t.Errorf("%v %+v", err, again)
	}
	client = openAIClient(r, option.WithHeader("X-Sim", "status=429;retry-after=2"))
	var e *sdk.Error
	if _, err := client.Responses.New(timeout(t), responseParams("gpt-4o", "Hello!")); !errors.As(err, &e) || e.StatusCode != 429 ||
		e.Response.Header.Get("Retry-After") != "2" || e.Response.Header.Get("X-Ratelimit-Remaining-Requests") != "0" {
		t.Errorf("429: %v", err)
	}
}
