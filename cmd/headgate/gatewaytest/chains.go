package gatewaytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// ChainKeys are the credentials of the providers of a chain. Each provider takes
// its own and no other, so an answer proves which one it was asked with.
var ChainKeys = map[string]string{
	"a": "sk-canary-of-a-61c0", "b": "sk-canary-of-b-27fe", "c": "sk-canary-of-c-93d5",
}

// Chains is a gateway before three providers on ports of their own: a and b speak
// OpenAI's dialect, c Anthropic's. A backend "down" is on a port that
// nobody has, "lost" at a name that nobody resolves.
type Chains struct {
	*Gateway
	At map[string]*Provider // by backend
}

// StartChains starts the providers and a gateway with these models. Models of the
// providers carry the directives that make them fail in their names, as in
// "a/m+status=500"; they report themselves, and are priced, as "m".
func StartChains(t *testing.T, models string, rules sim.Script, o Options) *Chains {
	t.Helper()
	r := &Chains{At: map[string]*Provider{}}
	backends := fmt.Sprintf("  down: {provider: simulated, url: \"http://127.0.0.1:%d/v1\"}\n  lost: {provider: simulated, url: %q}\n", FreePort(t), Lost)
	for name, key := range ChainKeys {
		p := Simulate(t, sim.Options{Keys: []string{key}, Script: rules})
		dialect := "openai"
		if name == "c" {
			dialect = "anthropic"
		}
		variable := "HEADGATE_E2E_KEY_" + strings.ToUpper(name)
		o.Env = append(o.Env, variable+"="+key)
		backends += fmt.Sprintf("  %s: {provider: simulated, dialect: %s, url: %q, credential: {env: %s}}\n", name, dialect, p.URL, variable)
		r.At[name] = p
	}
	policy := PolicyFor(r.At["a"], models)
	policy = strings.Replace(policy, "\nbackends:\n", "\nunpriced: flag\nbackends:\n"+backends, 1)
	policy = strings.Replace(policy, "\nprices:\n", "\nprices:\n  m: {"+priceText()+"}\n", 1)
	o.Env = append(o.Env, BackendKeyName+"="+BackendKey)
	r.Gateway = Start(t, policy, o)
	return r
}

// With returns the same rig for a subtest, which its faults then fail.
func (r *Chains) With(t testing.TB) *Chains {
	out := &Chains{Gateway: r.Gateway.With(t), At: map[string]*Provider{}}
	for name, p := range r.At {
		out.At[name] = p.With(t)
	}
	return out
}

// Served returns what reached a provider with a mark, finished or not being so.
func (r *Chains) Served(backend, mark string) (all []sim.Served) {
	for _, s := range r.At[backend].Served() {
		if strings.Contains(string(s.Body), mark) {
			all = append(all, s)
		}
	}
	return all
}

// Tried writes the attempts of a row as "a500 b200"; one without an answer has no
// status: "a-".
func Tried(row record.Line) string {
	all := make([]string, len(row.Tried))
	for i, at := range row.Tried {
		all[i] = at.Backend + "-"
		if at.Status > 0 {
			all[i] = fmt.Sprintf("%s%d", at.Backend, at.Status)
		}
	}
	return strings.Join(all, " ")
}

// ServedAs returns what reached a provider for one of its models, as it is asked for without
// directives.
func (r *Chains) ServedAs(backend, model string) (all []sim.Served) {
	for _, s := range r.At[backend].Settled() {
		if s.Model == model {
			all = append(all, s)
		}
	}
	return all
}
