package facts_test

import (
	"net/http"
	"strings"
	"testing"
)

const toPoolRoute = "route: { cluster: pool, timeout: 0s }"

func TestClearRouteCacheRoutesAgainByTheNewHeaders(t *testing.T) {
	r := start(t, setup{})
	for _, clear := range []bool{true, false} {
		c := toPool()
		c.ClearRouteCache = clear
		for _, s := range []script{{requestBody: always(requestBody(c))}, {requestHeaders: always(requestHeaders(c))}} {
			r.play(s, script{})
			want := 200
			if !clear {
				want = 503 // the first-matched route: no hosts
			}
			if got := r.post(t, `{}`); got.status != want {
				t.Errorf("clear %v: status %d, want %d", clear, got.status, want)
			}
		}
	}
}

func TestClientCannotBringItsOwnRouteHeader(t *testing.T) {
	pass := script{}
	r := start(t, setup{})
	r.play(pass, script{})
	if got := r.post(t, `{}`, "x-pool", "pool"); got.status != 503 {
		t.Errorf("stripped before the first match: status %d, want 503", got.status)
	}
	r = start(t, setup{KeepClientHeaders: true})
	r.play(pass, script{})
	if got := r.post(t, `{}`, "x-pool", "pool"); got.status != 200 {
		t.Errorf("without early_header_mutation: status %d, want 200", got.status)
	}
}

// marker is a filter that adds a header to what the provider gets. It is off
// unless a route switches it on.
const marker = `- name: facts.marker
  disabled: true
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
    mutations: { request_mutations: [ { append: { header: { key: x-marked, value: "yes" } } } ] }`

const marked = `typed_per_filter_config:
  facts.marker: { "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {} }`

func TestFirstMatchedRouteDecidesTheFilterChain(t *testing.T) {
	cases := []struct {
		name  string
		setup setup
		want  string
	}{
		{name: "switched on by the first-matched route", setup: setup{After: marker, Unrouted: "route: { cluster: nowhere }\n" + marked}, want: "yes"},
		{name: "switched on by the route chosen later stays off", setup: setup{After: marker, ChosenRoute: marked}, want: ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, c.setup)
			r.play(routed(), script{})
			r.post(t, `{}`)
			got := r.received.take()
			if len(got) != 1 || got[0].Header.Get("x-marked") != c.want {
				t.Errorf("provider received %+v, want x-marked %q", got, c.want)
			}
		})
	}
}

func TestRouterLevelMayRewriteThePathAndRouteByIt(t *testing.T) {
	r := start(t, setup{FirstRoutes: `- name: by-path
  match: { path: /v1/elsewhere }
  ` + toPoolRoute})
	c := &common{HeaderMutation: set(header(":path", "/v1/elsewhere")), ClearRouteCache: true}
	r.play(script{requestBody: always(requestBody(c))}, script{})
	if got := r.send(t, http.MethodPost, "/v1/chat/completions?x=1", strings.NewReader(`{}`)); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	if got := r.received.take(); len(got) != 1 || got[0].Path != "/v1/elsewhere" {
		t.Errorf("provider received %+v", got)
	}
}

func TestAutoHostRewriteSetsTheEndpointsHostname(t *testing.T) {
	for route, want := range map[string]string{"timeout: 0s\nauto_host_rewrite: true": "a.example", "timeout: 0s": "client.example"} {
		r := start(t, setup{Route: route})
		r.play(routed(), script{})
		req, err := http.NewRequest(http.MethodPost, r.url, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "client.example"
		resp, err := r.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := r.received.take(); len(got) != 1 || got[0].Host != want {
			t.Errorf("%q: provider received %+v, want host %s", route, got, want)
		}
	}
}

func TestRouterLevelCannotSetTheHostByDefault(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: always(requestBody(toPool(header(":authority", "other.example"))))}, script{})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	if got := r.received.take(); len(got) != 1 || got[0].Host == "other.example" {
		t.Errorf("provider received %+v", got)
	}
}
