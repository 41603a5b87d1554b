package extproc

import (
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/record"
)

// replied is what a provider answers in these tests.
type replied struct {
	status, kind string
	headers      H
	body         string
}

// answerOf has one exchange answered, and returns its row.
func answerOf(t *testing.T, path, model string, stream bool, a replied) record.Line {
	t.Helper()
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post(path), false)
	more := ""
	if stream {
		more = `"stream":true,`
	}
	s.RequestBody(`{"model":"` + model + `",` + more + `"max_tokens":9,"messages":[{"role":"user","content":"Tell me about my dear aunt Ann"}]}`)
	s.ResponseHeaders(append(Answered(a.status, a.kind), a.headers...), false)
	s.ResponseBody(a.body, true)
	s.Cancel()
	return r.row()
}

// TestRowsSayWhatTheProviderSaid holds what rows keep of an answer, of the client's own dialect and of
// another, whole and streamed.
func TestRowsSayWhatTheProviderSaid(t *testing.T) {
	const json, sse = "application/json", "text/event-stream"
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded, said 'my dear aunt': Tell me about my dear aunt Ann"},"request_id":"req_body"}`
	limited := `{"error":{"message":"Limit of org-abcdefghij reached","type":"requests","code":"rate_limit_exceeded"}}`
	kept := "Overloaded, said '[...]': [...]"
	for name, c := range map[string]struct {
		model  string // who answers: gpt-4o-mini of OpenAI, or claude
		stream bool
		a      replied
		finish string
		id     string
		said   *record.ProviderError
	}{
		"a good answer":       {"gpt-4o-mini", false, replied{"200", json, H{"x-request-id", "req_1"}, chatAnswer}, "stop", "req_1", nil},
		"one without id":      {"gpt-4o-mini", false, replied{"200", json, nil, chatAnswer}, "stop", "", nil},
		"an unknown end":      {"gpt-4o-mini", false, replied{"200", json, nil, strings.Replace(chatAnswer, `"stop"`, `"done"`, 1)}, "done", "", nil},
		"an error":            {"claude", false, replied{"529", json, H{"request-id", "req_2", "cf-ray", "9"}, overloaded}, "", "req_2", &record.ProviderError{Status: 529, Type: "overloaded_error", Message: kept}},
		"an id in the body":   {"claude", false, replied{"529", json, nil, overloaded}, "", "req_body", &record.ProviderError{Status: 529, Type: "overloaded_error", Message: kept}},
		"an error in a 200":   {"claude", false, replied{"200", json, nil, overloaded}, "", "req_body", &record.ProviderError{Status: 200, Type: "overloaded_error", Message: kept}},
		"an error in events":  {"claude", true, replied{"200", sse, H{"cf-ray", "9"}, "event: error\ndata: " + overloaded + "\n\n"}, "", "9", &record.ProviderError{Status: 200, Type: "overloaded_error", Message: kept}},
		"a limit":             {"gpt-4o-mini", false, replied{"429", json, nil, limited}, "", "", &record.ProviderError{Status: 429, Type: "requests", Code: "rate_limit_exceeded", Message: "Limit of [...] reached"}},
		"a limit in events":   {"gpt-4o-mini", true, replied{"200", sse, nil, "data: " + limited + "\n\n"}, "", "", &record.ProviderError{Status: 200, Type: "requests", Code: "rate_limit_exceeded", Message: "Limit of [...] reached"}},
		"a page":              {"gpt-4o-mini", false, replied{"502", "text/html", nil, "<html><title>502 Bad Gateway</title></html>"}, "", "", &record.ProviderError{Status: 502, Message: "502 Bad Gateway"}},
		"a key that is wrong": {"gpt-4o-mini", false, replied{"401", json, nil, `{"error":{"message":"Incorrect API key sk-backend-secret","code":"invalid_api_key"}}`}, "", "", &record.ProviderError{Status: 401, Code: "invalid_api_key", Message: "Incorrect API key [...]"}},
		"an end that failed":  {"gpt-4o-mini", false, replied{"200", json, nil, strings.Replace(chatAnswer, `"stop"`, `"network_error"`, 1)}, "network_error", "", &record.ProviderError{Status: 200, Code: "network_error", Message: "The provider broke off its answer."}},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
			t.Run(name+" "+path, func(t *testing.T) {
				row := answerOf(t, path, c.model, c.stream, c.a)
				if row.Finish != c.finish && !(c.said != nil && c.finish != "") { // of what failed the end may not be said
					t.Errorf("finish %q, want %q", row.Finish, c.finish)
				}
				if row.Request != c.id {
					t.Errorf("request %q, want %q", row.Request, c.id)
				}
				if (row.Error == nil) != (c.said == nil) || row.Error != nil && *row.Error != *c.said {
					t.Errorf("error %+v, want %+v", row.Error, c.said)
				}
			})
		}
	}
}

