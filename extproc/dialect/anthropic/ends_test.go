package anthropic_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/scan"
)

func TestNothingFollowsTheEndOfAStream(t *testing.T) {
	for name, end := range map[string]canon.Event{
		"good": {Kind: canon.EventDone},
		"bad":  {Kind: canon.EventFailed, Fault: canon.Cut()},
	} {
		e := anthropic.NewStreamEncoder(client)
		out := e.Append(nil, &canon.Event{Kind: canon.EventStart})
		if e.Ended() {
			t.Errorf("%s: ended at the start", name)
		}
		out = e.Append(out, &end)
		if !e.Ended() {
			t.Errorf("%s: not ended", name)
		}
		more := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: scan.Value(`"late"`)})
		if more = e.Abort(more, canon.Cut()); len(more) > 0 {
			t.Errorf("%s: %q follows %q", name, more, out)
		}
	}
}

func TestAbortEndsWithAnErrorAndWithoutMessageStop(t *testing.T) {
	e := anthropic.NewStreamEncoder(client)
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	got := string(e.Abort(nil, &canon.Fault{Kind: canon.FaultOverloaded, Message: "busy"}))
	if want := "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}` + "\n\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestInputIsAnEstimateUntilItIsCounted(t *testing.T) {
	c := client
	c.Input = 42
	e := anthropic.NewStreamEncoder(c)
	start := string(e.Append(nil, &canon.Event{Kind: canon.EventStart, ID: scan.Value(`"id"`), Model: scan.Value(`"m"`)}))
	if want := "event: message_start\n" + `data: {"type":"message_start","message":{"id":"id","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,` +
		`"usage":{"input_tokens":42,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}` + "\n\n"; start != want {
		t.Errorf("got %s", start)
	}
}

func TestAStreamThatMakesTooMuchWaitIsGivenUp(t *testing.T) {
	e := anthropic.NewStreamEncoder(client)
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	e.Append(nil, &canon.Event{Kind: canon.EventToolStart, ID: scan.Value(`"c"`), Name: scan.Value(`"f"`)})
	text := scan.Value(`"` + strings.Repeat("x", 1<<20) + `"`)
	for range 16 {
		if out := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: text}); len(out) > 0 {
			t.Fatalf("%.100s", out)
		}
	}
	if out := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: text}); !e.Ended() || !strings.HasPrefix(string(out), "event: error") {
		t.Errorf("%.100s", out)
	}
}
