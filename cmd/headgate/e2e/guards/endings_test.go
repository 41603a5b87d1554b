package guards

import (
	"strings"
	"testing"
)

// TestACallThatIsCutIsReadToACleanEnd holds that the official SDKs read a stream to its end that
// was cut inside the arguments of a tool call, or before the answer had said anything.
func TestACallThatIsCutIsReadToACleanEnd(t *testing.T) {
	t.Parallel()
	r := startPieced(t, splitGuards)
	for _, w := range streams {
		for _, backend := range backends {
			for name, a := range map[string]*answer{
				"inside arguments": {Args: true, Pieces: []string{`{"to": "`, mail, `"}`}},
				"at the beginning": {Pieces: []string{mail, " is it."}},
			} {
				t.Run(w.Dialect+" to "+backend+" "+name, func(t *testing.T) {
					s := (&rig{Gateway: r.Gateway.With(t)}).speak(t, w, "deny-"+backend, spec(a), "")
					if checkAbsent(t, "the answer", s.text+s.refusal, mail); s.err != nil || s.finish != "content_filter" || !strings.Contains(s.text+s.refusal, refusal) {
						t.Errorf("%+v: %v", s, s.err)
					}
				})
			}
		}
	}
}

// twoBlocks is an answer in two blocks, as models give it that search between them.
const twoBlocks = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{\"a\":"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}

event: message_stop
data: {"type":"message_stop"}

`

// TestBlocksKeepTheirOrder holds that of an answer that is held back to its end the blocks come
// one after the other.
func TestBlocksKeepTheirOrder(t *testing.T) {
	t.Parallel()
	r := startPieced(t, map[string]string{"formed": `{output: [{format: {json: true}}]}`})
	for _, w := range streams {
		t.Run(w.Dialect, func(t *testing.T) {
			if got, body := r.with(t).ask(t, w, "formed-anthropic", "", &answer{Raw: twoBlocks}); got.Text != `{"a":1}` || !got.Ended {
				t.Errorf("%+v: %s", got, body)
			}
		})
	}
}
