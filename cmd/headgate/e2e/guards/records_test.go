package guards

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// recorded is what a row has of a guard, without what differs from call to call.
func recorded(guard, direction, action, result, reason string, types ...record.GuardType) record.Guard {
	return record.Guard{Guard: guard, Kind: "pii", Direction: direction, Action: action, Mode: "enforce", Result: result, Reason: reason, Types: types}
}

// TestWhatGuardsDoIsRecorded holds what a row, a trace and the metrics have of guards, and that
// nothing of what they find is in anything that the gateway writes or can be asked for.
func TestWhatGuardsDoIsRecorded(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"recorded": `{input: [{pii: {name: in, action: mask}}, {pii: {name: quiet, action: deny, mode: shadow}}], output: [{pii: {name: out}}, {pii: {name: last, action: deny}}]}`,
		"denying": `{input: [{pii: {action: deny}}]}`, "cutting": `{output: [{pii: {action: deny}}]}`}, "", "")
	op := r.Operator(t)
	mails := func(n int64) record.GuardType { return record.GuardType{Type: "EMAIL_ADDRESS", Count: n} }
	cards := record.GuardType{Type: "CREDIT_CARD", Count: 1}
	for _, c := range []struct {
		name, model, text, says string
		stream                  bool
		want                    []record.Guard
		trace                   []string
	}{
		{"masked", "recorded", "From " + mail + " to " + mail + " by " + card, "It is " + card, false, []record.Guard{
			recorded("in", "input", "mask", "masked", "pii_found", mails(2), cards),
			{Guard: "quiet", Kind: "pii", Direction: "input", Action: "deny", Mode: "shadow", Result: "pass"},
			recorded("out", "output", "mask", "masked", "pii_found", cards), recorded("last", "output", "deny", "pass", ""),
		}, []string{"EMAIL_ADDRESS×2", "CREDIT_CARD×1", "masked", "shadow"}},
		{"denied", "denying", "From " + mail, "", false, []record.Guard{recorded("pii", "input", "deny", "denied", "pii_found", mails(1))}, []string{"blocked", "guard pii", "EMAIL_ADDRESS×1", "denied"}},
		{"cut", "cutting", "Who?", "It is " + mail, true, []record.Guard{recorded("pii", "output", "deny", "cut", "pii_found", mails(1))}, []string{"blocked", "guard pii", "EMAIL_ADDRESS×1", "cut"}},
		{"refused", "cutting", "Who?", "It is " + mail, false, []record.Guard{recorded("pii", "output", "deny", "denied", "pii_found", mails(1))}, []string{"blocked", "denied"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r.with(t)
			a := r.Chat(gatewaytest.ChatBody(c.model+"-openai", c.text, c.stream), answering(c.says))
			row := r.Row(a.Exchange())
			if d := cmp.Diff(c.want, row.Guards, cmpopts.IgnoreFields(record.Guard{}, "Spans", "Score", "Hash", "MS")); d != "" {
				t.Errorf("row (-want +got):\n%s", d)
			}
			for i := range row.Guards {
				g := &row.Guards[i]
				if n := found(g.Types); int(n) != len(g.Spans) || (g.Hash == "") != (n == 0) {
					t.Errorf("%s: %d found, spans %+v, hash %q", g.Guard, n, g.Spans, g.Hash)
				}
			}
			r.Eventually("the exchange in the journal", func() bool {
				return strings.Contains(op.Says(0, []string{"exchanges", "-o", "json"}), a.Exchange())
			})
			op.Says(0, []string{"trace", a.Exchange()}, c.trace...)
		})
	}
	checkNothingKept(t, r)
}

func found(all []record.GuardType) (n int64) {
	for _, t := range all {
		n += t.Count
	}
	return n
}

// checkNothingKept looks for what guards found in all that the gateway has written, and at its
// operations port.
func checkNothingKept(t *testing.T, r *rig) {
	t.Helper()
	secrets := []string{mail, "lovelace", card, strings.ReplaceAll(card, " ", "")}
	if metrics := r.Metrics(); !strings.Contains(metrics, `headgate_guard_verdicts_total{action="deny",direction="output",guard="pii",kind="pii",mode="enforce",result="cut"} 1`) {
		t.Error("the metrics do not count the cut")
	}
	for _, path := range []string{"/metrics", "/debug/pprof/goroutine?debug=2"} {
		resp, err := http.Get(r.Ops + path)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := resp.Write(&text); err != nil {
			t.Fatal(err)
		}
		checkAbsent(t, path, text.String(), secrets...)
	}
	r.Stop()
	checkAbsent(t, "the log", r.Log(), secrets...)
	files := 0
	if err := filepath.WalkDir(r.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		checkAbsent(t, path, string(b), secrets...)
		return err
	}); err != nil || files < 3 {
		t.Errorf("%v: %d files were searched", err, files)
	}
}
