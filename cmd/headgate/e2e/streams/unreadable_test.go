package streams

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestUnreadableEvents holds that no client gets an event that it cannot read, whichever
// dialect its backend speaks: an answer of which nothing is missing is whole without it, any
// other one ends with an error.
func TestUnreadableEvents(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "  first: {chain: [sim/plain, claude/plain-claude]}\n  first-claude: {chain: [claude/plain-claude, sim/plain]}\n")
	const words = "one two three four five six seven eight nine ten eleven twelve"
	for _, c := range []struct {
		sim     string
		whole   bool
		outcome string
	}{
		{"stutter=8", true, "ok"},                // half of an event, and then the whole
		{"malformed=8", false, "provider_error"}, // half of it in its place
		{"truncate=8", false, "cut"},             // a clean end without the dialect's ending
	} {
		for _, w := range gatewaytest.Ways {
			for _, model := range []string{"plain", "plain-claude", "first", "first-claude"} {
				if !w.Stream {
					continue
				}
				t.Run(c.sim+" "+w.Dialect+" "+model, func(t *testing.T) {
					t.Parallel()
					text := words + " " + c.sim + w.Dialect + model
					a := g.With(t).Ask(w.Request(model, text, "x-sim", "echo;pause=2ms;"+c.sim))
					if a.Status != http.StatusOK || a.Err != nil || w.Ended(a) != c.whole || strings.Contains(a.Body, `"error"`) == c.whole {
						t.Errorf("status %d, %v: %s", a.Status, a.Err, a.Body)
					}
					checkReadable(t, a)
					if c.whole && w.Text(t, a) != text {
						t.Errorf("the client reads %q", w.Text(t, a))
					}
					if row := g.With(t).Row(a.Exchange()); row.Outcome != c.outcome || row.By != "provider" || row.Detail == "" || row.Attempts != 1 {
						t.Errorf("record %+v", row)
					}
					p.With(t).Find(text)
				})
			}
		}
	}
}

// checkReadable holds that all data of a stream are JSON.
func checkReadable(t *testing.T, a gatewaytest.Answer) {
	t.Helper()
	for line := range strings.Lines(a.Body) {
		if data, ok := bytes.CutPrefix([]byte(line), []byte("data: ")); ok && string(data) != "[DONE]\n" && !json.Valid(data) {
			t.Errorf("the client gets %q", line)
		}
	}
}
