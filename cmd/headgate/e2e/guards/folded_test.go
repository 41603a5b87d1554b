package guards

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestGuardsLookAtFoldedAnswers holds that guards look at a whole answer that the gateway makes of
// a stream, as at any other.
func TestGuardsLookAtFoldedAnswers(t *testing.T) {
	t.Parallel()
	models := ""
	for name, guards := range map[string]string{
		"mask": `{output: [{pii: {}}]}`, "deny": `{output: [{pii: {action: deny}}]}`, "restore": masksAll, "form": `{output: [{format: {enum: [yes, no]}}]}`,
	} {
		models += fmt.Sprintf("  %s-openai: {chain: [sim/plain], ask: stream, guards: %s}\n  %s-anthropic: {chain: [claude/plain-claude], ask: stream, guards: %s}\n", name, guards, name, guards)
	}
	r := start(t, nil, models, "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		if w.Stream {
			return
		}
		r, says := r.with(t), answering("It is "+mail+".")
		if s := r.speak(t, w, "mask-"+backend, "Who?", says); s.text != "It is [EMAIL_ADDRESS]." || s.finish != "stop" {
			t.Errorf("masked: %+v: %v", s, s.err)
		}
		if s := r.speak(t, w, "deny-"+backend, "Who?", says); s.status != 403 {
			t.Errorf("denied: %+v: %v", s, s.err)
		}
		if s := r.speak(t, w, "form-"+backend, "Is it?", says); s.status != 502 {
			t.Errorf("without its form: %+v: %v", s, s.err)
		}
		if s := r.speak(t, w, "restore-"+backend, "I am "+mail+".", "echo"); s.text != "I am "+mail+"." {
			t.Errorf("restored: %+v: %v", s, s.err)
		}
	})
}

// TestEveryLinkGetsWhatWasMasked holds that a chain's next link gets no more than the first did.
func TestEveryLinkGetsWhatWasMasked(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "  chain: {retries: 0, chain: [sim/broken, claude/plain-claude, sim/plain], guards: "+masksAll+"}\n", "unpriced: flag\n")
	if err := r.at.Script(sim.Rule{Match: sim.Match{Model: "broken"}, Do: sim.Behaviour{Status: 500}}); err != nil {
		t.Fatal(err)
	}
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			before := len(r.at.Settled())
			if s := r.speak(t, w, "chain", "I am "+mail+".", ""); s.err != nil || s.status != 0 {
				t.Errorf("%+v: %v", s, s.err)
			}
			all := r.at.Settled()[before:]
			if len(all) != 2 {
				t.Errorf("%d attempts", len(all))
			}
			for i := range all {
				if got := string(all[i].Body); !strings.Contains(got, "I am [EMAIL_ADDRESS_1].") || strings.Contains(got, mail) {
					t.Errorf("attempt %d got %s", i, got)
				}
			}
		})
	}
}
