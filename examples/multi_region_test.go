package examples

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestMultiRegion walks through the page of the regions: the gateway's own answers, then,
// while it is lost, another one, at the first attempt once the control plane has noticed;
// then its own again. What keeps to the EU is answered from there or not at all.
func TestMultiRegion(t *testing.T) {
	gatewaytest.Envoy(t)
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func() string { return fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t)) }
	gateway, admin, east, west, eu := at(), at(), at(), at(), at()
	text, err := os.ReadFile("multi-region/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := strings.NewReplacer("127.0.0.1:8080", gateway, "127.0.0.1:9101", east, "127.0.0.1:9102", west, "127.0.0.1:9103", eu).Replace(string(text))
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HEADGATE_BIN="+gatewaytest.Binary(t), "DIR="+dir, "POLICY="+filepath.Join(dir, "policy.yaml"),
		"ADMIN="+admin, "OPS="+at(), "US_EAST="+east, "US_WEST="+west, "EU="+eu)
	script(t, env, filepath.Join(dir, "log"), "multi-region/run.sh")
	region := func(name, to string) {
		t.Helper()
		cmd := exec.Command("sh", "multi-region/region.sh", name, to)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v %s", name, to, err, out)
		}
	}
	ask := func(model string) (status int, backend, attempts string) {
		resp, err := http.Post("http://"+gateway+"/v1/chat/completions", "application/json",
			strings.NewReader(`{"model":"`+model+`","messages":[{"role":"user","content":"Hello!"}]}`))
		if err != nil {
			return 0, "", ""
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("x-headgate-backend"), resp.Header.Get("x-headgate-attempts")
	}
	eventually := func(what string, good func(backend, attempts string) bool) {
		t.Helper()
		gatewaytest.Eventually(t, what, func() bool {
			status, backend, attempts := ask("assistant")
			if status != http.StatusOK {
				t.Errorf("status %d while waiting for %s", status, what)
			}
			return good(backend, attempts)
		})
	}
	gatewaytest.Eventually(t, "the gateway", func() bool { status, _, _ := ask("assistant"); return status == http.StatusOK })
	if _, backend, attempts := ask("assistant"); backend != "us-east-gpt" || attempts != "1" {
		t.Errorf("%s answers at attempt %s", backend, attempts)
	}
	region("us-east", "down")
	if status, backend, _ := ask("assistant"); status != http.StatusOK || strings.HasPrefix(backend, "us-east") {
		t.Errorf("status %d by %s in the outage", status, backend)
	}
	gatewaytest.Eventually(t, "the drained backend", func() bool {
		out, _, _ := gatewaytest.Run(t, "status", "--admin", admin)
		return strings.Contains(out, "backends.us-east-gpt: drained, by health since ")
	})
	eventually("answers at the first attempt", func(backend, attempts string) bool { return attempts == "1" && !strings.HasPrefix(backend, "us-east") })
	region("us-east", "up")
	eventually("the gateway's own region", func(backend, _ string) bool { return backend == "us-east-gpt" })
	if status, backend, _ := ask("assistant-eu"); status != http.StatusOK || backend != "eu-gpt" {
		t.Errorf("status %d by %s, which is not the EU's", status, backend)
	}
	region("eu", "down")
	if status, backend, _ := ask("assistant-eu"); status != http.StatusServiceUnavailable || backend != "" && !strings.HasPrefix(backend, "eu-") {
		t.Errorf("status %d by %s without the EU", status, backend)
	}
}
