package app_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/xds/adminkey"
)

const onePolicy = `version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {fast: b/m}
`

// TestAControlPlaneAndAPairInOneProcess starts what `headgate xds` and `headgate extproc`
// start: the pair takes the policy, and a change of it, and answers exchanges by it; and
// once both are stopped nothing of them runs.
func TestAControlPlaneAndAPairInOneProcess(t *testing.T) {
	before := goroutines()
	dir := socketFolder(t)
	policy := filepath.Join(dir, "policy.yaml")
	write(t, policy, onePolicy)
	control := startXDS(t, policy)
	pair := startPair(t, dir, control)
	envoy := extproctest.Dial(t, filepath.Join(dir, "s"))
	models := func() string {
		s := envoy.Open("router")
		defer s.Cancel()
		reply := s.RequestHeaders(extproctest.H{":method", "GET", ":path", "/v1/models", ":authority", "localhost", ":scheme", "http"}, true)
		return string(reply.Immediate().GetBody())
	}
	eventually(t, "the policy at the pair", func() bool { return strings.Contains(models(), `"fast"`) })
	if _, text := get(t, pair.Operations(), "/readyz"); !strings.Contains(text, "control plane connected") {
		t.Errorf("/readyz says %q", text)
	}
	write(t, policy, strings.Replace(onePolicy, "fast", "faster", 1))
	control.Reload()
	eventually(t, "the change at the pair", func() bool { return strings.Contains(models(), `"faster"`) })
	if status, text := askAdmin(t, control, stateOf(policy), "/api/v1/status"); status != http.StatusOK || !strings.Contains(text, `"a-pair"`) {
		t.Errorf("%d %s", status, text)
	}
	_ = envoy.Conn.Close()
	stop(t, pair)
	stop(t, control)
	for _, addr := range []net.Addr{control.Addr(), control.Admin(), control.Operations(), pair.Operations()} {
		listenOn(t, addr.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "s")); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
	eventually(t, "the end of every goroutine", func() bool { return goroutines() <= before })
}

// TestAStartThatFailsLeavesNothing holds that what was begun before the fault is undone:
// the ports are free, and nothing runs.
func TestAStartThatFailsLeavesNothing(t *testing.T) {
	before := goroutines()
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, policy, onePolicy)
	taken := listenOn(t, "127.0.0.1:0").Addr().String()
	operations := listenOn(t, "127.0.0.1:0")
	_ = operations.Close()
	options := app.Options{Policy: policy, Operations: operations.Addr().String(), Log: zap.NewNop()}
	_, err := app.StartXDS(app.XDSOptions{Options: options, Listen: "127.0.0.1:0", Admin: taken, State: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), taken) {
		t.Fatalf("error %v", err)
	}
	listenOn(t, operations.Addr().String())
	eventually(t, "the end of every goroutine", func() bool { return goroutines() <= before })
}

// stateOf is the state folder of a control plane that startXDS starts.
func stateOf(policy string) string { return filepath.Join(filepath.Dir(policy), "state-of-xds") }

func startXDS(t *testing.T, policy string) *app.XDS {
	t.Helper()
	control, err := app.StartXDS(app.XDSOptions{
		Options: app.Options{Policy: policy, Operations: "127.0.0.1:0", Log: zap.NewNop()}, Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", State: stateOf(policy),
	})
	if err != nil {
		t.Fatal(err)
	}
	return control
}

func startPair(t *testing.T, dir string, control *app.XDS) *app.Extproc {
	t.Helper()
	pair, err := app.StartExtproc(app.ExtprocOptions{
		Options: app.Options{Operations: "127.0.0.1:0", Log: zap.NewNop()},
		Pair:    app.PairOptions{Node: "a-pair", Addresses: []string{control.Addr().String()}, State: filepath.Join(dir, "state")},
		Socket:  filepath.Join(dir, "s"), Records: filepath.Join(dir, "access.jsonl"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func stop(t *testing.T, p interface{ Stop(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// goroutines counts those that this program's own code has begun.
func goroutines() (n int) {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for one := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(one, "headgate/headgate/") || strings.Contains(one, "google.golang.org/grpc") {
			n++
		}
	}
	return n
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s", what)
		}
	}
}

func get(t *testing.T, addr net.Addr, path string) (status int, text string) {
	t.Helper()
	return getWith(t, addr, path, "")
}

// askAdmin asks the admin API of a control plane with the key in its state folder.
func askAdmin(t *testing.T, control *app.XDS, state, path string) (status int, text string) {
	t.Helper()
	secret, err := adminkey.ReadFile(filepath.Join(state, adminkey.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return getWith(t, control.Admin(), path, "Bearer "+secret)
}

func getWith(t *testing.T, addr net.Addr, path, authorization string) (status int, text string) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr.String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// listenOn listens at an address until the test ends: it is free.
func listenOn(t *testing.T, addr string) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	return lis
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// socketFolder is a short path: those of Unix sockets are bounded.
func socketFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
