// Package costs holds what people learn of their exchanges, of real gateways: what each cost,
// by whom, and how it went.
package costs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/journal"
)

// asked is a request, and who is charged for it.
type asked struct {
	path, model, sim    string
	stream              bool
	header              []string
	more                string // members of the body
	user, team, feature string
}

const (
	chat     = "/v1/chat/completions"
	messages = "/v1/messages"
	// codeUser is what Claude Code says of its user.
	codeUser = `{\"device_id\":\"d-1\",\"account_uuid\":\"acc-9\",\"session_id\":\"s-4\"}`
)

var longName = strings.Repeat("long name ", 40)

var requests = []asked{
	{path: chat, model: "first", user: "", sim: "tokens=5"},
	{path: chat, model: "first", sim: "tokens=9;cached=3;reasoning=4", header: []string{"x-headgate-user", "ann", "x-headgate-team", "red", "x-headgate-feature", "search"}, user: "ann", team: "red", feature: "search"},
	{path: chat, model: "first", stream: true, sim: "tokens=31", header: []string{"x-headgate-user", "ann", "x-headgate-team", "blue"}, user: "ann", team: "blue"},
	{path: chat, model: "second", sim: "tokens=7", more: `"user":"eve",`, user: "eve"},
	{path: chat, model: "second", sim: "tokens=8", more: `"user":"eve",`, header: []string{"x-headgate-user", "ann"}, user: "ann"},
	{path: messages, model: "third", sim: "tokens=6;cached=5;cache-write=4;cache-write-1h=2", more: `"metadata":{"user_id":"` + codeUser + `"},`, user: "acc-9"},
	{path: messages, model: "third", stream: true, sim: "tokens=13", more: `"metadata":{"user_id":"` + codeUser + `"},`, header: []string{"x-headgate-user", "bob"}, user: "bob"},
	{path: messages, model: "first", stream: true, sim: "tokens=4", more: `"metadata":{"user_id":"plain-id"},`, user: "plain-id"},
	{path: chat, model: "third", sim: "tokens=3", more: `"user":"=cmd|' /C calc'!A0",`, user: "=cmd|' /C calc'!A0"},
	{path: chat, model: "first", sim: "tokens=2", more: `"user":"Zoë 世界, \"quoted\"",`, user: `Zoë 世界, "quoted"`},
	{path: chat, model: "first", sim: "tokens=2", header: []string{"x-headgate-user", longName}, user: exchange.Clip(longName, exchange.MaxText)},
	{path: chat, model: "failing", sim: "tokens=11", header: []string{"x-headgate-user", "ann"}, user: "ann"},
	{path: messages, model: "failing", stream: true, sim: "tokens=12", header: []string{"x-headgate-user", "ann"}, user: "ann"},
	{path: chat, model: "failing", sim: "status=400", header: []string{"x-headgate-user", "eve"}, user: "eve"},
}

const models = `  first: {chain: [a/m]}
  second: {chain: [b/m, a/m]}
  third: {chain: [c/m]}
  failing: {chain: [a/m+status=500, b/m+status=429, c/m], retries: 1}
`

var ofModels = []string{"--only", "model=first", "--only", "model=second", "--only", "model=third", "--only", "model=failing"}

func (a *asked) request(mark string) gatewaytest.Request {
	body := fmt.Sprintf(`{"model":%q,%s"max_tokens":512,"stream":%t,"messages":[{"role":"user","content":%q}]}`, a.model, a.more, a.stream, mark)
	return gatewaytest.ChatRequest(a.path, body, a.sim, append(a.header, "anthropic-version", "2023-06-01")...)
}

