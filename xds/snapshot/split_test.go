package snapshot_test

import (
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// shared is a gateway with two models, each split between a and b, with c after them:
// "many" on servers of their own, "one" on one server, by its name, that has them all.
type shared struct {
	gateway
	t *testing.T

	mu     sync.Mutex
	tried  string         // the models that were asked for, in order
	status map[string]int // that a model answers with; else 200
}

// startShared starts it with these further fields of both models. Of "many", c is in
// another dialect than a and b.
func startShared(t *testing.T, further map[string]any) *shared {
	t.Helper()
	s := &shared{t: t, status: map[string]int{}}
	backends, models := map[string]any{}, map[string]any{}
	for name, dialect := range map[string]string{"a": "openai", "b": "openai", "c": "anthropic", "all": "openai"} {
		url := strings.Replace(startProvider(t, s.serve).url, "127.0.0.1", map[bool]string{true: "localhost", false: "127.0.0.1"}[name == "all"], 1)
		backends[name] = map[string]any{"provider": "openai-compatible", "url": url, "region": "region-" + name, "dialect": dialect}
	}
	for model, uses := range map[string][]string{"many": {"a/a", "b/b", "c/c"}, "one": {"all/a", "all/b", "all/c"}} {
		link := []any{map[string]any{"use": uses[0], "weight": 99}, map[string]any{"use": uses[1], "weight": 1}}
		m := map[string]any{"chain": []any{link, uses[2]}}
		maps.Copy(m, further)
		models[model] = m
	}
	s.gateway = startGateway(t, backends, models)
	return s
}

func (s *shared) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	model := r.Header.Get(servedModel)
	s.tried += model
	if r.Header.Get(policy.SplitHeader) != "" {
		s.t.Errorf("%s reached a provider", policy.SplitHeader)
	}
	if code := s.status[model]; code != 0 {
		w.WriteHeader(code)
	}
}

