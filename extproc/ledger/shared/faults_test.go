package shared_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

// TestSlow holds that a Redis that hangs keeps nobody waiting, and that nothing is counted twice
// that it did all the same.
func TestSlow(t *testing.T) {
	server := redistest.Start(t)
	p := newPair(t, server.URL(), 1, short)
	l := budget(1000, 10)
	for range 5 {
		p.claim(l)
	}
	p.handedIn()
	before := p.value("headgate_ledger_fallbacks_total")
	server.Stop()
	for range 20 {
		p.claim(l)
	}
	if n := p.value("headgate_ledger_fallbacks_total") - before; n != 20 {
		t.Errorf("%v fallbacks", n)
	}
	if n := p.value("headgate_ledger_fallbacks_total", "timeout"); n < 3 {
		t.Errorf("%v timeouts", n)
	}
	server.Continue()
	p.recover()
	if left := p.left(l); left != 1000-250 {
		t.Errorf("%d left, want 750", left)
	}
}

// TestOneWarning holds that an outage is logged once, and its end.
func TestOneWarning(t *testing.T) {
	server := redistest.Start(t)
	p := newPair(t, server.URL(), 1)
	p.claim(budget(1000, 1))
	p.handedIn()
	server.Kill()
	p.lose()
	for range 50 {
		p.claim(budget(1000, 1))
	}
	server.Run()
	p.recover()
	if warnings := p.logs.FilterLevelExact(zapcore.WarnLevel).Len(); warnings != 1 {
		t.Errorf("%d warnings: %v", warnings, p.logs.All())
	}
	if n := p.logs.FilterMessageSnippet("Redis is back").Len(); n != 1 {
		t.Errorf("%d times back", n)
	}
}

// TestFaults holds that each fault is counted by its reason, ends by itself, and leaves the sums right.
func TestFaults(t *testing.T) {
	for reason, fault := range map[string]struct{ begin, end []any }{
		"read_only": {[]any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}},
		"full":      {[]any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}},
		"denied":    {[]any{"ACL", "SETUSER", "default", "-evalsha", "-eval"}, []any{"ACL", "SETUSER", "default", "+evalsha", "+eval"}},
	} {
		t.Run(reason, func(t *testing.T) {
			server := redistest.Start(t)
			p, l := newPair(t, server.URL(), 1), budget(1000, 10)
			do := func(args []any) {
				if err := server.Client().Do(t.Context(), args...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			p.claim(l)
			p.handedIn()
			do(fault.begin)
			p.lose()
			p.claim(l)
			if !strings.Contains(p.stores.Trouble(), reason) || p.value("headgate_ledger_fallbacks_total", reason) == 0 {
				t.Errorf("trouble %q, %v counted", p.stores.Trouble(), p.value("headgate_ledger_fallbacks_total", reason))
			}
			do(fault.end)
			p.recover()
			if left := p.left(l); left != 980 {
				t.Errorf("%d left, want 980", left)
			}
		})
	}
}

// TestForgotten holds that Redis may forget the scripts, and all balances.
func TestForgotten(t *testing.T) {
	server := redistest.Start(t)
	p, l := newPair(t, server.URL(), 1), budget(100, 10)
	p.claim(l)
	p.handedIn()
	if err := server.Client().ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	p.claim(l)
	p.handedIn()
	if left := p.left(l); left != 80 {
		t.Errorf("%d left, want 80", left)
	}
	open := p.claimOf(l)
	if granted, err := p.store.Claim(t.Context(), open, make([]ledger.Balance, 1)); !granted || err != nil {
		t.Fatal(granted, err)
	}
	if err := server.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	p.settle(open, 10)
	p.handedIn()
	if left := p.left(l); left != 90 {
		t.Errorf("%d left, want 90: all but what was settled since begins anew", left)
	}
	if n := p.value("headgate_ledger_fallbacks_total"); n != 0 {
		t.Errorf("%v fallbacks", n)
	}
}

// TestClusterNodeKilled holds that the cluster's own failover is enough.
func TestClusterNodeKilled(t *testing.T) {
	c := redistest.StartCluster(t)
	c.AddReplica(c.Nodes[1])
	p := newPair(t, c.URL(), 1, cluster)
	var limits []ledger.Limit
	for i := range 12 { // on all nodes
		l := budget(10_000_000, 10)
		l.Scope = fmt.Sprint("team/", i)
		limits = append(limits, l)
		p.claim(l)
	}
	p.handedIn()
	c.AwaitReplica(c.Nodes[1])
	c.Nodes[1].Kill()
	served := 0
	p.eventually("the replica has taken over", func() bool {
		for _, l := range limits {
			if !p.claim(l) {
				t.Fatal("refused")
			}
		}
		served++
		return served > 1 && p.stores.Trouble() == "" && p.value("headgate_ledger_owed") == 0
	})
	p.recover()
	for _, l := range limits {
		if left := p.left(l); left != 10_000_000-10-10*int64(served) {
			t.Errorf("%s has %d left after %d rounds", l.Scope, left, served)
		}
	}
}

// TestTooSlow holds that a Redis that answers later than requests wait stays lost: its probes
// succeed, and yet it is no help.
func TestTooSlow(t *testing.T) {
	server := redistest.Start(t)
	d := redistest.StartDelay(t, server)
	p, l := newPair(t, d.URL(), 1, short), budget(1000, 10)
	p.claim(l)
	p.handedIn()
	d.Set(200 * time.Millisecond)
	p.lose()
	began := d.Answers()
	p.eventually("some probes were answered", func() bool {
		if p.stores.Trouble() == "" {
			t.Fatal("a Redis that is too slow is taken for one that is back")
		}
		return d.Answers() > began+6
	})
	p.claim(l)
	if warnings := p.logs.FilterLevelExact(zapcore.WarnLevel).Len(); warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
	d.Set(0)
	p.recover()
	if left := p.left(l); left != 980 {
		t.Errorf("%d left, want 980", left)
	}
}

// TestStoppingHandsIn holds that a pair that stops hands in what it knows.
func TestStoppingHandsIn(t *testing.T) {
	server := redistest.Start(t)
	p, l := newPair(t, server.URL(), 1), budget(1000, 1)
	for range 300 {
		p.claim(l)
	}
	p.close()
	if used := server.Client().HGet(t.Context(), "hg:{team/a}", "u:cost").Val(); used != "300" {
		t.Errorf("%s used, want 300", used)
	}
	if _, err := p.stores.For(setOf()); err == nil {
		t.Error("a policy gets a store although all is closed")
	}
	if claims := server.Client().ZCard(t.Context(), "hg:{team/a}:claims").Val(); claims != 301 { // and the window
		t.Errorf("%d claims", claims)
	}
	open := 0
	for name, c := range server.Client().HGetAll(t.Context(), "hg:{team/a}").Val() {
		if strings.HasPrefix(name, "c:") && !strings.Contains(c, "settled") {
			open++
		}
	}
	if open != 0 {
		t.Errorf("%d claims are not settled", open)
	}
}
