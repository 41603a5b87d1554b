package clients

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// formModels are pools of one backend, chains, and one whose answers a guard reads.
const formModels = `  chain: {chain: [sim/plain, claude/plain-claude], retries: 0}
  chain-claude: {chain: [claude/plain-claude, sim/plain], retries: 0}
  guarded: {chain: [claude/plain-claude], guards: {output: [{pii: {action: mask}}]}}
`

// TestAnswersInAnotherForm holds that the official SDKs for Python read the same in an answer
// whichever form it comes in, JSON or a stream, and whatever its label says, and that it costs the
// same.
func TestAnswersInAnotherForm(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, formModels)
	got := script(t, "sdk_forms.py", g.URL)
	for name, made := range got {
		asked, sim, _ := strings.Cut(name, "|")
		plain := got[asked+"|"]
		if made["made"] == nil || plain["made"] == nil {
			t.Errorf("%s: %v", name, made)
			continue
		}
		if diff := cmp.Diff(plain, made); diff != "" {
			t.Errorf("%s (-as it should come +%s):\n%s", name, sim, diff)
		}
	}
	cost := map[[2]int64]int64{}
	g.Eventually("all records", func() bool { return len(chats(g)) == len(got) })
	for _, row := range chats(g) {
		if row.Outcome != "ok" || row.By != "" || row.UsageSource != "provider" || row.Tokens == nil || row.CostNano == nil {
			t.Errorf("record %+v", row)
			continue
		}
		used := [2]int64{row.Tokens.Input, row.Tokens.Output}
		if was, ok := cost[used]; ok && was != *row.CostNano {
			t.Errorf("%v tokens cost %d and %d", used, was, *row.CostNano)
		}
		cost[used] = *row.CostNano
	}
}

// chats are the records of questions; another one is of a client that found out whether the gateway
// is there.
func chats(g *gatewaytest.Gateway) []record.Line {
	return slices.DeleteFunc(g.Rows(), func(row record.Line) bool { return row.Operation != "chat" })
}
