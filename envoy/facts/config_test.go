package facts_test

import (
	"bytes"
	_ "embed"
	"strings"
	"testing"
	"text/template"
)

//go:embed testdata/envoy.yaml.tmpl
var envoyYAML string

// setup is what one test wants of its Envoy. Each text is YAML lines that are
// put into testdata/envoy.yaml.tmpl at the place of the field's name; an empty
// one leaves the design's own choice.
type setup struct {
	Address             string // of the listener; the rig gives a free port when empty
	Listener            string
	Clients             string // transport_socket of connections of clients; default: plain
	HCM                 string
	KeepClientHeaders   bool // leaves out early_header_mutation
	VHost               string
	FirstRoutes         string // complete routes, matched before the others
	ChosenRoute         string
	Route               string // of the chosen route's action; default: no timeout
	Retry               string
	Unrouted            string // action of the route matched first; default: a cluster without hosts
	NoRouterLevel       bool
	RouterMode          string
	RouterMutationRules string
	UpstreamMode        string // empty: no upstream level
	UpstreamLevel       string // further fields of the upstream level
	MessageTimeout      string // of both levels
	MaxMessageTimeout   string // of both levels; empty: an answer gets no more time
	Before, After       string // complete filters around the router level
	Egress              string // complete filters after the upstream level
	RequestAttributes   string // of the router level: `"a", "b"`
	ResponseAttributes  string // of the router level, further ones: `, "a", "b"`
	Router              string // ", field: value" of the router filter
	Pool                string // of the cluster that the chosen route leads to
	PoolHTTP2           bool   // speaks HTTP/2 to the providers
	Clusters            string
	Links               []link // default: one link with one provider, "a"

	ADSPort   int    // takes routes, and further clusters, from there; 0: the routes above
	AdminPort int    // set by the rig
	Socket    string // set by the rig
}

// link is one priority of the pool.
type link struct {
	Priority  int
	Endpoints []endpoint
}

// endpoint is one provider's place in the pool.
type endpoint struct {
	Name string
	Port int
	Fit  string // what envoy.lb.fit lists, separated by commas
}

// headersOnly is the processing mode of the upstream level.
const headersOnly = "{ request_header_mode: SEND, response_header_mode: SEND }"

func (s setup) render(t *testing.T) []byte {
	t.Helper()
	funcs := template.FuncMap{"lines": indent}
	tmpl, err := template.New("envoy.yaml").Funcs(funcs).Parse(envoyYAML)
	if err != nil {
		t.Fatalf("parsing testdata/envoy.yaml.tmpl: %v", err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, s); err != nil {
		t.Fatalf("executing testdata/envoy.yaml.tmpl: %v", err)
	}
	return out.Bytes()
}

// indent moves each line of a YAML fragment n columns to the right.
func indent(n int, text string) string {
	text = strings.Trim(text, "\n")
	if text == "" {
		return ""
	}
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(text, "\n", "\n"+pad)
}
