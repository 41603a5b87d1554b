package anthropic_test

import (
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// said are the values of members that stand for more than their type says.
var said = map[string][]any{
	".messages.role": {"user", "assistant", "system"},
}

// A member of the newest SDK's types that nobody knows would make a request unfit for
// other dialects that only tunes, or lose what changes its meaning.
func TestTheMembersOfTheSDKAreKnown(t *testing.T) {
	bodies := append(leaftest.Everything[sdk.MessageNewParams](t, said), leaftest.Everything[sdk.BetaMessageNewParams](t, said)...)
	for _, body := range bodies {
		r, err := anthropic.Dialect{}.Decode(body)
		if err != nil {
			t.Errorf("%v: %s", err, body)
			continue
		}
		for _, u := range (openai.Dialect{}).Unsupported(r, canon.Target{Model: "m"}) {
			if u.Why == "the field is not known" {
				t.Errorf("%s: %s", u.Field, u.Why)
			}
		}
	}
}
