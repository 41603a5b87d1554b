package chains

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestARequestThatIsTooLongSkipsTheLink holds that a link whose model's window a request
// exceeds for certain is not asked, unless no other could serve it.
func TestARequestThatIsTooLongSkipsTheLink(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `  larger-next: {chain: [a/gpt-3.5-turbo, c/claude-haiku-4-5-20251001]}
  unknown-next: {chain: [a/gpt-3.5-turbo, c/m]}
  small-last: {chain: [c/m, a/gpt-3.5-turbo]}
  small-alone: {chain: [a/gpt-3.5-turbo, c/gpt-3.5-turbo]}
`, nil, gatewaytest.Options{})
	long := strings.Repeat("word ", 16_500)
	for _, c := range []struct{ model, text, tried string }{
		{"larger-next", "", "a200"},
		{"larger-next", long, "c200"},
		{"unknown-next", long, "c200"},
		{"small-last", long, "c200"},
		{"small-alone", long, "a200"},
	} {
		for _, w := range gatewaytest.Ways {
			t.Run(fmt.Sprintf("%s %s %d bytes", c.model, w, len(c.text)), func(t *testing.T) {
				rig := rig.With(t)
				a := rig.Ask(w.Request(c.model, `Long? [[sim text="yes"]] `+c.text))
				if got := w.Text(t, a); got != "yes" {
					t.Errorf("answered %q", got)
				}
				if got := gatewaytest.Tried(rig.Row(a.Exchange())); got != c.tried {
					t.Errorf("tried %q, want %q", got, c.tried)
				}
			})
		}
	}
}
