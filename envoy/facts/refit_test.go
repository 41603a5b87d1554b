package facts_test

import "testing"

// Envoy reads the metadata for the choice of an endpoint until it first finds some of the
// request's own. So if the router level leaves the choice to the route's default, the
// upstream level may narrow it once, for the retries.
func TestTheUpstreamLevelMayNarrowTheFitOnceIfTheRouterLevelLeftItToTheRoute(t *testing.T) {
	const route = "timeout: 0s\nmetadata_match: { filter_metadata: { envoy.lb: { fit: any } } }"
	for _, c := range []struct {
		name   string
		routed any // the fit that the router level names; nil: none
		says   map[string]string
		tried  string
	}{
		{"nobody narrows it", nil, nil, "aaabbbccc"},
		{"at the first attempt", nil, map[string]string{"a": "tools"}, "abbccc"},
		{"a second time is too late", nil, map[string]string{"a": "tools", "b": "vision"}, "abbccc"},
		{"to what is last", nil, map[string]string{"a": "vision"}, "accccc"},
		{"the router level did before", "any", map[string]string{"a": "tools"}, "aaabbb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startFit(t, setup{Retry: theRule, Pool: subsets, Route: route, UpstreamMode: headersOnly}, "any", "any, tools", "any, tools, vision")
			routed := requestBody(toPool())
			if c.routed != nil {
				routed = withMetadata(routed, "envoy.lb", map[string]any{"fit": c.routed})
			}
			r.play(script{requestBody: always(routed)}, narrow(c.says))
			for _, p := range r.providers {
				p.serve(answerStatus(500))
			}
			r.post(t, `{}`)
			if got := names(r.received.take()); len(got) < len(c.tried) || got[:len(c.tried)] != c.tried {
				t.Errorf("tried %q, want %q first", got, c.tried)
			}
		})
	}
}

// narrow names another fit with the answer of an endpoint.
func narrow(says map[string]string) script {
	return script{responseHeaders: func(s *stream, m *request) error {
		answer := responseHeaders(nil)
		if fit := says[attribute(s.messages[0], backendLeaf)]; fit != "" {
			answer = withMetadata(answer, "envoy.lb", map[string]any{"fit": fit})
		}
		return s.grpc.Send(answer)
	}}
}
