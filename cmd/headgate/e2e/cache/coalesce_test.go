package cache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// crowd is a gateway whose provider holds its answers, and clients that ask it at once.
type crowd struct {
	*rig
	held *holding
}

// gather starts a gateway whose models have coalescing caches.
func gather(t *testing.T) *crowd {
	t.Helper()
	p, held := holdingProvider(t)
	callers, env := callersOf(map[string]string{"ann": "tags: [a]", "bob": "tags: [b]"})
	text := gatewaytest.PolicyFor(p, `
  json: {chain: [sim/plain], retries: 0, cache: {}}
  all: {chain: [claude/plain-claude], retries: 0, cache: {coalesce: all}}
  off: {chain: [sim/plain], retries: 0, cache: {coalesce: off}}
  masks: {chain: [sim/plain], retries: 0, guards: {input: [{pii: {action: mask}}]}, cache: {masked: true}}
  long: {chain: [sim/plain], retries: 0, cache: {}}
  soon: {chain: [sim/plain], retries: 0, cache: {coalesce_wait: 50ms}}
`) + "anonymous: true\nlimits: {stall: 1s}\n" + callers
	g := gatewaytest.Start(t, text, gatewaytest.Options{Env: append(env, gatewaytest.BackendKeyName+"="+gatewaytest.BackendKey)})
	return &crowd{&rig{g, p}, held}
}

func (c *crowd) with(t *testing.T) *crowd { return &crowd{c.rig.with(t), c.held} }

// got is what one client of a crowd gets.
type got struct {
	gatewaytest.Answer
	err error
}

// client asks in the background. What it gets comes from the channel.
func (c *crowd) client(ctx context.Context, r gatewaytest.Request) <-chan got {
	out := make(chan got, 1)
	go func() {
		a, err := c.Try(ctx, r)
		out <- got{a, errors.Join(err, a.Err)}
	}()
	return out
}

// lead has a client ask, and waits until the provider has its request.
func (c *crowd) lead(t *testing.T, ctx context.Context, mark string, r gatewaytest.Request) <-chan got {
	t.Helper()
	before := c.held.came(mark)
	out := c.client(ctx, r)
	c.Eventually("the request of the first", func() bool { return c.held.came(mark) == before+1 })
	return out
}

// follow has n more clients ask, and waits until all of them wait.
func (c *crowd) follow(t *testing.T, ctx context.Context, n int, r gatewaytest.Request) (all []<-chan got) {
	t.Helper()
	for range n {
		all = append(all, c.client(ctx, r))
	}
	c.waiting(n)
	return all
}

// waiting waits until so many requests wait for the answer to another.
func (c *crowd) waiting(n int) {
	c.Eventually(fmt.Sprintf("%d that wait", n), func() bool { return c.Metric("headgate_cache_waiting_requests") == float64(n) })
}

// checkGot holds what a client gets, and what the cache says of it.
func checkGot(t *testing.T, w gatewaytest.Way, from <-chan got, text, want string) got {
	t.Helper()
	one := <-from
	if one.err != nil {
		t.Errorf("a client got %v", one.err)
		return one
	}
	wants(t, one.Answer, want)
	if said := readAnswer(t, w.Claude(), w.Stream, one.Body).Choices[0].Text; said != text {
		t.Errorf("a client got %q, want %q", said, text)
	}
	return one
}

// TestEqualRequestsAreAskedOnce holds that requests which are equal to one under way wait for its
// answer and get it, whole and, if the policy says so, as streams; and what they get if the one
// that they wait for fails, leaves or takes long.
func TestEqualRequestsAreAskedOnce(t *testing.T) {
	t.Parallel()
	c := gather(t)
	whole, claude := gatewaytest.Ways[0], gatewaytest.Ways[3]
	for _, k := range []struct {
		name, model string
		way         gatewaytest.Way
	}{{"whole answers", "json", whole}, {"streams", "all", claude}} {
		t.Run(k.name, func(t *testing.T) { c.with(t).checkOnce(t, k.way, k.model) })
		t.Run(k.name+", the first leaves", func(t *testing.T) { c.with(t).checkLeaving(t, k.way, k.model) })
		t.Run(k.name+", one that waits leaves", func(t *testing.T) { c.with(t).checkWaiterLeaves(t, k.way, k.model) })
		t.Run(k.name+", the first fails", func(t *testing.T) { c.with(t).checkFailing(t, k.way, k.model) })
	}
	t.Run("with what was masked", func(t *testing.T) { c.with(t).checkMasked(t) })
	t.Run("longer than Envoy waits for a message", func(t *testing.T) { c.with(t).checkStall(t) })
	t.Run("not for long", func(t *testing.T) { c.with(t).checkPatience(t) })
	for name, k := range map[string]struct {
		model  string
		way    gatewaytest.Way
		second []string // headers of the second one
	}{
		"streams do not wait unless the policy says so": {"json", gatewaytest.Ways[1], nil},
		"nobody waits if the policy says so":            {"off", whole, nil},
		"callers do not wait for each other":            {"json", whole, as("bob")},
		"who wants a fresh answer does not wait":        {"json", whole, []string{"cache-control", "no-cache"}},
	} {
		t.Run(name, func(t *testing.T) { c.with(t).checkAlone(t, k.way, k.model, name, k.second) })
	}
}

