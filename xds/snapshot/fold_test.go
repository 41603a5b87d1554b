package snapshot_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestRoutesThatFold holds which routes make whole answers of streams, and that they follow
// what is said of a model, also if the model's own entry stays as it is.
func TestRoutesThatFold(t *testing.T) {
	const backends = `version: 1
unpriced: flag
backends: {a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}, b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}}
`
	const one, two = "m/json m/stream", "m/json/judged m/stream/judged m/json m/stream"
	const oneFolded, twoFolded = "m/json/folded m/json m/stream", "m/json/judged/folded m/json/judged m/stream/judged m/json/folded m/json m/stream"
	b := new(snapshot.Builder)
	for _, c := range []struct{ name, document, want string }{
		{"an unknown model", `models: {m: a/x}`, one},
		{"one that reasons", "models: {m: a/x}\nmodels_like: {a/x: {reasoning: always}}", oneFolded},
		{"one that does not", "models: {m: a/x}\nmodels_like: {a/x: {reasoning: none}}", one},
		{"as the policy says", `models: {m: {chain: [a/x], ask: stream}}`, oneFolded},
		{"as it says otherwise", "models: {m: {chain: [a/x], ask: json}}\nmodels_like: {a/x: {reasoning: always}}", one},
		{"no link of a chain", `models: {m: {chain: [a/x, b/x]}}`, two},
		{"a link of a chain", "models: {m: {chain: [a/x, b/x]}}\nmodels_like: {b/x: {reasoning: adaptive}}", twoFolded},
		{"a chain that is judged by headers", `models: {m: {chain: [a/x, b/x], ask: stream, judge: headers}}`, oneFolded},
	} {
		r, err := b.Build(parse(t, backends+c.document), snapshot.Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var names []string
		for _, route := range r.Routes.GetVirtualHosts()[0].GetRoutes() {
			if !strings.HasPrefix(route.GetName(), policy.UnroutedRoute) {
				names = append(names, route.GetName())
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(names, " ")); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
