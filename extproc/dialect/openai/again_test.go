package openai_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// TestAWholeAnswerKeepsItsLogProbabilitiesAsAStream holds so of each choice.
func TestAWholeAnswerKeepsItsLogProbabilitiesAsAStream(t *testing.T) {
	const one, two = `{"content":[{"token":"a","logprob":-1e-9}],"refusal":null}`, `{"content":[],"refusal":null}`
	answer, err := openai.Dialect{}.DecodeAnswer([]byte(`{"id":"c","object":"chat.completion","model":"m","choices":[` +
		`{"index":0,"message":{"role":"assistant","content":"a"},"logprobs":` + one + `,"finish_reason":"stop"},` +
		`{"index":1,"message":{"role":"assistant","content":"b"},"logprobs":` + two + `,"finish_reason":"stop"},` +
		`{"index":2,"message":{"role":"assistant","content":"c"},"finish_reason":"stop"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	e := openai.Dialect{}.Encoder(canon.Client{})
	var stream []byte
	events := answer.Events()
	for i := range events {
		stream = e.Append(stream, &events[i])
	}
	for _, want := range []string{
		`{"index":0,"delta":{},"logprobs":` + one + `,"finish_reason":"stop"}`, `{"index":1,"delta":{},"logprobs":` + two + `,"finish_reason":"stop"}`,
		`{"index":2,"delta":{},"logprobs":null,"finish_reason":"stop"}`,
	} {
		if !strings.Contains(string(stream), want) {
			t.Errorf("no %s in %s", want, stream)
		}
	}
}
