package extproc

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// holding plays an attempt whose answer Envoy holds until it is judged, up to its request.
func holding(r *rig, id, backend, model string) *Stream {
	r.t.Helper()
	s, _ := asking(r, id, backend, model)
	return s
}

// asking is holding, with what leaves.
func asking(r *rig, id, backend, model string) (*Stream, *Reply) {
	r.t.Helper()
	st := func(key, value string) *structpb.Struct {
		return &structpb.Struct{Fields: map[string]*structpb.Value{key: structpb.NewStringValue(value)}}
	}
	attributes := st("xds.upstream_host_metadata.filter_metadata['io.headgate']['backend']", backend)
	attributes.Fields["xds.upstream_host_metadata.filter_metadata['io.headgate']['model']"] = structpb.NewStringValue(model)
	s := r.Open("upstream")
	r.attempts = append(r.attempts, s)
	return s, s.Raw(&extprocv3.ProcessingRequest{
		Attributes:      map[string]*structpb.Struct{"envoy.filters.http.ext_proc": attributes},
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"io.headgate": st("exchange", id)}},
		Request:         &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{}}},
		ProtocolConfig:  &extprocv3.ProtocolConfiguration{ResponseBodyMode: 1, SendBodyWithoutWaitingForHeaderResponse: true},
	})
}

// verdict says in a word what came of a message: "waits", "passes", or the status that
// Envoy gets. A status is followed by the end of the stream, with OK.
func verdict(t *testing.T, s *Stream, r *Reply) string {
	t.Helper()
	switch {
	case errors.Is(r.Err, io.EOF):
		return "passes"
	case r.Err != nil:
		t.Fatal(r.Err)
	case r.OverrideMessageTimeout != nil:
		return "waits"
	}
	if end := s.Wait(); !errors.Is(end.Err, io.EOF) {
		t.Errorf("the stream does not end with OK: %v %v", end.ProcessingResponse, end.Err)
	}
	if r.Set("x-headgate-int-again") != "" && r.Set(":status") == "" {
		return "again"
	}
	if (r.Set("x-envoy-degraded") == "1") != (r.Set(":status") == "429") {
		t.Errorf("status %s, degraded %q", r.Set(":status"), r.Set("x-envoy-degraded"))
	}
	return r.Set(":status")
}

