package client_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
)

// request makes one with headers, as names and values in turn.
func request(method, path string, headers ...string) *exchange.Request {
	r := &exchange.Request{Method: method, Path: path}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, exchange.Header{Name: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

func TestPathsThatAreServed(t *testing.T) {
	for _, c := range []struct {
		method, path, dialect string
		operation             exchange.Operation
		canonical, model      string
	}{
		{"POST", "/v1/chat/completions", "openai", exchange.Chat, "/v1/chat/completions", ""},
		{"POST", "/chat/completions", "openai", exchange.Chat, "/v1/chat/completions", ""},
		{"POST", "/v1/chat/completions/", "openai", exchange.Chat, "/v1/chat/completions", ""},
		{"POST", "/openai/v1/chat/completions", "openai", exchange.Chat, "/v1/chat/completions", ""},
		{"POST", "/openai/chat/completions/", "openai", exchange.Chat, "/v1/chat/completions", ""},
		{"POST", "/embeddings", "openai", exchange.Embeddings, "/v1/embeddings", ""},
		{"POST", "/openai/v1/moderations", "openai", exchange.Moderations, "/v1/moderations", ""},
		{"POST", "/v1/messages", "anthropic", exchange.Chat, "/v1/messages", ""},
		{"POST", "/messages", "anthropic", exchange.Chat, "/v1/messages", ""},
		{"POST", "/anthropic/v1/messages", "anthropic", exchange.Chat, "/v1/messages", ""},
		{"POST", "/anthropic/messages/count_tokens", "anthropic", exchange.CountTokens, "/v1/messages/count_tokens", ""},
		{"GET", "/v1/models", "openai", exchange.Models, "/v1/models", ""},
		{"HEAD", "/models/", "openai", exchange.Models, "/v1/models", ""},
		{"GET", "/anthropic/v1/models", "anthropic", exchange.Models, "/v1/models", ""},
		{"GET", "/v1/models/play", "openai", exchange.Models, "/v1/models/play", "play"},
		{"GET", "/v1/models/a/b", "openai", exchange.Models, "/v1/models/a/b", "a/b"},
		{"GET", "/openai/models/a%2Fb", "openai", exchange.Models, "/v1/models/a%2Fb", "a/b"},
	} {
		req := request(c.method, c.path)
		d, v := client.Classify(req)
		if v.Action != exchange.Pass || d.Name() != c.dialect || req.Operation != c.operation || req.Path != c.canonical || req.Model != c.model {
			t.Errorf("%s %s: %s, %+v, path %s, model %q; %+v", c.method, c.path, d.Name(), req.Operation, req.Path, req.Model, v)
		}
	}
}

// TestPathsOfWhatIsKept holds which operation a path is for that names a response, and its id as
// the provider writes it.
func TestPathsOfWhatIsKept(t *testing.T) {
	for _, c := range []struct {
		method, path string
		operation    exchange.Operation
		id           string
		stream       bool
	}{
		{"GET", "/v1/responses/resp_1", exchange.GetResponse, "resp_1", false},
		{"GET", "/openai/responses/resp_1/?stream=true", exchange.GetResponse, "resp_1", true},
		{"GET", "/v1/responses/resp_1?x=1&stream=True", exchange.GetResponse, "resp_1", true},
		{"GET", "/v1/responses/resp_1?stream=1", exchange.GetResponse, "resp_1", true},
		{"GET", "/v1/responses/resp_1?stream=false&stream=true", exchange.GetResponse, "resp_1", false},
		{"GET", "/v1/responses/resp_1?stream=yes", exchange.GetResponse, "resp_1", false},
		{"GET", "/v1/responses/resp_1/input_items?stream=true", exchange.InputItems, "resp_1", false},
		{"GET", "/v1/responses/resp%5F1%2Fx", exchange.GetResponse, "resp_1/x", false},
		{"GET", "/v1/responses/%zz", exchange.GetResponse, "%zz", false},
		{"DELETE", "/v1/responses/resp_1", exchange.DeleteResponse, "resp_1", false},
		{"POST", "/v1/responses/resp_1/cancel", exchange.CancelResponse, "resp_1", false},
		{"GET", "/responses/resp_1/input_items?stream=1", exchange.InputItems, "resp_1", false},
	} {
		path, _, _ := strings.Cut(c.path, "?")
		req := request(c.method, path, ":path", c.path)
		d, v := client.Classify(req)
		if v.Action != exchange.Pass || d.Name() != "responses" || req.Operation != c.operation || req.Kept != c.id || req.Stream != c.stream || req.Model != "" {
			t.Errorf("%s %s: %s, %q, stream %t; %+v", c.method, c.path, req.Operation, req.Kept, req.Stream, v)
		}
	}
}

// TestEachPathIsNamedOnce holds that of what a client is shown instead nothing stands twice.
func TestEachPathIsNamedOnce(t *testing.T) {
	for _, path := range []string{"/v1/none-of-them", "/v1/responses"} {
		_, v := client.Classify(request("PUT", path))
		for _, served := range []string{"/v1/responses,", "POST"} {
			if strings.Count(v.Message, served) > 1 {
				t.Errorf("%s: %s", path, v.Message)
			}
		}
	}
}

// TestThePrefixSaysMoreThanAHeader holds that a list of models is in the dialect of the path, and
// in that of the client if the path has none.
func TestThePrefixSaysMoreThanAHeader(t *testing.T) {
	for path, want := range map[string]string{"/v1/models": "anthropic", "/openai/v1/models": "openai", "/anthropic/v1/models": "anthropic", "/v1/files": "anthropic", "/openai/v1/files": "openai"} {
		if d, _ := client.Classify(request("GET", path, "anthropic-version", "2023-06-01")); d.Name() != want {
			t.Errorf("%s: %s, want %s", path, d.Name(), want)
		}
	}
}

func TestPathsThatAreNotServed(t *testing.T) {
	const chat, messages = "did you mean /v1/chat/completions? Set base_url to https://gw.example:8443/v1.", "did you mean /v1/messages? Set base_url to https://gw.example:8443."
	for _, c := range []struct{ path, dialect, says string }{
		{"/v1/v1/chat/completions", "openai", chat},
		{"/openai/v1/v1/chat/completions", "openai", chat},
		{"/v1/openai/v1/chat/completions", "openai", chat},
		{"/v1/chat/completions/chat/completions", "openai", chat},
		{"/api/v1/chat/completions", "openai", chat},
		{"/v1beta/openai/chat/completions", "openai", chat},
		{"/some/where/v1/chat/completions", "openai", chat},
		{"/anthropic/v1/chat/completions", "anthropic", chat},
		{"/v1/chat", "openai", chat},
		{"/v1/chat/completion", "openai", chat},
		{"/v1/chat/completionss", "openai", chat},
		{"/v1/v1/messages", "openai", messages},
		{"/v1/messages/v1/messages", "anthropic", messages},
		{"/anthropic/v1/v1/messages", "anthropic", messages},
		{"/openai/v1/messages", "openai", messages},
		{"/v1/message", "openai", messages},
		{"/v1/v1/models", "openai", "did you mean /v1/models?"},
		{"/v1/embedding", "openai", "did you mean /v1/embeddings?"},
		{"/v1/completions", "openai", "ask /v1/chat/completions, with messages"},
		{"/v1/engines/davinci/completions", "openai", "ask /v1/chat/completions, with messages"},
		{"/v1/complete", "openai", "ask /v1/messages"},
		{"/v1beta/models/gemini-2.5-pro:generateContent", "openai", "Gemini's own API and not served yet"},
		{"/v1/models/gemini-2.5-pro:streamGenerateContent", "openai", "Gemini's own API and not served yet"},
		{"/v1beta/models", "openai", "Gemini's own API and not served yet"},
		{"/openai/deployments/gpt/chat/completions", "openai", "with base_url https://gw.example:8443/v1 and the deployment's name"},
		{"/model/anthropic.claude/invoke", "openai", "Bedrock's own API"},
		{"/api/chat", "openai", "Ollama's own API"},
		{"/v1/files", "openai", "does not serve /v1/files. It serves /v1/chat/completions, "},
		{"/v1/threads/t/messages", "openai", "does not serve /v1/threads/t/messages. It serves "},
		{"/v1/messages/batches", "anthropic", "does not serve /v1/messages/batches. It serves "},
		{"/v1/audio/speech", "openai", "does not serve /v1/audio/speech. It serves "},
		{"/v1", "openai", "does not serve /v1. It serves "},
		{"/v1x/models", "openai", "does not serve /v1x/models. It serves "},
		{"/openaiv1/models", "openai", "does not serve /openaiv1/models. It serves "},
		{"/" + strings.Repeat("v1/", 1000) + "messages", "openai", "... It serves "},
	} {
		req := request("POST", c.path, ":authority", "gw.example:8443", ":scheme", "https")
		d, v := client.Classify(req)
		if v.Status != 404 || v.Reason != exchange.ReasonUnknownPath || d.Name() != c.dialect || !strings.Contains(v.Message, c.says) || req.Operation != "" || req.Path != c.path {
			t.Errorf("%s: %s, %+v, operation %q", c.path, d.Name(), v, req.Operation)
		}
		if strings.Count(v.Message, "/v1/responses,") > 1 {
			t.Errorf("%s: says a path twice: %s", c.path, v.Message)
		}
		if strings.Contains(c.says, "It serves") && strings.Contains(v.Message, "did you mean") {
			t.Errorf("%s: %s", c.path, v.Message)
		}
	}
}

func TestAHostThatIsNoneIsNotRepeated(t *testing.T) {
	for _, host := range []string{"", "headgate.invalid", `x"y`, "a b", "evil.example/x", "a@b", "a:b:c"} {
		_, v := client.Classify(request("POST", "/v1/chat/completion", ":authority", host, ":scheme", "http"))
		if !strings.HasSuffix(v.Message, "Set base_url to http://HOST/v1.") {
			t.Errorf("%q: %s", host, v.Message)
		}
	}
	for _, host := range []string{"localhost:8080", "[::1]:8080", "10.0.0.1", "a-b_c.example"} {
		_, v := client.Classify(request("POST", "/v1/chat/completion", ":authority", host, ":scheme", "http"))
		if !strings.HasSuffix(v.Message, "Set base_url to http://"+host+"/v1.") {
			t.Errorf("%q: %s", host, v.Message)
		}
	}
}

func TestMethodsThatAreNotAllowed(t *testing.T) {
	for _, c := range []struct{ method, path, allow, says string }{
		{"GET", "/chat/completions", "POST, OPTIONS", "use POST."},
		{"DELETE", "/v1/models/x", "GET, HEAD, OPTIONS", "use GET or HEAD."},
	} {
		_, v := client.Classify(request(c.method, c.path))
		if v.Status != 405 || string(v.Headers.Get("allow")) != c.allow || !strings.HasSuffix(v.Message, c.says) {
			t.Errorf("%s %s: %+v", c.method, c.path, v)
		}
	}
}

func TestWebSocketsAreRefused(t *testing.T) {
	for _, path := range []string{"/", "/v1/realtime", "/v1/chat/completions", "/healthz"} {
		req := request("GET", path, "upgrade", "websocket", "connection", "keep-alive, Upgrade")
		_, v := client.Classify(req)
		if v.Status != 426 || string(v.Headers.Get("upgrade")) != "HTTP/1.1" || string(v.Headers.Get("connection")) != "upgrade" || !strings.Contains(v.Message, "server-sent events") {
			t.Errorf("%s: %+v", path, v)
		}
		if client.LocalAnswer(req) != nil {
			t.Errorf("%s: is answered as a page", path)
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	b.ReportAllocs()
	req := request("POST", "/v1/chat/completions")
	for b.Loop() {
		client.Classify(req)
	}
}
