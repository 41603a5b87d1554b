package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/scan"
)

func TestNothingFollowsTheEndOfAStream(t *testing.T) {
	for name, end := range map[string]canon.Event{
		"good": {Kind: canon.EventDone},
		"bad":  {Kind: canon.EventFailed, Fault: canon.Cut()},
	} {
		e := openai.NewStreamEncoder(client)
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

func TestAbortEndsWithAnErrorAndWithoutDone(t *testing.T) {
	e := openai.NewStreamEncoder(client)
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	got := string(e.Abort(nil, &canon.Fault{Kind: canon.FaultOverloaded, Message: "busy"}))
	if want := `data: {"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}` + "\n\n"; got != want {
		t.Errorf("got %q", got)
	}
}

// A forced call ends with stop at OpenAI; what it means is that a tool was called.
func TestACalledToolIsTheReasonForTheEnd(t *testing.T) {
	stream := `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}|data: [DONE]`
	var d openai.StreamDecoder
	var kinds []canon.EventKind
	for _, ev := range strings.Split(stream, "|") {
		for _, got := range d.Next(scan.Event(ev + "\n\n")) {
			kinds = append(kinds, got.Kind)
			if got.Kind == canon.EventFinish && got.Finish != canon.FinishToolCalls {
				t.Errorf("finish %d", got.Finish)
			}
		}
	}
	want := []canon.EventKind{canon.EventStart, canon.EventToolStart, canon.EventToolArgs, canon.EventFinish, canon.EventDone}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if more := d.End(nil); len(more) > 0 {
		t.Errorf("%v follows the end", more)
	}
}

func TestAStreamOfTooManyCallsIsGivenUp(t *testing.T) {
	var d openai.StreamDecoder
	for i := range 2000 {
		events := d.Next(scan.Event(fmt.Sprintf(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"id":"c%d","function":{"name":"f"}}]}}]}`, i, i)))
		if last := events[len(events)-1]; last.Kind == canon.EventFailed {
			if i != 1024 {
				t.Errorf("given up at call %d", i)
			}
			return
		}
	}
	t.Error("never given up")
}

func TestArgumentsThatAreAnObjectAreNotLost(t *testing.T) {
	var d openai.StreamDecoder
	var got []string
	for _, ev := range d.Next(scan.Event(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"a":"b"}}}]}}]}` + "\n\n")) {
		if ev.Kind == canon.EventToolArgs {
			got = append(got, string(ev.Text))
		}
	}
	if len(got) != 1 || got[0] != `"{\"a\":\"b\"}"` {
		t.Errorf("arguments %q", got)
	}
}

func TestADataURIHasNoParametersInItsMediaType(t *testing.T) {
	const body = `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;name=x.png;base64,AAAA"}}]}]}`
	r, err := openai.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Messages[0].Parts[0]; string(p.Media) != "image/png" || string(p.Data) != "AAAA" {
		t.Errorf("%q, %q", p.Media, p.Data)
	}
}

func TestAWholeMessageInAChunkIsTakenOnce(t *testing.T) {
	for stream, want := range map[string]string{
		`{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`:                                                    "hi",
		`{"choices":[{"index":0,"delta":{"content":"hi"}}]}|{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`: "hi",
	} {
		var d openai.StreamDecoder
		text := ""
		for _, data := range strings.Split(stream, "|") {
			for _, ev := range d.Next(scan.Event("data: " + data + "\n\n")) {
				if ev.Kind == canon.EventText {
					text += canon.Str(ev.Text)
				}
			}
		}
		if text != want {
			t.Errorf("%s: text %q", stream, text)
		}
	}
}
