package stages

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestAnAttemptIsJudgedByItsFirstContent holds that a try is held until a stage knows
// what it says: let go whole, or rejected so that the client gets the next link's answer
// and no byte of the first.
func TestAnAttemptIsJudgedByItsFirstContent(t *testing.T) {
	t.Parallel()
	var held atomic.Int64
	judges := always("judges", script{answered: func(at *exchange.Attempt) exchange.Judgement {
		if !at.ByContent || at.Status != 200 || at.Model != "gpt-4o-mini" {
			return exchange.Judgement{}
		}
		for i := range at.Events {
			switch ev := &at.Events[i]; {
			case ev.Kind == canon.EventFailed:
				return exchange.Judgement{Status: 503}
			case ev.Kind == canon.EventText && strings.Contains(string(ev.Text), "bad"):
				return exchange.Judgement{Status: 429, Degrade: true}
			case ev.Says() && !canon.Empty(ev.Text):
				return exchange.Judgement{}
			}
		}
		if at.Elapsed > 300*time.Millisecond {
			return exchange.Judgement{Status: 503}
		}
		held.Add(1)
		return exchange.Judgement{Undecided: true, Wake: 100 * time.Millisecond}
	}})
	r := start(t, judges)
	for i, c := range []struct {
		name, directive string
		model           string // that answers
		text            string
	}{
		{"good", `text="all is well"`, "gpt-4o-mini", "all is well"},
		{"an error first", `error=0`, "gpt-4o", ""},
		{"silent for too long", `hang=0`, "gpt-4o", ""},
		{"rejected by what it says", `text="bad"`, "gpt-4o", ""}, // the last: the endpoint is used last from then on
	} {
		t.Run(c.name, func(t *testing.T) {
			// The directive is for the first link alone.
			r.script(t, "rules:\n  - match: {model: gpt-4o-mini}\n    do: '"+c.directive+"'\n")
			got := r.ask(t.Context(), "openai", chat("judged", "hello "+c.name, true))
			if got.StatusCode != 200 || got.err != nil || !strings.Contains(got.body, `"model":"`+c.model) || !strings.Contains(got.body, "[DONE]") ||
				c.model != "gpt-4o-mini" && strings.Contains(got.body, "gpt-4o-mini") {
				t.Errorf("%d %s (%v)", got.StatusCode, got.body, got.err)
			}
			row := r.row(i + 1)
			tries := 1
			if c.model != "gpt-4o-mini" {
				tries = 2
			}
			if row.Outcome != "ok" || len(row.Tried) != tries || row.Tried[tries-1].Model != c.model {
				t.Errorf("row %v", row)
			}
		})
	}
	if held.Load() == 0 {
		t.Error("nothing was held")
	}
	if got := r.ask(t.Context(), "openai", chat("judged", "hello in JSON", false)); got.StatusCode != 200 {
		t.Errorf("JSON: %d %s", got.StatusCode, got.body)
	}
}

// TestAChainWhoseAnswersAreAllRejectedIsExhausted holds that a client is not heard of the
// last link alone if none of them said what a stage let pass.
func TestAChainWhoseAnswersAreAllRejectedIsExhausted(t *testing.T) {
	t.Parallel()
	for _, status := range []int{503, 429} {
		r := start(t, always("judges", script{answered: func(at *exchange.Attempt) exchange.Judgement {
			for i := range at.Events {
				if at.Events[i].Kind == canon.EventText {
					return exchange.Judgement{Status: status}
				}
			}
			return exchange.Judgement{Undecided: at.ByContent}
		}}))
		got := r.ask(t.Context(), "openai", chat("judged", "hello", true))
		if got.StatusCode != 503 || !strings.Contains(got.body, "all_models_exhausted") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		if row := r.row(1); row.Outcome != "exhausted" || row.By != "provider" || len(row.Tried) != 2 {
			t.Errorf("row %v", row)
		}
	}
}
