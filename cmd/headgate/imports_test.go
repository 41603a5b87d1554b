package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const module = "github.com/headgate/headgate/"

// rules say what the packages below a path must not import. Arrows point one way:
// cmd to both planes, both planes to policy, stages to exchange and never to each
// other.
var rules = []struct {
	below, except string
	not           []string
}{
	{"policy", "", []string{module + "extproc", module + "xds", module + "envoy", module + "cmd", "net/http", "github.com/envoyproxy", "google.golang.org/grpc", "go.uber.org/zap"}},
	{"extproc/exchange", "", []string{module, "github.com", "google.golang.org", "go.uber.org"}},
	{"extproc", "", []string{module + "xds", module + "envoy", module + "cmd"}},
	{"xds", "", []string{module + "extproc", module + "cmd"}},
	{"envoy", "envoy/facts", []string{module + "extproc", module + "xds", module + "policy", module + "cmd"}},
	{"extproc/route", "", []string{module + "extproc/record", module + "extproc/meter", module + "extproc/provider", "github.com/envoyproxy"}},
	{"extproc/meter", "", []string{module + "extproc/record", module + "extproc/route", module + "extproc/provider", "github.com/envoyproxy"}},
	{"extproc/record", "", []string{module + "extproc/meter", module + "extproc/route", module + "extproc/provider", "github.com/envoyproxy"}},
	{"extproc/provider", "", []string{module + "extproc/record", module + "extproc/meter", module + "extproc/route", "github.com/envoyproxy"}},
	{"extproc/provider/openai", "", []string{module + "extproc/provider/anthropic", module + "policy"}},
	{"extproc/provider/anthropic", "", []string{module + "extproc/provider/openai", module + "policy"}},
	{"extproc/provider/canon", "", []string{module + "extproc/provider/openai", module + "extproc/provider/anthropic", module + "policy"}},
	{"extproc/provider/sim", "", []string{module + "policy", module + "extproc/provider/openai", module + "extproc/provider/anthropic", module + "extproc/provider/canon"}},
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = gatewaytest.Root()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		at := strings.TrimPrefix(words[0], module)
		for _, r := range rules {
			if !inside(at, r.below) || r.except != "" && inside(at, r.except) {
				continue
			}
			for _, imported := range words[1:] {
				for _, not := range r.not {
					if strings.HasPrefix(imported, not) {
						t.Errorf("%s must not import %s", at, imported)
					}
				}
			}
		}
	}
}

func inside(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
