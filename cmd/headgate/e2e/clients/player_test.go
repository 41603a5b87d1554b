package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// player is a script of testdata/links.
type player struct {
	script string
	in     string // the folder below HEADGATE_CLIENTS with its packages; "": those of the tests
}

// ofCI are the clients that people start with: they play in every run of the tests, in
// the versions that the other tests have.
var ofCI = []player{
	{script: "sdk_openai.py"}, {script: "sdk_responses.py"}, {script: "sdk_anthropic.py"}, {script: "with_agents.py"},
	{script: "with_openai.mjs"}, {script: "with_responses.mjs"}, {script: "with_anthropic.mjs"}, {script: "with_aisdk.mjs"},
}

// others are those that make clients installs. Some hold the vendors' SDKs back to an
// older version, and have a folder of their own.
var others = []player{
	{"with_pydanticai.py", "newest"}, {"with_langchain.py", "newest"},
	{"with_llamaindex.py", "held"}, {"with_instructor.py", "held"}, {"with_litellm.py", "held"},
	{"with_haystack.py", "held"}, {"with_mirascope.py", "held"}, {"with_smolagents.py", "held"},
	{"with_claudecode.mjs", "agents"}, {"with_codex.mjs", "agents"}, {"with_qwencode.mjs", "agents"},
}

// players are those whose packages are there.
func players() []player {
	if os.Getenv("HEADGATE_CLIENTS") == "" {
		return ofCI
	}
	return append(append([]player{}, ofCI...), others...)
}

// played is what a script says of the client that it plays. Cases holds "ok" or what went
// wrong, by case and model.
type played struct {
	Client  string                       `json:"client"`
	Version string                       `json:"version"`
	Cases   map[string]map[string]string `json:"cases"`
}

// play runs the script.
func (p player) play(t *testing.T, s *links) played {
	t.Helper()
	command, path := p.command(t)
	interpreters <- struct{}{}
	defer func() { <-interpreters }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s.Mark = p.script + " leaves."
	s.Results = filepath.Join(t.TempDir(), "results.json")
	setup, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
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
	var got played
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return got
}

// command returns the interpreter and the script's path for it.
func (p player) command(t *testing.T) (interpreter, path string) {
	t.Helper()
	if !strings.HasSuffix(p.script, ".mjs") {
		return python(t, p.in), filepath.Join("testdata", "links", p.script)
	}
	packages := gatewaytest.Node(t)
	if p.in != "" {
		packages = filepath.Join(os.Getenv("HEADGATE_CLIENTS"), p.in)
	}
	return "node", filepath.Join(copyScripts(t, packages), p.script)
}
