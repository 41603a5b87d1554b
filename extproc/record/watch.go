package record

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// How often the log speaks of one backend, or of one chain.
const (
	// watchEvery is the least time between two lines.
	watchEvery = time.Minute
	// watchSeldom is the most between two lines about a backend that goes on failing: the time doubles
	// with each.
	watchSeldom = time.Hour
	// watchCalm is how long a backend must not have failed to be taken for well again.
	watchCalm = time.Minute
	// maxWatched bounds the backends, and the models, that are remembered.
	maxWatched = 1024
)

var _ Sink = (*Watch)(nil)

// Watch is the sink that logs when a backend begins to fail, goes on failing and answers again, and when
// every link of a chain has failed. It is safe for concurrent use. An attempt that was answered by a
// backend that is well takes no lock.
type Watch struct {
	log      *zap.Logger
	now      func() time.Time
	backends atomic.Pointer[map[string]*watched] // a map is never written to

	mu    sync.Mutex             // of those that add a backend, and of spent
	spent map[string]*spentChain // by model
}

// watched is what is known of one backend.
type watched struct {
	failing atomic.Bool

	mu               sync.Mutex
	since, last      time.Time     // its failures began, and its latest one
	said             time.Time     // when the log spoke of it last
	pause            time.Duration // until it may again
	failed, answered int64         // attempts since then
	begun            bool          // the log has said that it fails
}

// spentChain counts the failures of one chain.
type spentChain struct {
	said  time.Time
	times int64 // since then
}

// NewWatch makes a Watch, and registers since when backends fail.
func NewWatch(reg prometheus.Registerer, log *zap.Logger, now func() time.Time) *Watch {
	w := &Watch{log: log, now: now, spent: make(map[string]*spentChain)}
	w.backends.Store(&map[string]*watched{})
	reg.MustRegister(failing{w})
	return w
}

// Take implements Sink.
func (w *Watch) Take(r *policypb.Row) {
	var room [maxTries]try
	all := tries(room[:0], r)
	for i := range all {
		switch t := &all[i]; {
		case t.backend == "":
		case t.failure.ofBackend():
			w.noteFailure(r, clearest(all, i))
		case t.failure == answered:
			w.noteAnswer(t.backend)
		}
	}
	if exchange.Reason(r.Reason) == exchange.ReasonExhausted {
		w.noteSpent(r, all)
	}
}

// clearest returns the attempt that says most of why one failed: of one that Envoy tried again without
// a word, that is the last, if it failed as well.
func clearest(all []try, i int) *try {
	if last := &all[len(all)-1]; all[i].failure == triedAgain && last.failure.ofBackend() {
		return last
	}
	return &all[i]
}

// noteAnswer notes that a backend has answered.
func (w *Watch) noteAnswer(backend string) {
	b := (*w.backends.Load())[backend]
	if b == nil || !b.failing.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered++
	now := w.now()
	if now.Sub(b.last) < watchCalm || !b.failing.Load() {
		return
	}
	b.failing.Store(false)
	if !b.begun {
		return
	}
	b.said = now
	w.log.Info("a backend answers again", zap.String("backend", backend), zap.Time("since", b.since), zap.Duration("lasted", b.last.Sub(b.since)), zap.Int64("failed", b.failed), zap.Int64("answered", b.answered))
}

// noteFailure notes that an attempt at a backend has failed, and what its client got of that.
func (w *Watch) noteFailure(r *policypb.Row, t *try) {
	b := w.watched(t.backend)
	if b == nil {
		return
	}
	now := w.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.failing.Load() {
		b.since, b.failed, b.answered, b.begun, b.pause = now, 0, 0, false, watchEvery
		b.failing.Store(true)
	}
	b.failed, b.last = b.failed+1, now
	if now.Sub(b.said) < b.pause {
		return
	}
	message := "a backend has begun to fail"
	if b.begun {
		message = "a backend goes on failing"
		b.pause = min(2*b.pause, watchSeldom)
	}
	b.said, b.begun = now, true
	w.log.Warn(message, zap.String("backend", t.backend), zap.String("served", t.model), zap.String("failure", string(t.failure)), zap.Int("status", t.status),
		zap.String("model", r.Route), zap.String("exchange", r.Exchange), zap.Int32("client_got", r.Status), zap.String("outcome", r.Outcome),
		zap.Time("since", b.since), zap.Int64("failed", b.failed), zap.Int64("answered", b.answered))
}

// watched returns what is known of a backend; nil: too many fail to watch another one.
func (w *Watch) watched(backend string) *watched {
	if b := (*w.backends.Load())[backend]; b != nil {
		return b
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	all := maps.Clone(*w.backends.Load())
	if b := all[backend]; b != nil {
		return b
	}
	if len(all) >= maxWatched {
		maps.DeleteFunc(all, func(_ string, b *watched) bool { return !b.failing.Load() })
	}
	if len(all) >= maxWatched {
		return nil
	}
	b := &watched{}
	all[backend] = b
	w.backends.Store(&all)
	return b
}

// noteSpent notes that every link of a chain has failed.
func (w *Watch) noteSpent(r *policypb.Row, all []try) {
	now := w.now()
	w.mu.Lock()
	s := w.spent[r.Route]
	if s == nil {
		if len(w.spent) >= maxWatched {
			clear(w.spent) // of models that policies have had
		}
		s = &spentChain{}
		w.spent[r.Route] = s
	}
	s.times++
	times := s.times
	speaks := now.Sub(s.said) >= watchEvery
	if speaks {
		s.said, s.times = now, 0
	}
	w.mu.Unlock()
	if speaks {
		w.log.Warn("every link of a chain has failed", zap.String("model", r.Route), zap.String("exchange", r.Exchange), zap.Int32("client_got", r.Status),
			zap.String("tried", triedText(all)), zap.Int64("times", times))
	}
}

// triedText lists attempts as "gpt/gpt-4o 500 status, claude/claude-sonnet-4-6 no_answer".
func triedText(all []try) string {
	said := make([]string, len(all))
	for i := range all {
		t := &all[i]
		if t.backend == "" {
			said[i] = "one without a connection"
			continue
		}
		said[i] = t.link()
		if t.status != 0 {
			said[i] += " " + strconv.Itoa(t.status)
		}
		said[i] += " " + string(t.failure)
	}
	return strings.Join(said, ", ")
}

// failing says, when it is asked, since when backends fail.
type failing struct{ *Watch }

var failingDesc = prometheus.NewDesc("headgate_backend_failing_since_seconds",
	"When the attempts at a backend began to fail that were not followed by a minute without a failure, in seconds since 1970; 0: it is well.", []string{"backend"}, nil)

// Describe implements prometheus.Collector.
func (f failing) Describe(to chan<- *prometheus.Desc) { to <- failingDesc }

// Collect implements prometheus.Collector.
func (f failing) Collect(to chan<- prometheus.Metric) {
	for backend, b := range *f.backends.Load() {
		to <- prometheus.MustNewConstMetric(failingDesc, prometheus.GaugeValue, b.failingSince(), backend)
	}
}

// failingSince is when a backend began to fail, in Unix seconds; 0: it is well.
func (b *watched) failingSince() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.failing.Load() {
		return 0
	}
	return float64(b.since.UnixMilli()) / 1e3
}
