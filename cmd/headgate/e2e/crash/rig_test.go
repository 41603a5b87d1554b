package crash

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// victim is a process that gets a signal, and goes on or is started again.
type victim struct {
	name  string
	kill  func(pair int)
	start func(pair int)
	does  damage
	down  time.Duration // how long it is away; 0: as the plan says
}

// damage is what clients of a pair notice of a victim.
type damage int

const (
	harmless damage = iota // nothing
	refuses                // what begins is refused, and what is under way ends whole
	cuts                   // what is under way ends, so that ext_proc may not have seen what the provider answered
)

// rig is a gateway under load, with what its clients saw.
type rig struct {
	t        *testing.T
	provider *gatewaytest.Provider
	pairs    []*gatewaytest.Gateway
	victims  []victim
	clients  bool // what clients get is judged, too

	mu    sync.Mutex
	calls map[string]*call // by mark

	kills []kill // of the goroutine that plays
}

// call is a request and what its client saw of it.
type call struct {
	request
	pair         int
	began, ended time.Time
	whole        bool // its answer
	refused      bool // because the gateway was not whole
}

// kill is the end of a process.
type kill struct {
	victim *victim
	pair   int
	at     time.Time
	back   time.Time // when it served again
}

// newRig makes a rig of which nothing runs yet but the provider. What clients get is judged by make
// crash alone: other tests beside these take the time in which Envoy waits for ext_proc.
func newRig(t *testing.T) *rig {
	p := gatewaytest.Simulate(t, sim.Options{Keyless: true, Keep: 1 << 20, KeepBytes: 1 << 30})
	return &rig{t: t, provider: p, clients: os.Getenv(seedsVariable) != "", calls: map[string]*call{}}
}

// policy is what all processes serve.
func (r *rig) policy() string {
	return strings.Replace(gatewaytest.PolicyFor(r.provider, models), "\nbackends:", "\nunpriced: flag\nbackends:", 1)
}

// env is what the ext_proc servers know.
var env = []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}

// play runs the plan of a seed: clients ask, and meanwhile a process is killed and started
// again.
func (r *rig) play(seed uint64) {
	r.t.Helper()
	p := newPlan(seed, len(r.victims), len(r.pairs))
	victim := &r.victims[p.victim]
	p.extend(victim.down)
	before := len(r.provider.Settled())
	asking := r.start(p)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.provider.WaitReceived(ctx, before+p.after); err != nil {
		r.t.Fatalf("seed %d: the provider received too little: %v", seed, err)
	}
	time.Sleep(p.delay) // the moment is what differs
	k := kill{victim: victim, pair: p.pair, at: time.Now()}
	k.victim.kill(p.pair)
	time.Sleep(cmp.Or(victim.down, p.down))
	r.startAgain(k.victim, p.pair)
	k.back = time.Now()
	asking.Wait()
	r.kills = append(r.kills, k)
}

// startAgain starts a victim, and waits until the pair answers.
func (r *rig) startAgain(v *victim, pair int) {
	r.t.Helper()
	v.start(pair)
	r.pairs[pair].Eventually("an answer", r.pairs[pair].Answers)
}

// start lets clients ask what is planned.
func (r *rig) start(p *plan) *sync.WaitGroup {
	var next atomic.Int64
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(p.requests); n = int(next.Add(1)) - 1 {
				r.ask(p, &p.requests[n], i%len(r.pairs))
			}
		})
	}
	return &asking
}

// ask sends a request and notes what its client saw.
func (r *rig) ask(p *plan, q *request, pair int) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if q.leaves > 0 {
		ctx, cancel = context.WithTimeout(ctx, q.leaves)
		defer cancel()
	}
	c := &call{request: *q, pair: pair, began: time.Now()}
	r.mu.Lock()
	r.calls[q.mark] = c
	r.mu.Unlock()
	a, err := r.pairs[pair].Try(ctx, q.way.Request(q.model, q.mark+" "+q.directive, "x-headgate-session", q.mark, "x-headgate-feature", featureOf(p.seed), "x-headgate-user", "u"+q.mark[len(q.mark)-2:]))
	r.mu.Lock()
	c.ended = time.Now()
	c.whole = err == nil && a.Err == nil && a.Status == http.StatusOK && (!q.way.Stream || q.way.Ended(a))
	c.refused = errors.Is(err, syscall.ECONNREFUSED) || err == nil && (strings.Contains(a.Body, "gateway_unavailable") || strings.Contains(a.Body, "gateway_stopping"))
	r.mu.Unlock()
	if err != nil || a.Status != http.StatusOK {
		time.Sleep(50 * time.Millisecond) // a client that is refused does not ask again at once
	}
}

// slack is how long after its client has all of an answer an exchange may still be under way.
const slack = 200 * time.Millisecond

// harmed returns the victim whose end a call may show; nil: nobody's.
func (r *rig) harmed(c *call) *victim {
	for _, k := range r.kills {
		reached := c.ended
		if k.victim.does == refuses {
			reached = c.began
		}
		if k.victim.does != harmless && k.pair == c.pair && c.began.Before(k.back.Add(slack)) && reached.After(k.at.Add(-slack)) {
			return k.victim
		}
	}
	return nil
}

// underWay reports whether a call may show the end of a process.
func (r *rig) underWay(c *call) bool { return r.harmed(c) != nil }

// sound are the models whose first link answers, and which every release knows.
var sound = []string{"plain", "plain-claude", "chain"}

// isToBeWhole reports whether nothing but the gateway can keep a client from its answer: neither
// the client, nor the provider, whose failures have Envoy leave out a link for a while.
func (c *call) isToBeWhole() bool {
	return c.leaves == 0 && !strings.Contains(c.directive, " cut") && !strings.Contains(c.directive, " hang") && slices.Contains(sound, c.model)
}
