package costs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store/storetest"
)

// listed asks for exchanges as a program does.
func listed(t *testing.T, op *gatewaytest.Operator, args ...string) (p journal.Page) {
	t.Helper()
	text := op.Says(0, append([]string{"exchanges", "-o", "json"}, args...))
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return p
}

// TestExchangesAreFound holds that each exchange is in the list, by what was asked, by how it
// ended and by what it cost, and that its trace has its attempts.
func TestExchangesAreFound(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
	ask := func(model, sim, user string) string {
		a := rig.Chat(gatewaytest.ChatBody(model, "find me", false), sim, "x-headgate-user", user)
		return a.Exchange()
	}
	cheap, dear, failing, refused, guessed := ask("first", "tokens=1", "ann"), ask("first", "tokens=400", "eve"), ask("failing", "tokens=2", "ann"),
		ask("first", "status=400", "ann"), ask("second", "no-usage", "eve")
	names := map[string]string{cheap: "cheap", dear: "dear", failing: "failing", refused: "refused", guessed: "guessed"}
	op := rig.Operator(t)
	rig.Eventually("all exchanges in the journal", func() bool { return len(listed(t, op, "--operation", "chat").Exchanges) == len(names) })
	for args, want := range map[string]string{
		"--operation chat":                       "guessed refused failing dear cheap",
		"--operation chat --limit 2":             "guessed refused",
		"--user ann":                             "refused failing cheap",
		"--user ann --model first --status 2xx":  "cheap",
		"--failed-by client":                     "refused",
		"--failed --status 400":                  "refused",
		"--dearer 0.0028 --slower 1us":           "dear",
		"--estimated":                            "guessed",
		"--backend c --backend b":                "guessed failing",
		"--outcome ok --until 1h --since 2h":     "",
		"--outcome client_error --revision none": "",
	} {
		var got []string
		for _, e := range listed(t, op, strings.Fields(args)...).Exchanges {
			got = append(got, names[e.Exchange])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
	op.Says(0, []string{"exchanges", "--user", "ann", "--limit", "1"}, "OUTCOME", refused, "repeat it with --cursor ")
	checkTrace(t, rig, op, failing)
	op.Says(1, []string{"trace", "01M8CB11M9H91E4ZK9WNYK63ZS"}, "does not hold")
	op.Says(2, []string{"exchanges", "--status", "bad"}, "status: must be")
}

// checkTrace holds that a trace is found by either id, with each attempt and stage.
func checkTrace(t *testing.T, rig *gatewaytest.Chains, op *gatewaytest.Operator, id string) {
	t.Helper()
	row := rig.Row(id)
	for _, by := range []string{id, row.Response} {
		var e journal.Exchange
		text := op.Says(0, []string{"trace", by, "-o", "json"})
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		var tried []string
		for _, at := range e.Tried {
			tried = append(tried, fmt.Sprintf("%s%d", at.Backend, at.Status))
		}
		if strings.Join(tried, " ") != gatewaytest.Tried(row) || e.Exchange != id || e.TotalNano != *row.CostNano {
			t.Errorf("the trace of %s has %q: %s", by, tried, text)
		}
	}
	op.Says(0, []string{"trace", id}, "outcome   ok, status 200", "attempt 1", "a/m+status=500 500", "c/m 200", "first token", "|=  ", "=|\n")
}

// tailing is headgate tail, as a program reads it.
type tailing struct {
	t *testing.T
	p *gatewaytest.Process
}

func startTail(t *testing.T, admin string, args ...string) *tailing {
	p := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), append([]string{"tail", "-o", "json", "--admin", admin}, args...)...)
	return &tailing{t, p}
}

// models counts what came, by model.
func (l *tailing) models() map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(l.p.Log()) {
		var e journal.Exchange
		if json.Unmarshal([]byte(line), &e) == nil && e.Model != "" {
			out[e.Model]++
		}
	}
	return out
}

// TestTailFollowsEveryPair holds that whoever follows one of two control planes on one database
// sees the exchanges of all pairs, each once, also those that ended while that control plane was
// dead.
func TestTailFollowsEveryPair(t *testing.T) {
	t.Parallel()
	url := filepath.Join(t.TempDir(), "url")
	gatewaytest.Overwrite(t, url, storetest.PostgresURL(t))
	provider := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{XDS: 2, Pairs: 2, Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Policy: gatewaytest.PolicyFor(provider, fmt.Sprintf("store: {postgres: {file: %q}}\n", url))})
	first, second := startTail(t, f.XDS[0].Admin), startTail(t, f.XDS[1].Admin, "--model", "once")
	ready := func(l *tailing) {
		t.Helper()
		n := 0
		gatewaytest.Eventually(t, "an exchange that is followed", func() bool { // what ended before it followed does not come
			n++
			f.Pairs[0].Chat(gatewaytest.ChatBody("once", fmt.Sprintf("follow %d", n), false), "")
			return l.models()["once"] > 0
		})
	}
	ready(first)
	ready(second)
	want := map[string]int{}
	ask := func(model string) {
		for _, pair := range f.Pairs {
			gatewaytest.MustOK(t, pair.Chat(gatewaytest.ChatBody(model, "tail me", false), ""))
			want[model]++
		}
	}
	ask("plain")
	f.XDS[0].Kill()
	ask("renamed")
	gatewaytest.Eventually(t, "word that the control plane is away", func() bool { return strings.Contains(first.p.Log(), "waiting for it") })
	f.StartXDS(0)
	ask("plain")
	gatewaytest.Eventually(t, "what was asked", func() bool {
		got := first.models()
		delete(got, "once")
		return cmp.Equal(got, want)
	})
	if got := second.models(); len(got) != 1 {
		t.Errorf("of the model once came %v", got)
	}
	first.p.Stop(t, os.Interrupt)
	if code := first.p.ProcessState.ExitCode(); code != 0 {
		t.Errorf("an interrupted tail ends with %d", code)
	}
}
