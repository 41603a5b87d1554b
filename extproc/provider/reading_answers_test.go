package provider

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// said is what is known of a whole answer.
type said struct {
	ID, Model string
	Usage     canon.Usage
	Failed    bool
	Fault     *canon.Fault // nil: none, or one that cannot be read
}

// skimmedAnswer returns what is known of an answer that passes.
func skimmedAnswer(name string, body []byte) (s said) {
	resp := exchange.Response{Body: body}
	err := dialect.ByName(name).ReadResponse(exchange.Chat, &resp, &s.Usage)
	if err == nil {
		s.ID, s.Model = resp.ID, resp.Model
	}
	s.Usage.Source = ""
	s.fail(err)
	return s
}

// decodedAnswer returns what is known of an answer that is translated. Of one that
// is none the usage is what the cheap reading found.
func decodedAnswer(name string, body []byte) (s said) {
	r, err := dialect.ByName(name).DecodeAnswer(body)
	if err != nil {
		s.Usage = skimmedAnswer(name, body).Usage
	} else {
		s.ID, s.Model, s.Usage = canon.Str(r.ID), canon.Str(r.Model), r.Usage
	}
	if s.Usage.Seen == 0 {
		s.Usage.ServiceTier = "" // of a usage that was not reported
	}
	s.fail(err)
	return s
}

func (s *said) fail(err error) {
	var f *canon.Fault
	s.Failed = err != nil
	if errors.As(err, &f) && f.Kind != canon.FaultMalformed {
		s.Fault = f
	}
}

// partial are answers that pass although they cannot be translated: a client of the
// dialect knows what they mean, and no other.
var partial = map[string]string{
	"openai/an answer without choices":    "its object says that it is one",
	"openai/a member that stands twice":   "parsers differ in which one they take",
	"anthropic/an answer without content": "its type says that it is one",
	"responses/an answer without output":  "its object says that it is one",
	"responses/an answer to come":         "its status says that it is one",
}

func bothReadTheSame(t *testing.T, dialect, name string, body []byte) {
	name = dialect + "/" + name
	t.Run(name, func(t *testing.T) {
		decoded, skimmed := decodedAnswer(dialect, body), skimmedAnswer(dialect, body)
		if partial[name] != "" {
			if !decoded.Failed || skimmed.Failed {
				t.Errorf("decoded: failed %v, skimmed: failed %v", decoded.Failed, skimmed.Failed)
			}
			return
		}
		if diff := cmp.Diff(decoded, skimmed); diff != "" {
			t.Errorf("the cheap reading differs (-decoder +cheap):\n%s", diff)
		}
	})
}

func TestBothReadingsOfAnAnswerSayTheSame(t *testing.T) {
	for name, g := range goldens {
		for _, file := range testdata(t, g.folder, g.answers+".json") {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			bothReadTheSame(t, name, nameOf(file), body)
		}
		for what, body := range oddAnswers[name] {
			bothReadTheSame(t, name, what, []byte(body))
		}
	}
}

func TestBothReadingsOfARecordedAnswerSayTheSame(t *testing.T) {
	for name, prefixes := range recordings {
		for _, ex := range recorded.Exchanges(t, prefixes...) {
			if !ex.Stream && ex.Status == 200 && !strings.Contains(ex.URL, "count_tokens") && !strings.Contains(ex.URL, "input_tokens") {
				bothReadTheSame(t, name, ex.Name, ex.Response)
			}
		}
	}
}

