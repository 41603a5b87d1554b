package sim

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The conversations end with the beginning of the answer.
const (
	chatPrefills = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello!"},{"role":"assistant","content":"Hi"}]}`
	msgPrefills  = `{"model":"claude-sonnet-4-20260510","max_tokens":500,"messages":[{"role":"user","content":"Hello!"},{"role":"assistant","content":"Hi"}]}`
)

// TestSilenceFollowsTheHeaders holds that the headers of an answer are there before its body.
func TestSilenceFollowsTheHeaders(t *testing.T) {
	for _, body := range []string{chatBody, chatStreams} {
		_, r := start(t, Options{Clock: realClock{}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", r.URL+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer k")
		req.Header.Set("X-Sim", "silence=1h")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("status %d", resp.StatusCode)
		}
		cancel()
		if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%d bytes, %v: want none before the hour", n, err)
		}
	}
}

// TestRejectionsSayWhy shows the words of each cause, and that half an event stands before
// the whole one.
func TestRejectionsSayWhy(t *testing.T) {
	for _, c := range []struct{ sim, path, body, want string }{
		{"reject=context", "/v1/chat/completions", chatBody, `"code":"context_length_exceeded"`},
		{"reject=context", "/v1/messages", msgBody, `"message":"prompt is too long: `},
		{"reject=filter", "/v1/chat/completions", chatBody, `"type":null,"param":"prompt","code":"content_filter"`},
		{"reject=filter", "/v1/messages", msgBody, `"message":"Output blocked by content filtering policy"`},
		{"reject=prefill", "/v1/messages", msgPrefills, "must end with a user message"},
		{"reject=unheard", "/v1/messages", msgBody, "reject: want one of [context filter prefill]"},
	} {
		_, r := start(t, Options{})
		if got := ask(t, r, "POST", c.path, c.body, "X-Sim: "+c.sim); got.status != 400 || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: %d %s", c.path, c.sim, got.status, got.body)
		}
	}
	_, r := start(t, Options{})
	got := ask(t, r, "POST", "/v1/chat/completions", chatStreams, "X-Sim: tokens=2;stutter=2")
	events := strings.Split(got.body, "\n\n")
	if half := strings.TrimPrefix(events[1], "data: "); json.Valid([]byte(half)) || !strings.HasPrefix(events[2], events[1]) {
		t.Errorf("no half before the whole: %q", events[:3])
	}
}
