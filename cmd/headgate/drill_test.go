package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/envoy/drill"
)

// aReport has a fault of one verdict, one of two, and one beside the suite with several
// requests.
func aReport() *drill.Report {
	down := drill.Attempt{Link: 0, Use: "gpt/gpt-5.5", Status: 503, Ended: "complete"}
	served := drill.Attempt{Link: 1, Use: "claude/m", Status: 200, Ended: "complete", Input: 8, Output: 60}
	cut := drill.Attempt{Link: 0, Use: "gpt/gpt-5.5", Status: 200, Ended: "cut", Input: 8, Output: 40}
	hung := drill.Attempt{Link: 0, Use: "gpt/gpt-5.5", Ended: "hung"}
	whole := drill.Judgement{Verdict: drill.Pass, Saw: "200, whole, from link 1", Link: 1}
	broke := drill.Judgement{Verdict: drill.Safe, Saw: "200, cut off", Link: -1}
	bill := []drill.Bill{{Use: "claude/m", Input: 8, Output: 60}}
	return &drill.Report{
		Model: "assistant", Took: 61 * time.Second,
		Faults: []drill.Fault{{Name: "down", What: "503 for ever"}, {Name: "cut", What: "cut"}, {Name: "back", What: "recovery", Beside: true}},
		Plays: []drill.Result{
			{Fault: "down", Way: "openai json", Judgement: whole, Asked: 1, Took: time.Second, Billed: bill, Attempts: []drill.Attempt{down, down, served}},
			{Fault: "down", Way: "openai sse", Judgement: whole, Asked: 1, Took: 2 * time.Second, Billed: bill, Attempts: []drill.Attempt{down, hung, down, served}},
			{Fault: "cut", Way: "openai json", Judgement: whole, Asked: 1, Took: time.Second, Billed: append([]drill.Bill{{Use: "gpt/gpt-5.5", Input: 8, Output: 40}, {Use: "claude/n", Input: 1}}, bill...), Attempts: []drill.Attempt{cut, served}},
			{Fault: "cut", Way: "openai sse", Judgement: broke, Asked: 1, Took: time.Second, Attempts: []drill.Attempt{cut}},
			{Fault: "back", Way: "openai sse", Judgement: whole, Asked: 2, Took: time.Second, Billed: bill, Attempts: []drill.Attempt{down, served, down, served}},
		},
	}
}

func TestDrillPrintsATable(t *testing.T) {
	var b strings.Builder
	if err := printDrill(&b, aReport()); err != nil {
		t.Fatal(err)
	}
	want := `model assistant, drilled in 1m1s

FAULT         ASKED        VERDICT  TIME  CLIENT SAW               BILLED                 ATTEMPTS
503 for ever  all ways     pass     2.0s  200, whole, from link 1  claude 8+60            gpt 503, gpt hung, gpt 503, claude 200
cut           openai sse   safe     1.0s  200, cut off             -                      gpt 200 cut
              openai json  pass     1.0s  200, whole, from link 1  gpt 8+40, claude 9+60  gpt 200 cut, claude 200
+ recovery    openai sse   pass     1.0s  200, whole, from link 1  claude 8+60            gpt 503 ×2, claude 200 ×2

the suite: 1 pass, 0 partial, 1 safe, 0 fail of 2 faults
beside it (+): 1 pass, 0 partial, 0 safe, 0 fail of 1 fault
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestDrillSaysItToPrograms(t *testing.T) {
	var b strings.Builder
	if err := printDrillJSON(&b, aReport()); err != nil {
		t.Fatal(err)
	}
	var got drillReport
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	cut := got.Faults[1]
	if cut.Verdict != drill.Safe || cut.Plays[1].Link != nil || *cut.Plays[0].Link != 1 || got.Suite[drill.Pass] != 1 || got.Beside[drill.Fail] != 0 {
		t.Errorf("%s", b.String())
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("a list is null: %s", b.String())
	}
}

// TestDrillEndsWithACode holds which reports end with an error.
func TestDrillEndsWithACode(t *testing.T) {
	failing := aReport()
	failing.Plays[4].Verdict = drill.Fail
	for _, c := range []struct {
		name    string
		report  *drill.Report
		minPass int
		says    string
	}{
		{"enough pass", aReport(), 1, ""},
		{"too few pass, and one beside the suite counts for nothing", aReport(), 2, "1 of the suite's faults pass, fewer than 2"},
		{"one fails beside the suite", failing, 0, "1 fault failed"},
	} {
		o := drillOptions{minPass: c.minPass}
		err := o.judge(c.report)
		var exit *exitError
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (!errors.As(err, &exit) || exit.code != exitFault || exit.Error() != c.says):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
