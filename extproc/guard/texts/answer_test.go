package texts

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// TestTokensOfAChangedTextGo holds that log probabilities which stand beside a text go with its change,
// and that they are no text of their own.
func TestTokensOfAChangedTextGo(t *testing.T) {
	body := []byte(`{"text":"to Ann","logprobs":[{"token":"to"},{"token":" Ann"}]}`)
	v := scan.Value(body)
	part := canon.Part{Kind: canon.Text, Text: v.Get("text"), Extra: []canon.Member{{Name: []byte("logprobs"), Value: v.Get("logprobs")}}}
	answer := &canon.Response{Choices: []canon.Choice{{Parts: []canon.Part{part}}}}
	items := OfAnswer(&exchange.Response{Body: body}, answer)
	if len(items) != 1 {
		t.Fatalf("%d texts", len(items))
	}
	if edits := Edits(items, answer); len(edits) != 0 {
		t.Errorf("edits of what is unchanged: %v", edits)
	}
	items[0].edited = true
	edits := Edits(items, answer)
	if len(edits) != 2 || string(edits[1].Raw) != "[]" || string(edits[1].Text) != string(v.Get("logprobs")) {
		t.Errorf("edits %v", edits)
	}
}
