package chains

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestUsersStayWithOneUse holds that a user of a link with weights is answered by
// the same use every time, in either dialect, however it is named, and that both
// uses have users.
func TestUsersStayWithOneUse(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, "  canary: {chain: [[{use: a/m, weight: 50}, {use: c/m, weight: 50}], b/m]}\n", nil, gatewaytest.Options{})
	answered := func(r gatewaytest.Request) string {
		a := rig.Ask(r)
		gatewaytest.MustOK(t, a)
		return a.Header.Get("x-headgate-backend")
	}
	used := map[string]int{}
	for i := range 24 {
		user := fmt.Sprintf("user-%d", i)
		first := answered(gatewaytest.Ways[0].Request("canary", "Whose?", "x-headgate-user", user))
		used[first]++
		for turn := range 4 {
			if got := answered(gatewaytest.Ways[turn].Request("canary", "Whose?", "x-headgate-user", user)); got != first {
				t.Errorf("%s was answered by %s, then by %s", user, first, got)
			}
		}
		body := fmt.Sprintf(`{"model":"canary","user":%q,"messages":[{"role":"user","content":"Whose?"}]}`, user)
		if got := answered(gatewaytest.Request{Method: http.MethodPost, Path: "/v1/chat/completions", Body: body}); got != first {
			t.Errorf("%s was answered by %s, and by %s when the body names it", user, first, got)
		}
	}
	// By chance alone one run in 16 million has all users at one use.
	if used["a"] == 0 || used["c"] == 0 || used["b"] != 0 {
		t.Errorf("users by backend: %v, want some at a and c", used)
	}
}

// TestAUsersUseIsFollowedByTheOther holds that a user whose use fails is answered
// by the link's other one, and by the next link if that fails, too.
func TestAUsersUseIsFollowedByTheOther(t *testing.T) {
	t.Parallel()
	const models = "  half: {retries: 0, chain: [[{use: a/m+status=500, weight: 50}, {use: c/m, weight: 50}], b/m]}\n" +
		"  none: {retries: 0, chain: [[{use: a/m+status=500, weight: 50}, {use: c/m+status=503, weight: 50}], b/m]}\n"
	rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
	for model, want := range map[string]map[string]bool{"half": {"a500 c200": true, "c200": true}, "none": {"a500 c503 b200": true, "c503 a500 b200": true}} {
		for i := range 2 { // fewer failures than an ejection takes
			a := rig.Ask(gatewaytest.Ways[0].Request(model, "Who is left?", "x-headgate-user", fmt.Sprint("user-", i)))
			gatewaytest.MustOK(t, a)
			if got := gatewaytest.Tried(rig.Row(a.Exchange())); !want[got] {
				t.Errorf("%s: tried %q", model, got)
			}
		}
	}
}

// TestWeights holds that the uses of a link share its callers by their weights.
func TestWeights(t *testing.T) {
	t.Parallel()
	const n = 200
	rig := gatewaytest.StartChains(t, "  shared: {chain: [[{use: a/m, weight: 80}, {use: c/m, weight: 20}], b/m]}\n", nil, gatewaytest.Options{})
	got := map[string]int{}
	for i := range n {
		a := rig.Ask(gatewaytest.Ways[i%4].Request("shared", "Whose turn?", "x-headgate-user", fmt.Sprint("user-", i)))
		gatewaytest.MustOK(t, a)
		got[a.Header.Get("x-headgate-backend")]++
	}
	// By chance alone one run in 10 million is further off than five deviations: 28.
	if got["a"] < n*80/100-28 || got["a"] > n*80/100+28 || got["a"]+got["c"] != n {
		t.Errorf("of %d: %v", n, got)
	}
	if s := len(rig.Served("a", "Whose turn?")); s != got["a"] {
		t.Errorf("a answered %d, its log has %d", got["a"], s)
	}
}
