package own

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc/self"
	policydoc "github.com/headgate/headgate/policy"
)

// pair is an ext_proc server in this process.
type pair struct {
	own    *self.Client
	socket string
	folder string
	url    string
}

// startPair starts the ext_proc server of a pair, which takes own calls at a socket, or nowhere.
func startPair(t *testing.T, o app.ExtprocOptions, url string) *pair {
	t.Helper()
	p := &pair{folder: shortFolder(t), url: url}
	p.socket = filepath.Join(p.folder, "s")
	if o.Pair.Own != "" {
		o.Pair.Own = filepath.Join(p.folder, o.Pair.Own)
	}
	o.Socket, o.Operations, o.Records, o.Log = p.socket, "127.0.0.1:0", filepath.Join(p.folder, "access.jsonl"), zap.NewNop()
	e, err := app.StartExtproc(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, e) })
	p.own = e.Own()
	return p
}

// startEnvoy runs an Envoy process with a configuration, which ends before its pair does.
func (p *pair) startEnvoy(t *testing.T, path, config string) {
	t.Helper()
	file := filepath.Join(p.folder, "envoy.yaml") // JSON is YAML, too
	gatewaytest.Overwrite(t, file, config)
	gatewaytest.StartProcess(t, nil, path, "-c", file, "--concurrency", "1", "--log-level", "warn", "--disable-hot-restart")
	gatewaytest.Eventually(t, "an answer", func() bool { return (&gatewaytest.Gateway{URL: p.url}).Answers() })
}

// envoys are those that are tested: the pinned one and the oldest that is accepted.
func envoys(t *testing.T, test func(t *testing.T, envoy string)) {
	t.Run("pinned", func(t *testing.T) { gatewaytest.Envoy(t); test(t, envoytest.Path(t)) })
	t.Run("oldest", func(t *testing.T) { test(t, envoytest.Oldest(t)) })
}

// headgate runs a command and returns what it prints.
func headgate(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := gatewaytest.Run(t, args...)
	if code != 0 {
		t.Fatalf("%v: %s", args, errs)
	}
	return out
}

// TestOwnCallsOfSeparateProcesses holds that own calls work with a control plane, an ext_proc
// server and an Envoy of their own, and that without --own-calls they say so and all else works.
func TestOwnCallsOfSeparateProcesses(t *testing.T) {
	envoys(t, func(t *testing.T, envoy string) {
		provider := gatewaytest.Simulate(t, gatewaytest.Keyless)
		folder, xds := shortFolder(t), fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
		policy := filepath.Join(folder, "policy.yaml")
		gatewaytest.Overwrite(t, policy, models(provider.URL))
		gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), "xds", "-f", policy, "--listen", xds, "--admin", "127.0.0.1:0", "--operations", "127.0.0.1:0",
			"--state", filepath.Join(folder, "state"), "--envoy-access-log", "")
		for name, socket := range map[string]string{"with": "own", "without": ""} {
			listen := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
			o := app.ExtprocOptions{Pair: app.PairOptions{Node: name, Addresses: []string{xds}, Own: socket}}
			var err error
			if o.Pair.Listen, err = policydoc.ParseListen(listen); err != nil {
				t.Fatal(err)
			}
			p := startPair(t, o, "http://"+listen)
			p.startEnvoy(t, envoy, headgate(t, "envoy", "bootstrap", "--node", name, "--socket", p.socket))
			p.check(t, socket != "")
		}
	})
}

// TestOwnCallsThroughAnEnvoyOfYours holds the same of a rendered configuration.
func TestOwnCallsThroughAnEnvoyOfYours(t *testing.T) {
	envoys(t, func(t *testing.T, envoy string) {
		provider := gatewaytest.Simulate(t, gatewaytest.Keyless)
		for _, rendered := range []bool{true, false} {
			listen, policy := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t)), filepath.Join(shortFolder(t), "policy.yaml")
			gatewaytest.Overwrite(t, policy, "listen: "+listen+"\n"+models(provider.URL))
			o := app.ExtprocOptions{Options: app.Options{Policy: policy}, Pair: app.PairOptions{Own: "own"}}
			p := startPair(t, o, "http://"+listen)
			args := []string{"render", "envoy", "-f", policy, "--socket", p.socket, "--envoy-access-log", ""}
			if rendered {
				args = append(args, "--own-calls", filepath.Join(p.folder, "own"))
			}
			p.startEnvoy(t, envoy, headgate(t, args...))
			p.check(t, rendered)
		}
	})
}

// check holds that own calls are answered, or that they say that they are not available, and that
// clients are served in any case.
func (p *pair) check(t *testing.T, works bool) {
	t.Helper()
	gatewaytest.MustOK(t, (&gatewaytest.Gateway{URL: p.url}).With(t).Chat(gatewaytest.ChatBody("gpt", "a client", false), ""))
	if works {
		must(t, p.own, chat("gpt", "through another process"))
		return
	}
	if _, err := p.own.Do(t.Context(), chat("gpt", "nowhere")); !errors.Is(err, self.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}
