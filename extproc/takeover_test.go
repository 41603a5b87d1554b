package extproc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/scan"
)

// serverTools is an Anthropic stream with blocks that only its dialect understands.
var serverTools = []string{
	"event: message_start\n" + `data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}` + "\n\n",
	"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}` + "\n\n",
	"event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}` + "\n\n",
	"event: content_block_stop\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n",
	"event: content_block_start\n" + `data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}` + "\n\n",
	"event: content_block_delta\n" + `data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"one"}}` + "\n\n",
	"event: content_block_delta\n" + `data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"two"}}` + "\n\n",
	"event: content_block_stop\n" + `data: {"type":"content_block_stop","index":1}` + "\n\n",
	"event: message_delta\n" + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}` + "\n\n",
	"event: message_stop\n" + `data: {"type":"message_stop"}` + "\n\n",
}

// TestTheEncoderTakesOverAfterBlocksOfItsDialect holds that what a stage says of its own
// goes on in the block that is open at the client, whatever blocks came before.
func TestTheEncoderTakesOverAfterBlocksOfItsDialect(t *testing.T) {
	r := newRig(t, testPolicy, &scripted{name: "adds", wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
			if string(events[i].Text) == `"one"` {
				emit(&canon.Event{Kind: canon.EventText, Text: scan.Value(`"and"`)})
			}
		}
		return exchange.Verdict{}
	}})
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/messages", "anthropic-version", "2023-06-01"), false)
	s.RequestBody(`{"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	text, _ := play(s, serverTools, false)
	if !strings.HasPrefix(text, strings.Join(serverTools[:6], "")) {
		t.Errorf("the frames before were changed: %s", text)
	}
	for i := range 2 {
		for _, once := range []string{"start", "stop"} {
			if n := strings.Count(text, fmt.Sprintf(`"type":"content_block_%s","index":%d`, once, i)); n != 1 {
				t.Errorf("content_block_%s of block %d comes %d times", once, i, n)
			}
		}
	}
	if strings.Count(text, `"type":"content_block_delta","index":1`) != 3 || !strings.Contains(text, "message_stop") {
		t.Errorf("the client got %s", text)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// TestTheEncoderKeepsWhatItTookOver holds that no frame follows what the encoder wrote: a
// block that a stage has opened shifts those that come.
func TestTheEncoderKeepsWhatItTookOver(t *testing.T) {
	r := newRig(t, testPolicy, &scripted{name: "adds", wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
			if events[i].Kind == canon.EventBlockEnd && string(events[i].Frame.Raw) == serverTools[3] {
				emit(&canon.Event{Kind: canon.EventThinking, Text: scan.Value(`"hm"`)})
				emit(&canon.Event{Kind: canon.EventBlockEnd})
			}
		}
		return exchange.Verdict{}
	}})
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/messages", "anthropic-version", "2023-06-01"), false)
	s.RequestBody(`{"model":"claude","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	text, _ := play(s, serverTools, false)
	for i, kind := range []string{"server_tool_use", "thinking", "text"} {
		start := fmt.Sprintf(`"type":"content_block_start","index":%d,"content_block":{"type":%q`, i, kind)
		stop := fmt.Sprintf(`"type":"content_block_stop","index":%d`, i)
		if strings.Count(text, start) != 1 || strings.Count(text, stop) != 1 {
			t.Errorf("block %d, %s, is not there once: %s", i, kind, text)
		}
	}
	s.Cancel()
	r.row()
}
