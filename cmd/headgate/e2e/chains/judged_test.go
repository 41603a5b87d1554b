package chains

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// thrice is a link that fails until its attempts are used up.
func thrice(link string) string { return link + "200 " + link + "200 " + link + "200 " }

// judgedCases are answers that begin with the status of a success and say nothing: in every
// way of asking the client gets the answer of another link, and no byte of these.
var judgedCases = []chainCase{
	{name: "an error first", links: "a/m+error=0, b/m", tried: thrice("a") + "b200"},
	{name: "an error first, of the other dialect", links: "c/m+error=0+status=500, b/m", tried: thrice("c") + "b200"},
	{name: "an overload first", links: "a/m+error=0+status=529, c/m", tried: "a200( a200){0,2} c200"},
	{name: "a limit first", links: "c/m+error=0+status=429, a/m", tried: "c200( c200){0,2} a200"},
	{name: "a refused key first", links: "a/m+error=0+status=401, b/m", tried: "a200( a200){0,2} b200"},
	{name: "nothing and a clean end", links: "a/m+truncate=0, b/m", tried: thrice("a") + "b200"},
	{name: "nothing and a clean end, of the other dialect", links: "c/m+truncate=0, a/m", tried: thrice("c") + "a200"},
	{name: "what cannot be read", links: "a/m+malformed=1, b/m", tried: thrice("a") + "b200"},
	{name: "what cannot be read, of the other dialect", links: "c/m+malformed=1, b/m", tried: thrice("c") + "b200"},
	{name: "comments and an error", links: "a/m+comments+error=0, c/m", tried: thrice("a") + "c200"},
	{name: "an error in small pieces", links: "a/m+drip=7+error=0, c/m", tried: thrice("a") + "c200"},
	{name: "an error first, packed", links: "a/m+gzip+error=0, c/m", tried: thrice("a") + "c200"},
	{name: "nothing and a clean end, packed", links: "c/m+gzip+truncate=0, b/m", tried: thrice("c") + "b200"},
	{name: "a good answer, packed", links: "c/m+gzip, b/m", tried: "c200"},
	{name: "a good answer in small pieces", links: "a/m+drip=3, c/m", tried: "a200"},

	{name: "silence", links: "a/m+hang=0, b/m", more: "first_token: 300ms", tried: "a200( a200){0,2} b200"},
	{name: "silence of the other dialect", links: "c/m+hang=0, a/m", more: "first_token: 300ms", tried: "c200( c200){0,2} a200"},
	{name: "silence, packed", links: "a/m+hang=0+gzip, b/m", more: "first_token: 300ms", tried: "a200( a200){0,2} b200"},
	{name: "silence on every link", links: "a/m+hang=0, c/m+hang=0", more: "first_token: 300ms", tried: "a200( a200){0,2} c200", status: 503, outcome: "exhausted"},
	{name: "slow, but not as slow", links: "a/m+drip=40+pause=5ms, b/m", more: "first_token: 2s, timeout: 1s", tried: "a200"},

	{name: "an error on every link", links: "a/m+error=0, c/m+error=0", more: "retries: 0", tried: "a200 c200", status: 503, outcome: "exhausted"},
	{name: "an overload on every link", links: "a/m+error=0+status=529, c/m+error=0+status=529", tried: "a200 a200 a200 c200 c200 c200", status: 503, outcome: "exhausted"},
}

// TestJudgedByContent asks each chain once in every way.
func TestJudgedByContent(t *testing.T) {
	t.Parallel()
	models, rules := chainModels(judgedCases)
	rig := gatewaytest.StartChains(t, models, rules, gatewaytest.Options{})
	for i := range judgedCases {
		for _, w := range gatewaytest.Ways {
			c := &judgedCases[i]
			t.Run(c.name+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				checkChain(t, rig.With(t), c, w)
			})
		}
	}
}

