package openai_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// accumulated is what the vendor's SDK makes of a stream.
func accumulated(t *testing.T, stream []byte) (acc sdk.ChatCompletionAccumulator, done, failed bool) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
			continue
		case data == "[DONE]":
			done = true
			continue
		case strings.HasPrefix(data, `{"error"`):
			failed = true
			continue
		}
		var chunk sdk.ChatCompletionChunk
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("the SDK refuses %s: %v", data, err)
		}
		if !acc.AddChunk(chunk) {
			t.Fatalf("the SDK cannot accumulate %s", data)
		}
	}
	return acc, done, failed
}

// said is the meaning of an answer.
type said struct {
	Text, Refusal, Finish string
	Calls                 []string
	Usage                 [5]int64
}

func saidBy(c *sdk.ChatCompletion) said {
	var s said
	if len(c.Choices) > 0 {
		m := &c.Choices[0].Message
		s.Text, s.Refusal, s.Finish = m.Content, m.Refusal, c.Choices[0].FinishReason
		for _, call := range m.ToolCalls {
			var args bytes.Buffer
			if json.Compact(&args, []byte(call.Function.Arguments)) != nil {
				args.WriteString("invalid: " + call.Function.Arguments)
			}
			s.Calls = append(s.Calls, call.ID+" "+call.Type+" "+call.Function.Name+" "+args.String())
		}
	}
	u := &c.Usage
	s.Usage = [5]int64{u.PromptTokens, u.CompletionTokens, u.TotalTokens, u.PromptTokensDetails.CachedTokens, u.CompletionTokensDetails.ReasoningTokens}
	return s
}

