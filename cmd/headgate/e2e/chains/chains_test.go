package chains

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// chainCase is an exchange on a chain of its own.
type chainCase struct {
	name    string
	links   string // of the chain; a star becomes a name of the case's own
	more    string // further keys of the model
	text    string // further directives of the request
	tried   string // attempts as tried writes them, as a pattern
	status  int    // 0: 200, and answered by the last of tried
	outcome string // 0: ok
	after   string // retry-after of a refusal, in seconds
}

// again is a backend that is asked once more because the mark of its 429 came to
// Envoy's workers after the back-off, which is seldom.
const again = "( a429){0,2}"

var chainCases = []chainCase{
	{name: "the first answers", links: "a/m, b/m", tried: "a200"},
	{name: "a 5xx is tried again on its link, then on the next", links: "a/m+status=500, b/m, c/m", tried: "a500 a500 a500 b200"},
	{name: "to a link of the other dialect", links: "a/m+status=503, c/m", tried: "a503 a503 a503 c200"},
	{name: "from a link of the other dialect", links: "c/m+status=529, b/m", tried: "c529( c529){0,2} b200"},
	{name: "a 502 of an edge that speaks HTML", links: "a/m+status=502, c/m", tried: "a502 a502 a502 c200"},
	{name: "a 408", links: "a/m+status=408, c/m", tried: "a408 a408 a408 c200"},
	{name: "a 429 goes to the next link at once", links: "a/m+status=429, b/m, c/m", tried: "a429" + again + " b200"},
	{name: "a 429 of every link but the last", links: "a/m+status=429, b/m+status=429, c/m", tried: "a429" + again + " b429( [ab]429){0,2} c200"},
	{name: "no retries", links: "a/m+status=500, b/m", more: "retries: 0", tried: "a500 b200"},
	{name: "one retry", links: "a/m+status=500, b/m+status=500, c/m", more: "retries: 1", tried: "a500 a500 b500 b500 c200"},
	{name: "a 429 after a 5xx", links: "a/*, b/m", tried: "a500 a429( a429)? b200"},
	{name: "a 429 in a later turn", links: "a/m+status=500, b/m+status=429, c/m", tried: "a500 a500 a500 b429 b429 b429 c200"},
	{name: "a 429 at the end of a later turn", links: "a/m+status=500, b/m+status=429, c/m", more: "retries: 0", tried: "a500 b429 c200"},
	{name: "a 429 of four links", links: "a/m+status=429, b/m+status=429, a/n+status=429, b/n+status=429, c/m", tried: "(a429 |b429 ){4,9}c200"},
	{name: "headers that do not come in time", links: "a/m+hang=headers, b/m", more: "timeout: 1s", tried: "a- a- a- b200"},
	{name: "a connection that breaks before headers", links: "a/m+cut=headers, c/m", tried: "a- a- a- c200"},
	{name: "a connection that is reset before headers", links: "c/m+reset=headers, a/m", tried: "c- c- c- a200"},
	{name: "a port that nobody has", links: "down/m, c/m", tried: "(down- )*c200"},
	{name: "another use of the same link comes first", links: "[{use: a/m+status=500}, {use: a/m}], b/m", more: "retries: 1", tried: "(a500 )?a200"},
	{name: "a refused credential", links: "a/m+status=401, b/m", tried: "a401" + strings.ReplaceAll(again, "429", "401") + " b200"},
	{name: "an account without money", links: "c/m+status=402, b/m", tried: "c402( c402){0,2} b200"},
	{name: "a credential without rights", links: "b/m+status=403, c/m", tried: "b403( b403){0,2} c200"},

	{name: "a model that is not there", links: "c/m+status=404, b/m", tried: "c404( c404){0,2} b200"},
	{name: "a conflict", links: "a/m+status=409, c/m", tried: "a409 a409 a409 c200"},
	{name: "no link has the model", links: "a/m+status=404, c/m+status=404", tried: "a404( a404){0,2} c404", status: 503, outcome: "exhausted"},

	{name: "a 400 of the client", links: "a/m+status=400, b/m", tried: "a400", status: 400, outcome: "client_error"},
	{name: "a 422", links: "a/m+status=422, c/m", tried: "a422", status: 422, outcome: "client_error"},
	{name: "too long for this link", links: "a/m+reject=context, c/m", tried: "a400 a400 a400 c200"},
	{name: "too long for this link of the other dialect", links: "c/m+reject=context, b/m", more: "retries: 0", tried: "c400 b200"},
	{name: "too large for this link", links: "a/m+status=413, c/m", more: "retries: 1", tried: "a413 a413 c200"},
	{name: "too long for every link", links: "a/m+reject=context, b/m+reject=context", more: "retries: 0", tried: "a400 b400", status: 400, outcome: "client_error"},
	{name: "filtered content", links: "c/m+reject=filter, a/m", tried: "c400", status: 400, outcome: "client_error"},

	{name: "every link fails", links: "a/m+status=500, c/m+status=529", tried: "a500 a500 a500 c529 c529 c529", status: 503, outcome: "exhausted"},
	{name: "every link is limited", links: `"a/m+status=429+retry-after=9", "b/m+status=429+retry-after=7", "c/m+status=429+retry-after=8"`,
		tried: "a429" + again + " b429( [ab]429){0,2} c429", status: 429, outcome: "provider_rate_limited", after: "7"},
	{name: "limited, failing and refusing", links: "a/m+status=429, b/m+status=500, c/m+status=401", more: "retries: 0", tried: "a429 [abc][0-9]* [abc][0-9]*", status: 503, outcome: "exhausted"},
	{name: "every link is silent", links: "a/m+hang=headers, c/m+hang=headers", more: "retries: 0, timeout: 300ms", tried: "a- c-", status: 503, outcome: "exhausted"},
	{name: "nobody has a port", links: "down/m, down/n", more: "retries: 0", tried: "(down-)?( ?down-)?", status: 503, outcome: "exhausted"},
	{name: "every credential is refused", links: "a/m+status=401, c/m+status=403", tried: "a401( a401){0,2} c403", status: 503, outcome: "exhausted"},
}

