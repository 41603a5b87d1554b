//lint:file-ignore SA1019 functions are deprecated, and asked for all the same
package openai_test

import (
	"os"
	"strings"
	"testing"

	sdk "github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// answered returns a golden answer as a client gets it that asked so, whole and as a
// stream.
func answered(t *testing.T, asked, name string) (whole, stream string) {
	t.Helper()
	request, err := openai.Dialect{}.Decode([]byte(asked))
	if err != nil {
		t.Fatal(err)
	}
	read := func(ending string) []byte {
		b, err := os.ReadFile("testdata/answers/" + name + ending)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	r, err := openai.Dialect{}.DecodeAnswer(read(".json"))
	if err != nil {
		t.Fatal(err)
	}
	c := canon.Client{Request: request, ID: "exchange-1", Created: 1700000000, Usage: true}
	whole = string(openai.Dialect{}.EncodeAnswer(nil, r, c))
	return whole, string(canontest.Stream(openai.Dialect{}.Decoder(false), openai.Dialect{}.Encoder(c), read(".sse")))
}

// TestAClientThatKnowsFunctionsGetsItsCallAsOne holds that the first call comes as the
// SDK's function_call, in pieces too, and further ones as what they are.
func TestAClientThatKnowsFunctionsGetsItsCallAsOne(t *testing.T) {
	whole, stream := answered(t, `{"model":"m","functions":[{"name":"f"},{"name":"g"}],"messages":[{"role":"user","content":"Hi"}]}`, "parallel-calls")
	c := canontest.Read[sdk.ChatCompletion](t, []byte(whole)).Choices[0]
	if call := c.Message.FunctionCall; call.Name != "f" || c.FinishReason != "function_call" || len(c.Message.ToolCalls) != 2 {
		t.Errorf("%+v: %s", call, whole)
	}
	var name, args, finish string
	others := 0
	for line := range strings.Lines(stream) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		for _, c := range canontest.Read[sdk.ChatCompletionChunk](t, []byte(data)).Choices {
			name, args = name+c.Delta.FunctionCall.Name, args+c.Delta.FunctionCall.Arguments
			finish += c.FinishReason
			for _, call := range c.Delta.ToolCalls {
				others = max(others, int(call.Index)+1)
			}
		}
	}
	if name != "f" || args != c.Message.FunctionCall.Arguments || finish != "function_call" || others != 2 {
		t.Errorf("%s(%s), %d others, %s: %s", name, args, others, finish, stream)
	}
}

// TestAClientThatKnowsToolsGetsTools holds that functions beside tools change nothing.
func TestAClientThatKnowsToolsGetsTools(t *testing.T) {
	whole, stream := answered(t, `{"model":"m","functions":[{"name":"f"}],"tools":[{"type":"function","function":{"name":"g"}}],"messages":[{"role":"user","content":"Hi"}]}`, "parallel-calls")
	if strings.Contains(whole+stream, "function_call") {
		t.Error(whole, stream)
	}
}

// TestReasoningIsHiddenFromWhoWantsNone holds that for each of the ways to say so.
func TestReasoningIsHiddenFromWhoWantsNone(t *testing.T) {
	for member, hidden := range map[string]bool{
		`"reasoning":{"exclude":true}`: true, `"reasoning":{"effort":"low","exclude":true}`: true, `"include_reasoning":false`: true,
		`"reasoning_effort":"low","reasoning":{"exclude":true,"effort":"high"}`: true,
		`"reasoning":{"exclude":false}`:                                         false, `"include_reasoning":true`: false, `"user":"u"`: false,
	} {
		whole, stream := answered(t, `{"model":"m",`+member+`,"messages":[{"role":"user","content":"Hi"}]}`, "reasoning")
		for _, text := range []string{whole, stream} {
			if got := !strings.Contains(text, `"reasoning_content"`) && !strings.Contains(text, `"reasoning_details"`); got != hidden {
				t.Errorf("%s: %s", member, text)
			}
		}
	}
}
