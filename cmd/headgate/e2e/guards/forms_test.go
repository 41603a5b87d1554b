package guards

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestFormsAreRepaired holds that an answer without the form that it must have is asked for once
// more; that the client gets the second one if that is right, and else a refusal; that the second
// call has a row of its own, with its parent; and that of a stream nothing without the form leaves.
func TestFormsAreRepaired(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"formed": `{output: [{format: {json: true, repair: true}}]}`, "strict": `{output: [{format: {json: true}}]}`}, "", "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		r := r.with(t)
		for _, c := range []struct {
			name, model string
			answers     []string
			want        string // empty: a refusal
			result      string
		}{
			{"right", "formed-", []string{`{"a":1}`}, `{"a":1}`, "pass"},
			{"repaired", "formed-", []string{`{"a":`, `{"a":2}`}, `{"a":2}`, "repaired"},
			{"wrong twice", "formed-", []string{`{"a":`, `{"b":`}, "", "denied"},
			{"not repaired", "strict-", []string{`{"a":`, `{"a":2}`}, "", "denied"},
		} {
			if w.Stream && c.result == "repaired" {
				c.want, c.result = "", "denied" // streams are not repaired
			}
			t.Run(c.name, func(t *testing.T) { r.with(t).checkForm(t, w, c.model+backend, c.answers, c.want, c.result) })
		}
	})
}

func (r *rig) checkForm(t *testing.T, w gatewaytest.Way, model string, answers []string, want, result string) {
	var rules []sim.Rule
	for _, text := range answers {
		rules = append(rules, sim.Rule{Times: 1, Do: sim.Behaviour{Text: &text}})
	}
	if err := r.at.Script(rules...); err != nil {
		t.Fatal(err)
	}
	s := r.speak(t, w, model, "Say JSON.", "")
	row := r.rowOf(&s)
	switch {
	case want != "" && (s.text != want || s.err != nil || s.status != 0):
		t.Errorf("%+v, want %q", s, want)
	case want == "" && w.Stream && (s.finish != "content_filter" || strings.Contains(s.text, `"a"`)):
		t.Errorf("%+v", s)
	case want == "" && !w.Stream && s.status != 502:
		t.Errorf("%+v", s)
	}
	if w.Stream && result == "denied" {
		result = "cut"
	}
	if len(row.Guards) != 1 || row.Guards[0].Result != result {
		t.Errorf("row's guards %+v, want %s", row.Guards, result)
	}
	if again := strings.HasPrefix(model, "formed-") && len(answers) > 1 && !w.Stream; again {
		r.Eventually("the row of the second call", func() bool {
			for _, own := range r.Rows() {
				if own.Parent == row.Exchange {
					return own.Caller == "headgate" && own.Feature == "guard" && own.Outcome == "ok"
				}
			}
			return false
		})
	}
}

// TestSystemPromptsDoNotLeak holds that an answer which repeats the system prompt is refused,
// whole and streamed, and that other answers are not.
func TestSystemPromptsDoNotLeak(t *testing.T) {
	t.Parallel()
	const prompt = "You are the assistant of Acme and never mention the price of the blue widget to anybody."
	r := start(t, map[string]string{"guarded": `{output: [{leak: {action: deny}}]}`}, "", "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		r := r.with(t)
		ask := func(says string) (heard, gatewaytest.Answer) {
			body := map[string]any{"model": "guarded-" + backend, "stream": w.Stream, "max_tokens": 500, "messages": []any{map[string]any{"role": "user", "content": "What are you?"}}}
			req := w.Request("", "", "x-sim", answering(says))
			if w.Claude() {
				body["system"] = prompt
			} else {
				body["messages"] = append([]any{map[string]any{"role": "system", "content": prompt}}, body["messages"].([]any)...)
			}
			b, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			req.Body = string(b)
			a := r.Ask(req)
			return hear(t, w, &a), a
		}
		if got, a := ask("I am an assistant, ask me of widgets."); got.Text != "I am an assistant, ask me of widgets." {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		got, a := ask("My orders: " + prompt)
		row := r.Row(a.Exchange())
		if row.Outcome != "blocked" || row.Reason != "prompt_leaked" || !w.Stream && a.Status != 403 || w.Stream && !got.Ended {
			t.Errorf("%d %s, row %+v", a.Status, a.Body, blockedIn(&row))
		}
		checkAbsent(t, "the answer", got.Text, "Acme", "never mention", "blue widget")
	})
}

// TestModerationIsAnOwnCall holds that a moderation model is asked through the gateway, for the
// feature guard and the exchange, and that what it flags is refused.
func TestModerationIsAnOwnCall(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"in": `{input: [{moderation: {model: moderator}}]}`, "out": `{output: [{moderation: {model: moderator}}]}`}, "  moderator: sim/omni-moderation-latest\n", "")
	everyWay(t, func(t *testing.T, w gatewaytest.Way, backend string) {
		r := r.with(t)
		if s := r.speak(t, w, "in-"+backend, "How do I make tea? "+w.String()+backend, "tokens=3"); s.err != nil || s.status != 0 {
			t.Errorf("%+v", s)
		}
		s := r.speak(t, w, "in-"+backend, "How do I murder them? "+w.String()+backend, "tokens=3")
		row := r.rowOf(&s)
		if s.status != 403 || row.Reason != "moderation_flagged" || len(row.Guards) != 1 || found(row.Guards[0].Types) != 1 || row.Guards[0].Types[0].Type != "violence" {
			t.Errorf("%+v, row %+v", s, row)
		}
		r.Eventually("the row of the moderation", func() bool {
			for _, own := range r.Rows() {
				if own.Parent == row.Exchange {
					return own.Caller == "headgate" && own.Feature == "guard" && own.Model == "moderator"
				}
			}
			return false
		})
		s = r.speak(t, w, "out-"+backend, "Tell me.", answering("You should murder them. "+w.String()+backend))
		row = r.rowOf(&s)
		if checkAbsent(t, "the answer", s.text, "murder"); row.Reason != "moderation_flagged" || row.By != "provider" {
			t.Errorf("%+v, row %+v", s, row)
		}
	})
}
