package facts_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// failuresInARow is thePool with another threshold of ejection.
func failuresInARow(n string) string {
	return strings.Replace(thePool, "consecutive_5xx: 3", "consecutive_5xx: "+n, 1)
}

// withPanic is a pool that uses ejected endpoints when there are no others.
func withPanic(pool string) string {
	return strings.Replace(pool, "healthy_panic_threshold: { value: 0 }", "healthy_panic_threshold: { value: 1 }", 1)
}

// outFor is a pool whose ejections last so long, and are looked after often.
func outFor(pool, time string) string {
	return strings.NewReplacer("base_ejection_time: 10s, max_ejection_time: 60s", "base_ejection_time: "+time+", max_ejection_time: "+time, "interval: 1s", "interval: 0.05s").Replace(pool)
}

// tries posts once and returns which providers were asked.
func (r *rig) tries(t *testing.T) string {
	t.Helper()
	r.post(t, `{}`)
	return names(r.received.take())
}

// ejected returns how many endpoints are ejected.
func (r *rig) ejected(t *testing.T) int {
	t.Helper()
	text := strings.TrimSpace(r.ask(t, "/stats?filter=outlier_detection.ejections_active"))
	n, err := strconv.Atoi(text[strings.LastIndex(text, " ")+1:])
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return n
}

// The retries of one exchange are failures in a row. A threshold beyond all that one
// exchange can spend on a link makes several exchanges of it.
func TestTheRetriesOfOneExchangeCountOneByOneTowardsAnEjection(t *testing.T) {
	for pool, want := range map[string]string{
		failuresInARow("3"): "aaab b",
		failuresInARow("7"): "aaab aaab ab b",
	} {
		r := start(t, setup{Retry: theRule, Pool: pool}, "a", "b")
		r.play(routed(), script{})
		r.a().serve(answerStatus(500))
		var got []string
		for last := ""; last != "b" && len(got) < 9; {
			last = r.tries(t)
			got = append(got, last)
		}
		if tried := strings.Join(got, " "); tried != want {
			t.Errorf("%s\ntried %q, want %q", pool, tried, want)
		}
	}
}

func TestAnAnswerInBetweenBeginsTheCountOfFailuresAnew(t *testing.T) {
	r := start(t, setup{Retry: theRule, Pool: failuresInARow("3")}, "a", "b")
	r.play(routed(), script{})
	r.a().serve(inTurn(answerStatus(500), answerStatus(500), answerJSON(`{}`), answerStatus(500), answerStatus(500), answerJSON(`{}`)))
	for range 2 {
		if got := r.tries(t); got != "aaa" {
			t.Errorf("tried %q, want aaa", got)
		}
	}
	if got := r.tries(t); got != "a" {
		t.Errorf("then tried %q, want a", got)
	}
}

func TestAnEjectedEndpointIsUsedAgainAfterItsTime(t *testing.T) {
	r := start(t, setup{Retry: theRule, Pool: outFor(thePool, "0.3s")}, "a", "b")
	r.play(routed(), script{})
	r.a().serve(inTurn(answerStatus(500), answerStatus(500), answerStatus(500), answerJSON(`{}`)))
	if got := r.tries(t); got != "aaab" {
		t.Errorf("tried %q, want aaab", got)
	}
	if got := r.tries(t); got != "b" {
		t.Errorf("while ejected: tried %q, want b", got)
	}
	eventually(t, "the endpoint to be used again", func() bool { return r.tries(t) == "a" })
}

// The percentage is of the whole cluster: it does not see that a subset has one endpoint.
func TestMaxEjectionPercentEmptiesASubset(t *testing.T) {
	for _, percent := range []string{"50", "99"} {
		pool := strings.Replace(thePool, "max_ejection_percent: 100", "max_ejection_percent: "+percent, 1) + inSubsets
		r := startFit(t, setup{Retry: theRule, Pool: pool}, "any", "any, tools")
		r.play(fit("tools"), script{})
		r.providers["b"].serve(answerStatus(500))
		if got := r.tries(t); !strings.HasPrefix(got, "bbb") {
			t.Errorf("tried %q, want b", got)
		}
		if got := r.post(t, `{}`); got.status != 503 || len(r.received.take()) != 0 {
			t.Errorf("at %s %%: %+v, want no endpoint for the subset", percent, got)
		}
		r.play(fit("any"), script{})
		if got := r.tries(t); got != "a" {
			t.Errorf("tried %q by a request that any endpoint serves", got)
		}
	}
}

