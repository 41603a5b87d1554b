package extproc

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/exchange"
)

// Shares of the memory that the process may use. A body is there four times at worst: in Envoy's
// buffer, as it came here, as it was written anew, and as garbage.
const (
	bodiesShare  = 4 // bodies may hold a fourth, if the policy says no other bound
	garbageShare = 2 // from half of it on Go collects garbage at any cost
	answersShare = 4 // answers may go a fourth beyond the bound: they have been paid for
)

// bodies bounds what the bodies of all exchanges hold together. It is safe for concurrent use.
type bodies struct {
	total int64        // bytes of memory that the process may use; 0: unknown
	bound atomic.Int64 // bytes; 0: there is none

	full    seldom // of refusals, because bodies hold all that they may
	bombs   seldom // of requests that unpack to far too much
	log     *zap.Logger
	metrics *Metrics // has what is held
	now     func() time.Time
}

// seldom says when to log again what may happen all the time: once a minute at most. It is safe for
// concurrent use.
type seldom struct{ last atomic.Int64 } // Unix nanoseconds; 0: never

const logEvery = time.Minute

// due reports whether it is time to log, and counts as having done so.
func (s *seldom) due(now time.Time) bool {
	at, last := now.UnixNano(), s.last.Load()
	return (last == 0 || at-last >= int64(logEvery)) && s.last.CompareAndSwap(last, at)
}

// use takes the bound of a policy: of one that says none, a share of the memory. A body of the
// greatest size must fit.
func (b *bodies) use(said, body int64) {
	bound := said
	if bound == 0 {
		bound = b.total / bodiesShare
	}
	if bound > 0 {
		bound = max(bound, body)
	}
	if b.bound.Swap(bound) == bound {
		return
	}
	b.metrics.bodiesBound.Set(float64(bound))
	b.collect(bound)
	b.log.Info("bodies may hold memory together", zap.Int64("bytes", bound), zap.Int64("of", b.total))
}

// collect has Go collect garbage sooner than that the process has no memory left, unless the
// environment says when.
func (b *bodies) collect(bound int64) {
	if b.total > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(b.total, max(b.total/garbageShare, garbageShare*bound)))
	}
}

// room is what bodies may hold together, in bytes.
func (b *bodies) room() int64 {
	if bound := b.bound.Load(); bound > 0 {
		return bound
	}
	return math.MaxInt64 / 2
}

// take takes n bytes, unless all together are more than a limit then.
func (b *bodies) take(n, limit int64) bool {
	all := &b.metrics.bodiesHeld
	for {
		held := all.Load()
		if held+n > limit {
			return false
		}
		if all.CompareAndSwap(held, held+n) {
			return true
		}
	}
}

// add counts n bytes that are there already, or fewer if n is negative.
func (b *bodies) add(n int64) { b.metrics.bodiesHeld.Add(n) }

// refuse counts a body that did not fit.
func (b *bodies) refuse(what string) exchange.Verdict {
	b.metrics.bodiesRefused.WithLabelValues(what).Inc()
	if b.full.due(b.now()) {
		b.log.Warn("bodies hold all the memory that they may: more are refused", zap.String("refused", what),
			zap.Int64("bytes", b.metrics.bodiesHeld.Load()), zap.Int64("bound", b.bound.Load()))
	}
	v := exchange.Denied(503, exchange.ReasonMemory, "The gateway holds as many bytes of other "+what+"s as it may. Try again.")
	v.Retry = time.Second
	return v
}

// bomb refuses a request of n bytes that unpacks to far more.
func (b *bodies) bomb(n int) exchange.Verdict {
	b.metrics.bombs.Inc()
	if b.bombs.due(b.now()) {
		b.log.Warn("a request unpacks to far more than its length: it is refused", zap.Int("bytes", n), zap.Int("times", maxRatio))
	}
	return exchange.Denied(413, exchange.ReasonTooLarge,
		fmt.Sprintf("The request body of %d bytes unpacks to more than %d times as many, which this gateway does not take.", n, maxRatio))
}

// hold is what the bodies of one exchange hold. Not for concurrent use.
type hold struct {
	all    *bodies
	asked  int64 // bytes of the request
	answer int64 // bytes of the answer, or what is held of its stream
}

// takeRequest raises what the request holds to n bytes. It returns false if that does not fit.
func (h *hold) takeRequest(n int64) bool {
	more := n - h.asked
	if more <= 0 {
		return true
	}
	if !h.all.take(more, h.all.room()) {
		return false
	}
	h.asked = n
	return true
}

// takeAnswer takes n bytes for an answer that is to come. It returns false if that does not fit.
func (h *hold) takeAnswer(n int64) bool {
	if n <= 0 {
		return true
	}
	if room := h.all.room(); !h.all.take(n, room+room/answersShare) {
		return false
	}
	h.answer += n
	return true
}

// holds counts what is there of the answer. It is not refused: it is given away soonest if it is
// passed on.
func (h *hold) holds(n int64) {
	if n != h.answer {
		h.all.add(n - h.answer)
		h.answer = n
	}
}

// Unpacked implements exchange.Memory.
func (h *hold) Unpacked(n int) { h.holds(h.answer + int64(n)) }

// release gives back all that the exchange held.
func (h *hold) release() {
	if n := h.asked + h.answer; n != 0 {
		h.all.add(-n)
		h.asked, h.answer = 0, 0
	}
}
