package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestAStaticEnvoyCannotFollow holds that beside an Envoy whose configuration stays,
// only new weights are taken, and that a refusal is reported until the file is good again.
func TestAStaticEnvoyCannotFollow(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	path, reg, ops := filepath.Join(t.TempDir(), "policy.yaml"), prometheus.NewRegistry(), &operations{}
	document := func(weight, more string) string {
		return `version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {m: {chain: [[{use: b/x, weight: ` + weight + `}, {use: b/y, weight: 1}]]}}
` + more
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, weighted := document("1", ""), document("3", "")
	write(first)
	s, err := newStatic(path, loaded(t, path), testDataPlane(t), ops, reg, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	const unchanged, refused = "the policy file was read again; the policy has not changed", "policy refused; the last good one stays in effect"
	for _, c := range []struct {
		name, text, serves, refused, logs string
	}{
		{"as it began", first, first, "", unchanged},
		{"another limit", document("1", "limits: {body: 1MiB}\n"), first, "render it again (headgate render envoy), and restart Envoy and this process", refused},
		{"undone", first, first, "", unchanged},
		{"faults", "version: 1\nmodles: {}\nlistn: 1\n", first, "listn", refused},
		{"new weights", weighted, weighted, "", "policy changed"},
		{"keys that cannot come", document("3", "managed_keys: true\n"), weighted, "come from a control plane", refused},
		{"another limit beside them", document("3", "limits: {body: 1MiB}\n"), weighted, "render it again", refused},
	} {
		write(c.text)
		s.reload()
		if got := logs.TakeAll(); len(got) != 1 || got[0].Message != c.logs {
			t.Errorf("%s: logged %v, want %q once", c.name, got, c.logs)
		}
		text, gauge := ops.detail(), values(t, reg, "headgate_policy_refused")[""]
		if !strings.Contains(text, "policy "+revisionOf(t, c.serves)+" in effect, by file "+path+"\n") {
			t.Errorf("%s: /readyz says %q", c.name, text)
		}
		if c.refused == "" && (gauge != 0 || strings.Contains(text, "refused")) ||
			c.refused != "" && (gauge != 1 || !strings.Contains(text, "refused: a later change by file:\n  ") || !strings.Contains(text, c.refused)) {
			t.Errorf("%s: the gauge is %v, /readyz says %q", c.name, gauge, text)
		}
	}
}
