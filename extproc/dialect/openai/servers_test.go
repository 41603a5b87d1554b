package openai_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/scan"
)

func TestACalledToolIsTheReasonForTheEnd(t *testing.T) {
	stream := `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}|data: [DONE]`
	var d openai.StreamDecoder
	var kinds []canon.EventKind
	for _, ev := range strings.Split(stream, "|") {
		for _, got := range d.Next(scan.Event(ev + "\n\n")) {
			kinds = append(kinds, got.Kind)
			if got.Kind == canon.EventFinish && got.Finish != canon.FinishToolCalls {
				t.Errorf("finish %d", got.Finish)
			}
		}
	}
	want := []canon.EventKind{canon.EventStart, canon.EventToolStart, canon.EventToolArgs, canon.EventFinish, canon.EventDone}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if more := d.End(nil); len(more) > 0 {
		t.Errorf("%v follows the end", more)
	}
}

func TestAStreamOfTooManyCallsIsGivenUp(t *testing.T) {
	var d openai.StreamDecoder
	for i := range 2000 {
		events := d.Next(scan.Event(fmt.Sprintf(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"id":"c%d","function":{"name":"f"}}]}}]}`, i, i)))
		if last := events[len(events)-1]; last.Kind == canon.EventFailed {
			if i != 1024 {
				t.Errorf("given up at call %d", i)
			}
			return
		}
	}
	t.Error("never given up")
}

func TestArgumentsThatAreAnObjectAreNotLost(t *testing.T) {
	var d openai.StreamDecoder
	var got []string
	for _, ev := range d.Next(scan.Event(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"a":"b"}}}]}}]}` + "\n\n")) {
		if ev.Kind == canon.EventToolArgs {
			got = append(got, string(ev.Text))
		}
	}
	if len(got) != 1 || got[0] != `"{\"a\":\"b\"}"` {
		t.Errorf("arguments %q", got)
	}
}

func TestADataURIHasNoParametersInItsMediaType(t *testing.T) {
	const body = `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;name=x.png;base64,AAAA"}}]}]}`
	r, err := openai.Dialect{}.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Messages[0].Parts[0]; string(p.Media) != "image/png" || string(p.Data) != "AAAA" {
		t.Errorf("%q, %q", p.Media, p.Data)
	}
}

func TestAWholeMessageInAChunkIsTakenOnce(t *testing.T) {
	for stream, want := range map[string]string{
		`{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`:                                                    "hi",
		`{"choices":[{"index":0,"delta":{"content":"hi"}}]}|{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`: "hi",
	} {
		var d openai.StreamDecoder
		text := ""
		for _, data := range strings.Split(stream, "|") {
			for _, ev := range d.Next(scan.Event("data: " + data + "\n\n")) {
				if ev.Kind == canon.EventText {
					text += canon.Str(ev.Text)
				}
			}
		}
		if text != want {
			t.Errorf("%s: text %q", stream, text)
		}
	}
}

