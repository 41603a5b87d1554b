package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/store"
)

func TestStatusOfAFleet(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, ago(3), firstPolicy))
	first, second := revisionOf(t, firstPolicy), revisionOf(t, secondPolicy)
	r.want(printed{out: "policy  FIRST-------, for 3h\norigin  file\nauthor  file\nreason  -\n\nno pair is connected\n"}, "status")
	r.policies.Refuse(source.Refusal{Origin: source.FromPush, Reason: "p.yaml:2:9 listen: bad\np.yaml:3:1: worse", At: ago(2)})
	nack := &xds.Refusal{Node: "edge-2", Type: "listener", Revision: second, Reason: "cannot bind '127.0.0.1:8080'", At: ago(1)}
	r.fleet = xds.Status{
		Groups: []xds.GroupStatus{
			{Cluster: "headgate", Region: "eu", Revision: first, LastGood: first, Refused: nack},
			{Cluster: "headgate", Revision: second},
		},
		Pairs: []xds.PairStatus{
			{Node: "edge-1", Cluster: "headgate", Region: "eu", Connected: ago(50), Revision: first, Trouble: "no Envoy is connected"},
			{Node: "edge-2", Cluster: "headgate", Region: "eu", Connected: ago(2), Refused: nack},
		},
	}
	r.want(printed{out: `policy  FIRST-------, for 3h
origin  file
author  file
reason  -

refused a change by push, 2h ago:
  p.yaml:2:9 listen: bad
  p.yaml:3:1: worse

groups
CLUSTER   REGION  REVISION      LAST-GOOD     REFUSED
headgate  eu      FIRST-------  FIRST-------  SECOND------ by edge-2: listener: cannot bind '127.0.0.1:8080'
headgate  -       SECOND------  -             -

pairs
NODE    REGION  REVISION      CONNECTED  TROUBLE                REFUSED
edge-1  eu      FIRST-------  2d         no Envoy is connected  -
edge-2  eu      -             2h         -                      SECOND------: listener: cannot bind '127.0.0.1:8080'
`}, "status")
}

func TestStatusSaysWhereTheJournalIs(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, ago(3), firstPolicy))
	header := "policy  FIRST-------, for 3h\norigin  file\nauthor  file\nreason  -\n"
	for _, c := range []struct {
		status store.Status
		want   string
	}{
		{store.Status{Kind: "sqlite", Place: "/data/headgate.db"}, "store   sqlite, /data/headgate.db\n"},
		{store.Status{Kind: "postgres", Place: "URL in file /run/url", Trouble: "it is full", Since: ago(2)},
			"store   postgres, URL in file /run/url\n  cannot be used, for 2h: it is full; pairs keep their rows\n"},
		{store.Status{Kind: "postgres", Place: "URL in file /run/url", Before: "/data/headgate.db", Trouble: "it is away", Since: ago(2)},
			"store   postgres, URL in file /run/url\n  cannot be used, for 2h: it is away; /data/headgate.db stays in use\n"},
	} {
		r.store = c.status
		r.want(printed{out: header + c.want + "\nno pair is connected\n"}, "status")
	}
}

func TestStatusListsWhatIsOutOfService(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, ago(3), firstPolicy))
	until := time.Now().Add(2*time.Hour + time.Minute)
	r.out = []fleet.OutOfService{
		{Backend: "gpt", Model: "gpt-5.5", Reason: "limited", Since: ago(1), Until: &until, Pairs: []string{"edge-1", "edge-2"}},
		{Backend: "claude", Model: "claude-sonnet-4-6", Pool: "assistant", Address: "10.0.0.1:443", Reason: "ejected", Since: ago(2)},
	}
	r.balance = []balance.Status{
		{Model: "assistant", Use: "gpt/gpt-5.5", Region: "eu", Permille: 125, Tries: 100, Failed: 50, Median: 0.8, Reason: "50% of 100 tries failed"},
	}
	r.want(printed{out: `policy  FIRST-------, for 3h
origin  file
author  file
reason  -

out of service
BACKEND  MODEL              REASON   SINCE  BACK   POOL       ADDRESS       PAIRS
gpt      gpt-5.5            limited  1h     in 2h  -          -             edge-1,edge-2
claude   claude-sonnet-4-6  ejected  2h     -      assistant  10.0.0.1:443  -

balance
MODEL      USE          PAIRS-IN  KEEPS  REASON
assistant  gpt/gpt-5.5  eu        12.5%  50% of 100 tries failed

no pair is connected
`}, "status")
}

func TestNothingOfOthersReachesTheTerminal(t *testing.T) {
	const bad = "\x1b[2J\r\x07 \u009b31m \u202egnp.exe \x7f \xff\tend"
	r := newAdminRig(t)
	refused := &xds.Refusal{Node: bad, Type: bad, Revision: bad, Reason: bad + "\nnext", At: ago(1)}
	r.fleet = xds.Status{
		Groups: []xds.GroupStatus{{Cluster: bad, Region: bad, Revision: bad, LastGood: bad, Refused: refused}},
		Pairs:  []xds.PairStatus{{Node: bad, Region: bad, Revision: bad, Connected: ago(1), Trouble: bad, Refused: refused}},
	}
	if _, err := r.policies.Push(source.Proposal{Author: bad, Reason: bad, Files: []policy.File{{Name: bad, Data: []byte(secondPolicy)}}}); err != nil {
		t.Fatal(err)
	}
	r.policies.Refuse(source.Refusal{Origin: bad, Reason: bad + "\n" + bad, At: ago(1)})
	r.write("p.yaml", "version: 1\n\"\x7f\": 1\nlisten: \"\u202e\u0085\"\n")
	for _, line := range []string{"status", "status -o json", "policy history", "policy history -o json", "policy show -o json",
		"policy show \x1b[2J", "policy push DIR/p.yaml --reason x", "policy diff DIR/p.yaml -o json"} {
		got := r.run(strings.Split(line, " ")...)
		if found := unsafeOutput.FindString(got.out + got.err); found != "" {
			t.Errorf("%q prints %q in %q", line, found, got.out+got.err)
		}
		if !strings.Contains(line, "p.yaml") && !strings.Contains(got.out+got.err, "[2J") {
			t.Errorf("%q does not show the rest of the text: %+v", line, got)
		}
	}
}

func TestAgesInTheirGreatestUnit(t *testing.T) {
	for then, want := range map[int]string{-1: "0s", 0: "30m", 47: "47h", 48: "2d", 24 * 400: "400d"} {
		if got := age(ago(then)); got != want {
			t.Errorf("%d hours and a half: %s, want %s", then, got, want)
		}
	}
}

func TestEscaping(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü 世界 \"quoted\" \\": "plain ü 世界 \"quoted\" \\", "\x1b[0m": `\x1b[0m`, "a\nb\tc": `a\nb\tc`,
		"\u202e": `\u202e`, "\xff": `\xff`, "\ufffd": "\ufffd", "\u00a0": `\u00a0`,
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := escape("a\nb\tc\x1b\r\n", "\n\t"); got != "a\nb\tc\\x1b\\r\n" {
		t.Errorf("a file: %q", got)
	}
}
