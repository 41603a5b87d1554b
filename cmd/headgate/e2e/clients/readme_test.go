package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestReadmesClients runs the README's lines for agents and frameworks on the quickstart,
// each on a model of OpenAI's and on one of Anthropic's. Those of which make clients alone
// has the packages are run if HEADGATE_CLIENTS names its folder.
func TestReadmesClients(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(gatewaytest.Root(), "examples", "quickstart", "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	g := gatewaytest.Start(t, strings.Replace(string(text), "listen: 127.0.0.1:8080\n", "", 1), gatewaytest.Options{
		Env: []string{"OPENAI_API_KEY=", "ANTHROPIC_API_KEY=", "DEEPSEEK_API_KEY="},
	})
	setting, lines := readmesLines(t)
	setting = strings.ReplaceAll(setting, "http://127.0.0.1:8080", g.URL)
	for _, line := range lines {
		for _, model := range []string{"assistant", "claude-sonnet-4-6"} {
			t.Run(clientOf(line)+" "+model, func(t *testing.T) {
				out := runLine(t, setting+"\n"+strings.ReplaceAll(line, "assistant", model), clientOf(line))
				if !strings.Contains(out, "simulated provider") {
					t.Errorf("it said %q", out)
				}
			})
		}
	}
}

// readmesLines are the first lines of the README's block for agents: what they need to
// know of the gateway, and one for each.
func readmesLines(t *testing.T) (setting string, lines []string) {
	t.Helper()
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	_, block, begins := strings.Cut(string(text), "```sh\nexport OPENAI_BASE_URL=")
	block, _, ends := strings.Cut(block, "\n```\n")
	lines = strings.Split(block, "\n")
	if !begins || !ends || len(lines) < 2 {
		t.Fatalf("README.md has no lines for agents: %q", block)
	}
	return "export OPENAI_BASE_URL=" + lines[0], lines[1:]
}

// clientOf names what a line runs.
func clientOf(line string) string {
	for _, name := range []string{"codex", "claude -p", `from "ai"`, "from agents", "from pydantic_ai"} {
		if strings.Contains(line, name) {
			return name
		}
	}
	return line
}

// runLine runs a line of the README in a home of its own, and returns what it said.
func runLine(t *testing.T, line, client string) string {
	t.Helper()
	home := t.TempDir()
	programs := programsOf(t, client, home)
	interpreters <- struct{}{}
	defer func() { <-interpreters }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + programs + ":" + os.Getenv("PATH"), "TERM=dumb", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1"}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// programsOf returns the folder of a client's program. Packages for Node are put where
// programs that run in home look for them.
func programsOf(t *testing.T, client, home string) string {
	t.Helper()
	installed := os.Getenv("HEADGATE_CLIENTS")
	agents := filepath.Join(installed, "agents", "node_modules")
	switch {
	case client == "from agents":
		return filepath.Dir(gatewaytest.Python(t))
	case client == `from "ai"`:
		if err := os.Symlink(filepath.Join(gatewaytest.Node(t), "node_modules"), filepath.Join(home, "node_modules")); err != nil {
			t.Fatal(err)
		}
		return home
	case installed == "":
		t.Skip("make clients runs it: HEADGATE_CLIENTS names no folder")
		return ""
	case client == "from pydantic_ai":
		return filepath.Join(installed, "newest", "bin")
	case client == "codex":
		return filepath.Join(agents, ".bin")
	default:
		native, err := filepath.Glob(filepath.Join(agents, "@anthropic-ai", "claude-code-*", "claude"))
		if err != nil || len(native) != 1 {
			t.Fatalf("%v, Claude Code is %q", err, native)
		}
		return filepath.Dir(native[0])
	}
}
