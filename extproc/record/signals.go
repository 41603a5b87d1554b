package record

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/DataDog/sketches-go/ddsketch"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// sketchAccuracy is how far a percentile of a sketch may be off, relative to itself.
const sketchAccuracy = 0.01

var _ Sink = (*Signals)(nil)

// Signals is the sink that sums what has ended, for the control plane's live view. Its sums
// are by names of the policy and closed sets, so they are bounded. Nothing is summed before
// somebody has asked. It is safe for concurrent use.
type Signals struct {
	wanted    atomic.Bool
	mu        sync.Mutex
	exchanges map[exchangesKey]*exchangesSum
	tries     map[triesKey]*triesSum
}

type exchangesKey struct{ model, backend, outcome, by string }

type exchangesSum struct {
	count, input, output, cost, unpriced int64
	duration, first                      *ddsketch.DDSketch // in seconds
}

type triesKey struct{ model, backend, served string }

type triesSum struct {
	answered, limited, failed int64
	latency                   *ddsketch.DDSketch // in seconds
}

// NewSignals makes a Signals.
func NewSignals() *Signals {
	s := &Signals{}
	s.begin()
	return s
}

// begin begins the sums anew.
func (s *Signals) begin() {
	s.exchanges, s.tries = make(map[exchangesKey]*exchangesSum), make(map[triesKey]*triesSum)
}

// Take implements Sink. It drops nothing.
func (s *Signals) Take(r *policypb.Row) {
	if !s.wanted.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := exchangesKey{r.Route, r.Backend, r.Outcome, r.By}
	sum := s.exchanges[key]
	if sum == nil {
		sum = &exchangesSum{duration: newSketch(), first: newSketch()}
		s.exchanges[key] = sum
	}
	sum.add(r)
	for i, a := range r.Tried {
		if !a.Single { // there is no other to compare it with
			s.try(r, a, i == len(r.Tried)-1)
		}
	}
}

func (e *exchangesSum) add(r *policypb.Row) {
	e.count++
	e.consumed(r)
	unpriced := r.Unpriced
	for _, a := range r.Tried {
		e.consumed(a)
		unpriced = unpriced || a.Unpriced
	}
	if unpriced {
		e.unpriced++
	}
	_ = e.duration.Add(seconds(r.DurationNanos)) // never negative
	if r.FirstTokenNanos != nil {
		_ = e.first.Add(seconds(*r.FirstTokenNanos))
	}
}

func (e *exchangesSum) consumed(c consumer) {
	if given(c) {
		return
	}
	t := c.GetTokens()
	e.input += t.GetInput() + t.GetCacheRead() + t.GetCacheWrite_5M() + t.GetCacheWrite_1H() + t.GetAudioInput()
	e.output += t.GetOutput() + t.GetReasoning() + t.GetAudioOutput()
	e.cost += c.GetCostNanoUsd()
}

// try counts an attempt. One that the client left, or that was the client's fault, says
// nothing of the backend. One whose answer a guard refused has answered.
func (s *Signals) try(r *policypb.Row, a *policypb.Attempt, last bool) {
	key := triesKey{r.Route, a.Backend, cmp.Or(a.Written, a.Model)}
	sum := s.tries[key]
	if sum == nil {
		sum = &triesSum{latency: newSketch()}
		s.tries[key] = sum
	}
	fault := exchange.Fault(a.Fault)
	switch {
	case a.Status == http.StatusTooManyRequests, a.Status == statusOverloaded, fault == exchange.FaultOverloaded:
		sum.limited++
	case fault == exchange.FaultTooLong, a.Status == 0 && last && r.By == string(exchange.ByClient):
	case a.Failed || last && r.By == string(exchange.ByProvider) && r.Outcome != string(exchange.Blocked):
		sum.failed++
	case a.Status < 400:
		sum.answered++
		_ = sum.latency.Add(seconds(latency(r, a)))
	}
}

// statusOverloaded is Anthropic's status of a server that cannot take more now.
const statusOverloaded = 529

// latency is how long a client waited for the attempt that answered.
func latency(r *policypb.Row, a *policypb.Attempt) int64 {
	if first := r.GetFirstTokenNanos(); first > a.BeganNanos && a.BeganNanos > 0 {
		return first - a.BeganNanos
	}
	return a.DurationNanos
}

// Drain returns the sums since it was called last; nil: nothing has ended.
func (s *Signals) Drain() *pairpb.Signals {
	s.wanted.Store(true)
	s.mu.Lock()
	exchanges, tries := s.exchanges, s.tries
	if len(exchanges) == 0 {
		s.mu.Unlock()
		return nil
	}
	s.begin()
	s.mu.Unlock()
	out := &pairpb.Signals{}
	for _, k := range slices.SortedFunc(maps.Keys(exchanges), exchangesKey.compare) {
		e := exchanges[k]
		out.Exchanges = append(out.Exchanges, &pairpb.Exchanges{
			Model: k.model, Backend: k.backend, Outcome: k.outcome, By: k.by,
			Count: e.count, InputTokens: e.input, OutputTokens: e.output, CostNanoUsd: e.cost, Unpriced: e.unpriced,
			Duration: encoded(e.duration), FirstToken: encoded(e.first),
		})
	}
	for _, k := range slices.SortedFunc(maps.Keys(tries), triesKey.compare) {
		t := tries[k]
		out.Tries = append(out.Tries, &pairpb.Tries{
			Model: k.model, Backend: k.backend, Served: k.served,
			Answered: t.answered, Limited: t.limited, Failed: t.failed, Latency: encoded(t.latency),
		})
	}
	return out
}

func (k exchangesKey) compare(other exchangesKey) int {
	return cmp.Or(cmp.Compare(k.model, other.model), cmp.Compare(k.backend, other.backend), cmp.Compare(k.outcome, other.outcome), cmp.Compare(k.by, other.by))
}

func (k triesKey) compare(other triesKey) int {
	return cmp.Or(cmp.Compare(k.model, other.model), cmp.Compare(k.backend, other.backend), cmp.Compare(k.served, other.served))
}

func newSketch() *ddsketch.DDSketch {
	s, err := ddsketch.NewDefaultDDSketch(sketchAccuracy)
	if err != nil {
		panic("record: " + err.Error()) // the accuracy is a constant
	}
	return s
}

// encoded is a sketch as it travels; nil: it is empty.
func encoded(s *ddsketch.DDSketch) (b []byte) {
	if s.IsEmpty() {
		return nil
	}
	s.Encode(&b, false)
	return b
}
