package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/journal"
)

// guardedRow is an exchange that one guard masked, and that another one would have denied.
func guardedRow() *policypb.Row {
	row := someRow()
	row.Tried, row.Stages, row.FirstTokenNanos = nil, nil, nil
	row.Guards = []*policypb.GuardVerdict{
		{Guard: "cards", Kind: "pii", Action: "mask", Mode: "enforce", Result: "masked", Reason: "pii_found", Score: 0.75, DurationNanos: 45_000,
			Types: []*policypb.GuardType{{Type: "CREDIT_CARD", Count: 2}, {Type: "IBAN_CODE", Count: 1}}, Spans: []*policypb.GuardSpan{{Start: 1, End: 2, Type: "CREDIT_CARD"}}},
		{Guard: "words", Kind: "words", Action: "deny", Mode: "shadow", Result: "denied", Reason: "word_found", Types: []*policypb.GuardType{{Type: "competitor", Count: 3}}, DurationNanos: 5_000},
		{Guard: "words", Kind: "words", Output: true, Action: "deny", Mode: "shadow", Result: "pass", DurationNanos: 1_250_000},
	}
	return row
}

// TestATraceShowsGuards holds that each verdict has its line.
func TestATraceShowsGuards(t *testing.T) {
	r := newJournalRig(t, guardedRow())
	r.want(printed{out: `exchange  ` + guardedRow().Exchange + `
began     2026-06-01T12:00:00.250Z
outcome   ok, status 200, in 2.0s
limit     tier free tokens
retry     after 1.5s
finish    end_turn
asked     openai chat for gpt, which is assistant
path      POST /v1/chat/completions
ids       mine, hop
trace     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
agent     tool/1
address   192.0.2.1
caller    ci
tier      free
user      ann
team      red
tags      a, b
served    claude-4 of claude (anthropic)
response  msg_1
request   req_1
tokens    450 in (50 cached, 0 written to a cache), 120 out (20 of reasoning), provider
cost      0.00315 USD
price     p
policy    abcdef012345

GUARD  DIRECTION  MODE     ACTION  RESULT  REASON      FOUND                       SCORE  TOOK
cards  input      enforce  mask    masked  pii_found   CREDIT_CARD×2, IBAN_CODE×1  0.75   45µs
words  input      shadow   deny    denied  word_found  competitor×3                -      5µs
words  output     shadow   deny    pass    -           -                           -      1.2ms
`}, "trace", guardedRow().Exchange)
}

// TestWhatShadowWouldHaveDone holds the sums by guard, type and model, of guards in shadow alone.
func TestWhatShadowWouldHaveDone(t *testing.T) {
	other := guardedRow()
	other.Exchange = other.Exchange[:len(other.Exchange)-1] + "0"
	other.Route, other.Outcome, other.By = "", "blocked", "client"
	other.Guards[1].Result, other.Guards[1].Types = "late", nil
	r := newJournalRig(t, guardedRow(), other)
	r.want(printed{out: `What guards in shadow would have done from 2026-06-01T00:00Z to 2026-06-02T00:00Z

GUARD  KIND   DIRECTION  SEEN  DENY  MASK  FLAG  REPAIR  UNDECIDED
words  words  input      2     1     0     0     0       1
words  words  output     2     0     0     0     0       0

GUARD  DIRECTION  TYPE        EXCHANGES  FOUND
words  input      competitor  1          3

GUARD  DIRECTION  MODEL      SEEN  DENY  MASK  FLAG  REPAIR  UNDECIDED
words  input      -          1     0     0     0     0       1
words  input      assistant  1     1     0     0     0       0
words  output     -          1     0     0     0     0       0
words  output     assistant  1     0     0     0     0       0
`}, "guard", "shadow", "--in", "2026-06-01")
	r.want(printed{out: "What guards in shadow would have done from 2026-05-01T00:00Z to 2026-05-02T00:00Z\n\n(no guard in shadow saw an exchange)\n"}, "guard", "shadow", "--in", "2026-05-01")
	var report guards.Report
	if err := json.Unmarshal([]byte(r.run("guard", "shadow", "--in", "2026-06-01", "-o", "json").out), &report); err != nil || len(report.Guards) != 2 ||
		!cmp.Equal(report.Guards[0].Types, []journal.GuardTypeSum{{Type: "competitor", Exchanges: 1, Found: 3}}) || !cmp.Equal(report.Guards[0].Results, map[string]int64{"denied": 1, "late": 1}) {
		t.Errorf("as JSON: %+v, %v", report, err)
	}
	r.want(printed{out: `TIME                  EXCHANGE                    OUTCOME  FAILED-BY  STATUS  MODEL  BACKEND  USER  INPUT  OUTPUT  COST_USD  TOOK
2026-06-01T12:00:00Z  ` + other.Exchange + `  blocked  client     200     gpt    claude   ann   450    120     0.00315   2.0s
`}, "exchanges", "--in", "2026-06-01", "--blocked", "--guard", "words")
}
