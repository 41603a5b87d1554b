package examples

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestSeparate walks through the README of the three processes: a change applies while
// requests go on, a bad one is refused with every fault, the ext_proc server and Envoy are
// replaced, the control plane may go, and a pair that is restarted then serves from its disk.
// The start warns of nothing.
func TestSeparate(t *testing.T) {
	gatewaytest.Envoy(t)
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func() string { return fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t)) }
	gateway, admin, ops, pairOps := at(), at(), at(), at()
	env := append(os.Environ(), append(noKeys, "HEADGATE_BIN="+gatewaytest.Binary(t), "DIR="+dir, "GATEWAY="+gateway, "ADMIN="+admin,
		"XDS="+at(), "SIM="+at(), "PAIR_OPS="+pairOps, "XDS_OPS="+ops)...)
	log := filepath.Join(dir, "log")
	script(t, env, log, "separate/run.sh")
	ask := func() (int, string) {
		resp, err := http.Post("http://"+gateway+"/v1/chat/completions", "application/json",
			strings.NewReader(`{"model":"assistant","messages":[{"role":"user","content":"Hello!"}]}`))
		if err != nil {
			return 0, ""
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("x-headgate-model")
	}
	answers := func(model string) func() bool {
		return func() bool { status, got := ask(); return status == http.StatusOK && got == model }
	}
	gatewaytest.Eventually(t, "the gateway", answers("gpt-4o-mini"))
	if text, err := os.ReadFile(log); err != nil || strings.Contains(string(text), "WARN") {
		t.Errorf("the start warns of something: %v\n%s", err, text)
	}
	if said := envoysOf(t, pairOps); !strings.Contains(said, `envoy_cluster_upstream_rq_total{envoy_cluster_name="pool/assistant"}`) {
		t.Errorf("the pair's operations port has no statistics of its Envoy: %.200s", said)
	}
	var stop atomic.Bool
	failed := make(chan int)
	go func() {
		bad := 0
		for !stop.Load() {
			if status, _ := ask(); status != http.StatusOK {
				bad++
				t.Logf("a request failed with status %d", status)
			}
		}
		failed <- bad
	}()
	edit(t, filepath.Join(dir, "policy.yaml"), "gpt-4o-mini", "gpt-4o")
	gatewaytest.Eventually(t, "the change", answers("gpt-4o"))
	edit(t, filepath.Join(dir, "policy.yaml"), "retries: 2", "retrys: 2\n    timeot: 1s")
	gatewaytest.Eventually(t, "every fault in the status", func() bool {
		out, _, code := gatewaytest.Run(t, "status", "--admin", admin)
		return code == 0 && strings.Contains(out, `"retrys"; did you mean "retries"?`) && strings.Contains(out, `"timeot"; did you mean "timeout"?`)
	})
	for _, name := range []string{"extproc", "envoy"} {
		old := processOf(t, dir, name)
		script(t, env, filepath.Join(dir, name+".log"), "separate/"+name+".sh")
		gatewaytest.Eventually(t, "the end of the process before of "+name, func() bool { return !gatewaytest.Alive(old) })
		if now := processOf(t, dir, name); now == old || !gatewaytest.Alive(now) || !answers("gpt-4o")() {
			t.Errorf("%s: process %d after %d does not serve", name, now, old)
		}
	}
	killXDS(t, dir)
	gatewaytest.Eventually(t, "the control plane's end", func() bool { _, _, code := gatewaytest.Run(t, "status", "--admin", admin); return code == 2 })
	for range 20 {
		if !answers("gpt-4o")() {
			t.Error("no answer without the control plane")
		}
	}
	stop.Store(true)
	if bad := <-failed; bad > 0 {
		t.Errorf("%d requests failed", bad)
	}
	for _, name := range []string{"extproc", "envoy"} {
		pid := processOf(t, dir, name)
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		gatewaytest.Eventually(t, "the end of "+name, func() bool { return !gatewaytest.Alive(pid) })
		script(t, env, filepath.Join(dir, name+".log"), "separate/"+name+".sh")
	}
	gatewaytest.Eventually(t, "the policy on the pair's disk", answers("gpt-4o"))
}

// processOf is the process whose id a script has left in a file.
func processOf(t *testing.T, dir, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// script runs one until the test ends. What it and its processes print goes to a file.
func script(t *testing.T, env []string, log, path string) {
	t.Helper()
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", path)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = env, out, out, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = out.Close()
	})
}

func edit(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// killXDS ends the control plane that watches a folder, as kill -9 does.
func killXDS(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("pkill", "-9", "-f", "xds -f "+dir).CombinedOutput(); err != nil {
		t.Fatalf("pkill: %v %s", err, out)
	}
}

// envoysOf returns what an operations port serves of Envoy's statistics.
func envoysOf(t *testing.T, ops string) string {
	t.Helper()
	resp, err := http.Get("http://" + ops + "/metrics/envoy")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
