package openai_test

import (
	"testing"

	sdk "github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// A member of the newest SDK's types that nobody knows would make a request unfit for
// other dialects that only tunes, or lose what changes its meaning.
func TestTheMembersOfTheSDKAreKnown(t *testing.T) {
	bodies := leaftest.Everything[sdk.ChatCompletionNewParams](t, nil)
	if len(bodies) < 5 {
		t.Fatalf("only %d requests", len(bodies))
	}
	for _, body := range bodies {
		r, err := openai.Dialect{}.Decode(body)
		if err != nil {
			t.Errorf("%v: %s", err, body)
			continue
		}
		for _, u := range (anthropic.Dialect{}).Unsupported(r, canon.Target{Model: "m"}) {
			if u.Why == "the field is not known" {
				t.Errorf("%s: %s", u.Field, u.Why)
			}
		}
	}
}
