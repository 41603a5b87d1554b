package guards

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/guard"
)

// greets is a guard that flags a greeting, so that its name in the answer says that it looked.
func greets(name string) string { return named(name, "hello", "flag") }

func named(name, word, action string) string {
	return fmt.Sprintf("{words: {name: %s, words: [%s], action: %s}}", name, word, action)
}

// TestGuardsOfModelsTiersAndCallers holds which guards look at whose requests: those for all, of
// the model, of the caller's tier and of the caller, of which the narrower one replaces another of
// its name and may turn it off.
func TestGuardsOfModelsTiersAndCallers(t *testing.T) {
	t.Parallel()
	everywhere := "guards: {input: [" + greets("all") + ", " + greets("shared") + ", " + greets("gone") + "]}\n"
	model := map[string]string{"special": "{input: [" + greets("model") + ", " + named("shared", "other", "flag") + "]}"}
	tier := "tiers: {free: {guards: {input: [" + greets("tier") + ", {words: {name: gone, words: [hello], mode: off}}]}}}\n"
	callers := "callers:\n  eve: {key: {env: EVE_KEY}}\n  bob: {key: {env: BOB_KEY}, tier: free}\n" +
		"  ann: {key: {env: ANN_KEY}, tier: free, guards: {input: [" + greets("caller") + ", " + greets("gone") + "]}}\n" +
		"  dan: {key: {env: DAN_KEY}, guards: {input: [" + named("shared", "hello", "deny") + "]}}\n"
	var env []string
	for _, name := range []string{"EVE", "BOB", "ANN", "DAN"} {
		env = append(env, name+"_KEY="+keyOf(name))
	}
	r := start(t, model, "  bare: sim/plain\n", everywhere+tier+callers, env...)
	for _, c := range []struct {
		caller, model, flagged string
		status                 int
	}{
		{"EVE", "bare", "all, shared, gone", 200},
		{"EVE", "special-openai", "all, gone, model", 200},
		{"BOB", "bare", "all, shared, tier", 200},
		{"BOB", "special-openai", "all, model, tier", 200},
		{"ANN", "bare", "all, shared, gone, tier, caller", 200},
		{"ANN", "special-openai", "all, gone, model, tier, caller", 200},
		{"DAN", "bare", "", 403},
		{"DAN", "special-openai", "", 403},
	} {
		t.Run(c.caller+" "+c.model, func(t *testing.T) {
			a := r.with(t).Chat(gatewaytest.ChatBody(c.model, "Hello!", false), "", "authorization", "Bearer "+keyOf(c.caller))
			if flagged := a.Header.Get(guard.FlagHeader); a.Status != c.status || c.status == 200 && flagged != c.flagged {
				t.Errorf("status %d, flagged %q, want %d, %q: %s", a.Status, flagged, c.status, c.flagged, a.Body)
			}
		})
	}
}

func keyOf(name string) string { return "hg-the-key-of-" + name }
