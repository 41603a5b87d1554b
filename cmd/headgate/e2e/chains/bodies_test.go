package chains

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestBigBodiesFailOver fails over with a request of several MiB: it is written anew
// for the next backend, whole and with its own length.
func TestBigBodiesFailOver(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for i, w := range gatewaytest.Ways {
		links := apart("a/m+status=500, c/m+status=500, b/m", i+1) // each body uses up a limit
		fmt.Fprintf(&models, "  big-%s: {chain: [%s], retries: 0}\n", w, links)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	text := strings.Repeat("All of this must arrive. ", 200_000) + `[[sim text="It did."]]`
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			a := rig.Ask(w.Request("big-"+w.String(), text))
			if got := w.Text(t, a); got != "It did." {
				t.Errorf("answered %q", got)
			}
			if got := gatewaytest.Tried(rig.With(t).Row(a.Exchange())); got != "a500 c500 b200" {
				t.Errorf("tried %q", got)
			}
			for name, p := range rig.At {
				s := p.With(t).Served()
				last := s[len(s)-1]
				if got := last.Header.Get("Content-Length"); got != fmt.Sprint(len(last.Body)) || !strings.Contains(string(last.Body), text[:len(text)-30]) {
					t.Errorf("%s got %d bytes, with content-length %s", name, len(last.Body), got)
				}
			}
		})
	}
}
