package kept

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

func previous(id string) string { return `"previous_response_id":"` + id + `",` }

// TestKeptResponsesLeadBack holds that a response is gone on with, read, listed, cancelled and
// deleted at the backend that has it, whatever the weights say, at any pair, and that its
// provider sees no id but its own.
func TestKeptResponsesLeadBack(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	other := r.pair(t)
	for model, backend := range map[string]string{"one": "a", "two": "b"} {
		first := create(r.Gateway, "ANN", model, "")
		given := id(t, first)
		for i := range 8 { // users that begin with either backend
			next := create(other, "ANN", "both", previous(given), "x-headgate-user", fmt.Sprint("user-", i))
			if next.Status != 200 || other.Row(next.Exchange()).Backend != backend {
				t.Fatalf("%s: %d %s", model, next.Status, next.Body)
			}
			if !strings.Contains(next.Body, `"`+given+`"`) {
				t.Errorf("the answer names another response than %s before it: %s", given, next.Body)
			}
		}
		read := on(other, "ANN", http.MethodGet, given)
		if id(t, read) != given || read.Body != strings.TrimSpace(first.Body) && !strings.Contains(first.Body, given) {
			t.Errorf("%s: read: %s", model, read.Body)
		}
		if row := other.Row(read.Exchange()); row.Operation != "responses_get" || row.Backend != backend || row.Route != model || row.Tokens != nil {
			t.Errorf("%s: row %+v", model, row)
		}
		items := on(r.Gateway, "ANN", http.MethodGet, given+"/input_items?limit=1&order=asc")
		if items.Status != 200 || !strings.Contains(items.Body, "Say something.") {
			t.Errorf("%s: items: %d %s", model, items.Status, items.Body)
		}
		if a := on(r.Gateway, "ANN", http.MethodPost, given+"/cancel"); a.Status != 400 || !strings.Contains(a.Body, "synchronous") {
			t.Errorf("%s: cancelled: %d %s", model, a.Status, a.Body)
		}
		if a := on(r.Gateway, "ANN", http.MethodDelete, given); id(t, a) != given || !strings.Contains(a.Body, `"deleted":true`) {
			t.Errorf("%s: deleted: %d %s", model, a.Status, a.Body)
		}
		if a := on(r.Gateway, "ANN", http.MethodGet, given); a.Status != 404 {
			t.Errorf("%s: read after that: %d %s", model, a.Status, a.Body)
		}
	}
	for name, p := range r.at {
		for _, s := range p.Settled() {
			if strings.Contains(string(s.Body)+s.Path, "_hg") {
				t.Errorf("%s gets %s %s", name, s.Path, s.Body)
			}
		}
	}
}

// TestKeptResponsesAreTheirOwners holds that what is another's, forged, cut or unknown is not there,
// and that all of these are answered alike.
func TestKeptResponsesAreTheirOwners(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	given := id(t, create(r.Gateway, "ANN", "one", ""))
	ofTeam := start(t, "state: {owner: team}\n")
	shared := id(t, create(ofTeam.Gateway, "ANN", "one", ""))
	if a := on(ofTeam.Gateway, "BOB", http.MethodGet, shared); a.Status != 200 {
		t.Errorf("another of the team: %d %s", a.Status, a.Body)
	}
	raw, _, _ := strings.Cut(given, "_hg")
	asked := len(r.at["a"].Settled())
	for name, c := range map[string]struct {
		g      *gatewaytest.Gateway
		caller string
		id     string
	}{
		"another's": {r.Gateway, "BOB", given}, "of another team": {ofTeam.Gateway, "EVE", shared},
		"forged": {r.Gateway, "ANN", given[:len(given)-3] + "AAA"}, "cut": {r.Gateway, "ANN", given[:len(given)-1]},
		"the provider's": {r.Gateway, "ANN", raw}, "never given": {r.Gateway, "ANN", "resp_none"},
	} {
		for what, a := range map[string]gatewaytest.Answer{
			"read": on(c.g, c.caller, http.MethodGet, c.id), "deleted": on(c.g, c.caller, http.MethodDelete, c.id), "listed": on(c.g, c.caller, http.MethodGet, c.id+"/input_items"),
		} {
			if a.Status != 404 || !strings.Contains(a.Body, "Response with id '"+c.id+"' not found.") {
				t.Errorf("%s, %s: %d %s", name, what, a.Status, a.Body)
			}
		}
		if a := create(c.g, c.caller, "both", previous(c.id)); a.Status != 404 || !strings.Contains(a.Body, `"previous_response_not_found"`) || !strings.Contains(a.Body, "Previous response with id '"+c.id+"' not found.") {
			t.Errorf("%s, gone on with: %d %s", name, a.Status, a.Body)
		}
	}
	if n := len(r.at["a"].Settled()); n != asked {
		t.Errorf("the provider was asked %d times", n-asked)
	}
	if a := create(r.Gateway, "ANN", "two", previous(given)); a.Status != 404 {
		t.Errorf("by a model whose pool lacks the backend: %d %s", a.Status, a.Body)
	}
	if a := create(r.Gateway, "ANN", "plain", previous(given)); a.Status != 400 || !strings.Contains(a.Body, "send the earlier items as input") {
		t.Errorf("by a model that keeps nothing: %d %s", a.Status, a.Body)
	}
}