func TestFaultsOfServersThatHaveTheirOwnForm(t *testing.T) {
	for body, want := range map[string]canon.Fault{
		`{"object":"error","message":"bad","type":"invalid_request_error","code":400}`: {Kind: canon.FaultRequest, Status: 422, Type: "invalid_request_error", Code: "400", Message: "bad"},
		`{"detail":[{"msg":"no"}]}`: {Kind: canon.FaultRequest, Status: 422, Message: "no"},
		`[{"error":{"code":400,"message":"why","status":"INVALID_ARGUMENT"}}]`: {Kind: canon.FaultRequest, Status: 422, Code: "400", Message: "why"},
		`the proxy is "full"`:    {Kind: canon.FaultRequest, Status: 422, Message: `the proxy is "full"`},
		`<title>Too big</title>`: {Kind: canon.FaultRequest, Status: 422, Message: "Too big"},
		`{"error":{"message":"Insufficient Balance","type":"unknown_error"}}`: {Kind: canon.FaultBilling, Status: 422, Type: "unknown_error", Message: "Insufficient Balance"},
		`{"error":"plain"}`: {Kind: canon.FaultRequest, Status: 422, Message: "plain"},
		`<html>`:            {Kind: canon.FaultRequest, Status: 422, Message: "The provider answered with status 422."},
		``:                  {Kind: canon.FaultRequest, Status: 422, Message: "The provider answered with status 422."},
	} {
		want.Foreign = !strings.HasPrefix(body, `{"error":{`)
		if diff := cmp.Diff(want, *openai.Dialect{}.DecodeFault(422, []byte(body))); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestFaultsAreErrorsOfDecoders(t *testing.T) {
	_, err := openai.Dialect{}.DecodeAnswer([]byte(`{"error":{"message":"m","code":"rate_limit_exceeded"}}`))
	var fault *canon.Fault
	if !errors.As(fmt.Errorf("attempt 1: %w", err), &fault) || fault.Kind != canon.FaultRateLimit || fault.Status != 429 {
		t.Errorf("%v", err)
	}
}

// TestAnOverloadIs503 holds the status of an overload, for which Anthropic has one of its
// own.
func TestAnOverloadIs503(t *testing.T) {
	overloaded := &canon.Fault{Kind: canon.FaultOverloaded, Status: 529, Type: "overloaded_error", Message: "busy", RequestID: "req_1"}
	body, status := openai.Dialect{}.EncodeFault(nil, overloaded)
	if want := `{"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}`; status != 503 || string(body) != want {
		t.Errorf("529 becomes %d %s", status, body)
	}
}

// TestALastEventThatNoBlankLineEndsCounts holds that a server may leave out [DONE] and the
// last blank line: what its last event says is not lost.
func TestALastEventThatNoBlankLineEndsCounts(t *testing.T) {
	for rest, want := range map[string][]canon.EventKind{
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`: {canon.EventFinish, canon.EventUsage, canon.EventDone},
		"data: [DONE]": {canon.EventFinish, canon.EventDone},
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":"st`: {canon.EventFailed},
	} {
		var d openai.StreamDecoder
		d.Next(scan.Event(`data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}` + "\n\n"))
		var kinds []canon.EventKind
		for _, ev := range d.End(scan.Event(rest)) {
			kinds = append(kinds, ev.Kind)
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("%s: %s", rest, diff)
		}
	}
}

// TestUsageByServer holds what servers call their tokens, and that no token counts twice.
func TestUsageByServer(t *testing.T) {
	for usage, want := range map[string]canon.Usage{
		`{"prompt_tokens":20,"completion_tokens":9,"prompt_tokens_details":{"audio_tokens":3},"completion_tokens_details":{"audio_tokens":4,"reasoning_tokens":2}}`: {Input: 17, AudioInput: 3, Output: 3, AudioOutput: 4, Reasoning: 2},
		`{"prompt_tokens":20,"completion_tokens":9,"prompt_cache_hit_tokens":15,"prompt_cache_miss_tokens":5}`:                                                      {Input: 5, CacheRead: 15, Output: 9},
		// total_tokens as the sum of more than its two neighbours.
		`{"prompt_tokens":10,"completion_tokens":4,"total_tokens":34,"completion_tokens_details":{"reasoning_tokens":20}}`: {Input: 10, Output: 4, Reasoning: 20},
		`{"prompt_tokens":5,"total_tokens":105}`: {Input: 5, Output: 100},
		`{"prompt_tokens":5,"completion_tokens":3,"total_tokens":108,"completion_tokens_details":{"reasoning_tokens":2}}`:                                            {Input: 5, Output: 101, Reasoning: 2},
		`{"prompt_tokens":7,"completion_tokens":4,"total_tokens":16,"prompt_tokens_details":{"audio_tokens":5}}`:                                                     {Input: 7, AudioInput: 5, Output: 4},
		`{"prompt_tokens":7,"completion_tokens":4,"total_tokens":36,"prompt_tokens_details":{"audio_tokens":5},"completion_tokens_details":{"reasoning_tokens":20}}`: {Input: 7, AudioInput: 5, Output: 4, Reasoning: 20},
		`{"prompt_tokens":7,"completion_tokens":4,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":9}}`:                                                    {Input: 7, CacheRead: 9, Output: 4},
		`{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"completion_tokens_details":{"reasoning_tokens":9}}`:                                            {Input: 20, Reasoning: 9},
		`{"prompt_tokens":20,"completion_tokens":9,"total_tokens":0}`:                                                                                                {Input: 20, Output: 9},
		// Caches by other names.
		`{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"cached_tokens":6}`:                                                                                                                       {Input: 4, CacheRead: 6, Output: 4},
		`{"prompt_tokens":20,"completion_tokens":4,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":5,"cache_creation_input_tokens":7},"cache_read_input_tokens":5,"cache_creation_input_tokens":7}`: {Input: 8, CacheRead: 5, CacheWrite5m: 7, Output: 4},
	} {
		r, err := openai.Dialect{}.DecodeAnswer([]byte(`{"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":` + usage + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := r.Usage
		got.Seen = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", usage, diff)
		}
	}
}

// TestEachChoiceKeepsItsPlace holds that a stream says of which answer each piece is.
func TestEachChoiceKeepsItsPlace(t *testing.T) {
	e := openai.Dialect{}.Encoder(canon.Client{ID: "1"})
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	for _, choice := range []int{0, 2} {
		got := string(e.Append(nil, &canon.Event{Kind: canon.EventText, Choice: choice, Text: scan.Value(`"x"`)}))
		if want := fmt.Sprintf(`"choices":[{"index":%d,`, choice); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestClientsKnowThatARequestIsTooLong holds that an error of OpenAI's form passes, and one that
// says without the code which clients look for that a request is too long does not.
func TestClientsKnowThatARequestIsTooLong(t *testing.T) {
	for body, foreign := range map[string]bool{
		`{"error":{"message":"This model's maximum context length is 8 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`: false,
		`{"error":{"message":"This model's maximum context length is 8 tokens.","type":"BadRequestError","param":null,"code":400}}`:                                   true,
		`{"error":{"message":"no such tool","type":"invalid_request_error","param":null,"code":null}}`:                                                                false,
	} {
		if f := (openai.Dialect{}).DecodeFault(400, []byte(body)); f.Foreign != foreign {
			t.Errorf("%s: foreign %v", body, f.Foreign)
		}
	}
}
