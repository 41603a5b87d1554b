package anthropic_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
)

// TestAWholeAnswerAsAStreamSaysItsInputAtTheStart holds so, because there are clients that read it
// nowhere else.
func TestAWholeAnswerAsAStreamSaysItsInputAtTheStart(t *testing.T) {
	answer, err := anthropic.Dialect{}.DecodeAnswer([]byte(`{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn",` +
		`"usage":{"input_tokens":7,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	e := anthropic.Dialect{}.Encoder(canon.Client{})
	events := answer.Events()
	start := string(e.Append(nil, &events[0]))
	for _, want := range []string{`"input_tokens":7`, `"cache_creation_input_tokens":3`, `"cache_read_input_tokens":5`, `"output_tokens":0`} {
		if !strings.Contains(start, want) {
			t.Errorf("no %s in %s", want, start)
		}
	}
}