// TestIDsInStreams holds that the events of a stream differ from the provider's in their ids
// alone, each of which leads back.
func TestIDsInStreams(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	a := create(r.Gateway, "ANN", "one", `"stream":true,`)
	given := id(t, a)
	ours := regexp.MustCompile(`(?m)^: x-headgate-.*\n+`)
	sent := r.at["a"].Last(1)
	if plain := ours.ReplaceAllString(bound.ReplaceAllString(a.Body, ""), ""); sent.BytesSent != int64(len(plain)) || !strings.Contains(plain, `"id":"`+sent.ID+`"`) {
		t.Errorf("the provider sent %d bytes, of %s; the client got %d:\n%s", sent.BytesSent, sent.ID, len(plain), plain)
	}
	for _, of := range regexp.MustCompile(`"(?:item_)?id":"[^"]+"`).FindAllString(a.Body, -1) {
		if !bound.MatchString(of) {
			t.Errorf("%s is not bound", of)
		}
	}
	item := regexp.MustCompile(`"item_id":"([^"]+)"`).FindStringSubmatch(a.Body)[1]
	if next := r.Ask(gatewaytest.ChatRequest("/v1/responses", `{"model":"both","input":[{"type":"item_reference","id":"`+item+`"},{"role":"user","content":"And?"}]}`, "", as("ANN")...)); next.Status != 200 {
		t.Errorf("an item: %d %s", next.Status, next.Body)
	}
	translated := create(r.Gateway, "ANN", "plain", "")
	own := regexp.MustCompile(`"id":\s*"(msg_[^"]+)"`).FindStringSubmatch(translated.Body)
	if own == nil {
		t.Fatalf("translated: %d %s", translated.Status, translated.Body)
	}
	if a := r.Ask(gatewaytest.ChatRequest("/v1/responses", `{"model":"both","input":[{"type":"item_reference","id":"`+own[1]+`"},{"role":"user","content":"And?"}]}`, "", as("ANN")...)); a.Status != 400 || !strings.Contains(a.Body, "send the item itself") {
		t.Errorf("an item that nothing keeps: %d %s", a.Status, a.Body)
	}
	if read := on(r.Gateway, "ANN", http.MethodGet, given); read.Status != 200 {
		t.Errorf("read: %d %s", read.Status, read.Body)
	}
	if read := create(r.Gateway, "ANN", "one", `"store":false,`); strings.Contains(read.Body, "_hg") {
		t.Errorf("nothing is kept: %s", read.Body)
	}
}

// TestGuardsLookAtWhatIsKept holds that a response which is read again is guarded as one that is
// given, and that nothing is read by which a guard could be passed by.
func TestGuardsLookAtWhatIsKept(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	plain := create(r.Gateway, "ANN", "guarded", "")
	given := id(t, plain)
	if a := on(r.Gateway, "ANN", http.MethodGet, given); a.Status != 200 {
		t.Errorf("read: %d %s", a.Status, a.Body)
	}
	masked := create(r.Gateway, "ANN", "masks", "")
	if a := on(r.Gateway, "ANN", http.MethodGet, id(t, masked)); a.Status != 200 || strings.Contains(masked.Body+a.Body, "swordfish") || a.Body != masked.Body {
		t.Errorf("what was masked:\n%s\nread: %d\n%s", masked.Body, a.Status, a.Body)
	}
	begun := create(r.Gateway, "ANN", "leaks", `"background":true,`)
	leaks := id(t, begun)
	r.Eventually("the answer in the background", func() bool {
		a := on(r.Gateway, "ANN", http.MethodGet, leaks)
		return a.Status == 403 && strings.Contains(a.Body, "word_found") && !strings.Contains(a.Body, "swordfish")
	})
	for _, path := range []string{given + "/input_items", given + "?stream=true"} {
		if a := on(r.Gateway, "ANN", http.MethodGet, path); a.Status != 403 || !strings.Contains(a.Body, "guard_cannot_look") {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// TestIDsPassAsTheyCame holds that nothing is bound where one backend has this API and nobody has a
// key: ids are the provider's, before and after.
func TestIDsPassAsTheyCame(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, sim.Options{Keys: []string{keys["A"]}})
	g := gatewaytest.Start(t, fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {a: {provider: openai-compatible, responses: true, url: %q, credential: {env: A}}}\nmodels: {one: a/x}\n", p.URL),
		gatewaytest.Options{Env: []string{"A=" + keys["A"]}})
	first := create(g, "", "one", "")
	if given := id(t, first); given != p.Last(1).ID {
		t.Errorf("given: %s", given)
	}
	next := create(g, "", "one", previous(id(t, first)))
	for what, a := range map[string]gatewaytest.Answer{"gone on with": next, "read": on(g, "", http.MethodGet, id(t, first)), "deleted": on(g, "", http.MethodDelete, id(t, first))} {
		if a.Status != 200 {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
}

// TestWhatIsKeptIsNowhereElse holds that no other backend is asked if the one fails that has what
// a request names.
func TestWhatIsKeptIsNowhereElse(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	given := id(t, create(r.Gateway, "ANN", "one", ""))
	for model, status := range map[string]int{"failing": 503, "limited": 429} {
		if a := create(r.Gateway, "ANN", model, ""); a.Status != 200 {
			t.Errorf("%s without: %d %s", model, a.Status, a.Body)
		}
		asked := len(r.at["b"].Settled())
		if a := create(r.Gateway, "ANN", model, previous(given)); a.Status != status || !strings.Contains(a.Body, "all_models_exhausted") {
			t.Errorf("%s: %d %s", model, a.Status, a.Body)
		}
		if n := len(r.at["b"].Settled()); n != asked {
			t.Errorf("%s: another backend was asked", model)
		}
	}
}
