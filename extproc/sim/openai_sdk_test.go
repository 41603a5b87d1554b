package sim

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func openAIClient(r *Running, opts ...option.RequestOption) sdk.Client {
	return sdk.NewClient(append([]option.RequestOption{
		option.WithBaseURL(r.URL + "/v1"), option.WithAPIKey("sk-test"), option.WithMaxRetries(0),
	}, opts...)...)
}

func chatParams(model string) sdk.ChatCompletionNewParams {
	return sdk.ChatCompletionNewParams{
		Model:    model,
		Messages: []sdk.ChatCompletionMessageParamUnion{sdk.SystemMessage("Be brief."), sdk.UserMessage("Hello!")},
	}
}

func TestOpenAIPlain(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	got, err := client.Chat.Completions.New(timeout(t), chatParams("gpt-4o-mini+tokens=9+snapshot=gpt-4o-mini-2024-07-18"))
	if err != nil {
		t.Fatal(err)
	}
	// PrimeTokens, two frames, "Be brief." is 3 and "Hello!" 2.
	const prompt = wire.PrimeTokens + 2*wire.FrameTokens + 3 + 2
	if got.Model != "gpt-4o-mini-2024-07-18" || wire.CountTokens(got.Choices[0].Message.Content) != 9 || got.Choices[0].FinishReason != "stop" {
		t.Errorf("got %s", got.RawJSON())
	}
	if u := got.Usage; u.PromptTokens != prompt || u.CompletionTokens != 9 || u.TotalTokens != prompt+9 {
		t.Errorf("usage %s", u.RawJSON())
	}
	served := last(t, s, 1)
	want := Served{
		Seq: 1, Proto: "HTTP/1.1", Method: "POST", Path: "/v1/chat/completions", Key: "sk-test", Model: "gpt-4o-mini",
		Status: 200, Usage: Usage{Input: prompt, Output: 9}, Ended: EndedComplete, ID: got.ID,
	}
	if served.Header.Get("User-Agent") == "" || !json.Valid(served.Body) || served.RequestID == "" || served.BytesSent != int64(len(got.RawJSON())) {
		t.Errorf("served %+v", served)
	}
	served.Time, served.Took, served.Host, served.Header, served.Body, served.RequestID, served.BytesSent = time.Time{}, 0, "", nil, nil, "", 0
	if d := cmp.Diff(want, served); d != "" {
		t.Error(d)
	}
}

