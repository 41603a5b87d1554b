package openai_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

// TestScatteredCallsAndResultsStandTogether holds what a server of the client's own
// dialect gets of calls and results that stand apart.
func TestScatteredCallsAndResultsStandTogether(t *testing.T) {
	asks := func(ids ...string) string {
		calls := ""
		for _, id := range ids {
			calls += `,{"id":"` + id + `","type":"function","function":{"name":"f","arguments":"{}"}}`
		}
		return `{"role":"assistant","content":null,"tool_calls":[` + calls[1:] + `]}`
	}
	const (
		user = `{"role":"user","content":"x","odd":1}`
		a    = `{"role":"tool","tool_call_id":"a","content":"r"}`
		b    = `{"role":"tool","tool_call_id":"b","content":"r"}`
	)
	for _, c := range []struct {
		name           string
		messages, want []string // want of what stands together: nil
	}{
		{"calls in two messages", []string{user, asks("a"), asks("b"), a, b}, []string{user, asks("a", "b"), a, b}},
		{"the user between results", []string{user, asks("a", "b"), a, user, b}, []string{user, asks("a", "b"), a, b, user}},
		{"a loop as it should be", []string{user, asks("a", "b"), a, b, user}, nil},
		{"two users", []string{user, user}, nil},
		{"two answers", []string{user, `{"role":"assistant","content":"x"}`, asks("a"), a}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := func(messages []string) string {
				return `{"model":"m","messages":[` + strings.Join(messages, ",") + `]}`
			}
			in := []byte(body(c.messages))
			target := canon.Target{Model: "m", Quirks: quirk.Set{History: quirk.OpenAIHistory}}
			if got := (openai.Dialect{}).Scattered(in, &target); got != (c.want != nil) {
				t.Errorf("scattered: %v", got)
			}
			if (openai.Dialect{}).Scattered(in, &canon.Target{}) {
				t.Error("scattered to a server that is not known")
			}
			r, err := openai.Dialect{}.Decode(in)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				c.want = c.messages
			}
			got, _, err := openai.Dialect{}.Encode(nil, r, target)
			if diff := cmp.Diff(body(c.want), string(got)); diff != "" || err != nil {
				t.Errorf("%s, %v", diff, err)
			}
		})
	}
}