// TestAnAccountWithoutMoneyIsRefused holds that a 400 which says so is taken as a 402: the gateway's
// operators have to act, and clients cannot.
func TestAnAccountWithoutMoneyIsRefused(t *testing.T) {
	const poor = `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}`
	for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
		row := answerOf(t, path, "claude", false, replied{"400", "application/json", nil, poor})
		if row.Outcome != "provider_refused_key" || row.By != "gateway" || row.Status != 402 || row.Reason != "backend_credential_rejected" {
			t.Errorf("%s: %s by %s, status %d, %s", path, row.Outcome, row.By, row.Status, row.Reason)
		}
	}
}

// TestAttemptsSayWhatTheProviderSaid holds that a chain's row has what each link said of its failure,
// and that a link without money is left as one that refuses its key.
func TestAttemptsSayWhatTheProviderSaid(t *testing.T) {
	r := newRig(t, chainPolicy+"  poor: {chain: [claude/claude-sonnet-4-6, gpt/gpt-4o-mini]}\n")
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"poor","messages":[{"role":"user","content":"hi"}]}`)
	first := holding(r, id, "claude", "claude-sonnet-4-6")
	first.ResponseHeaders(H{":status", "400", "content-type", "application/json", "request-id", "req_1"}, false)
	if got := verdict(t, first, first.ResponseBody(`{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low."}}`, true)); got != "429" {
		t.Errorf("a link without money: %s, want that the next one is tried at once", got)
	}
	second := holding(r, id, "gpt", "gpt-4o-mini")
	second.ResponseHeaders(H{":status", "500", "content-type", "application/json", "x-request-id", "req_2"}, false)
	verdict(t, second, second.ResponseBody(`{"error":{"message":"The server had an error","type":"server_error"}}`, true))
	s.ResponseHeaders(Answered("500", "application/json", "x-envoy-attempt-count", "2"), false)
	s.ResponseBody("{}", true)
	s.Cancel()
	row := r.row()
	server := record.ProviderError{Status: 500, Type: "server_error", Message: "The server had an error"}
	if row.Outcome != "exhausted" || row.Error == nil || *row.Error != server || row.Request != "req_2" || len(row.Tried) != 2 {
		t.Fatalf("row %+v", row)
	}
	poor := record.ProviderError{Status: 400, Type: "invalid_request_error", Message: "Your credit balance is too low."}
	if a := row.Tried[0]; a.Error == nil || *a.Error != poor || a.Request != "req_1" || a.Fault != "refused" {
		t.Errorf("first attempt %+v, %+v", a, a.Error)
	}
	if a := row.Tried[1]; a.Error == nil || *a.Error != server || a.Request != "req_2" {
		t.Errorf("second attempt %+v, %+v", a, a.Error)
	}
}

// TestAStreamThatCannotBeReadSaysWhose holds that the error which ends such a stream has the code, the
// backend and the exchange, as the refusal of a whole answer does: to be looked up.
func TestAStreamThatCannotBeReadSaysWhose(t *testing.T) {
	for path, said := range map[string]string{
		"/v1/chat/completions": `"messages":[{"role":"user","content":"hi"}]`, "/v1/messages": `"max_tokens":9,"messages":[{"role":"user","content":"hi"}]`, "/v1/responses": `"input":"hi"`,
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		id := s.RequestHeaders(Post(path), false).Metadata("exchange")
		s.RequestBody(`{"model":"claude","stream":true,` + said + `}`)
		s.ResponseHeaders(Answered("200", "text/event-stream"), false)
		text, _ := play(s, []string{"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\"\n\n", "event: content_block_start\ndata: {\"type\":\n\n"}, true)
		s.Cancel()
		for _, want := range []string{"provider_answer_unreadable", `backend \"claude\"`, id} {
			if id == "" || !strings.Contains(text, want) {
				t.Errorf("%s: the client got %s, without %q", path, text, want)
			}
		}
	}
}
