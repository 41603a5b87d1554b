package facts_test

import (
	"fmt"
	"strings"
	"testing"
)

// sticky is a route that keeps a user with one endpoint, if the pool's balancer chooses by
// a hash.
const sticky = "timeout: 0s\nhash_policy: [ { header: { header_name: x-user } } ]"

func TestHashBalancersIgnoreTheRetryPriority(t *testing.T) {
	for balancer, want := range map[string]string{"ROUND_ROBIN": "aaabbb", "RING_HASH": "aaaaaa", "MAGLEV": "aaaaaa"} {
		t.Run(balancer, func(t *testing.T) {
			retry := strings.Replace(theRule, "num_retries: 8", "num_retries: 5", 1)
			r := start(t, setup{Retry: retry, Route: sticky, Pool: noOutliers + "\nlb_policy: " + balancer}, "a", "b")
			r.play(routed(), script{})
			for _, p := range r.providers {
				p.serve(answerStatus(500))
			}
			r.post(t, `{}`, "x-user", "ann")
			if got := names(r.received.take()); got != want {
				t.Errorf("tried %q, want %q", got, want)
			}
		})
	}
}

func TestHashBalancersHaveNoDegradedLastResort(t *testing.T) {
	for balancer, want := range map[string]int{"ROUND_ROBIN": 200, "RING_HASH": 503, "MAGLEV": 503} {
		t.Run(balancer, func(t *testing.T) {
			r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 0", Route: sticky, Pool: thePool + "\nlb_policy: " + balancer, UpstreamMode: headersOnly}, "a")
			r.play(routed(), markDegraded())
			r.a().serve(inTurn(answerStatus(429), answerJSON(`{}`)))
			r.post(t, `{}`, "x-user", "ann")
			r.awaitDegraded(t)
			eventually(t, fmt.Sprintf("%d when every endpoint is degraded", want), func() bool {
				return r.post(t, `{}`, "x-user", "ann").status == want
			})
		})
	}
}

func TestHeaderOfTheBodyAnswerBecomesMetadataOfTheBalancerBesideExtProcs(t *testing.T) {
	const toMetadata = `- name: facts.order
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config
    request_rules: [ { header: x-order, remove: true, on_header_present: { metadata_namespace: envoy.lb, key: order, type: STRING } } ]`
	const twoKeys = noOutliers + `
lb_subset_config: { fallback_policy: NO_FALLBACK, list_as_any: true, subset_selectors: [ { keys: [fit] }, { keys: [fit, order] } ] }`
	const routeDefault = "timeout: 0s\nmetadata_match: { filter_metadata: { envoy.lb: { fit: any } } }"
	for _, c := range []struct{ order, fit, want string }{
		{order: "1", want: "b"},
		{order: "1", fit: "tools", want: "c"},
		{fit: "tools", want: "a"},
	} {
		// A set of an endpoint may hold another key's values.
		r := startFit(t, setup{Pool: twoKeys, Route: routeDefault, After: toMetadata}, `any, tools], order: ["0"`, `any], order: ["1"`, `any, tools], order: ["0", "1"`)
		answer := toPool()
		if c.order != "" {
			answer = toPool(header("x-order", c.order))
		}
		reply := requestBody(answer)
		if c.fit != "" {
			reply = withMetadata(reply, "envoy.lb", map[string]any{"fit": c.fit})
		}
		r.play(script{requestBody: always(reply)}, script{})
		r.post(t, `{}`)
		got := r.received.take()
		if names(got) != c.want || got[0].Header.Get("x-order") != "" {
			t.Errorf("order %q, fit %q: %q with headers %v, want %q", c.order, c.fit, names(got), got, c.want)
		}
	}
}
