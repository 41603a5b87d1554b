package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc/provider/sim"
)

// separate is a gateway of three processes, as in a real deployment: a control
// plane, an ext_proc server and an Envoy that neither of them started.
type separate struct {
	t       *testing.T
	dir     string
	url     string
	extproc *exec.Cmd
}

func startSeparate(t *testing.T, policy string) *separate {
	gatewaytest.Envoy(t)
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &separate{t: t, dir: dir, url: fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t))}
	policy = fmt.Sprintf("listen: %s\n%s", strings.TrimPrefix(s.url, "http://"), policy)
	if err := os.WriteFile(s.path("policy.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	s.startExtproc()
	xds := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	s.start("xds", "-f", s.path("policy.yaml"), "--listen", xds, "--operations", s.free(), "--envoy-access-log", s.path("envoy.jsonl"))
	bootstrap, stderr, code := gatewaytest.Run(t, "envoy", "bootstrap", "--xds", xds, "--socket", s.path("e.sock"))
	if code != 0 {
		t.Fatal(stderr)
	}
	envoytest.Start(t, []byte(bootstrap))
	eventually(t, "an answer", func() bool {
		status, _ := s.ask("ready?")
		return status == http.StatusOK
	})
	return s
}

func (s *separate) path(name string) string { return filepath.Join(s.dir, name) }

func (s *separate) free() string { return fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(s.t)) }

func (s *separate) startExtproc() {
	s.extproc = s.start("extproc", "-f", s.path("policy.yaml"), "--socket", s.path("e.sock"), "--operations", s.free(), "--access-log", s.path("access.jsonl"))
}

// start runs a subcommand until the test ends.
func (s *separate) start(args ...string) *exec.Cmd {
	cmd := exec.Command(gatewaytest.Binary(s.t), args...)
	cmd.Env = append(os.Environ(), "KEY_A=sk-canary-a", "KEY_B=sk-canary-b")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func (s *separate) ask(text string) (status int, body string) {
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(chatBody("m", text, false)))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("authorization", "Bearer sk-canary-client")
	resp, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}

// TestDeadExtprocFailsClosed kills the ext_proc server while an attempt waits for
// its provider: what was under way and what comes then is refused in JSON, and no
// provider ever sees a request without its own credential.
func TestDeadExtprocFailsClosed(t *testing.T) {
	t.Parallel()
	a, b := gatewaytest.Simulate(t, sim.Options{Keys: []string{"sk-canary-a"}}), gatewaytest.Simulate(t, sim.Options{Keys: []string{"sk-canary-b"}})
	s := startSeparate(t, fmt.Sprintf(`version: 1
backends:
  a: {provider: openai, url: %q, credential: {env: KEY_A}}
  b: {provider: anthropic, url: %q, credential: {env: KEY_B}}
models: {m: {chain: [a/gpt-4o, b/claude-sonnet-4-6]}}
`, a.URL, b.URL))
	type answer struct {
		status int
		body   string
	}
	hung := make(chan answer, 1)
	go func() {
		status, body := s.ask("[[sim hang=headers]]")
		hung <- answer{status, body}
	}()
	eventually(t, "the request at the provider", func() bool { return a.WaitReceived(t.Context(), 2) == nil })
	_ = s.extproc.Process.Kill()
	first := <-hung
	status, body := s.ask("and now?")
	for _, got := range []answer{first, {status, body}} {
		var e struct {
			Error struct{ Message, Code string }
		}
		if err := json.Unmarshal([]byte(got.body), &e); err != nil || got.status != http.StatusServiceUnavailable || e.Error.Message == "" {
			t.Errorf("status %d, %s", got.status, got.body)
		}
	}
	s.startExtproc()
	eventually(t, "an answer again", func() bool {
		status, _ := s.ask("back?")
		return status == http.StatusOK
	})
	for name, p := range map[string]*gatewaytest.Provider{"sk-canary-a": a, "sk-canary-b": b} {
		for _, served := range p.Served() {
			if served.Key != name || strings.Contains(fmt.Sprint(served.Header), "sk-canary-client") {
				t.Errorf("a provider got %v", served.Header)
			}
		}
	}
}
