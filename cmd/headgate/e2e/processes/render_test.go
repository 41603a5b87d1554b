package processes

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestRenderedEnvoyServes holds that what `headgate render envoy` prints is all that an
// Envoy needs: the pinned one and the oldest take it without a warning, and with
// `headgate extproc` beside it a chain with weights answers real requests, in its own
// words if nothing can. Policies that Envoy cannot follow are not taken. Without
// ext_proc it refuses.
func TestRenderedEnvoyServes(t *testing.T) {
	t.Parallel()
	gatewaytest.Envoy(t)
	const key = "sk-canary-of-render-5d1f"
	up, port := gatewaytest.Simulate(t, sim.Options{Keys: []string{key}}), gatewaytest.FreePort(t)
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	policy := fmt.Sprintf(`version: 1
unpriced: flag
listen: "127.0.0.1:%d"
backends:
  up: {provider: simulated, url: %q, credential: {file: %q}}
  down: {provider: simulated, url: "http://127.0.0.1:%d/v1"}
models:
  one: up/m
  shared: {retries: 0, chain: [[{use: down/m, weight: 1}, {use: up/m, weight: 1}]]}
  dead: {retries: 0, chain: [down/m]}
`, port, up.URL, secret, gatewaytest.FreePort(t))
	e := gatewaytest.StartExtproc(t, policy)
	config := rendered(t, "-f", e.Policy, "--socket", e.Socket)
	for _, path := range []string{envoytest.Path(t), envoytest.Oldest(t)} {
		if err := envoytest.Validate(t, path, config); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	envoytest.Start(t, config)
	ask := func(model string) (int, string) { return chat(t, fmt.Sprintf("http://127.0.0.1:%d", port), model) }
	for _, model := range []string{"one", "shared"} {
		if status, body := ask(model); status != http.StatusOK || !strings.Contains(body, `"chat.completion"`) {
			t.Errorf("%s: %d %s", model, status, body)
		}
	}
	if status, body := ask("dead"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"error"`) {
		t.Errorf("dead: %d %s", status, body)
	}
	for i := range 2 {
		gatewaytest.Overwrite(t, e.Policy, policy+fmt.Sprintf("limits: {body: %dMiB}\n", i+1))
		e.Hangup()
		gatewaytest.Eventually(t, "the refusal", func() bool { return strings.Count(e.Log(), "policy refused") == i+1 })
	}
	if status, body := ask("one"); status != http.StatusOK {
		t.Errorf("after policies that Envoy cannot follow: %d %s", status, body)
	}
	served := len(up.Settled())
	e.Stop()
	if status, body := ask("one"); status != http.StatusServiceUnavailable || !strings.Contains(body, "gateway_unavailable") {
		t.Errorf("without ext_proc: %d %s", status, body)
	}
	if n := len(up.Settled()); n != served {
		t.Errorf("without ext_proc the provider got %d requests", n-served)
	}
	e.Serve(policy + "limits: {body: 3MiB}\n")
	gatewaytest.Eventually(t, "the refusal of an outdated Envoy", func() bool {
		status, body := ask("one")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "render it again")
	})
	if !strings.Contains(e.Log(), "render its configuration again") {
		t.Errorf("the operator reads:\n%s", e.Log())
	}
}

// TestRenderedNamesStayText holds that a name which YAML 1.1 reads as a truth value, a
// number or nothing is a name to Envoy as well: of a model, and of a model at a backend.
func TestRenderedNamesStayText(t *testing.T) {
	t.Parallel()
	gatewaytest.Envoy(t)
	names := []string{"y", "Y", "n", "no", "on", "off", "yes", "true", "null", "~", "1e3", "0x10", "010", "-.5", "12:30", "2026-09-01", "inf", "nan", ".nan", "=", "plain"}
	up, port := gatewaytest.Simulate(t, gatewaytest.Keyless), gatewaytest.FreePort(t)
	policy := fmt.Sprintf("version: 1\nunpriced: flag\nlisten: \"127.0.0.1:%d\"\nbackends: {up: {provider: simulated, url: %q}}\nmodels:\n", port, up.URL)
	for _, name := range names {
		policy += fmt.Sprintf("  %q: {chain: [%q, up/other]}\n", name, "up/"+name)
	}
	e := gatewaytest.StartExtproc(t, policy)
	config := rendered(t, "-f", e.Policy, "--socket", e.Socket)
	if err := envoytest.Validate(t, envoytest.Path(t), config); err != nil {
		t.Fatal(err)
	}
	envoytest.Start(t, config)
	for _, name := range names {
		if status, body := chat(t, fmt.Sprintf("http://127.0.0.1:%d", port), name); status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	for i, served := range up.Settled() {
		if i >= len(names) || served.Model != names[i] {
			t.Errorf("the provider was asked for %q", served.Model)
		}
	}
}

// rendered is the output of `headgate render envoy`.
func rendered(t *testing.T, args ...string) []byte {
	t.Helper()
	out, errs, code := gatewaytest.Run(t, append([]string{"render", "envoy"}, args...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return []byte(out)
}

// chat asks a model of a gateway.
func chat(t *testing.T, url, model string) (status int, body string) {
	t.Helper()
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"Hello!"}]}`, model)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestRenderFlags holds that each flag is found again in what is printed, and that what
// cannot be rendered is said.
func TestRenderFlags(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	document := "version: 1\nunpriced: flag\nbackends:\n  s: {provider: simulated}\n  o: {provider: openai-compatible, url: \"https://llm.example\"}\nmodels: {m: {chain: [s/x, o/x]}}\n"
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	out := string(rendered(t, "-f", file, "--socket", "/a/socket", "--admin", "/an/admin", "--roots", "/the/roots", "--sim", "http://127.0.0.1:4321/v1", "--envoy-access-log", "/a/log"))
	for _, want := range []string{"path: /a/socket\n", "path: /an/admin\n", "filename: /the/roots\n", "port_value: 4321\n", "path: /a/log\n", "headgate extproc -f " + file + " --socket /a/socket\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	_, errs, code := gatewaytest.Run(t, "render", "envoy", "-f", file)
	if code != 1 || !strings.Contains(errs, `backend "s"`) {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if err := os.WriteFile(file, []byte("version: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code = gatewaytest.Run(t, "render", "envoy", "-f", file); code != 1 || !strings.Contains(errs, "version") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
