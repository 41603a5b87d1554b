package shared_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/ledgertest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/policy"
)

// TestContract holds a policy's store to what every store must keep.
func TestContract(t *testing.T) {
	url := redistest.Start(t).URL()
	var n atomic.Int64
	ledgertest.Suite(t, func(t *testing.T, now func() time.Time) ledger.Store {
		p := newPair(t, url, 1)
		p.stores.SetClock(now)
		return shared.AtOnce(p.use(setOf(func(r *policy.Redis) { r.Prefix = fmt.Sprintf("t%d:", n.Add(1)) })))
	})
}

// TestContractWithoutRedis holds what stands in for Redis to the same, for a single pair.
func TestContractWithoutRedis(t *testing.T) {
	p := newPair(t, "redis://127.0.0.1:1", 1)
	p.lose()
	if p.stores.Trouble() == "" {
		t.Fatal("no trouble")
	}
	l := budget(100, 60)
	if !p.claim(l) || p.claim(l) {
		t.Error("a limit does not hold")
	}
}

func TestWithoutRedisInThePolicy(t *testing.T) {
	p := newPair(t, "redis://127.0.0.1:1", 1)
	s := p.use(&policy.Set{})
	if _, memory := s.(*ledger.Memory); !memory {
		t.Errorf("the store is %T", s)
	}
	if other := p.use(&policy.Set{}); other != s {
		t.Error("balances do not outlive a policy")
	}
}

// TestLocal holds that pairs that lost Redis go on from where it stood, each with its part.
func TestLocal(t *testing.T) {
	server := redistest.Start(t)
	a, b := newPair(t, server.URL(), 2), newPair(t, server.URL(), 2)
	l := budget(100, 10)
	for range 3 {
		a.claim(l)
	}
	b.claim(l) // of 100 now 40 are used, and both have seen some of it
	a.claim(l)
	a.handedIn()
	b.handedIn()
	server.Kill()
	admitted := 0
	for _, p := range []*pair{a, b} {
		p.lose()
		for p.claim(l) {
			admitted++
		}
		if p.value("headgate_ledger_fallbacks_total", "local", "lost") == 0 || p.value("headgate_ledger_lost") != 1 {
			t.Error("nothing is counted")
		}
	}
	if admitted != 5 { // 50-25 for one that saw 50, 50-20 for one that saw 40
		t.Errorf("%d more were admitted", admitted)
	}
	server.Run() // without anything that it knew
	a.recover()
	b.recover()
	if left := a.left(l); left != 50 {
		t.Errorf("%d left: what was used meanwhile is 50", left)
	}
}

// TestLargerThanThePart holds that a request that the whole limit allows is not refused for ever.
func TestLargerThanThePart(t *testing.T) {
	p := newPair(t, "redis://127.0.0.1:1", 5)
	p.lose()
	l := budget(100, 60)
	if !p.claim(l) || p.claim(budget(100, 1)) {
		t.Error("want one that is larger than the part, and no more")
	}
	if tiny := (ledger.Limit{Scope: "b", Name: "rpm", Max: 3, Period: time.Minute, Amount: 1}); !p.claim(tiny) || p.claim(tiny) {
		t.Error("a part is one unit at least")
	}
}

// TestLocalSettles holds that a part is held to what was used, too, once.
func TestLocalSettles(t *testing.T) {
	p := newPair(t, "redis://127.0.0.1:1", 2)
	p.lose()
	l := budget(100, 40)
	for i := range 4 {
		c := p.claimOf(l)
		granted, err := p.store.Claim(t.Context(), c, make([]ledger.Balance, 1))
		if err != nil || granted != (i < 2) {
			t.Errorf("claim %d granted: %v, %v", i, granted, err)
		}
		if granted {
			p.settle(c, 10)
			p.settle(c, 10)
		}
	}
	if owed := p.value("headgate_ledger_owed"); owed < 1 {
		t.Errorf("%v owed", owed)
	}
}

func TestOpen(t *testing.T) {
	server := redistest.Start(t)
	p := newPair(t, server.URL(), 1, open)
	server.Kill()
	p.lose()
	l := budget(100, 60)
	for range 3 {
		balances := make([]ledger.Balance, 1)
		c := p.claimOf(l)
		if granted, err := p.store.Claim(t.Context(), c, balances); err != nil || !granted || balances[0].Over || balances[0].Wait != 0 {
			t.Fatalf("granted %v, %+v, %v", granted, balances, err)
		}
		p.settle(c, 60)
	}
	server.Run()
	p.recover()
	if left := p.left(l); left != -80 {
		t.Errorf("%d left, want -80", left)
	}
}