// checkOnce has 20 clients ask the same, of whom 19 wait.
func (c *crowd) checkOnce(t *testing.T, w gatewaytest.Way, model string) {
	mark := "Once of " + model
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request(model, mark, "x-sim", "text=first"))
	others := c.follow(t, t.Context(), 19, w.Request(model, mark, "x-sim", "text=other"))
	c.held.release(mark)
	one := checkGot(t, w, first, "first", "miss unknown")
	paid := c.Row(one.Exchange())
	for _, other := range others {
		one := checkGot(t, w, other, "first", "coalesced")
		row := c.Row(one.Exchange())
		if u := row.Cache; u == nil || u.Result != "coalesced" || u.Source != paid.Exchange || u.SavedNano == nil || *u.SavedNano != *paid.CostNano || *row.CostNano != 0 || row.UsageSource != "cached" {
			t.Errorf("the row of one that waited %+v", row)
		}
	}
	c.asked(t, mark, 1)
}

// checkLeaving has the first client leave: the next one asks in its place.
func (c *crowd) checkLeaving(t *testing.T, w gatewaytest.Way, model string) {
	mark := "Leave of " + model
	c.held.hold(t, mark)
	leaving, leave := context.WithCancel(t.Context())
	first := c.lead(t, leaving, mark, w.Request(model, mark, "x-sim", "text=first"))
	others := c.follow(t, t.Context(), 4, w.Request(model, mark, "x-sim", "text=next"))
	leave()
	if one := <-first; one.err == nil {
		t.Errorf("the first one got %d", one.Status)
	}
	c.Eventually("the request of the next", func() bool { return c.held.came(mark) == 2 })
	c.waiting(3)
	c.held.release(mark)
	results := map[string]int{}
	for _, other := range others {
		one := <-other
		if one.err != nil || readAnswer(t, w.Claude(), w.Stream, one.Body).Choices[0].Text != "next" {
			t.Errorf("%v %s", one.err, one.Body)
		}
		results[one.Header.Get("x-headgate-cache")]++
	}
	if results["miss"] != 1 || results["coalesced"] != 3 {
		t.Errorf("they got %v", results)
	}
}

// checkWaiterLeaves has one of those that wait leave: the others notice nothing.
func (c *crowd) checkWaiterLeaves(t *testing.T, w gatewaytest.Way, model string) {
	mark := "Wait of " + model
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request(model, mark, "x-sim", "text=first"))
	leaving, leave := context.WithCancel(t.Context())
	others := c.follow(t, leaving, 1, w.Request(model, mark))
	stays := c.client(t.Context(), w.Request(model, mark))
	c.waiting(2)
	leave()
	if one := <-others[0]; one.err == nil {
		t.Errorf("who left got %d", one.Status)
	}
	c.waiting(1)
	c.held.release(mark)
	checkGot(t, w, first, "first", "miss unknown")
	checkGot(t, w, stays, "first", "coalesced")
	c.asked(t, mark, 1)
}

// checkFailing has the first request fail: those that wait are asked by themselves.
func (c *crowd) checkFailing(t *testing.T, w gatewaytest.Way, model string) {
	mark := "Fail of " + model
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request(model, mark, "x-sim", "status=500"))
	others := c.follow(t, t.Context(), 4, w.Request(model, mark, "x-sim", "text=own"))
	c.held.release(mark)
	if one := <-first; one.err != nil || one.Status != 500 {
		t.Errorf("the first one got %v %d", one.err, one.Status)
	}
	for _, other := range others {
		checkGot(t, w, other, "own", "miss waited")
	}
	c.asked(t, mark, 5)
}

