package shared

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/redis"
)

const (
	maxQueue  = 10_000
	batch     = 128
	batchTime = time.Second
	// debtKept is how long Redis knows that a sum was handed in.
	debtKept = 10 * time.Minute
)

// queue has settlements in the order in which they came. It is bounded.
type queue struct {
	mu  sync.Mutex
	all []ledger.Settlement
	out int // were taken, and it is not known yet what becomes of them
}

// push reports whether there was a place.
func (q *queue) push(one ledger.Settlement) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.all) >= maxQueue {
		return false
	}
	q.all = append(q.all, one)
	return true
}

func (q *queue) take(n int) []ledger.Settlement {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.all))
	first := slices.Clone(q.all[:n])
	q.all, q.out = slices.Delete(q.all, 0, n), q.out+n
	return first
}

// done ends a take of so many, and puts those back that are still to be settled.
func (q *queue) done(n int, back []ledger.Settlement) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all, q.out = slices.Insert(q.all, 0, back...), q.out-n
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.all) + q.out
}

// owe has a claim settled that Redis may have granted. If there are too many, Redis gives the
// claim back when it expires, and is owed the sum.
func (s *server) owe(c *ledger.Claim, used []int64) {
	one := ledger.Settlement{
		Claim: &ledger.Claim{ID: c.ID, TTL: c.TTL, Limits: slices.Clone(c.Limits)}, Used: slices.Clone(used),
	}
	if !s.queue.push(one) {
		s.oweSum(c, c.Limits, used)
	}
	s.rouse()
}

// oweSum adds to what Redis is owed.
func (s *server) oweSum(c *ledger.Claim, parts []ledger.Limit, used []int64) {
	if n := s.debts.Add(c.Limits, parts, used, s.stores.options.Now()); n > 0 {
		s.dropped(n, "too many limits have something to be handed in")
	}
	s.rouse()
}

func (s *server) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// handIn settles what is owed. It reports whether nothing was left.
func (s *server) handIn(ctx context.Context) bool {
	for {
		if s.queue.len() == 0 {
			s.queue.done(0, s.debts.Take(batch, s.debtID, debtKept, s.stores.options.Now()))
		}
		all := s.queue.take(batch)
		if len(all) == 0 {
			return true
		}
		within, cancel := context.WithTimeout(ctx, batchTime)
		failed, err := s.remote().SettleAll(within, all)
		cancel()
		if err != nil && redis.ReasonOf(err) == redis.ReasonScript {
			s.dropped(len(failed), s.link.Redacted(err).Error())
			failed, err = nil, nil
		}
		if s.queue.done(len(all), failed); err != nil {
			s.failed(err)
			return false
		}
	}
}

// debtID names a sum: one that is handed in again counts once.
func (s *server) debtID() string {
	return "debt-" + strconv.FormatInt(s.stores.options.Now().UnixNano(), 36) + "-" + strconv.FormatUint(s.serial.Add(1), 36)
}

// dropped counts what is never handed in.
func (s *server) dropped(n int, why string) {
	if n == 0 {
		return
	}
	s.stores.metrics.dropped.Add(float64(n))
	s.stores.options.Log.Error("what was used is not handed in to Redis", s.field(), zap.Int("settlements", n), zap.String("why", why))
}
