package openai_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestCallsOfAnAnswerThatPassesAreToldApart holds that an answer passes byte for byte but
// for ids of calls that are missing or twice the same.
func TestCallsOfAnAnswerThatPassesAreToldApart(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"a","choices":[{"message":{"tool_calls":[ {"id":"x","odd":1},{"id":"y"} ]}}]}`:                                                                   "",
		`{"id":"a","choices":[{"message":{"content":"\"tool_calls\""}}]}`:                                                                                       "",
		`{"id":"a","choices":[{"message":{"tool_calls":null}},{"message":{"tool_calls":[7]}}]}`:                                                                 "",
		`{"id":"a","choices":[{"message":{"tool_calls":[{"id":"","n":1},{"n":2},{}]}}]}`:                                                                        `{"id":"a","choices":[{"message":{"tool_calls":[{"id":"call_a_0","n":1},{"id":"call_a_1","n":2},{"id":"call_a_2"}]}}]}`,
		`{"choices":[{"message":{"tool_calls":[{"id": null, "n":1}]}},{"message":{"tool_calls":[{"id":7},{"id":7}]}},{"message":{"tool_calls":[{"id":"7"}]}}]}`: `{"choices":[{"message":{"tool_calls":[{"id": "call__0", "n":1}]}},{"message":{"tool_calls":[{"id":"7"},{"id":"hgid1_Nw"}]}},{"message":{"tool_calls":[{"id":"7"}]}}]}`,
		`{"choices":[{"message":{"tool_calls":[{"id":"x"},{"id":"x"},{"id":"x"}]}}]}`:                                                                           `{"choices":[{"message":{"tool_calls":[{"id":"x"},{"id":"hgid1_eA"},{"id":"hgid2_eA"}]}}]}`,
	} {
		var usage canon.Usage
		resp := exchange.Response{Body: []byte(body)}
		if err := (openai.Dialect{}).ReadResponse(exchange.Chat, &resp, &usage); err != nil {
			t.Fatal(err)
		}
		if changed := want != ""; string(resp.Body) != want && changed || !changed && string(resp.Body) != body || resp.Out.Replace != changed {
			t.Errorf("%s becomes %s", body, resp.Body)
		}
	}
}
