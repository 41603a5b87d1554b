package gatewaytest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Way is how a client asks: in which dialect, and whether for a stream.
type Way struct {
	Dialect string
	Stream  bool
}

// Ways are all of them.
var Ways = []Way{{"openai", false}, {"openai", true}, {"anthropic", false}, {"anthropic", true}}

// String names the way in subtests and models.
func (w Way) String() string {
	if w.Stream {
		return w.Dialect + "-stream"
	}
	return w.Dialect + "-json"
}

// Claude reports whether the client speaks Anthropic's dialect.
func (w Way) Claude() bool { return w.Dialect == "anthropic" }

// ErrorType is the type of the errors of a status in the way's dialect.
func (w Way) ErrorType(status int) string {
	if w.Claude() {
		switch status {
		case http.StatusNotFound:
			return "not_found_error"
		case http.StatusRequestEntityTooLarge:
			return "request_too_large"
		}
	}
	return "invalid_request_error"
}

// Request makes the request of a way.
func (w Way) Request(model, text string, header ...string) Request {
	if w.Claude() {
		return ChatRequest("/v1/messages", MessageBody(model, text, w.Stream), "", append(header, "anthropic-version", "2023-06-01")...)
	}
	return ChatRequest("/v1/chat/completions", ChatBody(model, text, w.Stream), "", header...)
}

// Text reads a whole answer and fails the test if it is not one, with the end
// that its dialect demands.
func (w Way) Text(t *testing.T, a Answer) string {
	t.Helper()
	MustOK(t, a)
	if w.Stream {
		text, _ := StreamText(t, a.Events())
		if !w.Ended(a) {
			t.Errorf("the stream has no end: %s", a.Body)
		}
		return text
	}
	var body struct {
		Choices []struct{ Message struct{ Content string } }
		Content []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	switch {
	case w.Claude() && len(body.Content) == 1:
		return body.Content[0].Text
	case !w.Claude() && len(body.Choices) == 1:
		return body.Choices[0].Message.Content
	}
	t.Fatalf("no answer: %s", a.Body)
	return ""
}

// Ended reports whether a stream has the end that says that it is whole.
func (w Way) Ended(a Answer) bool {
	if w.Claude() {
		return strings.Contains(a.Body, `"type":"message_stop"`)
	}
	return strings.Contains(a.Body, "data: [DONE]")
}

// CheckExhausted holds the refusal of a chain of which every link has failed.
func CheckExhausted(t *testing.T, w Way, a Answer) string {
	t.Helper()
	return CheckAllFailed(t, w, a, http.StatusServiceUnavailable)
}

// CheckAllFailed is CheckExhausted with the status of the refusal: 429 if every link is
// limited.
func CheckAllFailed(t *testing.T, w Way, a Answer, status int) string {
	t.Helper()
	if a.Status != status || a.Header.Get("content-type") != "application/json" {
		t.Errorf("status %d %v: %s", a.Status, a.Header, a.Body)
	}
	kind := "server_error"
	switch {
	case status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case w.Claude():
		kind = "overloaded_error"
	}
	CheckRefusal(t, a, w.Claude(), kind, "all_models_exhausted")
	var r Refusal
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return r.Error.Message
}
