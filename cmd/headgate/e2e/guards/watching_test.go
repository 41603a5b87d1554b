package guards

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/guard"
)

// watchers look at everything and act on nothing.
var watchers = map[string]string{
	"bare": "{}",
	"shadow": `{input: [{pii: {mode: shadow, action: mask}}, {words: {words: [hello], mode: shadow, action: deny}}, {length: {max_chars: 1, mode: shadow}}],
    output: [{pii: {mode: shadow, action: mask}}, {words: {words: [hello], mode: shadow, action: deny}}]}`,
	"flag": `{input: [{pii: {action: flag}}, {words: {words: [hello], action: flag}}],
    output: [{pii: {name: pii-out, action: flag}}, {words: {name: words-out, words: [hello], action: flag}}]}`,
}

// rawAnswers are answers as no encoder of the gateway writes them, by the backend's dialect and
// whether they are streams.
var rawAnswers = map[string]map[bool]string{
	"openai": {
		false: `{ "id":"chatcmpl-1", "object":"chat.completion" ,"created":1700000000,"model":"m","x":[1.0e3],"choices":[{"index":0,"message":{"role":"assistant","content":"Hello \u0061da.lovelace@example.com\/"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}}` + "\n",
		true: ": hello\r\n\r\n" + `data:{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello ada.love"},"logprobs":{"content":[{"token":"Hello","logprob":-0.1,"bytes":null,"top_logprobs":[]}]},"finish_reason":null}],"p":"x"}` + "\r\n\r\n" +
			`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":"lace@ex\u0061mple.com"},"finish_reason":null}]}` + "\n\n" +
			`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n",
	},
	"anthropic": {
		false: `{"id":"msg_1" ,"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello \u0061da.lovelace@example.com"}],"stop_reason":"end_turn","stop_sequence":null,"x":1.50,"usage":{"input_tokens":9,"output_tokens":7}}`,
		true: "event: message_start\ndata: " + `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}` + "\n\n" +
			"event: content_block_start\ndata: " + `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n" +
			"event: content_block_delta\ndata: " + `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello ada.love"}  }` + "\n\n" +
			"event: content_block_delta\ndata: " + `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lace@ex\u0061mple.com"}}` + "\n\n" +
			"event: content_block_stop\ndata: " + `{"type":"content_block_stop","index":0}` + "\n\n" +
			"event: message_delta\ndata: " + `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}` + "\n\n" +
			"event: message_stop\ndata: " + `{"type":"message_stop"}` + "\n\n",
	},
}

// TestWatchingChangesNothing holds that guards in shadow, and those that flag, change no byte of
// what the provider gets and of what the client gets, whole and streamed, of the same dialect and
// translated. Of what is flagged the headers name the guards that had looked by then.
func TestWatchingChangesNothing(t *testing.T) {
	t.Parallel()
	r := startPieced(t, watchers)
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		r, raw := r.with(t), rawAnswers[backend][w.Stream]
		ask := func(name string) (gatewaytest.Answer, string) {
			got := r.Ask(w.Request(name+"-"+backend, "Hello, I am "+mail+" "+spec(&answer{Raw: raw})))
			gatewaytest.MustOK(t, got)
			return got, r.provider.last()
		}
		bare, sent := ask("bare")
		if body := comment.ReplaceAllString(bare.Body, ""); backend == w.Dialect && body != raw {
			t.Errorf("without guards: %s", cmp.Diff(raw, body))
		}
		for _, name := range []string{"shadow", "flag"} {
			got, its := ask(name)
			if its != sent {
				t.Errorf("%s: the provider got %s", name, cmp.Diff(sent, its))
			}
			if d := cmp.Diff(withoutOwn(bare.Body), withoutOwn(got.Body)); d != "" {
				t.Errorf("%s (-bare +%s):\n%s", name, name, d)
			}
			want := map[string]string{"flag": "pii, words, pii-out, words-out"}[name]
			if w.Stream {
				want = strings.TrimSuffix(want, ", pii-out, words-out")
			}
			if flagged := got.Header.Get(guard.FlagHeader); flagged != want {
				t.Errorf("%s: flagged %q, want %q", name, flagged, want)
			}
		}
	})
}

// What differs from exchange to exchange: the comment at the end of a stream, and when a translated
// answer was made.
var (
	comment = regexp.MustCompile(`(?m)^: x-headgate-[^\n]*\n\n`)
	created = regexp.MustCompile(`"created":\d+`)
)

func withoutOwn(body string) string {
	return created.ReplaceAllString(comment.ReplaceAllString(body, ""), "")
}
