package gatewaytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/record"
)

// Ending is how an exchange ended, as its row tells it.
type Ending struct {
	Outcome, By string
	Status      int
	Attempts    int
}

// EndingWith is the ending with these parts, in the order of the fields.
func EndingWith(outcome, by string, status, attempts int) Ending {
	return Ending{outcome, by, status, attempts}
}

// EndingOf reads an ending from a row.
func EndingOf(r record.Line) Ending { return Ending{r.Outcome, r.By, r.Status, r.Attempts} }

// endingModels gives each case a model of its own, so that the failures of one do
// not eject the backend of another.
func endingModels(n int) string {
	var b strings.Builder
	for i := range n {
		for _, dialect := range []string{"sim/plain", "claude/plain-claude"} {
			suffix := strings.TrimPrefix(dialect, "sim/plain")
			if suffix != "" {
				suffix = "-claude"
			}
			fmt.Fprintf(&b, "  m%d%s: {chain: [%s], retries: 0, timeout: 1s, idle_timeout: 1s}\n", i, suffix, dialect)
		}
	}
	b.WriteString("  tried: {chain: [sim/plain], retries: 2, timeout: 1s, idle_timeout: 1s}\n")
	b.WriteString("  unfailing: {chain: [sim/plain], retries: 0}\n  unfailing-claude: {chain: [claude/plain-claude], retries: 0}\n")
	b.WriteString("  gone: {chain: [gone/plain], retries: 0}\n  gone-claude: {chain: [gone-claude/plain-claude], retries: 0}\n")
	return b.String()
}

// Lost is the URL of a backend at a name that nobody resolves (RFC 2606).
const Lost = "http://lost.invalid/v1"

// ServeEndings starts a gateway with a backend on a port that nobody listens on.
func ServeEndings(t *testing.T) (*Gateway, *Provider) {
	t.Helper()
	p := Simulate(t, Keyless)
	text := strings.Replace(PolicyFor(p, endingModels(8)), "\nmodels:", fmt.Sprintf(`
  gone: {provider: simulated, url: "http://127.0.0.1:%d/v1"}
  gone-claude: {provider: simulated, dialect: anthropic, url: "http://127.0.0.1:%[1]d/v1"}
  lost: {provider: simulated, url: %[2]q}
models:
  nowhere: {chain: [lost/plain], retries: 0}
  nowhere-claude: {chain: [lost/plain], retries: 0}`, FreePort(t), Lost), 1)
	return Start(t, text, Options{Env: []string{BackendKeyName + "=" + BackendKey}}), p
}
