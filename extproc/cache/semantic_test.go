package cache_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

const semantic = "models: {m: {chain: [b/x], cache: {semantic: {threshold: 0.8, rules: basic}}}}"

// textIn is what a verdict answers; empty: it does not.
func textIn(v exchange.Verdict) string {
	if v.Action != exchange.Answer {
		return ""
	}
	return canon.Str(v.Answer.Choices[0].Parts[0].Text)
}

// TestAQuestionThatMeansTheSameHasTheAnswer holds that only the last turn may be worded otherwise,
// and that what rules keep apart is never the same, however near it is.
func TestAQuestionThatMeansTheSameHasTheAnswer(t *testing.T) {
	r := newRig(t, semantic)
	ask := func(system, text string) string {
		return `{"model":"m","messages":[{"role":"system","content":"` + system + `"},{"role":"user","content":"` + text + `"}]}`
	}
	first, _ := r.ask("openai", ask("Be brief.", "Can I return a kettle within 30 days?"))
	r.answered(first, said("Yes."))
	for body, want := range map[string]string{
		ask("Be brief.", "Can I return my kettle within 30 days?"):    "Yes.",
		ask("Be brief.", "Can I return a kettle within 90 days?"):     "",
		ask("Be brief.", "Can I not return a kettle within 30 days?"): "",
		ask("Be polite.", "Can I return my kettle within 30 days?"):   "",
		ask("Be brief.", "What is the weather like in Rome?"):         "",
	} {
		v, verdict := r.ask("openai", body)
		c := v.Exchange.Cached
		v.End(exchange.Outcome{Result: exchange.Cancelled})
		if got := textIn(verdict); got != want {
			t.Errorf("%s: %q, %+v", body, got, c)
		}
		if want != "" && (c.Result != exchange.CacheSemanticHit || !c.Compared || c.Similarity < 0.8 || c.Entry != first.Exchange.Cached.Stored || string(verdict.Headers.Get(cache.SimilarityHeader)) == "") {
			t.Errorf("%s: %+v", body, c)
		}
	}
	v, _ := r.ask("openai", ask("Be brief.", "Can I return a kettle within 90 days?"))
	if c := &v.Exchange.Cached; c.Reason != exchange.CacheRules || !slices.Equal(c.Rules, []string{"number"}) || c.Entry != first.Exchange.Cached.Stored || c.Source != first.Exchange.ID {
		t.Errorf("why it is not given: %+v", c)
	}
}

// TestLongQuestionsAreNotCompared holds that a text in which every word of another one stands is not
// the same question for it, and that it has an answer of its own all the same.
func TestLongQuestionsAreNotCompared(t *testing.T) {
	r := newRig(t, semantic)
	one := strings.TrimSpace(strings.Repeat("Summarise the contract about kettles, returns and refunds. ", 20))
	first, _ := r.ask("openai", question(one))
	r.answered(first, said("It is about kettles."))
	for text, want := range map[string]string{one: "It is about kettles.", one + " Then list what it says about gardens, too.": ""} {
		v, verdict := r.ask("openai", question(text))
		c := v.Exchange.Cached
		v.End(exchange.Outcome{Result: exchange.Cancelled})
		if got := textIn(verdict); got != want || want == "" && c.Reason != exchange.CacheLongQuestion {
			t.Errorf("%d bytes: %q, %+v", len(text), got, c)
		}
	}
}

// TestShadowGivesNothing holds that a cache that only watches says what it would have given, of
// both kinds.
func TestShadowGivesNothing(t *testing.T) {
	const only = "models: {m: {chain: [b/x], cache: {semantic: {threshold: 0.8, rules: basic, mode: shadow}}}}"
	for document, exact := range map[string]exchange.CacheResult{strings.Replace(semantic, "cache: {", "cache: {mode: shadow, ", 1): exchange.CacheShadowHit, only: exchange.CacheHit} {
		r := newRig(t, document)
		first, _ := r.ask("openai", question("Can I return a kettle?"))
		r.answered(first, said("Yes."))
		for text, want := range map[string]exchange.CacheResult{"Can I return a kettle?": exact, "Can I return my kettle?": exchange.CacheShadowHit} {
			v, verdict := r.ask("openai", question(text))
			if c := &v.Exchange.Cached; c.Result != want || c.Entry == "" || (textIn(verdict) != "") != (want == exchange.CacheHit) {
				t.Errorf("%s: %s: %+v", document, text, c)
			}
		}
	}
}

