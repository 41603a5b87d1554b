package cache

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const (
	mail  = "ada.lovelace@example.com"
	other = "grace.hopper@example.org"
)

// guarded are models whose guards mask, with caches that keep what they masked.
const guarded = `
  hides: {chain: [sim/plain], guards: {output: [{pii: {action: mask}}]}, cache: {masked: true, coalesce: all}}
  restores: {chain: [claude/plain-claude], guards: {input: [{pii: {action: mask}}]}, cache: {masked: true, coalesce: all, semantic: {threshold: 0.8}}}
  unmasked: {chain: [sim/plain], cache: {masked: true}}
`

// TestHitsPassTheGuardsAgain holds that what guards mask in an answer is masked each time that it is
// given, whole and streamed; and that placeholders in it become what the request itself says,
// never what another one said.
func TestHitsPassTheGuardsAgain(t *testing.T) {
	t.Parallel()
	r := start(t, guarded, "", nil)
	for _, first := range gatewaytest.Ways {
		t.Run("masked, first "+first.String(), func(t *testing.T) { r.with(t).checkMaskedAgain(t, first) })
		t.Run("restored, first "+first.String(), func(t *testing.T) { r.with(t).checkRestoredAgain(t, first) })
	}
}

// TestOtherGuardsHaveOtherAnswers holds that callers who share answers do not share those which
// other guards have passed.
func TestOtherGuardsHaveOtherAnswers(t *testing.T) {
	t.Parallel()
	const words = "guards: {output: [{words: {words: [never]}}]}"
	r := start(t, "  again: {chain: [sim/plain], cache: {scope: shared, coalesce: all, semantic: {threshold: 0.8}}}\n", "tiers: {strict: {"+words+"}}\n", map[string]string{
		"ann": "tags: [a]", "bob": words, "cid": "tier: strict", "dan": "tier: strict", "eve": "tags: [e]",
	})
	for _, c := range []struct{ caller, text, want string }{
		{"ann", "ann", "miss"}, {"bob", "bob", "miss"}, {"cid", "cid", "miss"}, {"dan", "cid", "hit"}, {"eve", "ann", "hit"}, {"bob", "bob", "hit"},
	} {
		for _, question := range []string{"Who was the first to ask?", "who was the first to ask please"} {
			a := r.Chat(gatewaytest.ChatBody("again", question, false), "text="+c.caller, as(c.caller)...)
			text := gatewaytest.Ways[0].Text(t, a)
			if got := a.Header.Get("x-headgate-cache"); text != c.text || question == "Who was the first to ask?" && got != c.want {
				t.Errorf("%s gets that of %s: %s", c.caller, text, got)
			}
			r.used(t, a)
		}
	}
}

func (r *rig) checkMaskedAgain(t *testing.T, first gatewaytest.Way) {
	question := "Whom do I write to by " + first.String() + "?"
	r.stored(t, r.Ask(first.Request("hides", question, "x-sim", `text="Write to `+mail+`, now."`)))
	for _, w := range gatewaytest.Ways {
		a := r.Ask(w.Request("hides", question))
		wants(t, a, "hit")
		if text := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; text != "Write to [EMAIL_ADDRESS], now." {
			t.Errorf("%s gets %q", w, text)
		}
		row := r.Row(a.Exchange())
		if len(row.Guards) != 1 || row.Guards[0].Result != "masked" {
			t.Errorf("the row's guards %+v", row.Guards)
		}
	}
}

func (r *rig) checkRestoredAgain(t *testing.T, first gatewaytest.Way) {
	about := "By " + first.String() + " write to "
	a := r.Ask(first.Request("restores", about+mail, "x-sim", "echo"))
	r.stored(t, a)
	for _, w := range gatewaytest.Ways {
		for _, one := range []string{other, mail} {
			a := r.Ask(w.Request("restores", about+one, "x-sim", "text=fresh"))
			wants(t, a, "hit")
			if text := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; text != about+one {
				t.Errorf("%s gets %q, want %q", w, text, about+one)
			}
		}
		a := r.Ask(w.Request("restores", about+mail+" and "+other, "x-sim", "text=fresh"))
		gatewaytest.MustOK(t, a)
		if strings.HasSuffix(a.Header.Get("x-headgate-cache"), "hit") && strings.Contains(a.Body, "[EMAIL") {
			t.Errorf("placeholders are left in %s", a.Body)
		}
	}
}