const (
	begins      = `data: {"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	beginsOther = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n"
)

// delta is a chunk with a delta.
func delta(members string) string {
	return `data: {"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{` + members + `},"finish_reason":null}]}` + "\n\n"
}

// block is the event that begins a block of a message.
func block(members string) string {
	return `data: {"type":"content_block_start","index":0,"content_block":{` + members + "}}\n\n"
}

// TestTheFirstContentDecides holds what of a stream is content, what is an error and what is
// neither, in each dialect. What is shown last has the verdict; before it Envoy waits.
func TestTheFirstContentDecides(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   string
	}{
		"openai: a role":                    {[]string{begins}, "waits"},
		"openai: a role and empty lists":    {[]string{delta(`"role":"assistant","content":null,"annotations":[],"audio":null,"function_call":{}`)}, "waits"},
		"openai: comments":                  {[]string{": ping\n\n", ": ping\n\n", begins}, "waits"},
		"openai: a usage":                   {[]string{begins, `data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":0}}` + "\n\n"}, "waits"},
		"openai: a chunk without choices":   {[]string{`data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}` + "\n\n"}, "waits"},
		"openai: text":                      {[]string{begins, delta(`"content":"x"`)}, "passes"},
		"openai: half of a text":            {[]string{begins, delta(`"content":"x"`)[:70]}, "waits"},
		"openai: a blank text":              {[]string{begins, delta(`"content":" "`)}, "passes"},
		"openai: reasoning":                 {[]string{begins, delta(`"reasoning_content":"x"`)}, "passes"},
		"openai: encrypted reasoning":       {[]string{begins, delta(`"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]`)}, "passes"},
		"openai: a refusal":                 {[]string{begins, delta(`"refusal":"no"`)}, "passes"},
		"openai: a call":                    {[]string{begins, delta(`"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]`)}, "passes"},
		"openai: audio":                     {[]string{begins, delta(`"audio":{"id":"a","data":"AAAA"}`)}, "passes"},
		"openai: a call of the old form":    {[]string{begins, delta(`"function_call":{"name":"f","arguments":""}`)}, "passes"},
		"openai: an empty answer":           {[]string{begins, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"}, "passes"},
		"openai: nothing and its marker":    {[]string{"data: [DONE]\n\n"}, "503"},
		"openai: an error":                  {[]string{`data: {"error":{"message":"x","type":"server_error"}}` + "\n\n"}, "503"},
		"openai: an error after the role":   {[]string{begins, `data: {"error":{"message":"x","code":502}}` + "\n\n"}, "503"},
		"openai: a limit":                   {[]string{`data: {"error":{"message":"x","code":"rate_limit_exceeded"}}` + "\n\n"}, "429"},
		"openai: an empty account":          {[]string{`data: {"error":{"message":"x","code":"insufficient_quota"}}` + "\n\n"}, "429"},
		"openai: no such model":             {[]string{`data: {"error":{"message":"x","code":"model_not_found"}}` + "\n\n"}, "429"},
		"openai: a refused key":             {[]string{`data: {"error":{"message":"x","code":"invalid_api_key"}}` + "\n\n"}, "429"},
		"openai: the client's fault":        {[]string{`data: {"error":{"message":"x","type":"invalid_request_error","code":400}}` + "\n\n"}, "passes"},
		"openai: a content filter":          {[]string{`data: {"error":{"message":"x","code":"content_filter"}}` + "\n\n"}, "passes"},
		"openai: content, then an error":    {[]string{begins + delta(`"content":"x"`) + `data: {"error":{"message":"x"}}` + "\n\n"}, "passes"},
		"openai: no JSON":                   {[]string{"data: <html>\n\n"}, "503"},
		"anthropic: a start and pings":      {[]string{beginsOther, "event: ping\ndata: {\"type\":\"ping\"}\n\n"}, "waits"},
		"anthropic: an empty block":         {[]string{beginsOther, block(`"type":"text","text":""`)}, "waits"},
		"anthropic: text":                   {[]string{beginsOther, block(`"type":"text","text":""`), `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}` + "\n\n"}, "passes"},
		"anthropic: a signature alone":      {[]string{beginsOther, block(`"type":"thinking","thinking":""`), `data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}` + "\n\n"}, "passes"},
		"anthropic: redacted thinking":      {[]string{beginsOther, block(`"type":"redacted_thinking","data":"x"`)}, "passes"},
		"anthropic: a call":                 {[]string{beginsOther, block(`"type":"tool_use","id":"t","name":"f","input":{}`)}, "passes"},
		"anthropic: a call of the server's": {[]string{beginsOther, block(`"type":"server_tool_use","id":"t","name":"web_search","input":{}`)}, "passes"},
		"anthropic: an empty answer":        {[]string{beginsOther, `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}` + "\n\n", `data: {"type":"message_stop"}` + "\n\n"}, "passes"},
		"anthropic: an overload":            {[]string{"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n"}, "429"},
		"anthropic: an error":               {[]string{beginsOther, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n"}, "503"},
		"anthropic: the client's fault":     {[]string{"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"x\"}}\n\n"}, "passes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, chainPolicy)
			_, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
			s := holding(r, id, "gpt", "gpt-4o-mini")
			if strings.HasPrefix(name, "anthropic") {
				s = holding(r, id, "claude", "claude-sonnet-4-6")
			}
			got := verdict(t, s, s.ResponseHeaders(H{":status", "200", "content-type", "text/event-stream"}, false))
			for i, piece := range c.pieces {
				if got != "waits" {
					t.Fatalf("%s before piece %d", got, i)
				}
				got = verdict(t, s, s.ResponseBody(piece, false))
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if got == "waits" {
				if end := verdict(t, s, s.ResponseBody("", true)); end != "503" {
					t.Errorf("at the end of nothing: %s", end)
				}
			}
		})
	}
}

const wholeOther = `{"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":1}}`

// TestAWholeAnswerIsJudgedWhole holds the same of answers that are no stream: they are
// judged at their end, unless they are too long to be held.
func TestAWholeAnswerIsJudgedWhole(t *testing.T) {
	long := strings.Repeat(" ", maxGate)
	for name, c := range map[string]struct{ body, want string }{
		"an answer":                      {wholeOther, "passes"},
		"an answer behind blanks":        {"\n\n\n" + wholeOther, "passes"},
		"empty":                          {"", "503"},
		"blank":                          {"\n \n", "503"},
		"half":                           {wholeOther[:80], "503"},
		"a page":                         {"<html>down</html>", "503"},
		"another object":                 {`{"ok":true}`, "503"},
		"an error":                       {`{"type":"error","error":{"type":"api_error","message":"x"}}`, "503"},
		"an overload":                    {`{"type":"error","error":{"type":"overloaded_error","message":"x"}}`, "429"},
		"the client's fault":             {`{"type":"error","error":{"type":"invalid_request_error","message":"x"}}`, "passes"},
		"too deep":                       {`{"type":"message","content":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "503"},
		"a page that is too long for it": {"<html>" + long, "passes"},
	} {
		for _, dialect := range []string{"/v1/chat/completions", "/v1/messages"} {
			t.Run(name+" "+dialect, func(t *testing.T) {
				r := newRig(t, chainPolicy)
				_, id, _ := begin(r, dialect, `{"model":"assistant","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
				s := holding(r, id, "claude", "claude-sonnet-4-6")
				got := verdict(t, s, s.ResponseHeaders(H{":status", "200", "content-type", "application/json"}, false))
				for half := len(c.body) / 2; got == "waits"; {
					if got = verdict(t, s, s.ResponseBody(c.body[:half], false)); got == "waits" {
						got = verdict(t, s, s.ResponseBody(c.body[half:], true))
					}
				}
				if got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		}
	}
}

// TestAHeldAnswerIsJudgedForWhatItIs holds that a label that lies does not fail an answer, nor hide
// an error.
func TestAHeldAnswerIsJudgedForWhatItIs(t *testing.T) {
	const failed, fault = `{"error":{"message":"x","type":"server_error","code":500}}`, "data: {\"error\":{\"message\":\"x\"}}\n\n"
	answer, stream := formedAnswers[0].whole, formedAnswers[0].stream
	for _, c := range []struct{ label, body, want string }{
		{"text/event-stream", answer, "passes"},
		{"text/event-stream", "\ufeff" + answer, "passes"},
		{"text/event-stream", failed, "503"},
		{"text/event-stream", `{"error":{"message":"x","code":"rate_limit_exceeded"}}`, "429"},
		{"text/event-stream", answer[:60], "503"},
		{"text/event-stream", "<html>\n\ndown", "503"},
		{"application/json", stream, "passes"},
		{"application/json", "\ufeff" + answer, "passes"},
		{"application/json", fault, "503"},
		{"application/json", stream[:150], "503"},
		{"text/plain", stream, "passes"},
		{"text/plain", answer, "passes"},
		{"text/plain", fault, "503"},
		{"text/plain", failed, "503"},
		{"text/plain", "upstream connect error\n\n", "503"},
	} {
		for _, streams := range []string{"true", "false"} {
			t.Run(c.label+" "+c.body+" "+streams, func(t *testing.T) {
				r := newRig(t, chainPolicy)
				_, id, _ := begin(r, "/v1/messages", `{"model":"assistant","stream":`+streams+`,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
				s := holding(r, id, "gpt", "gpt-4o-mini")
				got := verdict(t, s, s.ResponseHeaders(H{":status", "200", "content-type", c.label}, false))
				for half := len(c.body) / 2; got == "waits"; {
					if got = verdict(t, s, s.ResponseBody(c.body[:half], false)); got == "waits" {
						got = verdict(t, s, s.ResponseBody(c.body[half:], true))
					}
				}
				if got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		}
	}
}

// TestHeadersMayDecideAlone holds which answers are not waited for.
func TestHeadersMayDecideAlone(t *testing.T) {
	for name, c := range map[string]struct {
		h    H
		end  bool
		want string
	}{
		"a stream":                  {H{":status", "200", "content-type", "text/event-stream"}, false, "waits"},
		"a stream of that end":      {H{":status", "200", "content-type", "text/event-stream"}, true, "503"},
		"JSON":                      {H{":status", "200", "content-type", "application/json", "content-length", "65536"}, false, "waits"},
		"JSON without end":          {H{":status", "200", "content-type", "application/json"}, false, "waits"},
		"JSON that is long":         {H{":status", "200", "content-type", "application/json", "content-length", "65537"}, false, "passes"},
		"no body":                   {H{":status", "200", "content-type", "application/json", "content-length", "0"}, true, "503"},
		"compressed":                {H{":status", "200", "content-type", "application/json", "content-encoding", "zstd"}, false, "passes"},
		"a compressed stream":       {H{":status", "200", "content-type", "text/event-stream", "content-encoding", "br"}, false, "passes"},
		"a stream in gzip":          {H{":status", "200", "content-type", "text/event-stream", "content-encoding", "GZip"}, false, "waits"},
		"an identity":               {H{":status", "200", "content-type", "text/event-stream", "content-encoding", "identity"}, false, "waits"},
		"a fault of the server's":   {H{":status", "500", "content-type", "application/json"}, true, "passes"},
		"a fault that says more":    {H{":status", "500", "content-type", "application/json"}, false, "waits"},
		"a fault that is long":      {H{":status", "500", "content-type", "text/html", "content-length", "65537"}, false, "passes"},
		"a limit":                   {H{":status", "429", "content-type", "application/json"}, true, "429"},
		"a limit that says more":    {H{":status", "429", "content-type", "application/json"}, false, "waits"},
		"a fault of the client's":   {H{":status", "400", "content-type", "application/json"}, false, "waits"},
		"one that is too large":     {H{":status", "413", "content-type", "application/json"}, true, "again"},
		"one that is not there":     {H{":status", "404", "content-type", "application/json"}, true, "429"},
		"one that does not exist":   {H{":status", "999", "content-type", "application/json"}, true, "503"},
		"a redirect":                {H{":status", "302"}, true, "429"},
		"a conflict":                {H{":status", "409", "content-type", "application/json"}, true, "503"},
		"one that is unprocessable": {H{":status", "422", "content-type", "application/json"}, true, "passes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, chainPolicy)
			_, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
			s := holding(r, id, "gpt", "gpt-4o-mini")
			if got := verdict(t, s, s.ResponseHeaders(c.h, c.end)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestAFailedAttemptDoesNotWaitLong holds that what an error says is waited for, and that a chain
// goes on without it if it does not come.
func TestAFailedAttemptDoesNotWaitLong(t *testing.T) {
	r := newRig(t, chainPolicy)
	_, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	s := holding(r, id, "gpt", "gpt-4o-mini")
	if got := verdict(t, s, s.ResponseHeaders(H{":status", "429", "content-type", "application/json"}, false)); got != "waits" {
		t.Fatal(got)
	}
	if got := verdict(t, s, s.Wait()); got != "429" {
		t.Errorf("%s, want 429", got)
	}
}

// TestTooLongForALinkIsNotForALaterOne holds which refusals of a request another link may
// make good: those of its length, if a later link takes more, as far as it is known.
func TestTooLongForALinkIsNotForALaterOne(t *testing.T) {
	const tooLong, said = `{"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}}`, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}`
	for name, c := range map[string]struct{ model, backend, use, body, want string }{
		"a longer one follows": {"assistant", "gpt", "gpt-4o-mini", tooLong, "again"},
		"it is the last":       {"assistant", "claude", "claude-sonnet-4-6", said, "passes"},
		"none that is longer":  {"mini", "gpt", "gpt-4o-mini", tooLong, "passes"},
		"in words of its own":  {"reverse", "claude", "claude-sonnet-4-6", said, "again"},
		"another fault":        {"assistant", "gpt", "gpt-4o-mini", `{"error":{"message":"x","type":"invalid_request_error"}}`, "passes"},
		"what cannot be read":  {"assistant", "gpt", "gpt-4o-mini", `<html>`, "passes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, chainPolicy+"  reverse: {chain: [claude/claude-sonnet-4-6, gpt/nobody-knows-it]}\nunpriced: flag\n")
			_, id, _ := begin(r, "/v1/chat/completions", `{"model":"`+c.model+`","messages":[{"role":"user","content":"hi"}]}`)
			s := holding(r, id, c.backend, c.use)
			got := verdict(t, s, s.ResponseHeaders(H{":status", "400", "content-type", "application/json"}, false))
			if got == "waits" {
				got = verdict(t, s, s.ResponseBody(c.body, true))
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestOneThatIsMerelySilentIsLetGoInTime holds that an answer whose headers are there is
// waited for: it passes before Envoy would end the attempt.
func TestOneThatIsMerelySilentIsLetGoInTime(t *testing.T) {
	r := newRig(t, strings.Replace(chainPolicy, "mini: {", "mini: {timeout: 300ms, ", 1))
	_, id, _ := begin(r, "/v1/chat/completions", `{"model":"mini","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	s := holding(r, id, "gpt", "gpt-4o-mini")
	if got := verdict(t, s, s.ResponseHeaders(H{":status", "200", "content-type", "text/event-stream"}, false)); got != "waits" {
		t.Fatal(got)
	}
	if got := verdict(t, s, s.ResponseBody(": ping\n\n", false)); got != "waits" {
		t.Fatal(got)
	}
	if got := verdict(t, s, s.Wait()); got != "passes" {
		t.Error(got)
	}
}

// TestSilenceBehindTheHeadersIsBounded holds that first_token is wound by content alone in
// a stream, and by any byte in JSON.
func TestSilenceBehindTheHeadersIsBounded(t *testing.T) {
	bounded := strings.Replace(chainPolicy, "assistant: {", "assistant: {timeout: 5m, first_token: 1m, ", 1)
	for name, c := range map[string]struct {
		kind  string
		pings string
		want  string
	}{
		"a silent stream":        {"text/event-stream", "", "429"},
		"a stream of pings":      {"text/event-stream", ": ping\n\n", "429"},
		"silent JSON":            {"application/json", "", "429"},
		"JSON that gives blanks": {"application/json", "\n", "waits"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, bounded)
			var passed atomic.Int64
			r.server.now = func() time.Time { return time.Unix(passed.Load(), 0) }
			_, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
			s := holding(r, id, "gpt", "gpt-4o-mini")
			got := verdict(t, s, s.ResponseHeaders(H{":status", "200", "content-type", c.kind}, false))
			for i := 0; got == "waits" && i < 4; i++ {
				passed.Add(20)
				got = verdict(t, s, s.ResponseBody(c.pings, false))
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestALastLinkThatIsRejectedIsAnsweredAtOnce holds that what follows of a rejected answer
// is not waited for, if no link is left.
func TestALastLinkThatIsRejectedIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, _ := begin(r, "/v1/messages", `{"model":"assistant","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	at := holding(r, id, "gpt", "gpt-4o-mini")
	at.ResponseHeaders(H{":status", "200", "content-type", "text/event-stream"}, false)
	if got := verdict(t, at, at.ResponseBody(`data: {"error":{"message":"x"}}`+"\n\n", false)); got != "503" {
		t.Fatal(got)
	}
	im := s.ResponseHeaders(Answered("503", "text/event-stream", "x-envoy-attempt-count", "6"), false).Immediate()
	if im == nil || im.Status.Code != 503 || !strings.Contains(string(im.Body), `"type":"overloaded_error"`) || !strings.Contains(string(im.Body), `\"gpt/gpt-4o-mini\" 200 error`) {
		t.Errorf("the client got %v", im)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "exhausted" || row.By != "provider" || row.Status != 503 || row.Tried[0].Status != 200 || !row.Tried[0].Failed || row.Tried[0].Fault != "error" {
		t.Errorf("row %+v", row)
	}
}

// TestWhatCannotBeReadIsNotJudgedByContent holds that an answer in an encoding that is not
// read is let go at its headers: no stage takes it for silence or for an error.
func TestWhatCannotBeReadIsNotJudgedByContent(t *testing.T) {
	for encoding, held := range map[string]bool{"": true, "identity": true, "gzip": true, "zstd": false, "br": false} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			var seen []bool
			r := newRig(t, chainPolicy, &scripted{name: "judges", answered: func(at *exchange.Attempt) exchange.Judgement {
				seen = append(seen, at.ByContent)
				return exchange.Judgement{Undecided: true}
			}})
			client, id, _ := begin(r, "/v1/chat/completions", `{"model":"mini","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
			h := H{":status", "200", "content-type", "text/event-stream"}
			if encoding != "" {
				h = append(h, "content-encoding", encoding)
			}
			s := holding(r, id, "gpt", "gpt-4o-mini")
			s.ResponseHeaders(h, false)
			s.ResponseBody("\x1f\x8b no text\n\n", false)
			client.Cancel()
			r.idle()
			if len(seen) == 0 || seen[0] != held || !held && len(seen) != 1 {
				t.Errorf("judged by content: %v", seen)
			}
		})
	}
}