func TestOpenAIStream(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	params := chatParams("gpt-5-nano")
	params.StreamOptions.IncludeUsage = sdk.Bool(true)
	stream := client.Chat.Completions.NewStreaming(timeout(t), params)
	acc := sdk.ChatCompletionAccumulator{}
	empty := 0
	for stream.Next() {
		chunk := stream.Current()
		if !acc.AddChunk(chunk) {
			t.Fatalf("chunk does not fit: %s", chunk.RawJSON())
		}
		if len(chunk.Choices) == 0 {
			empty++
		}
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	if acc.Choices[0].Message.Content != answerText || empty != 1 {
		t.Errorf("%d empty chunks, text %q", empty, acc.Choices[0].Message.Content)
	}
	u, served := acc.Usage, last(t, s, 1)
	if u.CompletionTokensDetails.ReasoningTokens != int64(openai.EffortTokens["medium"]) || u.CompletionTokens != int64(served.Usage.TotalOutput()) ||
		u.PromptTokens != int64(served.Usage.TotalInput()) || served.Usage.Output != len(answerTokens) {
		t.Errorf("usage %s, served %+v", u.RawJSON(), served.Usage)
	}
}

func TestOpenAIParallelTools(t *testing.T) {
	_, r := start(t, Options{})
	client := openAIClient(r)
	params := chatParams("gpt-4o")
	params.Tools = []sdk.ChatCompletionToolUnionParam{sdk.ChatCompletionFunctionTool(sdk.FunctionDefinitionParam{
		Name: "get_weather", Parameters: sdk.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
	})}
	params.Messages = append(params.Messages, sdk.UserMessage("Weather in two towns? [[sim tools=2]]"))
	stream := client.Chat.Completions.NewStreaming(timeout(t), params)
	acc := sdk.ChatCompletionAccumulator{}
	for stream.Next() {
		acc.AddChunk(stream.Current())
	}
	calls := acc.Choices[0].Message.ToolCalls
	if stream.Err() != nil || len(calls) != 2 || calls[0].ID == calls[1].ID || acc.Choices[0].FinishReason != "tool_calls" {
		t.Fatalf("%v: %+v", stream.Err(), acc.Choices[0])
	}
	params.Messages = append(params.Messages, acc.Choices[0].Message.ToParam())
	for _, call := range calls {
		if call.Function.Name != "get_weather" || call.Function.Arguments != `{"city":"café 中文 😀"}` {
			t.Errorf("call %+v", call)
		}
		params.Messages = append(params.Messages, sdk.ToolMessage("sunny", call.ID))
	}
	// The directive is used up once its calls are answered.
	got, err := client.Chat.Completions.New(timeout(t), params)
	if err != nil || got.Choices[0].Message.Content != answerText {
		t.Errorf("after the results: %v %+v", err, got)
	}
}

func TestOpenAISchema(t *testing.T) {
	_, r := start(t, Options{})
	const text = `{"type":"object","additionalProperties":false,"required":["name","age","kind","tags","when","next","note"],"$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["next"],"additionalProperties":false}},
	 "properties":{"name":{"type":"string","minLength":20},"age":{"type":"integer","minimum":18,"multipleOf":5},"kind":{"enum":["a","b"]},"tags":{"type":"array","minItems":2,"items":{"type":"boolean"}},"when":{"type":"string","format":"date-time"},"next":{"$ref":"#/$defs/node"},"note":{"type":["null","string"]}}}`
	body := `{"model":"gpt-4o","response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":` + text + `}},"messages":[{"role":"user","content":"x"}]}`
	got := ask(t, r, "POST", "/v1/chat/completions", body)
	var res sdk.ChatCompletion
	if err := json.Unmarshal([]byte(got.body), &res); err != nil || got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var schema jsonschema.Schema
	var value any
	if err := errors.Join(json.Unmarshal([]byte(text), &schema), json.Unmarshal([]byte(res.Choices[0].Message.Content), &value)); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(value); err != nil {
		t.Errorf("%v: %s", err, res.Choices[0].Message.Content)
	}
}

func TestOpenAIEmbeddings(t *testing.T) {
	s, r := start(t, Options{})
	client := openAIClient(r)
	vectors := map[string][]float64{}
	for _, format := range []sdk.EmbeddingNewParamsEncodingFormat{"float", "base64"} {
		got, err := client.Embeddings.New(timeout(t), sdk.EmbeddingNewParams{
			Model: "text-embedding-3-small", EncodingFormat: format, Dimensions: sdk.Int(64),
			Input: sdk.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"where is my parcel now", "where is my parcel", "Une autre chose 中文"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Data) != 3 || got.Usage.PromptTokens != 5+4+6 {
			t.Fatalf("%d vectors, usage %s", len(got.Data), got.Usage.RawJSON())
		}
		if format == "float" {
			for i, name := range []string{"a", "b", "c"} {
				vectors[name] = got.Data[i].Embedding
			}
		}
	}
	cosine := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum
	}
	if len(vectors["a"]) != 64 || math.Abs(cosine(vectors["a"], vectors["a"])-1) > 1e-5 {
		t.Errorf("not a unit vector of 64 dimensions")
	}
	if near, far := cosine(vectors["a"], vectors["b"]), cosine(vectors["a"], vectors["c"]); near < 0.7 || far > 0.5 {
		t.Errorf("near %f, far %f", near, far)
	}
	if u := last(t, s, 2).Usage; u != (Usage{Input: 15}) {
		t.Errorf("usage %+v", u)
	}
}

func TestOpenAIModels(t *testing.T) {
	_, r := start(t, Options{Models: []string{"gpt-4o", "local/llama"}})
	client := openAIClient(r)
	page, err := client.Models.List(timeout(t))
	if err != nil || len(page.Data) != 2 || page.Data[1].ID != "local/llama" || page.Object != "list" {
		t.Errorf("list: %v %+v", err, page)
	}
	if m, err := client.Models.Get(timeout(t), "gpt-4o"); err != nil || m.ID != "gpt-4o" {
		t.Errorf("get: %v %+v", err, m)
	}
	var e *sdk.Error
	_, err = client.Chat.Completions.New(timeout(t), chatParams("gpt-9"))
	if !errors.As(err, &e) || e.StatusCode != 404 || e.Code != "model_not_found" {
		t.Errorf("unknown model: %v", err)
	}
}

func TestOpenAITypedErrors(t *testing.T) {
	for _, c := range []struct {
		sim, typ, code string
		status         int
		headers        map[string]string
	}{
		{"status=401", "invalid_request_error", "invalid_api_key", 401, nil},
		{"status=404", "invalid_request_error", "model_not_found", 404, nil},
		{"status=429", "requests", "rate_limit_exceeded", 429, map[string]string{"Retry-After": "", "X-Ratelimit-Remaining-Requests": "0"}},
		{"status=429;retry-after=2", "requests", "rate_limit_exceeded", 429, map[string]string{"Retry-After": "2"}},
		{"status=429;retry-after-ms=1500", "requests", "rate_limit_exceeded", 429, map[string]string{"Retry-After-Ms": "1500"}},
		{"quota", "insufficient_quota", "insufficient_quota", 429, nil},
		{"status=500", "server_error", "", 500, nil},
		{"status=503;retry-after=Wed, 21 Oct 2026 07:28:00 GMT", "server_error", "", 503, map[string]string{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}},
	} {
		t.Run(c.sim, func(t *testing.T) {
			s, r := start(t, Options{})
			client := openAIClient(r, option.WithHeader("X-Sim", c.sim))
			_, err := client.Chat.Completions.New(timeout(t), chatParams("gpt-4o"))
			var e *sdk.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.StatusCode != c.status || e.Type != c.typ || e.Code != c.code {
				t.Errorf("got %d %q %q", e.StatusCode, e.Type, e.Code)
			}
			for name, want := range c.headers {
				if got := e.Response.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if served := last(t, s, 1); served.Status != c.status || served.Usage != (Usage{}) {
				t.Errorf("served %+v", served)
			}
		})
	}
}

func TestOpenAIRetriesAfterAScriptedFault(t *testing.T) {
	script, err := ParseScript("x", []byte("rules: [{times: 1, do: {status: 429, retry-after-ms: 1}}]"))
	if err != nil {
		t.Fatal(err)
	}
	s, r := start(t, Options{Script: script})
	client := openAIClient(r, option.WithMaxRetries(1))
	if _, err := client.Chat.Completions.New(timeout(t), chatParams("gpt-4o")); err != nil {
		t.Fatal(err)
	}
	last(t, s, 2)
	if a := s.Served(); a[0].Status != 429 || a[1].Status != 200 || a[1].Header.Get("X-Stainless-Retry-Count") != "1" {
		t.Errorf("served %+v", a)
	}
}

func TestOpenAIClientAborts(t *testing.T) {
	s, r := start(t, Options{Clock: realClock{}})
	ctx, cancel := context.WithCancel(timeout(t))
	client := openAIClient(r)
	stream := client.Chat.Completions.NewStreaming(ctx, chatParams("gpt-4o+tps=5+tokens=1000"))
	for range 2 {
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
	}
	cancel()
	stream.Close()
	served := last(t, s, 1)
	if served.Ended != EndedClientGone || served.Usage.Output == 0 || served.Usage.Output > 20 || served.Usage.Input == 0 {
		t.Errorf("served %+v", served)
	}
}

func TestOpenAIBrokenStreamsReachTheClient(t *testing.T) {
	for _, sim := range []string{"cut=3", "reset=3", "malformed=3", "error=3"} {
		t.Run(sim, func(t *testing.T) {
			_, r := start(t, Options{})
			client := openAIClient(r, option.WithHeader("X-Sim", sim))
			stream := client.Chat.Completions.NewStreaming(timeout(t), chatParams("gpt-4o"))
			n := 0
			for stream.Next() {
				n++
			}
			if stream.Err() == nil || n > 3 {
				t.Errorf("%d chunks, error %v", n, stream.Err())
			}
		})
	}
}

func TestOpenAIKeys(t *testing.T) {
	_, r := start(t, Options{Keys: []string{"sk-right-key-123"}})
	for key, want := range map[string]int{"Bearer sk-right-key-123": 200, "Bearer sk-wrong-key-123": 401, "": 401, "sk-right-key-123": 401} {
		if got := ask(t, r, "POST", "/v1/chat/completions", chatBody, "Authorization: "+key); got.status != want {
			t.Errorf("%q: %d, want %d", key, got.status, want)
		}
	}
	_, r = start(t, Options{Keyless: true})
	if got := ask(t, r, "POST", "/v1/chat/completions", chatBody, "Authorization: "); got.status != http.StatusOK {
		t.Errorf("keyless: %d", got.status)
	}
}