// TestJudgedByHeaders holds what a policy gives up that has attempts judged by their headers:
// an error in a 200 response is the client's, one with its own status is not.
func TestJudgedByHeaders(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for i, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  late-%s: {chain: [c/m+error=0, b/m], judge: headers}\n", w)
		fmt.Fprintf(&models, "  early-%s: {chain: [%s], judge: headers, retries: 0}\n", w, apart("c/m+status=529, b/m", i+1))
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		for name, want := range map[string]struct{ tried, outcome string }{"late": {"c200", "provider_error"}, "early": {"c529 b200", "ok"}} {
			t.Run(name+" "+w.String(), func(t *testing.T) {
				rig := rig.With(t)
				a := rig.Ask(w.Request(name+"-"+w.String(), "Judged?"))
				if row := rig.Row(a.Exchange()); gatewaytest.Tried(row) != want.tried || row.Outcome != want.outcome {
					t.Errorf("tried %q, outcome %q", gatewaytest.Tried(row), row.Outcome)
				}
			})
		}
	}
}

// TestBrokenOffBeforeItWasPassed holds that an answer that breaks off while it is held is
// made good by the next link.
func TestBrokenOffBeforeItWasPassed(t *testing.T) {
	t.Parallel()
	faults := []string{"cut=0", "reset=0", "cut=20", "reset=20", "truncate=20", "malformed=20", "gzip+cut=0", "gzip+cut=20", "gzip+truncate=20"}
	var models strings.Builder
	for i, fault := range faults {
		for _, first := range []string{"a", "c"} {
			fmt.Fprintf(&models, "  broken-%d-%s: {chain: [%[2]s/m+%s+drip=3, b/m], retries: 0}\n", i, first, fault)
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for i, fault := range faults {
		for _, first := range []string{"a", "c"} {
			for _, w := range gatewaytest.Ways {
				if w.Stream && strings.HasSuffix(fault, "=20") {
					continue // a stream has said something by then
				}
				t.Run(first+" "+fault+" "+w.String(), func(t *testing.T) {
					rig := rig.With(t)
					text := fmt.Sprintf("whole %d %s %s", i, first, w)
					a := rig.Ask(w.Request(fmt.Sprintf("broken-%d-%s", i, first), fmt.Sprintf("Whole? [[sim text=%q]]", text)))
					if got := w.Text(t, a); got != text {
						t.Errorf("answered %q", got)
					}
					if row := rig.Row(a.Exchange()); !strings.HasSuffix(gatewaytest.Tried(row), "b200") || row.Outcome != "ok" {
						t.Errorf("tried %q, outcome %q", gatewaytest.Tried(row), row.Outcome)
					}
				})
			}
		}
	}
}

// TestWhatIsHeldArrivesWhole asks some hundred times (make held: 10,000), several at a time, for answers of all
// sizes, which the first link gives, or refuses by its first content, as it comes. Each
// client gets exactly the text that it asked for.
func TestWhatIsHeldArrivesWhole(t *testing.T) {
	t.Parallel()
	n := 400
	if held, err := strconv.Atoi(os.Getenv("HEADGATE_HELD")); err == nil {
		n = held
	}
	first := []string{"", "+drip=5", "+burst", "+comments", "+crlf", "+error=0+status=529", "+truncate=0"}
	var models strings.Builder
	for i, directive := range first {
		fmt.Fprintf(&models, "  held-%d: {chain: [a/m%s, c/m, b/m], retries: 0}\n", i, directive)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	next := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range next {
				w := gatewaytest.Ways[i%len(gatewaytest.Ways)]
				text := strings.Repeat(fmt.Sprintf("%08d ", i), 1+i%90) + "é😀"
				a := rig.Ask(w.Request(fmt.Sprintf("held-%d", i%len(first)), fmt.Sprintf("Held? [[sim text=%q]]", text)))
				if got := w.Text(t, a); got != text {
					t.Errorf("exchange %d: %d bytes of text, want %d", i, len(got), len(text))
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
