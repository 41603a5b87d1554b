// Package guards holds what guards do to requests and answers: what a client gets, what a
// provider gets, and what is recorded of it.
package guards

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// What the guards of these tests find. None of it may be where it is masked or refused.
const (
	mail = "ada.lovelace@example.com"
	card = "4012 8888 8888 1881"
)

// rig is a gateway before a provider of both dialects, whose models have guards.
type rig struct {
	*gatewaytest.Gateway
	at *gatewaytest.Provider
}

// start starts a gateway with further models and top-level keys. Each of the guarded models is
// made for both backends: as NAME-openai and NAME-anthropic.
func start(t *testing.T, guarded map[string]string, models, more string, env ...string) *rig {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	env = append(env, gatewaytest.BackendKeyName+"="+gatewaytest.BackendKey)
	text := gatewaytest.PolicyFor(p, modelsOf(guarded)+models) + more
	return &rig{gatewaytest.Start(t, text, gatewaytest.Options{Env: env}), p}
}

// modelsOf writes models with guards on a backend of each dialect.
func modelsOf(guarded map[string]string) string {
	var all strings.Builder
	for name, guards := range guarded {
		fmt.Fprintf(&all, "  %s-openai: {chain: [sim/plain], guards: %s}\n", name, guards)
		fmt.Fprintf(&all, "  %s-anthropic: {chain: [claude/plain-claude], guards: %s}\n", name, guards)
	}
	return all.String()
}

func (r *rig) with(t *testing.T) *rig { return &rig{r.Gateway.With(t), r.at.With(t)} }

// backends are the dialects of the two backends, as the names of models end.
var backends = []string{"openai", "anthropic"}

// everyWay runs a test for each way in which clients ask, and each backend.
func everyWay(t *testing.T, test func(t *testing.T, w gatewaytest.Way, backend string)) {
	t.Helper()
	for _, w := range gatewaytest.Ways {
		for _, backend := range backends {
			t.Run(w.String()+" to "+backend, func(t *testing.T) { test(t, w, backend) })
		}
	}
}

// blocked is what a row says of what a guard refused.
type blocked struct {
	Status              int
	Outcome, By, Reason string
	Detail              string
}

func blockedIn(row *record.Line) blocked {
	return blocked{row.Status, row.Outcome, row.By, row.Reason, row.Detail}
}

// quoted is a text in JSON.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a text has always a JSON form
	return string(b)
}

// checkAbsent fails the test if any of some secrets is in a text.
func checkAbsent(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s has %q: %s", where, secret, text)
		}
	}
}
