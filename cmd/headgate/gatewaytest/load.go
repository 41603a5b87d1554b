package gatewaytest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Load is what clients do to a pair while something happens to it: requests at a rate, and
// streams of two seconds each, of which a number is always open.
type Load struct {
	t       *testing.T
	pair    atomic.Pointer[Pair]
	every   time.Duration // a request begins
	judge   func(what string, a Answer, err error)
	stopped chan struct{}
	running sync.WaitGroup
	asked   atomic.Int64 // requests that were answered
	opened  atomic.Int64 // streams that ended
}

// StartLoad returns once all streams are open. Judge is called for every answer. There are ten
// requests per second.
func StartLoad(t *testing.T, pair *Pair, streams int, judge func(what string, a Answer, err error)) *Load {
	return StartLoadAt(t, pair, 10, streams, judge)
}

// StartLoadAt is StartLoad with another number of requests per second.
func StartLoadAt(t *testing.T, pair *Pair, rate, streams int, judge func(what string, a Answer, err error)) *Load {
	l := &Load{t: t, every: time.Second / time.Duration(rate), judge: judge, stopped: make(chan struct{})}
	l.MoveTo(pair)
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

func (l *Load) requests() {
	tick := time.NewTicker(l.every)
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

func (l *Load) ask(what, directive string, stream bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	a, err := l.pair.Load().Try(ctx, ChatRequest("/v1/chat/completions", ChatBody("m", directive+" "+what, stream), ""))
	l.judge(what, a, err)
}

// MoveTo has what is asked from now on asked of another pair, as a load balancer does.
func (l *Load) MoveTo(pair *Pair) { l.pair.Store(pair) }

// More waits for further requests to be answered.
func (l *Load) More(n int64) {
	l.t.Helper()
	until := l.asked.Load() + n
	Eventually(l.t, "further answers", func() bool { return l.asked.Load() >= until })
}

func (l *Load) isStopped() bool {
	select {
	case <-l.stopped:
		return true
	default:
		return false
	}
}

// Stop waits for everything that is under way.
func (l *Load) Stop() {
	close(l.stopped)
	l.running.Wait()
	l.t.Logf("%d requests and %d streams of two seconds", l.asked.Load(), l.opened.Load())
}