const inSubsets = `
lb_subset_config: { fallback_policy: NO_FALLBACK, list_as_any: true, subset_selectors: [ { keys: [fit] } ] }`

// fit is a router level that sends requests to the endpoints of a subset.
func fit(name string) script {
	return script{requestBody: always(withMetadata(requestBody(toPool()), "envoy.lb", map[string]any{"fit": name}))}
}

// A panic threshold of 1 % counts per subset, and only where nothing is in service.
func TestAPanicThresholdOfOnePercentUsesASubsetOfWhichAllIsEjected(t *testing.T) {
	r := startFit(t, setup{Retry: theRule, Pool: withPanic(thePool) + inSubsets}, "any", "any, tools", "any, tools")
	r.play(fit("tools"), script{})
	r.providers["b"].serve(answerStatus(500))
	if got := r.tries(t); got != "bbbc" {
		t.Errorf("tried %q, want bbbc", got)
	}
	for range 20 {
		if got := r.tries(t); got != "c" {
			t.Errorf("with one of the subset ejected: tried %q, want c", got)
		}
	}
	r.providers["c"].serve(answerStatus(500))
	if got := r.tries(t); !strings.HasPrefix(got, "ccc") {
		t.Errorf("tried %q, want c first", got)
	}
	r.providers["b"].serve(answerJSON(`{}`))
	r.providers["c"].serve(answerJSON(`{}`))
	seen := map[string]bool{}
	for range 40 {
		got := r.tries(t)
		if got != "b" && got != "c" {
			t.Fatalf("with all of the subset ejected: tried %q, want b or c", got)
		}
		seen[got] = true
	}
	if len(seen) != 2 {
		t.Errorf("only one of the subset was used: %v", seen)
	}
	r.play(fit("any"), script{})
	if got := r.tries(t); got != "a" {
		t.Errorf("tried %q by a request that any endpoint serves", got)
	}
}

// In a panic the order of the chain is lost, but a retry goes to an endpoint that has not
// been asked: the first of all ejected ones that answers again is found.
func TestAPanicThresholdOfOnePercentFindsTheFirstThatAnswersAgain(t *testing.T) {
	chain := strings.Replace(theRule, "num_retries: 8", "num_retries: 2", 1) + `
retry_host_predicate: [ { name: envoy.retry_host_predicates.previous_hosts, typed_config: { "@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate } } ]
host_selection_retry_max_attempts: 16`
	r := start(t, setup{Retry: chain, Pool: withPanic(thePool)}, "a", "b", "c")
	r.play(routed(), script{})
	for _, p := range r.providers {
		p.serve(answerStatus(500))
	}
	eventually(t, "the ejection of all", func() bool {
		r.tries(t)
		return r.ejected(t) == 3
	})
	r.received.take()
	for _, back := range []string{"a", "b", "c"} {
		for name, p := range r.providers {
			p.serve(map[bool]http.HandlerFunc{true: answerJSON(`{}`), false: answerStatus(500)}[name == back])
		}
		for range 30 {
			if got := r.post(t, `{}`); got.status != 200 {
				t.Errorf("%s answers again: %d, tried %q", back, got.status, names(r.received.take()))
			}
			r.received.take()
		}
	}
}

func TestAPoolsOnlyEndpointIsUsedThoughEjected(t *testing.T) {
	r := start(t, setup{Retry: theRule, Pool: withPanic(thePool)}, "a")
	r.play(routed(), script{})
	r.a().serve(answerStatus(500))
	r.post(t, `{}`)
	if got := r.ejected(t); got != 1 {
		t.Errorf("%d are ejected", got)
	}
	r.a().serve(answerJSON(`{}`))
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
}
