package anthropic_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/scan"
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

// TestAWholeAnswerKeepsItsCitationsAsAStream holds so, and that what is folded of the stream is the
// answer that it was made of.
func TestAWholeAnswerKeepsItsCitationsAsAStream(t *testing.T) {
	const one, two = `{"type":"page_location","cited_text":"a","document_index":0,"start_page_number":1,"end_page_number":2}`, `{"type":"web_search_result_location","url":"https://example.com","title":"b","cited_text":"c","encrypted_index":"d"}`
	answer, err := anthropic.Dialect{}.DecodeAnswer([]byte(`{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"It is so.","citations":[` + one + `,` + two + `]},` +
		`{"type":"text","text":" Really.","citations":null}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	e := anthropic.Dialect{}.Encoder(canon.Client{})
	var stream []byte
	events := answer.Events()
	for i := range events {
		stream = e.Append(stream, &events[i])
	}
	if n := strings.Count(string(stream), `"citations_delta"`); n != 2 {
		t.Errorf("%d citations: %s", n, stream)
	}
	fold := anthropic.Dialect{}.Fold()
	var split scan.Splitter
	split.Feed(stream)
	for raw, err := split.Next(); raw != nil && err == nil; raw, err = split.Next() {
		if fold.Frame(raw) != nil {
			t.Fatalf("it cannot be folded: %s", raw)
		}
	}
	if body, whole := fold.Answer(nil); !whole || !strings.Contains(string(body), `"text":"It is so."`) || !strings.Contains(string(body), `"citations":[`+one+`,`+two+`]`) {
		t.Errorf("folded: %s", body)
	}
}
