package extproc

import (
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestEveryAnswerHasAnID holds that a client finds an id for support where its SDK looks for one: the
// provider's own if there is one in that header, else the exchange's.
func TestEveryAnswerHasAnID(t *testing.T) {
	for path, name := range map[string]string{"/v1/chat/completions": "x-request-id", "/v1/messages": "request-id", "/v1/nowhere": "x-request-id"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		reply := s.RequestHeaders(Post(path), false)
		if reply.Immediate() == nil {
			reply = s.RequestBody(`{"model":"unheard-of","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
		}
		if id := reply.Set(name); id == "" || id != reply.Set("x-headgate-exchange-id") {
			t.Errorf("a refusal at %s has the id %q", path, id)
		}
		s.Cancel()
	}
	for sent, want := range map[string]bool{"": true, "req_1": false} {
		r := newRig(t, testPolicy)
		x := r.Open("router")
		id := x.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
		x.RequestBody(chatBody)
		headers := Answered("200", "application/json")
		if sent != "" {
			headers = Answered("200", "application/json", "x-request-id", sent)
		}
		x.ResponseHeaders(headers, false)
		reply := x.ResponseBody(`{"id":"1","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`, true)
		if got := reply.Set("x-request-id"); (got == id) != want || !want && got != "" {
			t.Errorf("with %q of the provider the gateway sets %q", sent, got)
		}
		x.Cancel()
	}
}