// TestCostsAreThoseOfTheProviders holds that what headgate cost says agrees with what the
// providers served, to the last token and nano-USD, by every dimension that clients can set.
func TestCostsAreThoseOfTheProviders(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
	for i := range requests {
		rig.Ask(requests[i].request(markOf(i)))
	}
	op := rig.Operator(t)
	for by, of := range map[string]func(*asked, string) string{
		"user":       func(a *asked, _ string) string { return a.user },
		"team":       func(a *asked, _ string) string { return a.team },
		"feature":    func(a *asked, _ string) string { return a.feature },
		"model":      func(a *asked, _ string) string { return a.model },
		"backend":    func(_ *asked, backend string) string { return backend },
		"user,model": func(a *asked, _ string) string { return a.user + "|" + a.model },
	} {
		want := billed(rig, of)
		got := map[string]journal.Cost{}
		var r costs.Report
		rig.Eventually("all requests in the journal", func() bool {
			r = report(t, op, append([]string{"--by", by, "--since", "10m"}, ofModels...)...)
			return r.Total.Requests >= int64(len(requests))
		})
		for _, row := range r.Rows {
			row.Failed = journal.Failed{}
			got[strings.Join(row.Of, "|")] = row.Cost
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("by %s (-providers +costs):\n%s", by, diff)
		}
		if r.Total.Failed != (journal.Failed{Client: 1}) || !slices.IsSortedFunc(r.Rows, func(a, b costs.Row) int { return cmp.Compare(b.Nano, a.Nano) }) {
			t.Errorf("by %s: failed %+v, order %+v", by, r.Total.Failed, r.Rows)
		}
	}
	checkCSV(t, op)
}

func markOf(i int) string { return fmt.Sprintf("cost of number %d.", i) }

// billed sums what providers served, by what a request stands for.
func billed(rig *gatewaytest.Chains, of func(*asked, string) string) map[string]journal.Cost {
	sums := map[string]journal.Cost{}
	for i := range requests {
		answered := ""
		for backend, p := range rig.At {
			p.Settled()
			for _, s := range rig.Served(backend, markOf(i)) {
				answered = cmp.Or(map[bool]string{true: backend}[s.Status < 429], answered)
				name := of(&requests[i], backend)
				if s.Usage != (sim.Usage{}) {
					sums[name] = plus(sums[name], s.Usage)
				}
			}
		}
		name := of(&requests[i], answered)
		c := sums[name]
		c.Requests++
		sums[name] = c
	}
	return sums
}

func plus(c journal.Cost, u sim.Usage) journal.Cost {
	k := &c.Tokens
	k.Input += int64(u.Input)
	k.CacheRead += int64(u.CacheRead)
	k.CacheWrite5m += int64(u.CacheWrite5m)
	k.CacheWrite1h += int64(u.CacheWrite1h)
	k.AudioInput += int64(u.AudioInput)
	k.Output += int64(u.Output)
	k.Reasoning += int64(u.Reasoning)
	k.AudioOutput += int64(u.AudioOutput)
	c.Nano += gatewaytest.Nano(u)
	return c
}

// report asks for costs as a program does.
func report(t *testing.T, op *gatewaytest.Operator, args ...string) (r costs.Report) {
	t.Helper()
	text := op.Says(0, append([]string{"cost", "-o", "json"}, args...))
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

// checkCSV holds that no name of a client's is a formula to a spreadsheet.
func checkCSV(t *testing.T, op *gatewaytest.Operator) {
	t.Helper()
	text := op.Says(0, []string{"cost", "--by", "user", "-o", "csv"}, "'=cmd|' /C calc'!A0,1,", `"Zoë 世界, ""quoted""",1,`, "user,requests,failed_client,")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "=") || strings.HasPrefix(line, `"=`) {
			t.Errorf("a spreadsheet takes %q for a formula", line)
		}
	}
}

