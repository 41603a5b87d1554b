package chains

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// silentRig is a gateway whose backend c begins to answer and falls silent, with a model for
// each way of asking, so that what is learnt of the backend in one is not known in the next.
func silentRig(t *testing.T, model string) *gatewaytest.Chains {
	var models strings.Builder
	for _, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  %q: {chain: [c/m, b/m], retries: 0, %s}\n", w, model)
	}
	after := 1
	rules := sim.Script{{Match: sim.Match{Model: "m", Key: gatewaytest.ChainKeys["c"]}, Do: sim.Behaviour{Hang: &after}}}
	return gatewaytest.StartChains(t, models.String(), rules, gatewaytest.Options{})
}

// TestAttemptsThatWereLetGoCost holds that the record accounts for an attempt whose answer had
// begun and was not the client's, by what its provider said or by the request, and that the
// answering one is accounted for as ever.
func TestAttemptsThatWereLetGoCost(t *testing.T) {
	t.Parallel()
	rig := silentRig(t, "first_token: 300ms")
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			rig := rig.With(t)
			mark := "Let go " + w.String()
			a := rig.Ask(w.Request(w.String(), mark))
			row := rig.Row(a.Exchange())
			if got := gatewaytest.Tried(row); got != "c200 b200" {
				t.Fatalf("tried %q", got)
			}
			gatewaytest.CheckUsage(t, row, rig.At["b"].Find(mark).Usage)
			checkSpent(t, rig, row.Tried[0], mark, w.Stream)
			if last := row.Tried[1]; last.Tokens != nil {
				t.Errorf("the answering attempt is accounted for twice: %+v", last.Tokens)
			}
		})
	}
}

// TestAClientThatLeavesBeforeContentIsMetered holds so: what its backend had begun is
// accounted for, although no byte of it had been passed.
func TestAClientThatLeavesBeforeContentIsMetered(t *testing.T) {
	t.Parallel()
	rig := silentRig(t, "timeout: 60s")
	const judged = `headgate_stage_seconds_count{phase="answered",stage="provider"}`
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			rig := rig.With(t)
			model, mark := w.String(), "Leaves "+w.String()
			ctx, leave := context.WithCancel(context.Background())
			defer leave()
			before, left := rig.Metric(judged), make(chan error)
			go func() {
				_, err := rig.Try(ctx, w.Request(model, mark))
				left <- err
			}()
			rig.Eventually("a judgement", func() bool { return rig.Metric(judged) > before })
			leave()
			if err := <-left; err == nil {
				t.Fatal("it was answered")
			}
			var row record.Line
			rig.Eventually("the row", func() bool {
				var ok bool
				row, ok = rowOf(rig, model)
				return ok
			})
			if row.Outcome != "cancelled" || row.By != "client" || row.Tokens != nil || len(row.Tried) != 1 {
				t.Fatalf("the row says %s by %s, tokens %+v, tried %q", row.Outcome, row.By, row.Tokens, gatewaytest.Tried(row))
			}
			checkSpent(t, rig, row.Tried[0], mark, w.Stream)
		})
	}
}

// rowOf returns the latest row of a model.
func rowOf(rig *gatewaytest.Chains, model string) (found record.Line, ok bool) {
	for _, row := range rig.Rows() {
		if row.Route == model {
			found, ok = row, true
		}
	}
	return found, ok
}

// checkSpent compares what an attempt is said to have consumed with its provider's log: a
// stream of Anthropic's says at once what it read. The rest is estimated.
func checkSpent(t *testing.T, rig *gatewaytest.Chains, at record.Attempt, mark string, stream bool) {
	t.Helper()
	read := int64(rig.At["c"].Find(mark).Usage.Input)
	switch k := at.Tokens; {
	case k == nil || at.UsageSource != "estimated" || at.CostNano == nil:
		t.Errorf("the attempt says %+v (%s), cost %v", k, at.UsageSource, at.CostNano)
	case stream && k.Input != read || !stream && (k.Input < read || k.Input > 20*read):
		t.Errorf("%d tokens of input, the provider read %d", k.Input, read)
	case *at.CostNano != gatewaytest.Nano(sim.Usage{Input: int(k.Input), Output: int(k.Output)}):
		t.Errorf("%+v cost %d nano-USD", k, *at.CostNano)
	}
}