// checkMasked has requests wait for one that is equal but for what a guard masked in it: each gets
// its own back.
func (c *crowd) checkMasked(t *testing.T) {
	w, mark := gatewaytest.Ways[0], "Masked: write to "
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request("masks", mark+mail, "x-sim", "echo"))
	second := c.follow(t, t.Context(), 1, w.Request("masks", mark+other))
	c.held.release(mark)
	checkGot(t, w, first, mark+mail, "miss unknown")
	checkGot(t, w, second[0], mark+other, "coalesced")
	c.asked(t, mark, 1)
}

// checkStall has the others wait longer than Envoy waits for an ext_proc server that stands still.
func (c *crowd) checkStall(t *testing.T) {
	w, mark := gatewaytest.Ways[0], "Stall"
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request("long", mark, "x-sim", "text=first"))
	others := c.follow(t, t.Context(), 2, w.Request("long", mark))
	time.Sleep(1500 * time.Millisecond) // beyond limits.stall
	c.held.release(mark)
	checkGot(t, w, first, "first", "miss unknown")
	for _, other := range others {
		checkGot(t, w, other, "first", "coalesced")
	}
}

// checkPatience has the first request take longer than the others wait.
func (c *crowd) checkPatience(t *testing.T) {
	w, mark := gatewaytest.Ways[0], "Patience"
	c.held.hold(t, mark)
	first := c.lead(t, t.Context(), mark, w.Request("soon", mark, "x-sim", "text=first"))
	second := c.lead(t, t.Context(), mark, w.Request("soon", mark, "x-sim", "text=second")) // which waits before
	c.held.release(mark)
	checkGot(t, w, first, "first", "miss unknown")
	checkGot(t, w, second, "second", "miss waited")
}

// checkAlone holds that the second of two requests does not wait for the first.
func (c *crowd) checkAlone(t *testing.T, w gatewaytest.Way, model, mark string, second []string) {
	c.held.hold(t, mark)
	one := c.lead(t, t.Context(), mark, w.Request(model, mark, append(as("ann"), "x-sim", "text=first")...))
	if second == nil || second[0] != "authorization" {
		second = append(second, as("ann")...)
	}
	two := c.lead(t, t.Context(), mark, w.Request(model, mark, append(second, "x-sim", "text=second")...))
	c.held.release(mark)
	for i, from := range []<-chan got{one, two} {
		a := <-from
		if text := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; a.err != nil || text != []string{"first", "second"}[i] {
			t.Errorf("%v %q", a.err, text)
		}
	}
}

// TestNobodyHangsWhoeverLeaves has many clients ask a few questions at once and leave at random:
// whoever stays gets the answer to its question.
func TestNobodyHangsWhoeverLeaves(t *testing.T) {
	t.Parallel()
	r := start(t, "  all: {chain: [sim/plain], cache: {coalesce: all}}\n", "", nil)
	random := rand.New(rand.NewPCG(17, 4))
	var clients sync.WaitGroup
	for i := range 300 {
		w := gatewaytest.Ways[random.IntN(len(gatewaytest.Ways))]
		question := fmt.Sprintf("Question %d of round %d?", random.IntN(3), i/60)
		leaves, after := random.IntN(2) == 0, time.Duration(random.IntN(60))*time.Millisecond
		begins := time.Duration(random.IntN(40)+i/60*60) * time.Millisecond
		clients.Go(func() {
			time.Sleep(begins)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if leaves {
				ctx, cancel = context.WithTimeout(t.Context(), after)
			}
			defer cancel()
			a, err := r.Try(ctx, w.Request("all", question, "x-sim", "echo;ttft=30ms"))
			if err = errors.Join(err, a.Err); err != nil {
				if !leaves {
					t.Errorf("who stays gets %v", err)
				}
				return
			}
			if text := readAnswer(t, w.Claude(), w.Stream, a.Body).Choices[0].Text; a.Status != 200 || text != question {
				t.Errorf("%q gets %d %q", question, a.Status, text)
			}
		})
	}
	clients.Wait()
	r.Eventually("nobody waits", func() bool { return r.Metric("headgate_cache_waiting_requests") == 0 })
	if n := r.Metric(`headgate_cache_requests_total{model="all",result="coalesced"}`); n == 0 {
		t.Error("nobody has waited")
	}
}