func TestClosed(t *testing.T) {
	server := redistest.Start(t)
	p := newPair(t, server.URL(), 1, closed)
	l := budget(100, 10)
	held := p.claimOf(l)
	if granted, err := p.store.Claim(t.Context(), held, make([]ledger.Balance, 1)); err != nil || !granted {
		t.Fatal(granted, err)
	}
	server.Kill()
	p.lose()
	if granted, err := p.store.Claim(t.Context(), p.claimOf(l), make([]ledger.Balance, 1)); granted || !errors.Is(err, shared.ErrLost) {
		t.Errorf("granted %v, %v", granted, err)
	}
	p.settle(held, 7)
	server.Run()
	p.recover()
	if left := p.left(l); left != 93 {
		t.Errorf("%d left, want 93", left)
	}
}

// TestSecretsStaySecret holds that no log and no status quotes the URL's password.
func TestSecretsStaySecret(t *testing.T) {
	server := redistest.Start(t)
	p := newPair(t, strings.Replace(server.URL(), "redis://", "redis://somebody:hunter2%40x@", 1), 1)
	p.lose()
	if !strings.Contains(p.stores.Trouble(), "denied") {
		t.Errorf("trouble %q", p.stores.Trouble())
	}
	seen := p.stores.Trouble()
	for _, e := range p.logs.All() {
		seen += fmt.Sprint(e.Message, e.ContextMap())
	}
	for _, url := range []string{"hunter2@host", "redis://u:hunter2@h:port/0", "hunter2://x", "redis://u:hunter2@h/x", "redis://:hunter2@h?nothing=1", " "} {
		p.env["REDIS_URL"] = url
		_, err := p.stores.For(setOf(func(r *policy.Redis) { r.Prefix = "other:" }))
		if err == nil || !strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("%q: %v", url, err)
		}
		seen += fmt.Sprint(err)
	}
	if strings.Contains(seen, "hunter2") {
		t.Error("the password is shown: " + seen)
	}
}

// TestFileIsFollowed holds that a file may come to name another Redis.
func TestFileIsFollowed(t *testing.T) {
	one, other := redistest.Start(t), redistest.Start(t)
	path := filepath.Join(t.TempDir(), "url")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(one.URL() + "\n")
	p := newPair(t, one.URL(), 1)
	p.store = p.use(setOf(func(r *policy.Redis) { r.URL = policy.Credential{File: path} }))
	l := budget(100, 10)
	p.claim(l)
	p.handedIn()
	put("nonsense")
	p.eventually("the fault is logged", func() bool { return p.logs.FilterMessageSnippet("cannot be used").Len() > 0 })
	if left := p.left(l); left != 90 {
		t.Errorf("%d left, want 90", left)
	}
	put(other.URL())
	p.eventually("the other Redis is asked", func() bool { return p.left(l) == 100 })
}

// TestPolicyChange holds that a policy may come to name another Redis, and that the connections to
// the one before end with the last exchange.
func TestPolicyChange(t *testing.T) {
	one, other := redistest.Start(t), redistest.Start(t)
	p := newPair(t, one.URL(), 1)
	again := p.use(setOf(open)) // another policy with the same Redis
	l := budget(100, 10)
	held := p.claimOf(l)
	if granted, err := p.store.Claim(t.Context(), held, make([]ledger.Balance, 1)); !granted || err != nil {
		t.Fatal(granted, err)
	}
	p.env["OTHER_URL"] = other.URL()
	next := p.use(setOf(func(r *policy.Redis) { r.URL.Env = "OTHER_URL" }))
	closeStore(t, p.store)
	if err := again.Settle(t.Context(), held, []int64{4}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, again)
	p.eventually("the connections are closed", func() bool { return one.Connections() == 1 }) // the test's
	keys := one.Client().HGet(t.Context(), "hg:{team/a}", "u:cost")
	if keys.Val() != "4" {
		t.Errorf("%q used, want 4: %v", keys.Val(), keys.Err())
	}
	p.store = next
	if left := p.left(l); left != 100 {
		t.Errorf("%d left, want 100", left)
	}
}