func TestTheSDKReadsTranslatedStreams(t *testing.T) {
	for name, want := range map[string]said{
		"text":     {Text: "Hi \"é\"\n there", Finish: "stop", Usage: [5]int64{20, 9, 29, 4, 0}},
		"thoughts": {Text: "2", Finish: "stop", Usage: [5]int64{20, 9, 29, 4, 4}},
		"calls-one-of-them-empty-and-one-whole-at-once": {Text: "let me", Finish: "tool_calls", Usage: [5]int64{20, 9, 29, 4, 0},
			Calls: []string{`toolu_1 function f {"a":1}`, `toolu_2 function g {}`, `toolu_3 function h {"b":"\"2\""}`}},
		"ends-with-refusal":                           {Text: "Hi \"é\"\n there", Finish: "content_filter", Usage: [5]int64{20, 9, 29, 4, 0}},
		"usage-grows-and-absent-fields-reset-nothing": {Text: "Hi \"é\"\n there", Finish: "stop", Usage: [5]int64{25, 9, 34, 4, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := os.ReadFile(filepath.Join("testdata/streams", name+".in.sse"))
			if err != nil {
				t.Fatal(err)
			}
			acc, done, failed := accumulated(t, translate(in))
			if !done || failed {
				t.Errorf("done %v, failed %v", done, failed)
			}
			if diff := cmp.Diff(want, saidBy(&acc.ChatCompletion)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACutStreamHasNoEnd(t *testing.T) {
	for _, name := range []string{"cut-before-the-delta", "cut-before-message_stop", "error-inside-a-200", "stop-without-a-reason", "malformed"} {
		in, err := os.ReadFile(filepath.Join("testdata/streams", name+".in.sse"))
		if err != nil {
			t.Fatal(err)
		}
		acc, done, failed := accumulated(t, translate(in))
		if done || !failed || saidBy(&acc.ChatCompletion).Finish != "" {
			t.Errorf("%s: done %v, failed %v, finish %q", name, done, failed, saidBy(&acc.ChatCompletion).Finish)
		}
	}
}

func TestEveryCutOfAStreamIsVisible(t *testing.T) {
	in, err := os.ReadFile("testdata/streams/calls-one-of-them-empty-and-one-whole-at-once.in.sse")
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.Index(in, []byte("event: message_stop"))
	for n := 0; n < last; n++ {
		if _, done, failed := accumulated(t, translate(in[:n])); done || !failed {
			t.Fatalf("cut after %d of %d bytes: done %v, failed %v", n, len(in), done, failed)
		}
	}
}

func TestTheSDKReadsTranslatedAnswers(t *testing.T) {
	for name, want := range map[string]said{
		"text":     {Text: "Hi \"é\"\nthere", Finish: "stop", Usage: [5]int64{20, 9, 29, 4, 3}},
		"thoughts": {Text: "2", Finish: "stop", Usage: [5]int64{20, 9, 29, 4, 3}},
		"parallel-calls": {Text: "let me", Finish: "tool_calls", Usage: [5]int64{20, 9, 29, 4, 3},
			Calls: []string{`toolu_1 function f {"a":"\"x\""}`, `toolu_2 function g {}`}},
		"ends-with-max_tokens": {Text: "x", Finish: "length", Usage: [5]int64{20, 9, 29, 4, 3}},
	} {
		in, err := os.ReadFile(filepath.Join("testdata/responses", name+".in.json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := anthropic.DecodeResponse(in)
		if err != nil {
			t.Fatal(err)
		}
		var got sdk.ChatCompletion
		if err := json.Unmarshal(openai.EncodeResponse(nil, r, client), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, saidBy(&got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Every golden request parses as the SDK's parameters, whose unions tell apart
// what the server would.
func TestTheSDKReadsTranslatedRequests(t *testing.T) {
	files, _ := filepath.Glob("testdata/requests/*.out.json")
	for _, file := range files {
		var out translated
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		if out.Error != "" {
			continue
		}
		var params sdk.ChatCompletionNewParams
		if err := json.Unmarshal(out.Body, &params); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := json.Marshal(params)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(loose(t, out.Body), loose(t, again)); diff != "" {
			t.Errorf("%s: the SDK writes what it read as (-ours +theirs):\n%s", file, diff)
		}
	}
}

// loose is JSON as a tree, without the members that the SDK does not write: nulls,
// stream, which it adds itself, the extensions of compatible servers, and a
// named tool choice, of which its union keeps the type only.
func loose(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	var prune func(any)
	prune = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, m := range v {
				_, named := m.(map[string]any)
				if m == nil || k == "tool_choice" && named || k == "stream" || k == "reasoning_content" || k == "reasoning_details" {
					delete(v, k)
				}
				prune(m)
			}
		case []any:
			for _, e := range v {
				prune(e)
			}
		}
	}
	prune(v)
	return v
}

func TestFaultsKeepTheirMeaningBothWays(t *testing.T) {
	for kind, status := range map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 503, canon.FaultTimeout: 504,
		canon.FaultContent: 400, canon.FaultQuota: 429,
	} {
		body, got := openai.EncodeFault(nil, &canon.Fault{Kind: kind, Message: "m \"q\""})
		if got != status {
			t.Errorf("%s: status %d, want %d", kind, got, status)
		}
		if back := openai.DecodeFault(got, body); back.Kind != kind || back.Message != "m \"q\"" {
			t.Errorf("%s comes back as %s %q", kind, back.Kind, back.Message)
		}
	}
	overloaded := anthropic.DecodeFault(529, []byte(`{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_1"}`))
	body, status := openai.EncodeFault(nil, overloaded)
	if want := `{"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}`; status != 503 || string(body) != want {
		t.Errorf("529 becomes %d %s", status, body)
	}
}

func TestFaultsOfServersThatHaveTheirOwnForm(t *testing.T) {
	for body, want := range map[string]canon.Fault{
		`{"object":"error","message":"bad","type":"invalid_request_error","code":400}`: {Kind: canon.FaultRequest, Status: 422, Type: "invalid_request_error", Code: "400", Message: "bad"},
		`{"detail":[{"msg":"no"}]}`: {Kind: canon.FaultRequest, Status: 422, Message: `[{"msg":"no"}]`},
		`{"error":"plain"}`:         {Kind: canon.FaultRequest, Status: 422, Message: "plain"},
		`<html>`:                    {Kind: canon.FaultRequest, Status: 422, Message: "The provider answered with status 422."},
		``:                          {Kind: canon.FaultRequest, Status: 422, Message: "The provider answered with status 422."},
	} {
		if diff := cmp.Diff(want, *openai.DecodeFault(422, []byte(body))); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}
