package client_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/scan"
)

// frames decodes a stream of a dialect's as the provider's end does.
func frames(t *testing.T, name, stream string) (all []canon.Event) {
	t.Helper()
	d := dialect.ByName(name).Decoder(true)
	var split scan.Splitter
	split.Feed([]byte(stream))
	for {
		raw, err := split.Next()
		if err != nil {
			t.Fatal(err)
		}
		if raw == nil {
			return all
		}
		found := d.Next(raw)
		frame := &canon.Frame{Raw: raw, Events: len(found)}
		for _, ev := range found {
			ev.Frame = frame
			if start, ok := scan.Within(raw, ev.Text); ok {
				ev.TextAt = canon.Span{Start: start, End: start + len(ev.Text)}
			} else {
				ev.TextWas = ev.Text
			}
			all = append(all, ev)
		}
	}
}

const streamed = `data: {"id":"c","model":"m","odd":1,"choices":[{"index":0,"delta":{"role":"assistant","content":"one"}}]}` + "\n\n" +
	`data: {"id":"c","model":"m","odd":2,"choices":[{"index":0,"delta":{"content":"two"}}]}` + "\n\n" +
	`data: {"id":"c","model":"m","odd":3,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
	"data: [DONE]\n\n"

// write writes events and returns the client's bytes.
func write(events []canon.Event) string {
	w := client.NewWriter(dialect.ByName("openai").Encoder(canon.Client{}), true)
	var out []byte
	for i := range events {
		out = w.Append(out, &events[i])
	}
	return string(w.Flush(out))
}

// TestUntouchedFramesLeaveAsTheyCame holds so, and that a changed text is put in its
// frame's place, if the frame has one.
func TestUntouchedFramesLeaveAsTheyCame(t *testing.T) {
	events := frames(t, "openai", streamed)
	if got := write(events); got != streamed {
		t.Errorf("got %s", got)
	}
	for i := range events {
		if events[i].Kind == canon.EventText {
			events[i].Text = scan.Value(`"<` + string(canon.Inside(events[i].Text)) + `>"`)
		}
	}
	if got := write(events); got != strings.NewReplacer(`"one"`, `"<one>"`, `"two"`, `"<two>"`).Replace(streamed) {
		t.Errorf("got %s", got)
	}
}

// TestAHiddenFrameIsLeftOut holds so.
func TestAHiddenFrameIsLeftOut(t *testing.T) {
	events := frames(t, "openai", streamed)
	for i := range events {
		if strings.Contains(string(events[i].Frame.Raw), "two") {
			events[i].Frame.Hidden = true
		}
	}
	if got := write(events); strings.Contains(got, "two") || !strings.Contains(got, "one") || !strings.Contains(got, "[DONE]") {
		t.Errorf("got %s", got)
	}
}

// TestTheEncoderTakesOver holds that an event which was made here, or one whose frame
// lacks another, is written by the encoder, as is all that follows, and nothing twice.
func TestTheEncoderTakesOver(t *testing.T) {
	events := frames(t, "openai", streamed)
	own := canon.Event{Kind: canon.EventText, Text: scan.Value(`"own"`)}
	for name, given := range map[string][]canon.Event{
		"an event of its own":     {events[0], events[1], own, events[2], events[3], events[4]},
		"half a frame":            {events[0], own, events[2], events[3], events[4]},
		"half a frame at the end": {events[0], events[2], events[3], events[4]},
	} {
		got := write(given)
		for _, text := range []string{`"role":"assistant"`, `"content":"two"`, `"finish_reason":"stop"`, "[DONE]"} {
			if n := strings.Count(got, text); n != 1 {
				t.Errorf("%s: %s stands there %d times:\n%s", name, text, n, got)
			}
		}
		if strings.Contains(name, "half") && strings.Contains(got, `"one"`) {
			t.Errorf("%s: what was held back is there:\n%s", name, got)
		}
	}
}

// TestNothingFollowsTheEndButComments holds so.
func TestNothingFollowsTheEndButComments(t *testing.T) {
	events := frames(t, "openai", streamed)
	got := write(append(events, events[1], canon.Event{Kind: canon.EventComment, Raw: scan.Value("note")}))
	if got != streamed+": note\n\n" {
		t.Errorf("got %s", got)
	}
}
