package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy"
)

const (
	firstPolicy = `# the first
version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {fast: b/m}
`
	secondPolicy = firstPolicy + "limits: {body: 1MiB}\n"
	faultyPolicy = "version: 1\nlisten: 1\nmodles: {}\n"
)

// policyFile writes a policy to a file of its own.
func policyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func revisionOf(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

// values are those of a counter or a gauge by its labels, which are joined by a blank.
func values(t *testing.T, reg *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() != name {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			out[strings.Join(labels, " ")] = m.GetCounter().GetValue() + m.GetGauge().GetValue() // it has one of them
		}
	}
	return out
}

// loaded is the policy in a file.
func loaded(t *testing.T, path string) *policy.Set {
	t.Helper()
	set, err := loadStatic(path)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