// TestHitsAreVerified holds that a hit that is asked anew is compared with the fresh answer, which
// takes its place.
func TestHitsAreVerified(t *testing.T) {
	for fresh, want := range map[string]exchange.CacheVerdict{
		"You have 30 days to return it.":            exchange.CacheSame,
		"You have 30 days to return it, for free.":  exchange.CacheSame,
		"You have 90 days to return it.":            exchange.CacheOther,
		"The moon orbits the earth in an ellipse.":  exchange.CacheOther,
		"You do not have 30 days to return it.":     exchange.CacheOther,
		"Sie haben 30 Tage Zeit, es zurückzugeben.": exchange.CacheOther,
	} {
		r := newRig(t, "models: {m: {chain: [b/x], cache: {verify: 1}}}")
		first, _ := r.ask("openai", question("Why?"))
		r.answered(first, said("You have 30 days to return it."))
		v, verdict := r.ask("openai", question("Why?"))
		if verdict.Action != exchange.Pass || v.Exchange.Cached.Result != exchange.CacheVerified {
			t.Fatalf("it is not verified: %+v", v.Exchange.Cached)
		}
		r.answered(v, said(fresh))
		if c := &v.Exchange.Cached; c.Verdict != want || c.Stored == "" || c.Entry != first.Exchange.Cached.Stored {
			t.Errorf("%s: %+v", fresh, c)
		}
	}
}

// TestEqualRequestsWait holds that of equal requests for whole answers one is asked, that all get
// its answer, and that another takes its place if its client leaves.
func TestEqualRequestsWait(t *testing.T) {
	for name, outcome := range map[string]exchange.Outcome{
		"answered": {Result: exchange.OK},
		"left":     {Result: exchange.Cancelled, By: exchange.ByClient},
		"broken":   {Result: exchange.Cut, By: exchange.ByUnknown}, // as far as is known of one that left
		"failed":   {Result: exchange.ProviderError, By: exchange.ByProvider},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "models: {m: {chain: [b/x], cache: {coalesce_wait: 30s}}}")
			first, _ := r.ask("openai", question("Why?"))
			const others = 10
			var all sync.WaitGroup
			results := make(chan exchange.CacheResult, others)
			for range others {
				all.Go(func() {
					v, verdict := r.ask("openai", question("Why?"))
					if textIn(verdict) == "" { // it is asked itself
						r.answered(v, said("Because."))
					}
					results <- v.Exchange.Cached.Result
				})
			}
			stream, verdict := r.ask("openai", strings.Replace(question("Why?"), "{", `{"stream":true,`, 1))
			if verdict.Action != exchange.Pass || stream.Exchange.Cached.Result != exchange.CacheMiss {
				t.Error("a stream waits")
			}
			r.waitsFor(others)
			if outcome.Result == exchange.OK {
				r.answered(first, said("Because."))
			} else {
				first.End(outcome)
			}
			all.Wait()
			close(results)
			got := map[exchange.CacheResult]int{}
			for result := range results {
				got[result]++
			}
			given := got[exchange.CacheCoalesced] + got[exchange.CacheHit]
			switch {
			case given+got[exchange.CacheMiss] != others,
				outcome.Result == exchange.OK && given != others,
				(outcome.Result == exchange.Cancelled || outcome.Result == exchange.Cut) && given != others-1:
				t.Errorf("results %v", got)
			}
		})
	}
}
