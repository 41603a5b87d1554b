package cache

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAChangeOfThePolicyStartsAnew holds after which changes of the policy an answer is not given
// again: another model in its place, other guards, another epoch; and after which it still is.
func TestAChangeOfThePolicyStartsAnew(t *testing.T) {
	t.Parallel()
	r := start(t, `
  again: {chain: [[{use: sim/plain, weight: 90}, {use: claude/plain, weight: 10}]], cache: {scope: shared, semantic: {threshold: 0.8}}}
  unrelated: {chain: [sim/plain]}
`, "cache: {epoch: 0}\nunpriced: flag\n", nil)
	for i, c := range []struct {
		name, change, into string
		anew               bool
	}{
		{"an unrelated model", "unrelated: {chain: [sim/plain]}", "unrelated: {chain: [sim/plain], timeout: 9s}", false},
		{"a weight", "weight: 90}", "weight: 91}", false},
		{"the time that it is kept", "cache: {scope: shared, semantic: {threshold: 0.8}}", "cache: {scope: shared, ttl: 2h, semantic: {threshold: 0.8}}", false},
		{"guards of an unrelated model", "timeout: 9s}", "guards: {output: [{pii: {action: mask}}]}}", false},
		{"another model of that name", "sim/plain, weight: 91}, {use: claude/plain", "sim/other, weight: 91}, {use: claude/other", true},
		{"guards of the model", "  again: {", "  again: {guards: {output: [{words: {words: [never]}}]}, ", true},
		{"guards for all", "unpriced: flag\n", "unpriced: flag\nguards: {input: [{words: {words: [never]}}]}\n", true},
		{"another epoch", "epoch: 0", "epoch: 1", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r.with(t)
			question := fmt.Sprintf("What becomes of answer %d?", i)
			ask := func(text, sim string) string {
				a := r.Chat(gatewaytest.ChatBody("again", text, false), sim)
				return gatewaytest.Ways[0].Text(t, a) + " " + a.Header.Get("x-headgate-cache")
			}
			r.stored(t, r.Chat(gatewaytest.ChatBody("again", question, false), "text=kept"))
			if got := ask(question, "text=fresh"); got != "kept hit" {
				t.Errorf("before: %s", got)
			}
			r.edit(t, c.change, c.into)
			want := []string{"kept semantic-hit", "kept hit"}
			if c.anew {
				want = []string{"like miss", "like semantic-hit"} // to the one before
			}
			for i, text := range []string{question + " Please.", question} {
				if got := ask(text, "text=like"); got != want[i] {
					t.Errorf("after, %q: %s, want %s", text, got, want[i])
				}
			}
		})
	}
}
