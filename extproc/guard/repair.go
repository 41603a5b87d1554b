package guard

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/guard/texts"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// repairTime bounds the second call for an answer that did not have its form.
const repairTime = time.Minute

// chatPaths are where a client of each dialect asks.
var chatPaths = map[string]string{"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}

// repair asks the model once more for an answer that has the right form, and has all guards look
// at what comes. It returns nil if that is no better.
func (v *visit) repair(ctx context.Context, r *round) *canon.Response {
	ctx, err := r.more(ctx, repairTime)
	if err != nil {
		return nil
	}
	body, err := format.RepairBody(v.ex.Request.Body, v.ex.Dialect, format.Describe(r.faulty), r.faults)
	if err != nil {
		return nil
	}
	call := self.Call{Feature: self.Guard, Parent: v.ex.ID, Path: chatPaths[v.ex.Dialect], Body: body}
	if v.ex.Dialect == "anthropic" {
		call.Header = http.Header{"Anthropic-Version": {"2023-06-01"}}
	}
	answer, err := v.stage.kind.options.Own.Do(ctx, call)
	if err != nil || answer.Status != http.StatusOK {
		return nil
	}
	return v.second(ctx, r, answer.Body)
}

// repaired repairs an answer whose form a guard found wrong, if the policy says so and no other
// guard refuses it.
func (v *visit) repaired(ctx context.Context, r *round) *canon.Response {
	i := slices.IndexFunc(v.plan.output, func(g *Guard) bool { return g.Form != nil && g.Repair && g.Mode == policy.GuardEnforce })
	if r.faults == nil || i < 0 || v.ex.Response.Origin != exchange.FromProvider {
		return nil
	}
	answer := v.repair(ctx, r)
	if answer != nil {
		v.becameRepaired(v.plan.output[i])
	}
	return answer
}

// becameRepaired changes what is recorded of a guard.
func (v *visit) becameRepaired(g *Guard) {
	for i := range v.ex.Guards {
		if n := &v.ex.Guards[i]; n.Output && n.Guard == g.Name {
			n.Result = exchange.GuardRepaired
		}
	}
}

// second judges the second answer, which is in the client's dialect. It returns nil if a guard
// refuses it, too.
func (v *visit) second(ctx context.Context, r *round, body []byte) *canon.Response {
	var resp exchange.Response
	resp.Body = body
	resp.DecodeBy(dialect.ByName(v.ex.Dialect).DecodeAnswer)
	answer, err := resp.Canon()
	if err != nil || len(answer.Choices) == 0 {
		return nil
	}
	items := texts.OfAnswer(&resp, answer)
	again := round{visit: v, output: true, items: items, answer: answer, more: r.more, quiet: true}
	if again.run(ctx, v.plan.output) != nil || again.faults != nil {
		return nil
	}
	again.restore()
	if edits := texts.Edits(items, answer); len(edits) > 0 {
		if resp.Rewrite(edits...) != nil {
			return nil
		}
		answer, err = resp.Canon()
	}
	if err != nil {
		return nil
	}
	return answer
}
