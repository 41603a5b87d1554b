package streams

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openai/openai-go/v3"
	openaiopt "github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestClientHangsUpOnTheEndMarker holds that a client which closes its connection at
// [DONE], as OpenAI's SDK for Go does, has had a whole answer, although the provider ends
// its stream later.
func TestClientHangsUpOnTheEndMarker(t *testing.T) {
	t.Parallel()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}`+"\n\n"+
			`data: {"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}`+"\n\ndata: [DONE]\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(provider.Close)
	g := gatewaytest.Start(t, fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {p: {provider: openai-compatible, url: %q}}\nmodels: {m: p/m}\n", provider.URL+"/v1"), gatewaytest.Options{})
	var answer *http.Response
	c := openai.NewClient(openaiopt.WithBaseURL(g.URL+"/v1"), openaiopt.WithAPIKey("any"), openaiopt.WithMaxRetries(0))
	events := c.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")},
	}, openaiopt.WithResponseInto(&answer))
	text := ""
	for events.Next() {
		for _, choice := range events.Current().Choices {
			text += choice.Delta.Content
		}
	}
	if events.Err() != nil || text != "hi" {
		t.Fatalf("%q, %v", text, events.Err())
	}
	row := g.Row(answer.Header.Get(record.ExchangeHeader))
	if row.Outcome != "ok" || row.By != "" || row.Status != 200 || row.Tokens == nil || row.Tokens.Output != 4 || row.UsageSource != "provider" {
		t.Errorf("row %v", row)
	}
}
