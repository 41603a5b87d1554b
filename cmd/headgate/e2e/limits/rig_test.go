// Package limits is about what callers may consume.
package limits

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// key is the key of a caller.
func key(caller string) string { return "hg-the-key-of-" + caller }

// rig is a gateway before a provider, whose callers have quotas.
type rig struct {
	*gatewaytest.Gateway
	At *gatewaytest.Provider
}

// start starts a gateway with further models and top-level keys, and with callers by their name,
// such as {"ann": "{rpm: 1}"}.
func start(t *testing.T, models, more string, callers map[string]string, env ...string) *rig {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	o := gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}
	o.Env = append(o.Env, env...)
	more += "callers:\n"
	for i, name := range slices.Sorted(maps.Keys(callers)) {
		variable := fmt.Sprintf("HEADGATE_E2E_CALLER_%d", i)
		o.Env = append(o.Env, variable+"="+key(name))
		more += fmt.Sprintf("  %s: {key: {env: %s}, quota: %s}\n", name, variable, callers[name])
	}
	return &rig{gatewaytest.Start(t, gatewaytest.PolicyFor(p, models)+more, o), p}
}

func (r *rig) with(t *testing.T) *rig { return &rig{r.Gateway.With(t), r.At.With(t)} }

// chat asks as a caller.
func (r *rig) chat(caller, model, sim string) gatewaytest.Answer {
	return r.Chat(gatewaytest.ChatBody(model, "hello", false), sim, "authorization", "Bearer "+key(caller))
}

// left is how many nano-USD are left to a caller, as the row of a list of models says; -1: it
// does not.
func (r *rig) left(caller string) int64 {
	a := r.Ask(gatewaytest.Request{Method: "GET", Path: "/v1/models", Header: map[string]string{"authorization": "Bearer " + key(caller)}})
	if left := r.Row(a.Exchange()).LeftNano; left != nil {
		return *left
	}
	return -1
}

// of are the rows of exchanges that a request with a mark made.
func (r *rig) of(model string) (rows []record.Line) {
	for _, row := range r.Rows() {
		if row.Model == model {
			rows = append(rows, row)
		}
	}
	return rows
}

// limitHeaders are the headers of an answer that speak of limits.
func limitHeaders(a gatewaytest.Answer) map[string]string {
	all := map[string]string{}
	for name := range a.Header {
		if low := strings.ToLower(name); strings.Contains(low, "ratelimit") || strings.Contains(low, "retry") {
			all[low] = a.Header.Get(name)
		}
	}
	return all
}
