// Package own holds the calls that Headgate makes itself against a real Envoy.
package own

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/extproc/sim"
)

// rig is a gateway in this process, so that a test can make the calls that its stages make.
type rig struct {
	gatewaytest.Gateway
	own      *self.Client
	provider *gatewaytest.Provider
	folder   string
	admin    string
}

// callers are who may ask: one, and not for long.
const callers = `
callers: {ci: {key: {env: CI_KEY}, tier: free}}
tiers: {free: {rpm: 1}}
`

const ciKey = "ci-key-0123456789"

// start runs a gateway, of which a policy says more.
func start(t *testing.T, more string) *rig {
	t.Helper()
	gatewaytest.Envoy(t)
	t.Setenv("CI_KEY", ciKey)
	r := &rig{provider: gatewaytest.Simulate(t, gatewaytest.Keyless), folder: shortFolder(t)}
	gatewaytest.Binary(t) // lives longer than the folder
	t.Setenv("TMPDIR", r.folder)
	listen := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	policy := filepath.Join(r.folder, "policy.yaml")
	gatewaytest.Overwrite(t, policy, "listen: "+listen+"\n"+models(r.provider.URL)+more)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	g, err := app.StartGateway(ctx, app.GatewayOptions{
		Options: app.Options{Policy: policy, Operations: "127.0.0.1:0", Log: logTo(t, filepath.Join(r.folder, "log"))},
		Admin:   "127.0.0.1:0", Data: filepath.Join(r.folder, "data"), Tools: filepath.Join(gatewaytest.Root(), ".tools"), Concurrency: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			stop(t, g)
		}
	})
	r.Gateway = *(&gatewaytest.Gateway{URL: "http://" + listen, Ops: "http://" + g.Operations().String(), Data: filepath.Join(r.folder, "data"), Policy: policy}).With(t)
	r.own, r.admin = g.Own(), g.Admin().String()
	return r
}

func stop(t *testing.T, p interface{ Stop(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), app.DefaultGrace+app.Closing)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// models are a model of each dialect, of which one takes one request of clients, one whose first link fails, and one that is dear.
func models(url string) string {
	return strings.ReplaceAll(`version: 1
backends:
  gpt:    {provider: simulated, url: "URL"}
  claude: {provider: simulated, dialect: anthropic, url: "URL"}
models:
  gpt: {chain: [gpt/gpt-4o-mini], quota: {rpm: 1}}
  claude: claude/claude-sonnet-4-6
  chain: {retries: 0, chain: ["gpt/broken+status=500", gpt/gpt-4o-mini]}
  dear: gpt/dear
  judge: gpt/omni-moderation-latest
prices:
  "broken+status=500": {input: 1, output: 1}
  dear: {input: 10000, output: 10000}
  gpt-4o-mini: {input: 1, output: 1}
  claude-sonnet-4-6: {input: 1, output: 1}
`, "URL", url)
}

// logTo writes a log at all levels to a file, which everything is looked for in.
func logTo(t *testing.T, path string) *zap.Logger {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), f, zap.DebugLevel))
}

func shortFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// token looks like one of an own call.
var token = regexp.MustCompile(`\b[A-Z2-7]{52}\b`)

// checkNoToken fails the test if a token of an own call is in a file of a gateway, or reached the
// provider.
func (r *rig) checkNoToken(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(r.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if found := token.Find(b); found != nil {
			t.Errorf("%s has the token %s", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.provider.Settled() {
		checkSent(t, &s)
	}
}

// checkSent fails the test if a provider got anything that is the gateway's.
func checkSent(t *testing.T, s *sim.Served) {
	t.Helper()
	for name, values := range s.Header {
		if text := strings.Join(values, " "); strings.HasPrefix(strings.ToLower(name), "x-headgate") || token.MatchString(text) {
			t.Errorf("the provider got %s: %s", name, text)
		}
	}
	if token.Match(s.Body) {
		t.Errorf("the provider got %s", s.Body)
	}
}