// model is the name of the case's model for one way of asking: failures of one
// exchange would else eject the backends of the next.
func (c *chainCase) model(w gatewaytest.Way) string {
	return strings.ReplaceAll(c.name, " ", "-") + "/" + w.String()
}

func chainModels(cases []chainCase) (models string, rules sim.Script) {
	var b strings.Builder
	for i := range cases {
		c := &cases[i]
		for n, w := range gatewaytest.Ways {
			own := fmt.Sprintf("own-%d-%s", i, w)
			more := c.more
			if more != "" {
				more = ", " + more
			}
			fmt.Fprintf(&b, "  %q: {chain: [%s]%s}\n", c.model(w), apart(strings.ReplaceAll(c.links, "*", own), len(gatewaytest.Ways)*i+n+1), more)
			if strings.Contains(c.links, "*") {
				rules = append(rules,
					sim.Rule{Match: sim.Match{Model: own}, Times: 1, Do: sim.Behaviour{Status: 500}},
					sim.Rule{Match: sim.Match{Model: own}, Do: sim.Behaviour{Status: 429}})
			}
		}
	}
	return b.String(), rules
}

// apart makes the models of links the nth that are called so: what limits one of them has
// is none of another's business.
func apart(links string, n int) string {
	return strings.NewReplacer("/m", fmt.Sprintf("/m+ttft=%dns", n), "/n", fmt.Sprintf("/n+ttft=%dns", n)).Replace(links)
}

// TestChains asks each chain once in every way and compares what the client got,
// the record and what the providers saw.
func TestChains(t *testing.T) {
	t.Parallel()
	models, rules := chainModels(chainCases)
	rig := gatewaytest.StartChains(t, models, rules, gatewaytest.Options{})
	for i := range chainCases {
		for _, w := range gatewaytest.Ways {
			c := &chainCases[i]
			t.Run(c.name+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				checkChain(t, rig.With(t), c, w)
			})
		}
	}
}

