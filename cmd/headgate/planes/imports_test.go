package planes

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const module = "github.com/headgate/headgate/"

// rules say what the packages below a path must not import. Arrows point one way:
// cmd to both planes, both planes to policy, stages to exchange, dialects to canon,
// canon to scan and to what policy says of servers and models. A drill stands where a
// client and a provider do, so it knows the policy and the simulated provider.
var rules = []struct {
	below  string
	except []string
	not    []string
}{
	{"policy", []string{"policy/pairpb"}, []string{module + "extproc", module + "xds", module + "envoy", module + "cmd", "net/http", "github.com/envoyproxy", "google.golang.org/grpc", "go.uber.org/zap"}},
	{"extproc", nil, []string{module + "xds", module + "envoy", module + "cmd"}},
	{"xds", nil, []string{module + "extproc", module + "cmd"}},
	{"envoy", []string{"envoy/facts", "envoy/drill"}, []string{module + "extproc", module + "xds", module + "policy", module + "cmd"}},
	{"envoy/drill", nil, []string{module + "xds", module + "cmd", module + "extproc/exchange", module + "extproc/canon", module + "extproc/dialect"}},
	{"cmd/headgate/app", nil, []string{"os/signal", "flag", "github.com/spf13"}},
}

// floors are the packages of the data plane, and what it shares with the policy, that
// say all that they import of the module and of others.
var floors = []struct {
	below, except string
	only          []string
}{
	{"extproc/scan", "", nil},
	{"policy/quirk", "", nil},
	{"policy/trait", "", nil},
	{"policy/wildcard", "", nil},
	{"policy/loopback", "", nil},
	{"extproc/canon", "extproc/canon/canontest", []string{module + "extproc/scan", module + "extproc/canon", module + "policy/quirk", module + "policy/trait"}},
	{"extproc/exchange", "extproc/exchange/exchangetest", []string{module + "extproc/canon", module + "extproc/scan", module + "policy/wildcard"}},
	{"extproc/dialect", "", []string{module + "policy/quirk", module + "policy/trait", module + "extproc/scan", module + "extproc/canon", module + "extproc/exchange", module + "extproc/dialect/"}},
}

// alone are folders whose subfolders import none of their siblings: a dialect no
// dialect, but that Responses has the errors and the models of OpenAI's other one.
var alone = []string{"extproc/dialect"}

// stages import no stage: what one leaves for another is a field of the exchange.
var stages = []string{"record", "caller", "prompt", "limit", "guard", "cache", "route", "meter", "provider"}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for at, imports := range packages(t) {
		for _, imported := range imports {
			if why := forbidden(at, imported); why != "" {
				t.Errorf("%s must not import %s: %s", at, imported, why)
			}
		}
	}
}

// packages lists the module's packages, by path below its root, with their imports.
func packages(t *testing.T) map[string][]string {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = gatewaytest.Root()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		all[strings.TrimPrefix(words[0], module)] = words[1:]
	}
	return all
}

// forbidden says why a package must not import another; empty: it may.
func forbidden(at, imported string) string {
	for _, r := range rules {
		excepted := slices.ContainsFunc(r.except, func(folder string) bool { return inside(at, folder) })
		if inside(at, r.below) && !excepted && hasPrefix(imported, r.not) {
			return "arrows point the other way"
		}
	}
	for _, f := range floors {
		standard := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
		if inside(at, f.below) && !(f.except != "" && inside(at, f.except)) && !standard && !hasPrefix(imported, f.only) {
			return f.below + " stands below it"
		}
	}
	for _, folder := range alone {
		if a, b := child(at, folder), child(strings.TrimPrefix(imported, module), folder); a != "" && b != "" && a != b && !(a == "responses" && b == "openai") {
			return "siblings are translated by canon"
		}
	}
	a, b := child(at, "extproc"), child(strings.TrimPrefix(imported, module), "extproc")
	switch {
	case slices.Contains(stages, a) && slices.Contains(stages, b) && a != b:
		return "a stage imports no stage"
	case slices.Contains(stages, a) && strings.HasPrefix(imported, "github.com/envoyproxy"):
		return "Envoy's messages end at extproc"
	case knowsSibling(at, strings.TrimPrefix(imported, module)):
		return "the simulated provider's dialects know extproc/sim/wire alone"
	case a == "sim" && strings.HasPrefix(imported, module) && b != "sim" && b != "scan" && imported != module+"policy/loopback":
		return "the simulated provider shares nothing with what it judges"
	case at == "cmd/headgate" && imported == "net/http":
		return "commands ask the control plane by xds/console/client"
	case at == "xds/console" && strings.HasPrefix(imported, module) && imported != module+"policy/loopback":
		return "capabilities import the console that they mount routes on"
	}
	return ""
}

// knowsSibling reports whether a dialect of the simulated provider, or what they share,
// knows another of them or the server. Responses is OpenAI's as well, and has its errors and
// its models.
func knowsSibling(at, imported string) bool {
	const folder = "extproc/sim"
	a, b := child(at, folder), child(imported, folder)
	if a == "responses" && b == "openai" {
		return false
	}
	return a != "" && (imported == folder || b != "" && b != a && (b != "wire" || a == "wire"))
}

// child is the folder directly below another that holds a path; empty: it is not in it.
func child(path, folder string) string {
	rest, ok := strings.CutPrefix(path, folder+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func hasPrefix(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) })
}

func inside(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
