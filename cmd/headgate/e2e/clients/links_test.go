package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// ofCI are the scripts that need no more than the SDKs which the other tests run.
var ofCI = []string{"sdk_openai.py", "sdk_anthropic.py"}

// TestClientsAtEveryLink plays the clients that people use against the chains of
// examples/fallback, once for each link that is asked first. HEADGATE_CLIENTS names the
// folder into which make clients installs them; without it the vendors' own SDKs play.
func TestClientsAtEveryLink(t *testing.T) {
	t.Parallel()
	s := startLinks(t)
	scripts := ofCI
	folder := os.Getenv("HEADGATE_CLIENTS")
	if folder != "" {
		scripts = nil
		for _, pattern := range []string{"sdk_*.py", "with_*.py", "with_*.mjs"} {
			all, err := filepath.Glob(filepath.Join("testdata", "links", pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range all {
				scripts = append(scripts, filepath.Base(path))
			}
		}
	}
	var table report
	for _, script := range scripts {
		t.Run(script, func(t *testing.T) {
			results := playAt(t, interpreter(t, script, folder), script, s)
			table.add(script, s.Models, results)
			judgeResults(t, results)
		})
	}
	t.Logf("passed, with JSON and with streams:\n%s", table.String())
}

// interpreter returns the command that runs a script. The vendors' SDKs play in the
// versions that the other tests have: frameworks hold theirs back.
func interpreter(t *testing.T, script, folder string) string {
	t.Helper()
	switch {
	case strings.HasSuffix(script, ".mjs"):
		return "node"
	case folder == "" || slices.Contains(ofCI, script):
		return gatewaytest.Python(t)
	default:
		return filepath.Join(folder, "venv", "bin", "python")
	}
}

// played are the results of a script: by case and model, "ok" or what went wrong.
type played map[string]map[string]string

// playAt runs a script.
func playAt(t *testing.T, command, script string, s *links) played {
	t.Helper()
	interpreters <- struct{}{}
	defer func() { <-interpreters }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s.Results = filepath.Join(t.TempDir(), "results.json")
	setup, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "links", script)
	if command == "node" { // it looks for packages beside the script
		path = filepath.Join(os.Getenv("HEADGATE_CLIENTS"), "links", script)
	}
	cmd := exec.CommandContext(ctx, command, path, string(setup))
	cmd.Env = append(os.Environ(), "HEADGATE_URL="+s.Base, "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(s.Results)
	if err != nil {
		t.Fatal(err)
	}
	var all played
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return all
}

func judgeResults(t *testing.T, all played) {
	t.Helper()
	if len(all) == 0 {
		t.Error("no case was played")
	}
	for name, models := range all {
		for model, got := range models {
			if got != "ok" {
				t.Errorf("%s at %s: %s", name, model, got)
			}
		}
	}
}
