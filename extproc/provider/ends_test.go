package provider

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// endsWith are answers of each dialect, whole and streamed, that end with a word.
var endsWith = map[string]struct {
	whole  string
	stream []string
}{
	"openai": {
		`{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"WORD"}]}`,
		[]string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"WORD"}]}`, done},
	},
	"anthropic": {
		`{"id":"c","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"WORD","stop_sequence":null,"usage":{"input_tokens":20,"output_tokens":7}}`,
		[]string{begin, open, delta, `message_delta {"type":"message_delta","delta":{"stop_reason":"WORD"},"usage":{"output_tokens":7}}`, stop},
	},
	"responses": {
		`{"id":"c","object":"response","model":"m","status":"incomplete","incomplete_details":{"reason":"WORD"},"output":[]}`,
		[]string{responseBegin, responseEnd("incomplete", `,"incomplete_details":{"reason":"WORD"}`)},
	},
}

// TestEndsKeepTheirMeaning holds that the words in which servers say why an answer ended are read
// alike in every dialect, whole and streamed, whether the answer passes or is translated, and that
// one for a failure is the provider's fault.
func TestEndsKeepTheirMeaning(t *testing.T) {
	for word, want := range map[string]canon.Finish{
		"model_context_window_exceeded": canon.FinishContextWindow, "MAX_TOKENS": canon.FinishLength, "length": canon.FinishLength,
		"sensitive": canon.FinishRefusal, "content_filter": canon.FinishRefusal, "guardrail_intervened": canon.FinishRefusal, "content_filter: SPII": canon.FinishRefusal,
		"stop": canon.FinishStop, "end_turn": canon.FinishStop, "tool_calls": canon.FinishToolCalls, "tool_use": canon.FinishToolCalls,
		"network_error": canon.FinishError, "error": canon.FinishError, "insufficient_system_resource": canon.FinishError,
		"something_new": canon.FinishOther,
	} {
		for name, answer := range endsWith {
			want := want
			if name == "responses" && want != canon.FinishContextWindow && want != canon.FinishRefusal && want != canon.FinishError {
				want = canon.FinishLength // what is incomplete lacks something
			}
			with := func(text string) string { return strings.ReplaceAll(text, "WORD", word) }
			for way, got := range readEnds(t, name, with(answer.whole), with(strings.Join(answer.stream, "\n"))) {
				at := fmt.Sprintf("%s %s, %s", name, word, way)
				if got.broke != (want == canon.FinishError) {
					t.Errorf("%s: a fault of the provider: %v", at, got.broke)
				}
				if !got.broke && (got.end != exchange.End{Word: word, Finish: want}) {
					t.Errorf("%s: %+v, want %d", at, got.end, want)
				}
			}
		}
	}
}

// endRead is what was read of an end.
type endRead struct {
	end   exchange.End
	broke bool
}

// readEnds reads an answer in the four ways. Events of the stream are separated by line ends.
func readEnds(t *testing.T, name, whole, stream string) map[string]endRead {
	t.Helper()
	d, events := dialect.ByName(name), sse(strings.Split(stream, "\n")...)
	passes := exchange.Response{Body: []byte(whole)}
	passing := d.ReadResponse(exchange.Chat, &passes, &canon.Usage{})
	answer, decoding := d.DecodeAnswer([]byte(whole))
	decoded := exchange.Response{}
	if decoding == nil {
		decoded.NoteEnd(answer.Choices[0].RawFinish, answer.Choices[0].Finish)
	}
	passed, turned := &exchange.Exchange{}, &exchange.Exchange{}
	pass(t, name, passed, events)
	turned.Response.Translates = true
	play(t, name, turned, events)
	return map[string]endRead{
		"whole, passes": {passes.End, brokeOff(passing)}, "whole, translated": {decoded.End, brokeOff(decoding)},
		"stream, passes": {passed.Response.End, passed.Response.Failed}, "stream, translated": {turned.Response.End, turned.Response.Failed},
	}
}

func brokeOff(err error) bool {
	var f *canon.Fault
	return errors.As(err, &f) && f.Kind == canon.FaultServer && f.Unsaid
}

// TestAnEndThatFailedIsAnError holds that a stream whose last event has a word for a failure
// ends for its client with an error in place of that word.
func TestAnEndThatFailedIsAnError(t *testing.T) {
	for name, answer := range endsWith {
		events := strings.ReplaceAll(strings.Join(answer.stream, "\n"), "WORD", "network_error")
		out := string(pass(t, name, &exchange.Exchange{}, sse(strings.Split(events, "\n")...)))
		if !strings.Contains(out, "The provider broke off its answer.") {
			t.Errorf("%s: the client gets no error: %s", name, out)
		}
		if strings.Contains(out, `reason":"network_error"`) || strings.Contains(out, "response.incomplete") || strings.Contains(out, "[DONE]") || strings.Contains(out, "message_stop") {
			t.Errorf("%s: the client gets an end, too: %s", name, out)
		}
	}
}
