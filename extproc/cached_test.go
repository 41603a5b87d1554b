package extproc

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/dialect"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestAnAnswerIsGivenAgainInEveryDialect holds that what a backend has answered, whole or as a stream,
// or as one where the other was asked for,
// is given again to clients of each dialect, both ways, whoever has asked first and in which of its
// dialects the backend was asked.
func TestAnAnswerIsGivenAgainInEveryDialect(t *testing.T) {
	ask := map[string]string{
		"openai":    `{"model":"MODEL","messages":[{"role":"user","content":"WHY"}]}`,
		"responses": `{"model":"MODEL","metadata":{"who":"first"},"input":"WHY"}`,
		"anthropic": `{"model":"MODEL","max_tokens":500,"messages":[{"role":"user","content":"WHY"}]}`,
	}
	r := newRig(t, strings.Replace(maskedPolicy("{}"), "models:\n", "cache: {every_model: {ttl: 1m, tool_calls: true}}\nmodels:\n", 1))
	played := func(client, backend, question string, stream bool, label string) (got string, hit bool) {
		s := r.Open("router")
		defer func() { _ = s.Close() }()
		s.RequestHeaders(Post(clientPaths[client], "anthropic-version", "2023-06-01"), false)
		body := strings.NewReplacer("MODEL", backend, "WHY", question).Replace(ask[client])
		if stream {
			body = strings.Replace(body, "{", `{"stream":true,`, 1)
		}
		reply := s.RequestBody(body)
		if im := reply.Immediate(); im != nil {
			if im.GetStatus().GetCode() != 200 || reply.Set("x-headgate-cache") != "hit" {
				t.Fatalf("%v", reply)
			}
			return string(im.Body), true
		}
		s.ResponseHeaders(Answered("200", label), false)
		switch {
		case stream && label == "text/plain":
			got, _ = play(s, []string{wholeOf(t, backend, "a word")}, false)
		case label == "text/event-stream":
			got, _ = play(s, streamOf(backend, "a word"), false)
		default:
			got, _ = s.ResponseBody(wholeOf(t, backend, "a word"), true).Body()
		}
		return got, false
	}
	for _, backend := range dialect.All {
		for _, first := range dialect.All {
			for way, as := range map[string]struct {
				stream bool
				label  string
			}{
				"whole": {false, "application/json"}, "streamed": {true, "text/event-stream"},
				"whole for a stream": {true, "application/json"}, "whole as a stream": {true, "text/plain"},
			} {
				t.Run(backend.Name()+" asked by "+first.Name()+" "+way, func(t *testing.T) {
					question := t.Name()
					if _, hit := played(first.Name(), backend.Name(), question, as.stream, as.label); hit {
						t.Fatal("the first is given again")
					}
					for _, then := range dialect.All {
						for _, streamed := range []bool{false, true} {
							got, hit := played(then.Name(), backend.Name(), question, streamed, "")
							if !hit || !strings.Contains(got, "a word") || strings.Contains(got, `"first"`) && then.Name() != "responses" {
								t.Errorf("%s, streamed %v: hit %v: %s", then.Name(), streamed, hit, got)
							}
						}
					}
				})
			}
		}
	}
}
