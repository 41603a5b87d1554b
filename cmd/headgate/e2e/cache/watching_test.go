package cache

import (
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestAShadowGivesNothing holds that a cache in shadow keeps answers, gives none, and says which it
// would have given: in each way.
func TestAShadowGivesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, "  shadow: {chain: [sim/plain], cache: {mode: shadow, coalesce: all, semantic: {threshold: 0.8}}}\n", "", nil)
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			first, second := "Where is my "+w.String()+"?", "where is my "+w.String()+" please"
			ask := func(text, sim string) gatewaytest.Answer {
				return r.Ask(w.Request("shadow", text, "x-sim", sim))
			}
			a := ask(first, "text=one")
			r.stored(t, a)
			kept := r.used(t, a).Stored
			for i, text := range []string{first, second} {
				a := ask(text, "text=two")
				wants(t, a, "shadow-hit")
				if said := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; said != "two" {
					t.Errorf("%q is given", said)
				}
				for _, name := range []string{"x-headgate-cache-key", "age"} {
					if v := a.Header.Get(name); v != "" {
						t.Errorf("%s: %s", name, v)
					}
				}
				row := r.Row(a.Exchange())
				if c := row.Cache; c.Result != "shadow_hit" || i == 0 && c.Entry != kept || c.Entry == "" || c.SavedNano != nil || *row.CostNano == 0 || row.UsageSource != "provider" {
					t.Errorf("the row %+v of cost %d (%s)", row.Cache, *row.CostNano, row.UsageSource)
				}
			}
		})
	}
}

// TestHitsAreAskedAnew holds that hits which the policy has verified are asked anew, that the client
// gets the fresh answer, and that the row and the metrics say whether both say the same.
func TestHitsAreAskedAnew(t *testing.T) {
	t.Parallel()
	r := start(t, "  verified: {chain: [sim/plain], cache: {verify: 1, semantic: {threshold: 0.8}}}\n", "", nil)
	const kept = "It takes 5 days to deliver your order."
	for _, w := range gatewaytest.Ways {
		for name, c := range map[string]struct{ fresh, verdict string }{
			"equal":            {kept, "same"},
			"worded otherwise": {"It takes 5 days to deliver your order!", "same"},
			"another number":   {"It takes 9 days to deliver your order.", "other"},
			"denied":           {"It does not take 5 days to deliver your order.", "other"},
			"something else":   {"We sell bread and butter in many shops.", "other"},
		} {
			t.Run(w.String()+" "+name, func(t *testing.T) {
				r := r.with(t)
				first := "How long is the delivery of " + w.String() + " if " + name + "?"
				r.stored(t, r.Ask(w.Request("verified", first, "x-sim", `text="`+kept+`"`)))
				a := r.Ask(w.Request("verified", first, "x-sim", `text="`+c.fresh+`"`))
				wants(t, a, "verified")
				if said := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; said != c.fresh {
					t.Errorf("%q is given", said)
				}
				row := r.Row(a.Exchange())
				if u := row.Cache; u.Result != "verified" || u.Verdict != c.verdict || u.SavedNano != nil || *row.CostNano == 0 {
					t.Errorf("the row %+v, want %s", u, c.verdict)
				}
			})
		}
	}
	for series, want := range map[string]float64{
		`headgate_cache_verified_total{kind="exact",model="verified",verdict="same"}`:  8,
		`headgate_cache_verified_total{kind="exact",model="verified",verdict="other"}`: 12,
	} {
		if got := r.Metric(series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
}
