package cache

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const semanticModels = `
  faq: {chain: [sim/plain], cache: {semantic: {threshold: 0.8}}}
  basic: {chain: [claude/plain-claude], cache: {semantic: {threshold: 0.8, rules: basic}}}
  rules: {chain: [sim/plain], cache: {semantic: {threshold: 0}}}
  strict: {chain: [sim/plain], cache: {semantic: {threshold: 0.9999}}}
  watched: {chain: [sim/plain], cache: {semantic: {threshold: 0.8, mode: shadow}}}
  exact: {chain: [sim/plain], cache: {}}
`

// rewordings are two wordings of one question each.
var rewordings = [][2]string{
	{"How do I reset my password?", "how do I reset my password please"},
	{"What are your opening hours?", "please, what are your opening hours"},
	{"Can I return a used product within 30 days?", "can I return a used product within 30 days, please?"},
}

// TestQuestionsThatMeanTheSameShareAnAnswer holds that a question which is worded otherwise gets
// the answer, in each way, and what headers and row say of it.
func TestQuestionsThatMeanTheSameShareAnAnswer(t *testing.T) {
	t.Parallel()
	r := start(t, semanticModels, "", nil)
	for i, both := range rewordings {
		for _, model := range []string{"faq", "basic"} {
			t.Run(fmt.Sprintf("%s %d", model, i), func(t *testing.T) {
				r := r.with(t)
				first := r.Chat(gatewaytest.ChatBody(model, both[0], false), "text=first")
				r.stored(t, first)
				paid := r.Row(first.Exchange())
				for _, w := range gatewaytest.Ways {
					a := r.Ask(w.Request(model, both[1], "x-sim", "text=second"))
					wants(t, a, "semantic-hit")
					if text := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; text != "first" {
						t.Errorf("the answer is %q", text)
					}
					similarity, err := strconv.ParseFloat(a.Header.Get("x-headgate-cache-similarity"), 64)
					if err != nil || similarity < 0.8 || similarity > 1 || a.Header.Get("x-headgate-cache-key") != paid.Cache.Stored {
						t.Errorf("headers %v", a.Internals())
					}
					c := r.used(t, a)
					if c.Result != "semantic_hit" || c.Source != paid.Exchange || c.Similarity == nil || *c.Similarity < 0.8 || c.Embedder == "" || *c.SavedNano != *paid.CostNano {
						t.Errorf("the row %+v", c)
					}
				}
				r.asked(t, both[1], 0)
			})
		}
	}
}

// unlike are questions that look like another one, and ask for something else.
var unlike = []struct{ a, b, rule string }{
	{"Can I return it within 30 days?", "Can I return it within 90 days?", "number"},
	{"Does the plan include version 2.1?", "Does the plan include version 2.2?", "number"},
	{"Should I take it with food?", "Should I not take it with food?", "negation"},
	{"Is it open on Monday?", "Is it open on Sunday?", "date"},
	{"Do you deliver to Paris?", "Do you deliver to London?", "name"},
	{"Is 5 km too far?", "Is 5 miles too far?", "unit"},
	{"How do I enable the alarm?", "How do I disable the alarm?", "antonym"},
	{"Is there a train from Rome to Bonn?", "Is there a train from Bonn to Rome?", "order"},
	{"What does `rm -r` do?", "What does `rm -f` do?", "code"},
}