var oddAnswers = map[string]map[string]string{
	"openai": {
		"an answer without choices":   `{"id":"c","object":"chat.completion"}`,
		"a member that stands twice":  `{"id":"c","id":"d","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`,
		"an answer without an object": `{"id":"c","model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`,
		"nulls":                       `{"id":null,"model":null,"choices":[{"message":{"content":"hi"}}],"usage":null,"service_tier":null,"error":null}`,
		"no JSON":                     `{"id":"c","choices":[`,
		"no answer":                   `{"usage":{"prompt_tokens":20,"completion_tokens":7}}`,
	},
	"anthropic": {
		"an answer without content": `{"id":"c","type":"message"}`,
		"nulls":                     `{"id":null,"type":"message","model":null,"content":[],"usage":null,"error":null}`,
		"no JSON":                   `{"type":"message",`,
		"no answer":                 `{"id":"c"}`,
	},
	"responses": {
		"an answer without output": `{"id":"c","object":"response"}`,
		"an answer to come":        `{"id":"c","object":"response","status":"queued","output":[]}`,
		"nulls":                    `{"id":null,"status":"completed","model":null,"output":[],"usage":null,"error":null,"service_tier":null}`,
		"an error without a word":  `{"id":"c","status":"failed","output":[],"error":null}`,
		"no JSON":                  `{"object":"response",`,
		"no answer":                `{"id":"c"}`,
	},
}

func TestBothReadingsTakeTheHeadOfAnAnswer(t *testing.T) {
	for dialect, tc := range map[string]struct {
		body string
		want said
	}{
		"openai": {`{"id":"c","model":"m","object":"chat.completion","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],
			"usage":{"prompt_tokens":20,"completion_tokens":7},"service_tier":"flex"}`,
			said{ID: "c", Model: "m", Usage: chatUsage("flex", "")}},
		"anthropic": {`{"id":"c","model":"m","type":"message","content":[],"stop_reason":"end_turn",
			"usage":{"input_tokens":20,"output_tokens":7,"service_tier":"priority","server_tool_use":{"web_search_requests":2}}}`,
			said{ID: "c", Model: "m", Usage: canon.Usage{Input: 20, Output: 7, Searches: 2, ServiceTier: "priority",
				Seen: canon.BucketInput | canon.BucketOutput | canon.BucketSearches}}},
		"responses": {`{"id":"c","model":"m","object":"response","status":"completed","output":[],"usage":{"input_tokens":20,"output_tokens":7},"service_tier":"flex"}`,
			said{ID: "c", Model: "m", Usage: responsesUsage("flex", "")}},
	} {
		for reading, got := range map[string]said{"cheap": skimmedAnswer(dialect, []byte(tc.body)), "whole": decodedAnswer(dialect, []byte(tc.body))} {
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: %s reading (-want +got):\n%s", dialect, reading, diff)
			}
		}
	}
}

// TestBothReadingsKnowTheErrorsInA200 holds the forms that servers give an error, or
// what only looks like one.
func TestBothReadingsKnowTheErrorsInA200(t *testing.T) {
	const choices, content = `"choices":[{"message":{"content":"hi"}}]`, `"type":"message","content":[]`
	for _, tc := range []struct {
		dialect, body string
		kind          canon.FaultKind // empty: an answer
	}{
		{"openai", `{"error":{"message":"x","code":429}}`, canon.FaultRateLimit},
		{"openai", `{"error":{"message":"x"},` + choices + `}`, canon.FaultServer},
		{"openai", `{"error":"x"}`, canon.FaultServer},
		{"openai", ` {"object":"error","message":"x","code":400} `, canon.FaultRequest},
		{"openai", `{"error":null,` + choices + `}`, ""},
		{"openai", `{"error":"",` + choices + `}`, ""},
		{"openai", `{"error":false,` + choices + `}`, ""},
		{"anthropic", `{"type":"error","error":{"type":"overloaded_error","message":"x"}}`, canon.FaultOverloaded},
		{"anthropic", `{"type":"error"}`, canon.FaultServer},
		{"anthropic", `{"error":{"type":"rate_limit_error","message":"x"}}`, canon.FaultRateLimit},
		{"anthropic", `{"error":null,` + content + `}`, ""},
		{"anthropic", `{"error":{},` + content + `}`, ""},
	} {
		for reading, got := range map[string]said{"cheap": skimmedAnswer(tc.dialect, []byte(tc.body)), "whole": decodedAnswer(tc.dialect, []byte(tc.body))} {
			kind := canon.FaultKind("")
			if got.Fault != nil {
				kind = got.Fault.Kind
			}
			if kind != tc.kind || got.Failed != (tc.kind != "") {
				t.Errorf("%s %s: %s reading: kind %q, failed %v", tc.dialect, tc.body, reading, kind, got.Failed)
			}
		}
	}
}
