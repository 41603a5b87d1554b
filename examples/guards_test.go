package examples

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// startDetector starts the service that two of the guards ask, and returns its address.
func startDetector(t *testing.T, python string) string {
	t.Helper()
	port := fmt.Sprint(gatewaytest.FreePort(t))
	p := gatewaytest.StartProcess(t, nil, python, "guards/detector.py", port)
	t.Cleanup(p.Kill)
	gatewaytest.Eventually(t, "the detector", func() bool {
		resp, err := http.Post("http://127.0.0.1:"+port+"/check", "application/json", strings.NewReader(`{"texts":[]}`))
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil
	})
	return "127.0.0.1:" + port
}

// TestGuards holds that both SDKs see what the page of the guards says, and that its other stories
// are true.
func TestGuards(t *testing.T) {
	python := gatewaytest.Python(t)
	text, err := os.ReadFile("guards/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := strings.ReplaceAll(listenLine.ReplaceAllString(string(text), ""), "127.0.0.1:5002", startDetector(t, python))
	g := gatewaytest.Start(t, policy, gatewaytest.Options{Env: noKeys})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "guards/stories.py", g.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("guards/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "```\npii: ")
	said, _, _ := strings.Cut(after, "```")
	if d := cmp.Diff("pii: "+said, string(out)); d != "" {
		t.Errorf("(-page +stories):\n%s", d)
	}
	checkGuardPages(t, g, string(page))
}

// checkGuardPages holds what the page says of commands.
func checkGuardPages(t *testing.T, g *gatewaytest.Gateway, page string) {
	t.Helper()
	op := g.Operator(t)
	const repaired = "repaired  format_invalid  FORMAT×1"
	_, h, body := post(t, g.URL+"/v1/chat/completions", `{"model":"typed","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"Where is the Louvre? Answer in JSON."}]}`, "x-sim", `text="The city is Paris."`)
	id := h.Get("x-headgate-exchange-id")
	if !strings.Contains(body, `"content":"{}"`) || !strings.Contains(page, repaired) {
		t.Errorf("%s", body)
	}
	gatewaytest.Eventually(t, "the row of the repair", func() bool {
		return strings.Contains(op.Says(0, []string{"exchanges", "-o", "json"}), id)
	})
	op.Says(0, []string{"trace", id}, repaired)
	const shadow = "rivals  words  input      2     2     0     0     0       0"
	if !strings.Contains(page, shadow) {
		t.Error("the page does not have what shadow says")
	}
	op.Says(0, []string{"guard", "shadow"}, shadow)
}
