package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// signedThinking is an answer whose thinking is signed, whole or as a stream.
func signedThinking(stream bool) string {
	if !stream {
		return `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"It is ` + mail + `","signature":"c2ln"},{"type":"text","text":"ok"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":7}}`
	}
	const delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}}\n\n"
	s := strings.Replace(twoBlocks, `{"type":"text","text":""}`, `{"type":"thinking","thinking":"","signature":""}`, 1)
	s = strings.Replace(s, `{"type":"text_delta","text":"{\"a\":"}`, `{"type":"thinking_delta","thinking":"It is `+mail+`"}`, 1)
	return strings.Replace(s, "event: content_block_stop\n", delta+"event: content_block_stop\n", 1)
}

// TestThinkingIsLookedAt holds that what a model thinks is masked and refused as what it says,
// also if its provider has signed it.
func TestThinkingIsLookedAt(t *testing.T) {
	t.Parallel()
	r := startPieced(t, splitGuards)
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r, says := r.with(t), spec(&answer{Raw: signedThinking(w.Stream)})
			a := r.Ask(w.Request("mask-anthropic", says))
			if checkAbsent(t, "the answer", a.Body, "ada."); !strings.Contains(a.Body, "It is [EMAIL_ADDRESS]") || a.Status != 200 {
				t.Errorf("masked: %d %s", a.Status, a.Body)
			}
			a = r.Ask(w.Request("deny-anthropic", says))
			if checkAbsent(t, "the answer", a.Body, "ada."); !strings.Contains(a.Body, refusal) || !w.Stream && a.Status != 403 {
				t.Errorf("denied: %d %s", a.Status, a.Body)
			}
		})
	}
}
