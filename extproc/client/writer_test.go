package client

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/scan"
)

// read decodes one frame and says where its texts stand, as the provider's end does.
func read(t *testing.T, raw string) []canon.Event {
	t.Helper()
	frame := &canon.Frame{Raw: []byte(raw)}
	events := dialect.ByName("openai").Decoder(true).Next(frame.Raw)
	frame.Events = len(events)
	for i := range events {
		events[i].Frame = frame
		if start, ok := scan.Within(frame.Raw, events[i].Text); ok {
			events[i].TextAt = canon.Span{Start: start, End: start + len(events[i].Text)}
		} else {
			events[i].TextWas = events[i].Text
		}
	}
	return events
}

// TestEveryChangedTextReachesTheClient holds that no text leaves as it came that a stage
// has changed, wherever it stands in its frame, and that an unchanged event leaves as its frame.
func TestEveryChangedTextReachesTheClient(t *testing.T) {
	const head = `data: {"id":"1","object":"chat.completion.chunk","model":"m","kept":1,"choices":[{"index":0,"delta":`
	const tail = `,"finish_reason":null}]}` + "\n\n"
	for name, delta := range map[string]string{
		"one text":                  `{"content":"secret"}`,
		"reasoning after the text":  `{"content":"secret","reasoning_content":"secret"}`,
		"reasoning before the text": `{"reasoning_content":"secret","content":"secret"}`,
		"in a list":                 `{"content":[{"type":"text","text":"secret"}]}`,
		"data in two lines":         `{"content":` + "\ndata: " + `"secret"}`,
	} {
		t.Run(name, func(t *testing.T) {
			raw := head + delta + tail
			var same, changed []byte
			w := NewWriter(dialect.ByName("openai").Encoder(canon.Client{}), true)
			for _, ev := range read(t, raw) {
				same = w.Append(same, &ev)
			}
			if string(w.Flush(same)) != raw {
				t.Errorf("untouched it left as %s", same)
			}
			w = NewWriter(dialect.ByName("openai").Encoder(canon.Client{}), true)
			for _, ev := range read(t, raw) {
				if ev.Says() {
					ev.Text = scan.Value(`"hidden"`)
				}
				changed = w.Append(changed, &ev)
			}
			changed = w.Flush(changed)
			if strings.Contains(string(changed), "secret") || strings.Count(string(changed), "hidden") != strings.Count(raw, "secret") {
				t.Errorf("the client got %s", changed)
			}
		})
	}
}

// TestAnEventThatIsSplitIsWrittenOnce holds that two pieces of one event, and what else
// its frame says, reach the client once each.
func TestAnEventThatIsSplitIsWrittenOnce(t *testing.T) {
	events := read(t, `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"ab"},"finish_reason":"stop"}]}`+"\n\n")
	w := NewWriter(dialect.ByName("openai").Encoder(canon.Client{}), true)
	var out []byte
	for _, ev := range events {
		if ev.Kind != canon.EventText {
			out = w.Append(out, &ev)
			continue
		}
		for _, half := range []string{`"first"`, `"second"`} {
			ev.Text = scan.Value(half)
			out = w.Append(out, &ev)
		}
	}
	out = w.Append(w.Flush(out), &canon.Event{Kind: canon.EventDone})
	for _, once := range []string{"first", "second", `"finish_reason":"stop"`} {
		if strings.Count(string(out), once) != 1 {
			t.Errorf("%s is there %d times: %s", once, strings.Count(string(out), once), out)
		}
	}
}

// TestWhatRepeatsAChangedTextIsWrittenAnew holds that a frame that says again what was
// changed does not leave, and that it does if nothing was.
func TestWhatRepeatsAChangedTextIsWrittenAnew(t *testing.T) {
	const again = "event: again\ndata: {\"all\":\"secret\"}\n\n"
	for _, with := range []string{`"secret"`, `"hidden"`} {
		w := NewWriter(dialect.ByName("openai").Encoder(canon.Client{}), true)
		var out []byte
		for _, ev := range read(t, `data: {"id":"1","choices":[{"index":0,"delta":{"content":"secret"}}]}`+"\n\n") {
			if ev.Kind == canon.EventText {
				ev.Text = scan.Value(with)
			}
			out = w.Append(out, &ev)
		}
		out = w.Append(out, &canon.Event{Kind: canon.EventBlank, Repeats: true, Frame: &canon.Frame{Raw: []byte(again), Events: 1}})
		out = w.Append(out, &canon.Event{Kind: canon.EventDone})
		if left := strings.Contains(string(out), again); left != (with == `"secret"`) || !strings.Contains(string(out), "[DONE]") {
			t.Errorf("%s: the client got %s", with, out)
		}
	}
}

// TestSignsOfLifeCrossATranslation holds that a ping reaches a client of another dialect in the
// form of its own, once its stream has begun, and that SDKs do not take it for an answer.
func TestSignsOfLifeCrossATranslation(t *testing.T) {
	for name, want := range map[string]string{
		"openai":    `"delta":{}`,
		"anthropic": "event: ping\n",
		"responses": ": ping\n",
	} {
		w := NewWriter(dialect.ByName(name).Encoder(canon.Client{ID: "1"}), false)
		blank := &canon.Event{Kind: canon.EventBlank}
		if out := w.Append(nil, blank); len(out) > 0 {
			t.Errorf("%s: before the start: %q", name, out)
		}
		w.Append(nil, &canon.Event{Kind: canon.EventStart})
		if out := string(w.Append(nil, blank)); !strings.Contains(out, want) {
			t.Errorf("%s: %q, want %q", name, out, want)
		}
		w.Append(nil, &canon.Event{Kind: canon.EventDone})
		if out := w.Append(nil, blank); len(out) > 0 {
			t.Errorf("%s: after the end: %q", name, out)
		}
	}
}
