package facts_test

import (
	"testing"
)

const subsets = noOutliers + `
lb_subset_config: { fallback_policy: NO_FALLBACK, list_as_any: true, subset_selectors: [ { keys: [fit] } ] }`

// startFit runs a pool whose links a, b and c can serve the sets given.
func startFit(t *testing.T, s setup, fits ...string) *rig {
	t.Helper()
	binary(t)
	r := &rig{received: &journal{}, providers: map[string]*provider{}}
	for i, fit := range fits {
		p := startProvider(t, string(rune('a'+i)), r.received)
		r.providers[p.name] = p
		s.Links = append(s.Links, link{Priority: i, Endpoints: []endpoint{{Name: p.name, Port: p.port(), Fit: fit}}})
	}
	r.run(t, s, nil)
	return r
}

func TestFitMetadataKeepsARequestOnEndpointsThatListIt(t *testing.T) {
	const routeDefault = "timeout: 0s\nmetadata_match: { filter_metadata: { envoy.lb: { fit: any } } }"
	cases := []struct {
		name, route string
		fit         any // nil: the router level says nothing
		fail        bool
		status      int
		tried       string
		attempts    uint32
	}{
		{name: "any", route: routeDefault, fit: "any", status: 200, tried: "a", attempts: 1},
		{name: "a set that a cannot serve", route: routeDefault, fit: "tools", status: 200, tried: "b", attempts: 1},
		{name: "a set of two", route: routeDefault, fit: "tools+vision", status: 200, tried: "c", attempts: 1},
		{name: "retries stay in the subset", route: routeDefault, fit: "tools", fail: true, status: 500, tried: "bbbcccbbb", attempts: 9},
		{name: "nothing fit is 503 UH at once", route: routeDefault, fit: "audio", status: 503, attempts: 1},
		{name: "no metadata: the route's default", route: routeDefault, status: 200, tried: "a", attempts: 1},
		{name: "no metadata and no default is 503 UH", route: "timeout: 0s", status: 503, attempts: 1},
		{name: "values compare by type", route: routeDefault, fit: true, status: 503, attempts: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := startFit(t, setup{Retry: theRule, Pool: subsets, Route: c.route}, "any", "any, tools", "any, tools, tools+vision")
			answer := requestBody(toPool())
			if c.fit != nil {
				answer = withMetadata(answer, "envoy.lb", map[string]any{"fit": c.fit})
			}
			r.play(script{requestBody: always(answer)}, script{})
			if c.fail {
				for _, p := range r.providers {
					p.serve(answerStatus(500))
				}
			}
			if got := r.post(t, `{}`); got.status != c.status {
				t.Errorf("answer: %+v, want %d", got, c.status)
			}
			if tried := names(r.received.take()); tried != c.tried {
				t.Errorf("tried %q, want %q", tried, c.tried)
			}
			e := r.logged(t, "all").CommonProperties
			if e.UpstreamRequestAttemptCount != c.attempts || e.ResponseFlags.GetNoHealthyUpstream() != (c.status == 503) {
				t.Errorf("logged %d attempts, flags %v; want %d", e.UpstreamRequestAttemptCount, e.ResponseFlags, c.attempts)
			}
		})
	}
}
