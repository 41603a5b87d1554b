package names

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// stored holds that a stored response of a wildcard's name is gone on with, read and deleted by a
// caller who may ask for that name alone, and is not there for another caller.
func stored(t *testing.T, r *rig) {
	first := r.response(t, `{"model":"openai/gpt-5","input":"stored by a name"}`)
	if next := r.response(t, fmt.Sprintf(`{"model":"openai/gpt-5","input":"gone on by a name","previous_response_id":%q}`, first)); next == first {
		t.Errorf("two responses are called %s", first)
	}
	if got := r.at["gpt"].Find("gone on by a name").Model; got != "gpt-5" {
		t.Errorf("it goes on with %q", got)
	}
	for _, c := range []struct {
		caller, method string
		status         int
	}{
		{"BOB", http.MethodGet, 200}, {"ANN", http.MethodGet, 404}, {"ANN", http.MethodDelete, 404},
		{"BOB", http.MethodDelete, 200}, {"BOB", http.MethodGet, 404},
	} {
		a := r.Ask(gatewaytest.Request{Method: c.method, Path: responses + "/" + first, Header: map[string]string{"authorization": "Bearer " + keys[c.caller]}})
		if a.Status != c.status {
			t.Errorf("%s by %s: status %d, want %d: %s", c.method, c.caller, a.Status, c.status, a.Body)
		}
		if row := r.Row(a.Exchange()); c.status == 200 && (row.Route != "openai/*" || row.Backend != "gpt") {
			t.Errorf("%s by %s: row %+v", c.method, c.caller, row)
		}
	}
}

// response asks for a response as bob, and returns its id.
func (r *rig) response(t *testing.T, body string) string {
	t.Helper()
	a := r.Ask(gatewaytest.ChatRequest(responses, body, "", "authorization", "Bearer "+keys["BOB"]))
	gatewaytest.MustOK(t, a)
	var got struct{ ID string }
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || got.ID == "" {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return got.ID
}
