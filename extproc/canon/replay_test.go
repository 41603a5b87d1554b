package canon_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// TestAnEmptyTextIsNoBlock holds that a text which says nothing, as some servers write it beside
// calls, becomes no block of a stream: Anthropic's API does not take such a block back.
func TestAnEmptyTextIsNoBlock(t *testing.T) {
	answer := &canon.Response{Choices: []canon.Choice{{Finish: canon.FinishToolCalls, Parts: []canon.Part{
		{Kind: canon.Text, Text: scan.Value(`""`)}, {Kind: canon.ToolCall, ID: scan.Value(`"c"`), Name: scan.Value(`"f"`), Args: scan.Value(`{}`)}, {Kind: canon.Refusal, Text: scan.Value(`""`)},
	}}}}
	want := []canon.EventKind{canon.EventStart, canon.EventToolStart, canon.EventToolArgs, canon.EventBlockEnd, canon.EventFinish, canon.EventDone}
	events := answer.Events()
	if len(events) != len(want) {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	for i, kind := range want {
		if events[i].Kind != kind {
			t.Errorf("event %d is %d, want %d", i, events[i].Kind, kind)
		}
	}
}
