package dialects

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestTranslatedShapes sends whole answers however a provider may write them down:
// the client of the other dialect always gets the same text, and the record the
// same usage.
func TestTranslatedShapes(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	want := gatewaytest.DirectAnswer(t, p)
	for _, shape := range []string{
		"tokens=39", "drip=1", "drip=7 crlf", "burst", "comments", "comments drip=3", "gzip", "gzip drip=11", "gzip burst", "cached=5", "close", "oversize=200000",
	} {
		for _, w := range gatewaytest.Ways {
			t.Run(shape+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				mark := fmt.Sprintf("Shape %s %s", shape, w)
				a := g.Ask(w.Request(map[string]string{"openai": "plain-claude", "anthropic": "plain"}[w.Dialect], mark+" [[sim "+shape+"]]"))
				if got := w.Text(t, a); got != want && !(strings.HasPrefix(shape, "tokens") || strings.HasPrefix(shape, "oversize")) || got == "" {
					t.Errorf("text %q", got)
				}
				served := p.With(t).Find(mark)
				gatewaytest.CheckUsage(t, g.With(t).Row(a.Exchange()), served.Usage)
				if w.Stream && !strings.Contains(a.Body, fmt.Sprintf("tokens-out=%d ", served.Usage.TotalOutput())) {
					t.Errorf("the last comment does not say the usage: %s", a.Body[max(0, len(a.Body)-300):])
				}
			})
		}
	}
}
