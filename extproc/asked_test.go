package extproc

import (
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

const (
	wholeBody = `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`

	// noStreams is how OpenAI refuses to stream to an account that is not verified
	// (BeehiveInnovations/pal-mcp-server#134).
	noStreams = `{"error":{"message":"Your organization must be verified.","type":"invalid_request_error","param":"stream","code":"unsupported_value"}}`
)

// asksForAStream reports whether a body asks for a stream, and demands that it asks for the
// usage in it too.
func asksForAStream(t *testing.T, body string) bool {
	t.Helper()
	streams := strings.Contains(strings.ReplaceAll(body, " ", ""), `"stream":true`)
	if streams != strings.Contains(body, `"stream_options":{"include_usage":true`) {
		t.Errorf("usage and stream do not go together: %s", body)
	}
	return streams
}

// TestWhoIsAskedForAStream holds which backends are asked for a stream by a client that
// wants the whole answer: as the policy says, and where a stream can carry it.
func TestWhoIsAskedForAStream(t *testing.T) {
	for name, c := range map[string]struct {
		model, more string
		streams     bool
	}{
		"auto, a model that does not reason":       {"{chain: [gpt/gpt-4o-mini]}", "", false},
		"auto, a model that always reasons":        {"{chain: [gpt/gpt-5]}", "", true},
		"auto, one that may reason":                {"{chain: [gpt/gpt-5.5]}", "", true},
		"auto, an unknown model":                   {"{chain: [gpt/nobody-knows-it]}", "", false},
		"json, a model that reasons":               {"{chain: [gpt/gpt-5], ask: json}", "", false},
		"stream, a model that does not reason":     {"{chain: [gpt/gpt-4o-mini], ask: stream}", "", true},
		"stream: false":                            {"{chain: [gpt/gpt-5]}", `"stream": false,`, true},
		"stream: null":                             {"{chain: [gpt/gpt-5]}", `"stream":null ,"stream_options":null,`, true},
		"several choices and log probabilities":    {"{chain: [gpt/gpt-4o-mini], ask: stream}", `"n":2,"logprobs":true,`, true},
		"a schema":                                 {"{chain: [gpt/gpt-5]}", `"response_format":{"type":"json_object"},`, true},
		"a schema, of a server that streams none":  {"{chain: [groq/x], ask: stream}", `"response_format":{"type":"json_object"},`, false},
		"no schema, of that server":                {"{chain: [groq/x], ask: stream}", "", true},
		"sound":                                    {"{chain: [gpt/gpt-4o-mini], ask: stream}", `"modalities":["text","audio"],"audio":{"format":"wav","voice":"x"},`, false},
		"a search":                                 {"{chain: [gpt/gpt-4o-mini], ask: stream}", `"web_search_options":{},`, false},
		"metadata, which the whole answer repeats": {"{chain: [gpt/gpt-4o-mini], ask: stream}", `"metadata":{"a":"b"},`, false},
		"a custom tool":                            {"{chain: [gpt/gpt-4o-mini], ask: stream}", `"tools":[{"type":"custom","custom":{"name":"f"}}],`, false},
	} {
		t.Run(name, func(t *testing.T) {
			document := strings.Replace(testPolicy, "models:\n", "  groq: {provider: groq, credential: {env: OPENAI_API_KEY}}\nmodels:\n", 1)
			r := newRig(t, strings.Replace(document, "assistant: gpt/gpt-4o-mini", "assistant: "+c.model, 1)+"unpriced: flag\n")
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			body := strings.Replace(wholeBody, "{", "{"+c.more, 1)
			out, _ := s.RequestBody(body).Body()
			if got := asksForAStream(t, out); got != c.streams {
				t.Errorf("streams %v, want %v: %s", got, c.streams, out)
			}
		})
	}
}

// TestABackendThatRefusesStreamsIsAskedForTheWhole holds that it is found out once: the
// client of that request asks again by itself.
func TestABackendThatRefusesStreamsIsAskedForTheWhole(t *testing.T) {
	r := newRig(t, strings.Replace(testPolicy, "assistant: gpt/gpt-4o-mini", "assistant: gpt/gpt-5", 1))
	ask := func() (*Stream, string) {
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		body, _ := s.RequestBody(wholeBody).Body()
		return s, body
	}
	s, body := ask()
	if !asksForAStream(t, body) {
		t.Fatal(body)
	}
	s.ResponseHeaders(Answered("400", "application/json", "x-should-retry", "false"), false)
	reply := s.ResponseBody(noStreams, true)
	said, _ := reply.Body()
	if reply.Set(":status") != "503" || reply.Set("retry-after-ms") != "100" || !reply.Removes("x-should-retry") || !strings.Contains(said, "backend_refuses_streams") {
		t.Errorf("%v", reply)
	}
	s.Cancel()
	again, body := ask()
	if asksForAStream(t, body) {
		t.Errorf("asked again: %s", body)
	}
	again.Cancel()
	r.idle()
	if row := r.rows()[0]; row.Outcome != "provider_error" || row.By != "provider" || row.Status != 503 {
		t.Errorf("row %+v", row)
	}
}

// TestALinkThatRefusesStreamsIsTriedAgainForTheWhole holds the same of a chain, in which
// the client does not notice.
func TestALinkThatRefusesStreamsIsTriedAgainForTheWhole(t *testing.T) {
	r := newRig(t, strings.Replace(chainPolicy, "assistant: {", "assistant: {ask: stream, ", 1))
	_, id, _ := begin(r, "/v1/chat/completions", wholeBody)
	sent := func(backend, model string) (*Stream, string) {
		t.Helper()
		s, reply := asking(r, id, backend, model)
		body, _ := reply.Body()
		return s, body
	}
	s, body := sent("gpt", "gpt-4o-mini")
	if !asksForAStream(t, body) {
		t.Fatal(body)
	}
	got := verdict(t, s, s.ResponseHeaders(H{":status", "400", "content-type", "application/json"}, false))
	if got == "waits" {
		got = verdict(t, s, s.ResponseBody(noStreams, true))
	}
	if got != "again" {
		t.Error(got)
	}
	if _, body := sent("gpt", "gpt-4o-mini"); asksForAStream(t, body) {
		t.Error(body)
	}
	if _, body := sent("claude", "claude-sonnet-4-6"); !strings.Contains(body, `"stream":true`) {
		t.Error(body)
	}
}
