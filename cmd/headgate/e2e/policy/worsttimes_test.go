package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestCheckSaysTheWorstTimes measures the worst that check says of a chain: until
// an answer begins or fails, and until a JSON answer that falls silent is an error.
func TestCheckSaysTheWorstTimes(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	const models = `  patient-MARK: {chain: [sim/plain], retries: 0, timeout: 1s, idle_timeout: 3s}
  twice-MARK: {chain: [sim/plain], retries: 1, timeout: 1s, idle_timeout: 6s}
  hasty-MARK: {chain: [sim/plain, claude/plain-claude], retries: 0, timeout: 300ms, idle_timeout: 100ms}
`
	more := strings.ReplaceAll(models, "MARK", "mute") + strings.ReplaceAll(models, "MARK", "silent") + strings.ReplaceAll(models, "MARK", "late")
	policy := gatewaytest.PolicyFor(p, more)
	g := gatewaytest.Start(t, policy, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	begins, worst := worstTimes(t, policy)
	for _, model := range []string{"patient-", "twice-", "hasty-"} {
		for _, c := range []struct {
			name, sim string
			min, max  time.Duration
		}{
			{"mute", "hang=headers", begins[model+"mute"] - 300*time.Millisecond, begins[model+"mute"]},
			{"silent", "hang=3", worst[model+"silent"] - begins[model+"silent"], worst[model+"silent"]},
			{"late", "ttft=200ms;hang=3", worst[model+"late"] - begins[model+"late"] + 200*time.Millisecond, worst[model+"late"]},
		} {
			t.Run(model+c.name, func(t *testing.T) {
				t.Parallel()
				g := g.With(t)
				var took time.Duration
				for range 3 { // the machine may be busy
					began := time.Now()
					a := g.Chat(gatewaytest.ChatBody(model+c.name, "worst", false), c.sim)
					if took = time.Since(began); took < c.min-50*time.Millisecond || a.Status < 503 {
						t.Errorf("status %d after %v, want an error after %v at least", a.Status, took, c.min)
					}
					if took <= c.max+300*time.Millisecond { // the clocks may be a little off
						return
					}
				}
				t.Errorf("an error after %v, want it after %v at most", took, c.max)
			})
		}
	}
}

// worstTimes returns what check says of a policy's models.
func worstTimes(t *testing.T, policy string) (begins, worst map[string]time.Duration) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := gatewaytest.Run(t, "check", "-o", "json", file)
	var said struct {
		Chains []struct {
			Model  string        `json:"model"`
			Begins time.Duration `json:"begins_ms"`
			Worst  time.Duration `json:"worst_ms"`
		} `json:"chains"`
	}
	if err := json.Unmarshal([]byte(stdout), &said); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	begins, worst = make(map[string]time.Duration), make(map[string]time.Duration)
	for _, c := range said.Chains {
		begins[c.Model], worst[c.Model] = c.Begins*time.Millisecond, c.Worst*time.Millisecond
	}
	return begins, worst
}