// TestAPriceOfThreeAndFifteen holds that 450 tokens of input and 120 of output at 3 and 15 USD
// per million are 3,150,000 nano-USD.
func TestAPriceOfThreeAndFifteen(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, fmt.Sprintf(`version: 1
backends: {b: {provider: simulated, url: %q}}
models: {assistant: b/words}
prices: {words: {input: 3, output: 15}}
`, p.URL), gatewaytest.Options{})
	words := strings.TrimSpace(strings.Repeat("word ", 450-sim.PrimeTokens-sim.FrameTokens))
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("assistant", words, false), "tokens=120", "x-headgate-user", "ann"))
	op := g.Operator(t)
	var r costs.Report
	g.Eventually("the request in the journal", func() bool {
		r = report(t, op, "--by", "user,model", "--since", "1h", "--only", "user=ann")
		return r.Total.Requests > 0
	})
	want := journal.Cost{Requests: 1, Tokens: journal.Tokens{Input: 450, Output: 120}, Nano: 3_150_000}
	if len(r.Rows) != 1 || r.Rows[0].Cost != want || r.Total != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
	op.Says(0, []string{"cost", "--by", "user,model"}, "USER   MODEL      REQUESTS  FAILED  INPUT  CACHED  WRITTEN  OUTPUT  COST_USD\n", "ann    assistant  1         0       450    0       0        120     0.00315\n")
}

// TestWhatNoProviderReportedIsEstimated holds that costs say of what they are estimates.
func TestWhatNoProviderReportedIsEstimated(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	g.Chat(gatewaytest.ChatBody("plain", "no report", false), "no-usage", "x-headgate-user", "guessed")
	g.Chat(gatewaytest.ChatBody("plain", "a report", false), "", "x-headgate-user", "known")
	op := g.Operator(t)
	var r costs.Report
	g.Eventually("both requests in the journal", func() bool {
		r = report(t, op, "--by", "user", "--only", "user=guessed", "--only", "user=known")
		return r.Total.Requests == 2
	})
	for _, row := range r.Rows {
		estimated := map[bool]journal.Cost{true: {Estimated: 1, EstimatedNano: row.Nano}}[row.Of[0] == "guessed"]
		if row.Nano == 0 || row.Estimated != estimated.Estimated || row.EstimatedNano != estimated.EstimatedNano {
			t.Errorf("%s: %+v", row.Of[0], row.Cost)
		}
	}
	op.Says(0, []string{"cost", "--by", "user"}, "ESTIMATED_USD")
}

// TestAttemptsThatWereLetGoAreInTheCosts holds that what an attempt consumed whose answer was
// not the client's is in the costs of its own backend, without a request.
func TestAttemptsThatWereLetGoAreInTheCosts(t *testing.T) {
	t.Parallel()
	after := 1
	silent := sim.Script{{Match: sim.Match{Model: "m", Key: gatewaytest.ChainKeys["c"]}, Do: sim.Behaviour{Hang: &after}}}
	rig := gatewaytest.StartChains(t, "  left: {chain: [c/m, b/m], retries: 0, first_token: 300ms}\n", silent, gatewaytest.Options{})
	a := rig.Messages(gatewaytest.MessageBody("left", "let go", true), "", "x-headgate-user", "ann")
	gatewaytest.MustOK(t, a)
	row, op := rig.Row(a.Exchange()), rig.Operator(t)
	if len(row.Tried) != 2 || row.Tried[0].CostNano == nil {
		t.Fatalf("tried %+v", row.Tried)
	}
	var r costs.Report
	rig.Eventually("the exchange in the journal", func() bool {
		r = report(t, op, "--by", "user,backend", "--only", "model=left")
		return r.Total.Requests > 0
	})
	for _, got := range r.Rows {
		of, requests, nano := got.Of[1], int64(1), *row.CostNano
		if of == "c" {
			requests, nano = 0, *row.Tried[0].CostNano
		}
		if got.Of[0] != "ann" || got.Requests != requests || got.Nano != nano || got.Estimated != 1-requests {
			t.Errorf("%v: %+v, want %d requests and %d nano-USD", got.Of, got.Cost, requests, nano)
		}
	}
	if len(r.Rows) != 2 || r.Total.Nano != *row.CostNano+*row.Tried[0].CostNano {
		t.Errorf("the sums are %+v", r)
	}
}
