package cache

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// unkept is an answer that must not be given again.
type unkept struct {
	name   string
	sim    string // a directive
	claude string // that of a backend of Anthropic's dialect; empty: the same
	rules  string // of the cache
	more   string // of the model
	body   string // members of the request
	whole  string // why it is not kept: as JSON; empty: it is not asked for
	stream string // as a stream
}

const (
	slow   = "retries: 0, timeout: 1s, idle_timeout: 300ms"
	broken = "incomplete or unsuccessful" // depends on when it breaks
)

var unkeptCases = []unkept{
	{name: "cut", sim: "cut=3", whole: broken, stream: broken},
	{name: "reset", sim: "reset=4", whole: broken, stream: broken},
	{name: "cut at the end", sim: "cut=9999", whole: broken},
	{name: "truncated", sim: "truncate", whole: broken, stream: broken},
	{name: "silent", sim: "hang=3", whole: broken, stream: broken},
	{name: "an error event", sim: "error=4", whole: broken, stream: broken},
	{name: "an event that nobody can read", sim: "malformed=3", whole: broken, stream: broken},
	{name: "a 500", sim: "status=500", whole: "unsuccessful", stream: "unsuccessful"},
	{name: "a 429", sim: "status=429", whole: "unsuccessful", stream: "unsuccessful"},
	{name: "a 400", sim: "reject=filter", whole: "unsuccessful", stream: "unsuccessful"},
	{name: "filtered", sim: "finish=content_filter", claude: "finish=refusal", whole: "unsuccessful", stream: "unsuccessful"},
	{name: "of a certain length", sim: "finish=length", claude: "finish=max_tokens", whole: "incomplete", stream: "incomplete"},
	{name: "paused", sim: "finish=pause", claude: "finish=pause_turn", whole: "incomplete", stream: "incomplete"},
	{name: "of an unknown end", sim: "finish=whatever", whole: "incomplete", stream: "incomplete"},
	{name: "longer than was asked for", body: `"max_tokens":2,`, whole: "incomplete", stream: "incomplete"},
	{name: "a refusal", sim: "refusal", whole: "unsuccessful", stream: "unsuccessful"},
	{name: "empty", sim: `text=""`, whole: "incomplete", stream: "incomplete"},
	{name: "a call of a tool", sim: "tools=1", body: "TOOLS", whole: "tool_calls", stream: "tool_calls"},
	{name: "large", sim: "oversize=4000", rules: "max_entry: 1KiB", whole: "too_large", stream: "too_large"},
	{name: "random", body: `"temperature":0.75,`, rules: "max_temperature: 0.7", whole: "temperature", stream: "temperature"},
	{name: "of a guard", sim: `text="the forbidden word"`, more: "guards: {output: [{words: {words: [forbidden]}}]}", whole: "guard", stream: "guard"},
	{name: "masked", sim: `text="write to ada@example.com"`, more: "guards: {output: [{pii: {action: mask}}]}", whole: "masked", stream: "masked"},
	{name: "of a masked request", body: `"user":"x",`, more: `guards: {input: [{words: {words: [it], action: mask}}]}`, whole: "masked", stream: "masked"},
	{name: "of another link", more: "chain: [sim/once+status=500, FIRST]", whole: "fallback", stream: "fallback"},
}

// TestWhatIsNeverKept holds of each answer that is not whole, not a success, or not passed by the
// guards that it is not given again, and that the row says why: whole and streamed, in each dialect
// of clients and backends.
func TestWhatIsNeverKept(t *testing.T) {
	t.Parallel()
	models := ""
	for i := range unkeptCases {
		for _, w := range gatewaytest.Ways { // failures of one must not eject the backend of another
			models += unkeptCases[i].model(i, w, "openai", "sim/plain") + unkeptCases[i].model(i, w, "anthropic", "claude/plain-claude")
		}
	}
	models += "  formed: {chain: [sim/formed], guards: {output: [{format: {json: true, repair: true}}]}, cache: {}}\n"
	r := start(t, models, "unpriced: flag\n", nil)
	t.Run("repaired", func(t *testing.T) { r.with(t).checkRepaired(t) })
	for i := range unkeptCases {
		c := &unkeptCases[i]
		for _, w := range gatewaytest.Ways {
			for _, backend := range []string{"openai", "anthropic"} {
				t.Run(fmt.Sprintf("%s, %s of %s", c.name, w, backend), func(t *testing.T) {
					t.Parallel()
					r.with(t).checkUnkept(t, c, w, fmt.Sprintf("k%d-%s-%s", i, w, backend))
				})
			}
		}
	}
}