func checkChain(t *testing.T, rig *gatewaytest.Chains, c *chainCase, w gatewaytest.Way) {
	text := "the answer to " + c.model(w)
	a := rig.Ask(w.Request(c.model(w), fmt.Sprintf("Chain? [[sim text=%q %s]]", text, c.text)))
	row := rig.Row(a.Exchange())
	way := gatewaytest.Tried(row)
	if !regexp.MustCompile("^" + c.tried + "$").MatchString(way) {
		t.Errorf("tried %q, want %q", way, c.tried)
	}
	checkProvidersSaw(t, rig, row, c.model(w)+`\"`)
	if got, err := strconv.Atoi(a.Header.Get("x-headgate-attempts")); err != nil || got != row.Attempts || got < len(row.Tried) {
		t.Errorf("x-headgate-attempts %q, the record has %d: %q", a.Header.Get("x-headgate-attempts"), row.Attempts, way)
	}
	switch c.status {
	case 0:
		if got := w.Text(t, a); got != text {
			t.Errorf("answered %q", got)
		}
		checkServedBy(t, rig, a, row, c.model(w)+`\"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		checkAllTried(t, w, a, row, c.after)
	default:
		gatewaytest.CheckRefusal(t, a, w.Claude(), w.ErrorType(c.status), "")
		if a.Status != c.status || a.Header.Get("x-headgate-refused-by") != "provider" {
			t.Errorf("status %d, refused by %q", a.Status, a.Header.Get("x-headgate-refused-by"))
		}
	}
	want := gatewaytest.EndingWith("ok", "", 200, row.Attempts)
	if c.status > 0 {
		want = gatewaytest.EndingWith(c.outcome, "provider", c.status, row.Attempts)
	}
	if c.outcome == "client_error" {
		want.By = "client"
	}
	if got := gatewaytest.EndingOf(row); got != want {
		t.Errorf("ended %+v, want %+v", got, want)
	}
}

// checkProvidersSaw compares the attempts of a record with the providers' logs,
// one by one: none is missing, none is made up.
func checkProvidersSaw(t *testing.T, rig *gatewaytest.Chains, row record.Line, mark string) {
	t.Helper()
	for name, p := range rig.At {
		var recorded, saw []int
		for _, at := range row.Tried {
			if at.Backend == name {
				recorded = append(recorded, at.Status)
			}
		}
		if len(recorded) > 0 {
			p.FindAll(mark, len(recorded))
		}
		for _, s := range rig.Served(name, mark) {
			saw = append(saw, s.Status)
		}
		if d := cmp.Diff(recorded, saw); d != "" {
			t.Errorf("provider %s (-recorded +seen there):\n%s", name, d)
		}
	}
}

// checkServedBy compares who answered, and what it costs, with the log of the
// provider that did.
func checkServedBy(t *testing.T, rig *gatewaytest.Chains, a gatewaytest.Answer, row record.Line, mark string) {
	t.Helper()
	last := row.Tried[len(row.Tried)-1]
	all := rig.Served(last.Backend, mark)
	s := all[len(all)-1]
	gatewaytest.CheckUsage(t, row, s.Usage)
	got := map[string]any{"backend": row.Backend, "provider": row.Provider, "served": row.Served, "id": row.Response}
	want := map[string]any{"backend": last.Backend, "provider": "simulated", "served": s.Model, "id": s.ID}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
	h := a.Header.Get
	if h("x-headgate-backend") != last.Backend || h("x-headgate-provider") != "simulated" || h("x-headgate-refused-by") != "" {
		t.Errorf("headers %v", a.Internals())
	}
	for i, at := range row.Tried {
		if at.MS <= 0 || at.MS > row.DurationMS || (i < len(row.Tried)-1) != at.Failed {
			t.Errorf("attempt %d of %q: %+v of %v ms", i, gatewaytest.Tried(row), at, row.DurationMS)
		}
	}
}

// checkAllTried holds the refusal of a chain of which every link has failed: it lists
// the attempts, costs nothing and says when to come back.
func checkAllTried(t *testing.T, w gatewaytest.Way, a gatewaytest.Answer, row record.Line, after string) {
	t.Helper()
	message := gatewaytest.CheckAllFailed(t, w, a, row.Status)
	for _, at := range row.Tried {
		what := "no answer"
		if at.Status > 0 {
			what = strconv.Itoa(at.Status)
		} else if strings.Contains(message, "no connection") {
			continue // Envoy announced it after the refusal, if at all
		}
		if !strings.Contains(message, strconv.Quote(at.Backend+"/"+at.Model)+" "+what) {
			t.Errorf("the attempt %+v is not in %q", at, message)
		}
	}
	if got := a.Header.Get("retry-after"); got != after {
		t.Errorf("retry-after %q, want %q", got, after)
	}
	if row.Tokens != nil || row.CostNano != nil || row.Reason != "all_models_exhausted" {
		t.Errorf("the record of an exchange without an answer: %+v", row)
	}
}

// TestLimitedLinksAreLeftAtOnce holds that a link that said 429 is seldom asked
// again: some two in a hundred times, and more on a busy machine.
func TestLimitedLinksAreLeftAtOnce(t *testing.T) {
	t.Parallel()
	const n = 30
	var models strings.Builder
	for i := range n {
		fmt.Fprintf(&models, "  limited-%d: {chain: [%s]}\n", i, apart("a/m+status=429, b/m", i+1))
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	var all []string
	for i := range n {
		a := rig.Ask(gatewaytest.Ways[0].Request(fmt.Sprintf("limited-%d", i), "Limited?"))
		gatewaytest.MustOK(t, a)
		all = append(all, gatewaytest.Tried(rig.Row(a.Exchange())))
	}
	if at := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "a429 b200" }); len(at) > n/3 {
		t.Errorf("%d of %d were not left at once: %q", len(at), n, at)
	}
}