// TestQuestionsThatOnlyLookTheSameShareNone holds so, whatever their similarity: the row names the
// rule by which they differ.
func TestQuestionsThatOnlyLookTheSameShareNone(t *testing.T) {
	t.Parallel()
	r := start(t, semanticModels, "", nil)
	for i, c := range unlike {
		t.Run(c.rule, func(t *testing.T) {
			r := r.with(t)
			for _, text := range []string{c.b, strings.ToLower(c.b)} {
				system := fmt.Sprintf("Case %d, %q.", i, text) // so that no other question is compared
				ask := func(text string) gatewaytest.Answer {
					return r.Chat(`{"model":"rules","messages":[`+turns("system", system, "user", text)+`]}`, "")
				}
				r.stored(t, ask(c.a))
				a := ask(text)
				gatewaytest.MustOK(t, a)
				if got := a.Header.Get("x-headgate-cache"); got != "miss" {
					t.Errorf("%q: %s", text, got)
				}
				if u := r.used(t, a); text == c.b && (u.Reason != "rules" || !strings.Contains(strings.Join(u.Rules, " "), c.rule) || u.Similarity == nil) {
					t.Errorf("the row says %+v, want %s", u, c.rule)
				}
			}
		})
	}
	t.Run("a high threshold", func(t *testing.T) {
		r := r.with(t)
		r.stored(t, r.Chat(gatewaytest.ChatBody("strict", rewordings[0][0], false), ""))
		a := r.Chat(gatewaytest.ChatBody("strict", "Could you say how I reset the password of my account?", false), "")
		wants(t, a, "miss dissimilar")
	})
	t.Run("in shadow", func(t *testing.T) {
		r := r.with(t)
		r.stored(t, r.Chat(gatewaytest.ChatBody("watched", rewordings[0][0], false), "text=first"))
		a := r.Chat(gatewaytest.ChatBody("watched", rewordings[0][1], false), "text=second")
		wants(t, a, "shadow-hit")
		if text := gatewaytest.Ways[0].Text(t, a); text != "second" {
			t.Errorf("the answer is %q", text)
		}
		wants(t, r.Chat(gatewaytest.ChatBody("watched", rewordings[0][0], false), ""), "hit") // equal requests are no matter of it
	})
}

// TestAllButTheQuestionIsEqual holds that a question gets no answer to one that was asked in
// another system prompt, conversation, with other tools or settings; and that what says nothing of
// the answer makes no difference.
func TestAllButTheQuestionIsEqual(t *testing.T) {
	t.Parallel()
	r := start(t, semanticModels, "", nil)
	const first, second = "How do I reset my password?", "how do I reset my password please"
	request := func(model, members string, all ...string) string {
		return `{"model":"` + model + `",` + members + `"messages":[` + turns(all...) + `]}`
	}
	const system = "You help customers of Acme."
	before := request("faq", "", "system", system, "user", "Hello!", "assistant", "Hi.", "user", first)
	r.stored(t, r.Chat(before, "text=first"))
	claude := `{"model":"faq","max_tokens":99,"system":[{"type":"text","text":"` + system + `"}],"messages":[` + turns("user", "Hello!", "assistant", "Hi.") +
		`,{"role":"user","content":[{"type":"text","text":"` + second + `","cache_control":{"type":"ephemeral"}}]}]}`
	if a := r.Messages(claude, "text=second"); result(a) != "semantic-hit" || !strings.Contains(a.Body, `"first"`) {
		t.Errorf("in the other dialect: %s %s", result(a), a.Body)
	}
	for name, c := range map[string]struct {
		body string
		hits bool
	}{
		"the same":                {request("faq", "", "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), true},
		"instructed by developer": {request("faq", "", "developer", system, "user", "Hello!", "assistant", "Hi.", "user", second), true},
		"for a user":              {request("faq", `"user":"u-1","metadata":{"a":"b"},"store":false,`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), true},
		"streamed":                {request("faq", `"stream":true,`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), true},
		"another system prompt":   {request("faq", "", "system", system+" Be brief.", "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"no system prompt":        {request("faq", "", "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"another history":         {request("faq", "", "system", system, "user", "Hello!", "assistant", "Hi there.", "user", second), false},
		"no history":              {request("faq", "", "system", system, "user", second), false},
		"the history as question": {request("faq", "", "system", system, "user", "Hello!", "user", "Hi.", "user", second), false},
		"tools":                   {request("faq", chatTools, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"a temperature":           {request("faq", `"temperature":0.2,`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"a seed":                  {request("faq", `"seed":7,`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"several choices":         {request("faq", `"n":2,`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"a format":                {request("faq", `"response_format":{"type":"json_object"},`, "system", system, "user", "Hello!", "assistant", "Hi.", "user", second+" JSON"), false},
		"another model":           {request("basic", "", "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
		"without likeness":        {request("exact", "", "system", system, "user", "Hello!", "assistant", "Hi.", "user", second), false},
	} {
		t.Run(name, func(t *testing.T) {
			a := r.with(t).Chat(c.body, "text=second")
			gatewaytest.MustOK(t, a)
			if strings.Contains(a.Body, `"first"`) != c.hits {
				t.Errorf("%s: %s", result(a), a.Body)
			}
		})
	}
}
