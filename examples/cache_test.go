package examples

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// The keys of the cache's three callers.
var cacheKeys = []string{"ANN_KEY=hg-ann-0123456789", "BOB_KEY=hg-bob-0123456789", "EVE_KEY=hg-eve-0123456789"}

// startCache starts the example with changes of its policy, each a text and what takes its place.
func startCache(t *testing.T, changes ...string) *gatewaytest.Gateway {
	t.Helper()
	text, err := os.ReadFile("cache/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := listenLine.ReplaceAllString(string(text), "")
	for i := 0; i+1 < len(changes); i += 2 {
		if !strings.Contains(policy, changes[i]) {
			t.Fatalf("the policy does not have %q", changes[i])
		}
		policy = strings.Replace(policy, changes[i], changes[i+1], 1)
	}
	return gatewaytest.Start(t, policy, gatewaytest.Options{Env: append(cacheKeys, noKeys...)})
}

// askFAQ asks the model faq as eve.
func askFAQ(t *testing.T, g *gatewaytest.Gateway, text string) http.Header {
	t.Helper()
	status, h, body := post(t, g.URL+"/v1/chat/completions", `{"model":"faq","messages":[{"role":"user","content":"`+text+`"}]}`, "authorization", "Bearer hg-eve-0123456789")
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	return h
}

// The questions of the page.
const (
	thirtyDays = "Can I return the shoes that I bought online within 30 days?"
	reworded   = "Is it possible to return the shoes I bought online within 30 days?"
	ninetyDays = "Can I return the shoes that I bought online within 90 days?"
)

// TestCache holds that both SDKs see what the page of the cache says, and that commands print what
// it says that they do.
func TestCache(t *testing.T) {
	python := gatewaytest.Python(t)
	g := startCache(t)
	text, err := os.ReadFile("cache/README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "cache/stories.py", g.URL)
	cmd.Env = append(os.Environ(), cacheKeys...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(printed(t, page, "cache/stories.py\n```"), string(out)); d != "" {
		t.Errorf("(-page +stories):\n%s", d)
	}
	h := askFAQ(t, g, reworded)
	if got := h.Get("x-headgate-cache") + " " + h.Get("x-headgate-cache-similarity"); got != "semantic-hit 0.9717" || !strings.Contains(page, "similarity: 0.9717") {
		t.Errorf("a hit: %v", h)
	}
	checkCacheReports(t, g, page, h.Get("x-headgate-exchange-id"))
	checkForgetting(t, g, h.Get("x-headgate-cache-key"))
}

// checkCacheReports holds what the page says of commands that explain and sum up.
func checkCacheReports(t *testing.T, g *gatewaytest.Gateway, page, hit string) {
	t.Helper()
	op := g.Operator(t)
	gatewaytest.Eventually(t, "the rows of the hit and of those that waited", func() bool {
		return strings.Contains(op.Says(0, []string{"exchanges", "-o", "json"}), hit) &&
			strings.Count(op.Says(0, []string{"exchanges", "--cache", "coalesced"}), "(cache)") == 7
	})
	miss := ulids.FindString(op.Says(0, []string{"exchanges", "--model", "faq", "--cache", "miss", "--limit", "1"}))
	for after, args := range map[string][]string{
		"cache why ID\n```":       {"cache", "why", hit},
		"--model faq --cache mis": {"cache", "why", miss},
		"cache stats\n```":        {"cache", "stats"},
		"cost --by caller\n```":   {"cost", "--by", "caller"},
		"cache shadow\n```":       {"cache", "shadow"},
	} {
		got := alike(op.Says(0, args))
		checkPrinted(t, args, alike(printed(t, page, after)), got)
	}
	stdout, stderr, code := gatewaytest.Run(t, "cache", "eval", "--data", "cache/pairs.jsonl")
	if code != 0 {
		t.Errorf("eval: %d %s", code, stderr)
	}
	page = strings.ReplaceAll(page, "examples/cache/pairs.jsonl, 12", "cache/pairs.jsonl, 12") // it is run in its folder
	checkPrinted(t, []string{"cache", "eval"}, printed(t, page, "--data examples/cache/pairs.jsonl\n```"), stdout)
}

// checkPrinted holds that a command prints what the page says, which leaves out what "…" stands for.
func checkPrinted(t *testing.T, args []string, page, got string) {
	t.Helper()
	for _, want := range strings.Split(page, "…") {
		if !strings.Contains(got, strings.TrimSpace(want)) {
			t.Errorf("headgate %s (-page +command):\n%s", strings.Join(args, " "), cmp.Diff(want, got))
		}
	}
}

// checkForgetting holds that an answer that is evicted is not given any more, and none of a model
// that is purged.
func checkForgetting(t *testing.T, g *gatewaytest.Gateway, entry string) {
	t.Helper()
	op := g.Operator(t)
	const forgotten = "is in effect at 1 of 1 pair, which had 1 entry in memory"
	op.Says(0, []string{"cache", "evict", entry, "--reason", "a customer says it is wrong"}, forgotten)
	if h := askFAQ(t, g, thirtyDays); h.Get("x-headgate-cache") != "miss" {
		t.Errorf("after it was evicted: %v", h)
	}
	op.Says(0, []string{"cache", "purge", "--model", "faq", "--reason", "new terms"}, "is in effect at 1 of 1 pair")
	if h := askFAQ(t, g, ninetyDays); h.Get("x-headgate-cache") != "miss" {
		t.Errorf("after its model was purged: %v", h)
	}
	op.Says(0, []string{"cache", "purges"}, "model faq", "ids "+entry)
	op.Says(0, []string{"audit", "--action", "cache.purge"}, "new terms", "a customer says it is wrong")
}

// TestCacheWithAModelForEmbeddings holds that with the line that names an embedder the same
// questions are the same, by a threshold of its own, and others are not.
func TestCacheWithAModelForEmbeddings(t *testing.T) {
	g := startCache(t, "\n# cache: ", "\ncache: ", "threshold: 0.95", "threshold: 0.7")
	for _, step := range []struct{ question, result, reason string }{
		{thirtyDays, "miss", "unknown"}, {reworded, "semantic-hit", ""}, {ninetyDays, "miss", "rules"},
	} {
		var h http.Header
		gatewaytest.Eventually(t, "the answer is kept", func() bool {
			h = askFAQ(t, g, step.question)
			return h.Get("x-headgate-cache") == step.result
		})
		if got := h.Get("x-headgate-cache-reason"); got != step.reason {
			t.Errorf("%s: %q, want %q", step.question, got, step.reason)
		}
	}
	gatewaytest.Eventually(t, "the rows of its calls", func() bool {
		return strings.Contains(g.Operator(t).Says(0, []string{"exchanges", "--caller", "headgate"}), "embeddings")
	})
}

// printed returns the block of a page that follows a text.
func printed(t *testing.T, page, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, after)
	_, rest, opens := strings.Cut(rest, "\n```\n")
	block, _, closes := strings.Cut(rest, "```\n")
	if !found || !opens || !closes {
		t.Fatalf("the page has no block after %q", after)
	}
	return block
}

var (
	ulids  = regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}\b`)
	varies = []struct {
		text *regexp.Regexp
		by   string
	}{
		{ulids, "ID"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`), "TIME"},
		{regexp.MustCompile(`\b[\d.]+(µs|ms|s) (before|sooner)`), "SOME $2"},
		{regexp.MustCompile(` \d\.\d( |\n|$)`), " SECONDS$1"},
		{regexp.MustCompile(` +`), " "},
	}
)

// alike writes ids, times and how long something took in the same way, whatever they are.
func alike(text string) string {
	for _, v := range varies {
		text = v.text.ReplaceAllString(text, v.by)
	}
	return text
}
