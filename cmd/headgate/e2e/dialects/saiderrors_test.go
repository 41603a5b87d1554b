package dialects

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// failing is how a provider fails, and what becomes of it.
type failing struct {
	name         string
	backend      string // "oa" or "an": who fails
	status       int
	headers      []string // names and values
	body         string
	openai, anth string               // status, code or type, and retry-after that clients get
	said         record.ProviderError // that rows have
	moves        bool                 // a chain goes on to its next link
}

var failings = []failing{
	{"a prompt that is too long", "an", 400, nil, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}`,
		"400 context_length_exceeded ", "400 invalid_request_error ", record.ProviderError{Status: 400, Type: "invalid_request_error", Message: "prompt is too long: 9 tokens > 8 maximum"}, true},
	{"no money, in a 400", "an", 400, []string{"request-id", "req_7"}, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low."}}`,
		"402 backend_credential_rejected ", "402 billing_error ", record.ProviderError{Status: 400, Type: "invalid_request_error", Message: "Your credit balance is too low."}, true},
	{"a filter", "oa", 400, nil, `{"error":{"message":"blocked","type":"invalid_request_error","code":"content_filter"}}`,
		"400 content_filter ", "400 invalid_request_error ", record.ProviderError{Status: 400, Type: "invalid_request_error", Code: "content_filter", Message: "blocked"}, false},
	{"no quota", "oa", 429, nil, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`,
		"429 insufficient_quota ", "402 billing_error ", record.ProviderError{Status: 429, Type: "insufficient_quota", Code: "insufficient_quota", Message: "You exceeded your current quota"}, true},
	{"an overload", "an", 529, nil, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`,
		"503 overloaded ", "529 overloaded_error ", record.ProviderError{Status: 529, Type: "overloaded_error", Message: "Overloaded"}, true},
	{"a limit of a week", "an", 429, []string{"retry-after", "604800"}, `{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`,
		"429 rate_limit_exceeded 604800", "429 rate_limit_error 604800", record.ProviderError{Status: 429, Type: "rate_limit_error", Message: "slow down"}, true},
	{"a limit of 32 days", "an", 429, []string{"retry-after", "2764800"}, `{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`,
		"429 rate_limit_exceeded ", "429 rate_limit_error ", record.ProviderError{Status: 429, Type: "rate_limit_error", Message: "slow down"}, true},
	{"a wait that cannot be read", "oa", 429, []string{"retry-after", "soon"}, `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`,
		"429 rate_limit_exceeded ", "429 rate_limit_error ", record.ProviderError{Status: 429, Type: "requests", Code: "rate_limit_exceeded", Message: "slow down"}, true},
	{"a list", "oa", 404, nil, `[{"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}}]`,
		"404 model_not_found ", "404 not_found_error ", record.ProviderError{Status: 404, Code: "404", Message: "models/x is not found"}, true},
	{"a status that does not exist", "oa", 999, nil, `{"error":{"message":"odd"}}`,
		"502 provider_answer_unreadable ", "502 api_error ", record.ProviderError{Status: 999, Message: "odd"}, true},
}

// TestErrorsKeepTheirMeaning plays a provider's failures through Envoy: to clients of both dialects,
// and in front of a chain's second link. Rows have what the provider said.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(fail))
	t.Cleanup(server.Close)
	policy := "version: 1\nunpriced: flag\nbackends:\n" +
		"  oa: {provider: openai-compatible, url: " + server.URL + "/v1, credential: {env: KEY}}\n" +
		"  an: {provider: anthropic, url: " + server.URL + "/v1, credential: {env: KEY}}\nmodels:\n"
	for i, f := range failings {
		policy += fmt.Sprintf("  case-%d: {chain: [%s/case-%[1]d], retries: 0}\n  chain-%[1]d: {chain: [%[2]s/case-%[1]d, oa/fine], retries: 0}\n", i, f.backend)
	}
	g := gatewaytest.Start(t, policy, gatewaytest.Options{Env: []string{"KEY=sk-case-key"}})
	for i, f := range failings {
		t.Run(f.name, func(t *testing.T) {
			g := g.With(t)
			for path, want := range map[string]string{"/v1/chat/completions": f.openai, "/v1/messages": f.anth} {
				a := g.Ask(asks(path, fmt.Sprintf("case-%d", i)))
				if got := goesBy(a); got != want {
					t.Errorf("%s: the client gets %q, want %q: %s", path, got, want, a.Body)
				}
				if row := g.Row(a.Exchange()); row.Error == nil || *row.Error != f.said {
					t.Errorf("%s: the row has %+v, want %+v", path, row.Error, f.said)
				}
				if a.Header.Get("location") != "" {
					t.Errorf("%s: location passes", path)
				}
			}
			a := g.Ask(asks("/v1/chat/completions", fmt.Sprintf("chain-%d", i)))
			row := g.Row(a.Exchange())
			if moved := a.Status == http.StatusOK; moved != f.moves {
				t.Errorf("the chain's client gets %d, %s: want that it goes on: %t", a.Status, a.Body, f.moves)
			}
			if len(row.Tried) == 0 || row.Tried[0].Error == nil || *row.Tried[0].Error != f.said {
				t.Errorf("the chain's row has %+v", row.Tried)
			}
		})
	}
}

func asks(path, model string) gatewaytest.Request {
	return gatewaytest.ChatRequest(path, `{"model":"`+model+`","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, "", "anthropic-version", "2023-06-01")
}

// goesBy is what a client's SDK goes by: the status, the code or the type, and when to try again.
func goesBy(a gatewaytest.Answer) string {
	var body struct {
		Type  string
		Error struct{ Type, Code string }
	}
	_ = json.Unmarshal([]byte(a.Body), &body)
	word := body.Error.Code
	if body.Type == "error" {
		word = body.Error.Type
	}
	return fmt.Sprintf("%d %s %s", a.Status, word, a.Header.Get("retry-after"))
}

// fail answers as the case says that the model names.
func fail(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var asked struct{ Model string }
	_ = json.Unmarshal(body, &asked)
	w.Header().Set("content-type", "application/json")
	n, err := strconv.Atoi(strings.TrimPrefix(asked.Model, "case-"))
	if err != nil {
		_, _ = io.WriteString(w, `{"id":"c","object":"chat.completion","model":"fine","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
		return
	}
	f := &failings[n]
	for i := 0; i < len(f.headers); i += 2 {
		w.Header().Set(f.headers[i], f.headers[i+1])
	}
	w.Header().Set("location", "https://provider.example.com/")
	w.WriteHeader(f.status)
	_, _ = io.WriteString(w, f.body)
}
