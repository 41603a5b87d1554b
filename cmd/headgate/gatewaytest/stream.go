package gatewaytest

import (
	"encoding/json"
	"strings"
	"testing"
)

// delta is what of an event of either dialect carries text.
type delta struct {
	Choices []struct{ Delta struct{ Content string } }
	Delta   struct{ Text string }
	Usage   json.RawMessage
}

// StreamText is the text of a stream's events and how many of them report usage.
func StreamText(t *testing.T, events []string) (text string, usages int) {
	t.Helper()
	for _, ev := range events {
		for line := range strings.SplitSeq(ev, "\n") {
			data, ok := strings.CutPrefix(line, "data: ")
			if !ok || data == "[DONE]" {
				continue
			}
			var d delta
			if err := json.Unmarshal([]byte(data), &d); err != nil {
				t.Errorf("event %q: %v", ev, err)
			}
			for _, c := range d.Choices {
				text += c.Delta.Content
			}
			text += d.Delta.Text
			if len(d.Usage) > 0 && string(d.Usage) != "null" {
				usages++
			}
		}
	}
	return text, usages
}