// answer sets what the models answer from now on: all others 200.
func (s *shared) answer(status map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// ask returns the status of an answer with the models that were tried: "200 ab".
func (s *shared) ask(model string, headers ...string) string {
	s.t.Helper()
	s.mu.Lock()
	s.tried = ""
	s.mu.Unlock()
	resp, _ := s.get(s.t, policy.RouteName(model, false), append(headers, askModel, "yes")...)
	s.mu.Lock()
	defer s.mu.Unlock()
	return resp.Status[:3] + " " + s.tried
}

// want holds what one request in an order comes to.
func (s *shared) want(model, order, want string, headers ...string) {
	s.t.Helper()
	if got := s.ask(model, append(headers, wantedOrder, order)...); got != want {
		s.t.Errorf("%s, order %s: %q, want %q", model, order, got, want)
	}
}

// TestOrdersAreComplete holds that each order has one endpoint at each priority, which are
// all uses of the chain, link by link, beginning with those that it says.
func TestOrdersAreComplete(t *testing.T) {
	const document = `{version: 1, unpriced: flag, backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}, models: {m: {chain: [
[{use: b/1, weight: 1}, {use: b/2, weight: 1}], b/3, [{use: b/4, weight: 1}, {use: b/5, weight: 1}, {use: b/6, weight: 1}]]}}}`
	set := parse(t, document)
	r, err := snapshot.Build(set, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range poolOf(r, "m").LoadAssignment.Endpoints { // by priority
		for _, o := range l.LbEndpoints[0].Metadata.FilterMetadata["envoy.lb"].Fields["order"].GetListValue().Values {
			got[o.GetStringValue()] += l.Locality.SubZone
		}
	}
	want := map[string]string{}
	for first, link := range []string{"12", "21"} {
		for last, end := range []string{"456", "564", "645"} {
			order := set.Models["m"].Order([]int{first, 0, last})
			want[strconv.Itoa(order)] = link + "3" + end
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("uses by order (-want +got):\n%s", d)
	}
}

var splitModels = []string{"many", "one"}

// TestOrderLeadsToItsUse holds that an order begins with its own use, however light,
// whether the uses are at addresses of their own or at one.
func TestOrderLeadsToItsUse(t *testing.T) {
	s := startShared(t, nil)
	for _, model := range splitModels {
		for range 20 {
			s.want(model, "0", "200 a")
			s.want(model, "1", "200 b")
		}
		seen := map[string]bool{}
		for range 40 {
			seen[s.ask(model)] = true
		}
		if !seen["200 a"] || !seen["200 b"] || len(seen) != 2 {
			t.Errorf("%s without an order: %v, want a and b", model, seen)
		}
	}
}

// TestOrderRetries holds that a failing use is followed by the link's others and then
// by the next link, and that an ejected one is not asked.
func TestOrderRetries(t *testing.T) {
	for _, model := range splitModels {
		t.Run(model, func(t *testing.T) {
			s := startShared(t, map[string]any{"retries": 0})
			s.answer(map[string]int{"a": 500})
			for range 4 {
				s.want(model, "0", "200 ab")
				s.want(model, "1", "200 b")
			}
			s.want(model, "0", "200 b") // a is ejected
			s.answer(map[string]int{"b": 500})
			for range 2 {
				s.want(model, "1", "200 ba")
			}
			s.answer(map[string]int{"a": 500, "b": 500})
			s.want(model, "1", "200 bac")
			for range 4 {
				s.ask(model, wantedOrder, "0")
				s.ask(model, wantedOrder, "1")
			}
			s.want(model, "0", "200 c") // all of the link is ejected
			s.want(model, "1", "200 c")
		})
	}
}

// TestOrderSharesAttempts holds that a link with several uses has its attempts before
// the next one's turn, shared among the uses.
func TestOrderSharesAttempts(t *testing.T) {
	s := startShared(t, map[string]any{"retries": 2})
	s.answer(map[string]int{"a": 500, "b": 500, "c": 500})
	s.want("many", "1", "500 bbaacc")
}

// TestOrderAndDegraded holds that a use that answered 429 is asked last, and is asked
// if all have answered so. The mark may come to the worker after the back-off, and the
// use is then asked again by that request, but not by later ones.
func TestOrderAndDegraded(t *testing.T) {
	for _, model := range splitModels {
		t.Run(model, func(t *testing.T) {
			s := startShared(t, map[string]any{"retries": 2})
			s.answer(map[string]int{"a": 429})
			s.leaves(model, `200 a{1,3}b`, "200 b")
			s.answer(map[string]int{"b": 429})
			s.leaves(model, `200 b{1,3}c`, "200 c")
			s.answer(map[string]int{"c": 429})
			s.ask(model, wantedOrder, "0")
			s.answer(nil)
			if got := s.ask(model, wantedOrder, "0"); !strings.HasPrefix(got, "200 ") || len(got) != len("200 a") {
				t.Errorf("all have said 429: %q, want 200 by one of them", got)
			}
		})
	}
}

// leaves holds that requests in order 0 come to what the pattern says until they come
// to last.
func (s *shared) leaves(model, pattern, last string) {
	s.t.Helper()
	for deadline := time.Now().Add(envoytest.Patience); ; {
		got := s.ask(model, wantedOrder, "0")
		switch {
		case got == last:
			return
		case !regexp.MustCompile("^" + pattern + "$").MatchString(got), time.Now().After(deadline):
			s.t.Fatalf("%s: %q, want %s and then %q", model, got, pattern, last)
		}
	}
}

// TestOrderAndFit holds that a request stays with the uses that are fit, in its order.
func TestOrderAndFit(t *testing.T) {
	s := startShared(t, map[string]any{"retries": 0})
	first, last := "c1", "c2" // the servers of openai, of anthropic
	s.want("many", "1", "200 b", wantedFit, first)
	s.want("many", "1", "200 c", wantedFit, last)
	s.answer(map[string]int{"a": 500, "b": 500})
	s.want("many", "0", "500 aba", wantedFit, first)
}
