package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// links is what scripts get: where the gateway is, and which models it has.
type links struct {
	Base    string      `json:"base"`
	Models  []linkModel `json:"models"`
	Results string      `json:"results"` // file for the results
	Mark    string      `json:"mark"`    // begins what a client asks, and leaves

	provider *gatewaytest.Provider // the one that is up
}

// linkModel is a model that scripts ask for.
type linkModel struct {
	Name   string   `json:"name"`
	Alone  string   `json:"alone"`  // the model whose chain is the first link that answers
	Claude string   `json:"claude"` // the same chain, for clients that take known names only
	GPT    string   `json:"gpt"`    // the same, for clients that send known models more
	Lacks  []string `json:"lacks,omitempty"`
	chain  []string
}

// knownNames are models of Anthropic that its frameworks know, and no link of the chain.
var knownNames = []string{
	"claude-opus-4-1-20250805", "claude-sonnet-4-20250514", "claude-3-7-sonnet-20250219",
	"claude-opus-4-20250514", "claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101",
}

// knownGPTs are models of OpenAI to which Codex sends tools of its own kinds. No link of
// the chain has one of these names.
var knownGPTs = []string{"gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-6-sol", "gpt-6-luna", "gpt-6-astra"}

// use matches a backend with a model, as chains of a policy name them.
var use = regexp.MustCompile(`\b(gpt|claude|deepseek)/[\w.-]+`)

// startLinks starts a gateway with the backends of examples/fallback, one strict provider
// in place of all and another that is down, and a chain that begins with each link. Two
// further chains are the whole one with its first links down.
func startLinks(t *testing.T) *links {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(gatewaytest.Root(), "examples", "fallback", "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	head, models, _ := strings.Cut(string(text), "\nmodels:\n")
	_, backends, ok := strings.Cut(head, "\nbackends:\n")
	uses := use.FindAllString(models, -1)
	if !ok || len(uses) != 4 {
		t.Fatalf("the example has other links: %v", uses)
	}
	up := gatewaytest.Simulate(t, gatewaytest.Keyless)
	down := gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: outage(t)})
	policy := "version: 1\nunpriced: flag\nbackends:\n" + backendsAt(backends, "", up.URL) + backendsAt(backends, "-down", down.URL) + "models:\n"
	all := linkModels(uses)
	for _, m := range all {
		chain := strings.Join(m.chain, ", ")
		for _, name := range []string{m.Name, m.Claude, m.GPT} {
			policy += fmt.Sprintf("  %s: {retries: 0, timeout: 30s, chain: [%s]}\n", name, chain)
		}
		policy += fmt.Sprintf("  %s: {retries: 0, timeout: 30s, chain: [%s]}\n", m.Alone, answering(m.chain))
	}
	g := gatewaytest.Start(t, policy, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	return &links{Base: g.URL, Models: all, provider: up}
}

// linkModels makes a chain that begins with each use, and those of an outage.
func linkModels(uses []string) []linkModel {
	var all []linkModel
	add := func(name string, lacks []string, chain ...string) {
		all = append(all, linkModel{name, name + "-alone", knownNames[len(all)], knownGPTs[len(all)], lacks, chain})
	}
	for i, first := range uses {
		var lacks []string
		if !strings.HasPrefix(first, "gpt/") {
			lacks = []string{"state"} // the other APIs keep no responses
		}
		// A name that holds a model's makes some clients think that they know it.
		add(fmt.Sprintf("link-%d", i+1), lacks, append(append([]string{first}, uses[i+1:]...), uses[:i]...)...)
	}
	gpt, sonnet, haiku, seek := uses[0], uses[1], uses[2], uses[3]
	add("outage", []string{"state"}, isDown(gpt), fmt.Sprintf("[{use: %s, weight: 70}, {use: %s, weight: 30}]", sonnet, haiku), seek)
	add("emergency", []string{"images", "schemas", "threads", "state"}, isDown(gpt), isDown(sonnet), seek)
	return all
}

func isDown(use string) string { return strings.Replace(use, "/", "-down/", 1) }

func answering(chain []string) string {
	for _, link := range chain {
		if first := use.FindString(link); first != "" {
			return first
		}
	}
	return ""
}

var (
	backendName = regexp.MustCompile(`(?m)^  (\w+):$`)
	variable    = regexp.MustCompile(`\{env: \w+\}`)
)

// backendsAt are the example's backends at another URL, and by other names.
func backendsAt(text, suffix, url string) string {
	text = strings.ReplaceAll(text, "without_credential: simulate", "url: "+url)
	text = variable.ReplaceAllString(text, "{env: "+gatewaytest.BackendKeyName+"}")
	return backendName.ReplaceAllString(strings.TrimRight(text, "\n")+"\n", "  $1"+suffix+":")
}

func outage(t *testing.T) sim.Script {
	t.Helper()
	s, err := sim.ParseScript("outage", []byte("rules: [{do: {status: 503}}]"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
