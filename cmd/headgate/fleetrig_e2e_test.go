package main_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// load is what clients do to a pair while something happens to it: ten requests per
// second, and streams of two seconds each, of which a number is always open.
type load struct {
	t       *testing.T
	pair    *gatewaytest.Pair
	judge   func(what string, a gatewaytest.Answer, err error)
	stopped chan struct{}
	running sync.WaitGroup
	asked   atomic.Int64 // requests that were answered
	opened  atomic.Int64 // streams that ended
}

// startLoad returns once all streams are open. Judge is called for every answer.
func startLoad(t *testing.T, pair *gatewaytest.Pair, streams int, judge func(what string, a gatewaytest.Answer, err error)) *load {
	l := &load{t: t, pair: pair, judge: judge, stopped: make(chan struct{})}
	for i := range streams {
		l.running.Go(func() {
			for !l.isStopped() {
				l.ask(fmt.Sprintf("stream %d", i), "[[sim tokens=20 pause=100ms]]", true)
				l.opened.Add(1)
			}
		})
	}
	l.running.Go(l.requests)
	pair.Eventually("all streams at once", func() bool { return pair.Metric("headgate_streams_in_flight") >= float64(streams) })
	return l
}

func (l *load) requests() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-l.stopped:
			return
		case <-tick.C:
			l.running.Go(func() {
				l.ask(fmt.Sprintf("request %d", i), "[[sim tokens=3]]", false)
				l.asked.Add(1)
			})
		}
	}
}

func (l *load) ask(what, directive string, stream bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	a, err := l.pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", chatBody("m", directive+" "+what, stream), ""))
	l.judge(what, a, err)
}

// more waits for further requests to be answered.
func (l *load) more(n int64) {
	l.t.Helper()
	until := l.asked.Load() + n
	eventually(l.t, "further answers", func() bool { return l.asked.Load() >= until })
}

func (l *load) isStopped() bool {
	select {
	case <-l.stopped:
		return true
	default:
		return false
	}
}

// stop waits for everything that is under way.
func (l *load) stop() {
	close(l.stopped)
	l.running.Wait()
	l.t.Logf("%d requests and %d streams of two seconds", l.asked.Load(), l.opened.Load())
}

// whole is the judge of a load that must not notice anything.
func (s *editions) whole(t *testing.T) func(string, gatewaytest.Answer, error) {
	return func(what string, a gatewaytest.Answer, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		s.check(t, what, a)
		if strings.HasPrefix(what, "stream") && !strings.Contains(a.Body, "data: [DONE]") {
			t.Errorf("%s was cut: ...%s", what, a.Body[max(0, len(a.Body)-200):])
		}
	}
}

// met asks until a request meets a revision.
func met(t *testing.T, g *gatewaytest.Gateway, revision string) {
	t.Helper()
	eventually(t, "a request that meets revision "+revision, func() bool { return meets(t, g) == revision })
}

// meets asks once and returns the revision that answered; empty: nobody did.
func meets(t *testing.T, g *gatewaytest.Gateway) string {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a, err := g.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", chatBody("m", "[[sim tokens=1]]", false), ""))
	if err != nil || a.Status != 200 {
		return ""
	}
	return a.Header.Get("x-headgate-policy-revision")
}

// linked waits until a pair follows a control plane.
func linked(pair *gatewaytest.Pair) {
	pair.Eventually("a control plane", func() bool { return pair.Metric("headgate_pair_linked") == 1 })
}

// taken tells whether a control plane knows that a pair has taken a revision whole.
func taken(x *gatewaytest.Replica, pair *gatewaytest.Pair, revision string) bool {
	return strings.Contains(x.Status(), pair.Node+"  -       "+revision)
}

// unheld fails the test where an exchange was of a policy that ext_proc did not hold.
func unheld(t *testing.T, pair *gatewaytest.Pair) {
	t.Helper()
	if n := pair.Metric("headgate_exchanges_unheld_total"); n != 0 {
		t.Errorf("%s: %v exchanges of policies that ext_proc did not hold", pair.Node, n)
	}
}
