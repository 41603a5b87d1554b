package anthropic

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

const (
	// defaultMaxTokens bounds an answer that neither the client nor the target
	// bounds: Anthropic demands a number.
	defaultMaxTokens = 4096
	// minBudget is the smallest thinking budget that Anthropic takes.
	minBudget = 1024
)

// reasons reports whether the model is to think, and with which budget. It is not
// if Anthropic would refuse the request for it: with a forced tool, with too
// few tokens, and in the middle of a tool loop whose thinking is not there to
// be sent back.
func (e *encoder) reasons() (bool, int64) {
	r := &e.r.Reason
	if r.Mode != canon.ReasonOn && r.Mode != canon.ReasonAdaptive || e.t.Traits.Reasoning == trait.ReasoningNone {
		return false, 0
	}
	if e.same {
		return true, r.Budget
	}
	forced := e.r.Choice.Mode == canon.ChoiceRequired || e.r.Choice.Mode == canon.ChoiceNamed
	if forced && len(e.r.Tools) > 0 && !e.unforced() {
		return false, 0
	}
	if !e.t.Traits.Budgets() {
		return true, 0 // no turn has to begin with thinking
	}
	if e.loopWithoutThinking() || e.goesOn() {
		return false, 0
	}
	budget := min(r.Budget, e.limit-1)
	if r.Budget == 0 {
		budget = min(budgetOf(string(r.Effort)), e.limit*3/4) // the answer needs room too
	}
	return budget >= minBudget, budget
}

func budgetOf(effort string) int64 {
	switch effort {
	case "minimal", "low":
		return minBudget
	case "medium":
		return 4096
	case "xhigh", "max":
		return 32768
	}
	return 16384
}

// loopWithoutThinking reports whether the last turn answers tool calls of a loop that no
// signed thinking began. Anthropic takes the whole loop for one turn of the assistant.
func (e *encoder) loopWithoutThinking() bool {
	first := -1
	for n := e.writtenBefore(len(e.turns)); n >= 0 && e.answersCall(n); n = e.writtenBefore(first) {
		first = e.writtenBefore(n)
	}
	return first >= 0 && !e.thought(first)
}

// writtenBefore returns the last turn before one of which something is written; -1: none.
func (e *encoder) writtenBefore(n int) int {
	for n--; n >= 0 && !e.writesTurn(n); n-- {
	}
	return n
}

// goesOn reports whether the model is to go on with what it said without thinking.
func (e *encoder) goesOn() bool {
	n := e.writtenBefore(len(e.turns))
	return n >= 0 && e.turns[n].role == canon.RoleAssistant
}

// answersCall reports whether a turn holds the result of a tool.
func (e *encoder) answersCall(n int) bool {
	return e.holds(n, func(p *canon.Part) bool { return p.Kind == canon.ToolResult && e.supports(n, p) })
}

// thought reports whether a turn holds thinking that Anthropic signed.
func (e *encoder) thought(n int) bool {
	return e.holds(n, func(p *canon.Part) bool {
		return (p.Kind == canon.Redacted || p.Kind == canon.Thinking) && e.supports(n, p)
	})
}

func (e *encoder) holds(n int, what func(*canon.Part) bool) bool {
	t := e.turns[n]
	for i := t.from; i < t.to; i++ {
		if !e.in(t, &e.r.Messages[i]) {
			continue
		}
		for k := range e.r.Messages[i].Parts {
			if what(&e.r.Messages[i].Parts[k]) {
				return true
			}
		}
	}
	return false
}

func (e *encoder) thinking() {
	r := &e.r.Reason
	switch {
	case e.same:
		e.b = canon.AppendRaw(e.b, "thinking", r.Raw)
	case r.Mode == canon.ReasonOff && stoppable(&e.t.Traits):
		e.b = append(append(append(e.b, `,"thinking":{"type":"`...), still(&e.t.Traits)...), '"', '}')
	case e.think && e.budget == 0:
		e.b = append(e.b, `,"thinking":{"type":"adaptive"`...)
		e.b = append(canon.AppendRaw(e.b, "display", r.Display), '}')
	case e.think:
		e.b = append(e.b, `,"thinking":{"type":"enabled","budget_tokens":`...)
		e.b = strconv.AppendInt(e.b, e.budget, 10)
		e.b = append(canon.AppendRaw(e.b, "display", r.Display), '}')
	}
}

// output writes output_config: the format and, if it guides, the effort.
func (e *encoder) output() {
	if e.same {
		e.b = canon.AppendRaw(e.b, "output_config", e.r.Fields[canon.OutputConfig])
		if e.r.Format.Field == oldFormat {
			e.b = canon.AppendRaw(e.b, oldFormat, e.r.Format.Raw)
		}
		return
	}
	format := e.fitFormat()
	if !format.OK && e.effort == "" {
		return
	}
	e.b = append(e.b, `,"output_config":{`...)
	if e.effort != "" {
		e.b = scan.AppendString(canon.AppendKey(e.b, "effort"), string(e.effort))
	}
	if format.OK {
		e.b = append(canon.AppendKey(e.b, "format"), `{"type":"json_schema"`...)
		e.appendFormat(format.Schema)
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, '}')
}