// model writes a model for the case.
func (c *unkept) model(i int, w gatewaytest.Way, backend, use string) string {
	chain := "chain: [" + use + "]"
	more := strings.Replace(c.more, "FIRST", use, 1)
	if strings.HasPrefix(more, "chain: ") {
		chain, more = more, ""
	}
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf("  k%d-%s-%s: {%s, %s, cache: {%s}%s}\n", i, w, backend, chain, slow, c.rules, more)
}

func (r *rig) checkUnkept(t *testing.T, c *unkept, w gatewaytest.Way, model string) {
	why := c.whole
	if w.Stream {
		why = c.stream
	}
	if why == "" {
		t.Skip("it is of the other form")
	}
	directive := c.sim
	if strings.HasSuffix(model, "anthropic") && c.claude != "" {
		directive = c.claude
	}
	first := r.Ask(c.request(w, model, directive))
	if u := r.used(t, first); u.Stored != "" || u.NotStored == "" || !strings.Contains(why, u.NotStored) {
		t.Errorf("kept as %q, because of %q, not of %q: %d %s", u.Stored, u.NotStored, why, first.Status, first.Body)
	}
	second := r.Ask(c.request(w, model, "text=good"))
	gatewaytest.MustOK(t, second)
	if got := second.Header.Get("x-headgate-cache"); got != "miss" && got != "bypassed" {
		t.Errorf("it is given again, as a %s: %s", got, second.Body)
	}
}

// request asks for the answer.
func (c *unkept) request(w gatewaytest.Way, model, sim string) gatewaytest.Request {
	req := w.Request(model, "Say it.", "x-sim", sim)
	members := c.body
	if members == "TOOLS" {
		members = map[bool]string{false: chatTools, true: claudeTools}[w.Claude()]
	}
	if strings.Contains(members, "max_tokens") {
		req.Body = strings.Replace(req.Body, `"max_tokens":512,`, "", 1)
	}
	if w.Claude() {
		members = strings.Replace(members, `"user":"x",`, "", 1)
	}
	req.Body = "{" + members + strings.TrimPrefix(req.Body, "{")
	return req
}

// checkRepaired holds that an answer is not kept whose form a guard had made anew.
func (r *rig) checkRepaired(t *testing.T) {
	wrong, right := `{"a":`, `{"a":1}`
	if err := r.at.Script(sim.Rule{Match: sim.Match{Model: "formed"}, Times: 1, Do: sim.Behaviour{Text: &wrong}}, sim.Rule{Match: sim.Match{Model: "formed"}, Do: sim.Behaviour{Text: &right}}); err != nil {
		t.Fatal(err)
	}
	a := r.Chat(gatewaytest.ChatBody("formed", "Say JSON.", false), "")
	gatewaytest.MustOK(t, a)
	if u := r.used(t, a); u.Stored != "" || u.NotStored == "" {
		t.Errorf("kept: %+v", u)
	}
	a = r.Chat(gatewaytest.ChatBody("formed", "Say JSON.", false), "")
	wants(t, a, "miss unknown")
	r.stored(t, a)
}

// TestWhatAClientHadNotWholeIsNotKept holds that an answer is not given again whose client left
// before its end.
func TestWhatAClientHadNotWholeIsNotKept(t *testing.T) {
	t.Parallel()
	r := start(t, "  slow: {chain: [sim/plain], cache: {}}\n", "", nil)
	for _, w := range []gatewaytest.Way{gatewaytest.Ways[1], gatewaytest.Ways[3]} {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			s := r.Stream(w.Request("slow", "Begin "+w.String(), "x-sim", "pause=50ms"))
			for range 3 {
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			if row := r.Row(s.Response.Header.Get("x-headgate-exchange-id")); row.Outcome != "cancelled" || row.Cache == nil || row.Cache.Stored != "" || row.Cache.NotStored == "" {
				t.Errorf("the row %+v of the cache %+v", row, row.Cache)
			}
			wants(t, r.Ask(w.Request("slow", "Begin "+w.String())), "miss unknown")
		})
	}
}

// TestThePolicyMayHaveMoreKept holds that answers of other links, and those that call tools, are
// given again if the policy says so.
func TestThePolicyMayHaveMoreKept(t *testing.T) {
	t.Parallel()
	r := start(t, `
  fallback: {chain: [sim/once+status=500, claude/plain-claude], cache: {store_fallback: true}}
  cool: {chain: [sim/plain], cache: {max_temperature: 0.5}}
`, "unpriced: flag\n", nil)
	for _, w := range gatewaytest.Ways {
		for model, member := range map[string]string{"fallback": "", "cool": `"temperature":0.5,`} {
			t.Run(model+" "+w.String(), func(t *testing.T) {
				r := r.with(t)
				req := w.Request(model, "Keep it for "+w.String()+".")
				req.Body = "{" + member + req.Body[1:]
				a := r.Ask(req)
				wants(t, a, "miss unknown")
				r.stored(t, a)
				wants(t, r.Ask(req), "hit")
			})
		}
	}
}
