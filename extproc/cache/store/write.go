package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy/cachepb"
)

const (
	// How much waits to be written at most. What comes then is dropped.
	maxQueue      = 4096
	maxQueueBytes = 32 << 20
	// How much is written at once.
	maxBatch      = 64
	maxBatchBytes = 4 << 20
	batchTime     = time.Second
)

// queue has entries that wait to be written. It is bounded.
type queue struct {
	entries chan *cachepb.Entry
	n       atomic.Int64 // those that are being written included
	bytes   atomic.Int64 // so, too
	once    sync.Once
	ended   chan struct{} // closed by close: nothing is put any more that must be written
	written chan struct{} // closed when the writer has ended
}

func newQueue() *queue {
	return &queue{entries: make(chan *cachepb.Entry, maxQueue), ended: make(chan struct{}), written: make(chan struct{})}
}

// push reports whether there was room.
func (q *queue) push(e *cachepb.Entry) bool {
	q.count(1, e)
	if q.bytes.Load() <= maxQueueBytes {
		select {
		case q.entries <- e:
			return true
		default:
		}
	}
	q.count(-1, e)
	return false
}

// count adds entries, or takes them away.
func (q *queue) count(sign int64, all ...*cachepb.Entry) {
	for _, e := range all {
		q.n.Add(sign)
		q.bytes.Add(sign * weight(e))
	}
}

// take waits for entries, and returns some; none: there will be none any more.
func (q *queue) take() (batch []*cachepb.Entry) {
	select {
	case e := <-q.entries:
		return q.more(e)
	default:
	}
	select {
	case e := <-q.entries:
		return q.more(e)
	case <-q.ended:
		return nil
	}
}

// more returns an entry with those that wait already, as far as they are written at once.
func (q *queue) more(first *cachepb.Entry) []*cachepb.Entry {
	batch := []*cachepb.Entry{first}
	n := weight(first)
	for len(batch) < maxBatch && n < maxBatchBytes {
		select {
		case e := <-q.entries:
			batch, n = append(batch, e), n+weight(e)
		default:
			return batch
		}
	}
	return batch
}

func (q *queue) close() { q.once.Do(func() { close(q.ended) }) }

// put has an entry written. It waits for nothing.
func (s *server) put(e *cachepb.Entry) {
	if !s.queue.push(e) {
		s.stores.metrics.drop(entries, noPlace, 1)
	}
}

// write writes what is put, until nothing is any more.
func (s *server) write(ctx context.Context) {
	defer close(s.queue.written)
	for batch := s.queue.take(); batch != nil; batch = s.queue.take() {
		switch {
		case s.breaker.lost():
			s.stores.metrics.drop(entries, reasonLost, len(batch))
		case s.full.Load():
			s.stores.metrics.drop(entries, noRoom, len(batch))
		default:
			s.announce(ctx, s.set(ctx, batch))
		}
		s.queue.count(-1, batch...)
	}
}

// set writes entries, and returns those that are there now.
func (s *server) set(ctx context.Context, batch []*cachepb.Entry) (there []*cachepb.Entry) {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	pipe, now := s.link.Client().Pipeline(), s.stores.options.Now().UnixNano()
	var asked []*cachepb.Entry
	var answers []*goredis.StatusCmd
	for _, e := range batch {
		left := time.Duration(e.Expires - now).Truncate(time.Millisecond)
		if left <= 0 || s.stores.purges.name(e) {
			pipe.Unlink(ctx, s.entryKey(Key(e.Key))) // what was there before is no better
			continue
		}
		data, err := encode(e)
		if err != nil {
			s.stores.metrics.drop(entries, invalid, 1)
			continue
		}
		asked, answers = append(asked, e), append(answers, pipe.Set(ctx, s.entryKey(Key(e.Key)), data, left))
	}
	_ = run(ctx, pipe) // the answers have its errors
	for i, a := range answers {
		if err := a.Err(); err != nil {
			s.stores.metrics.drop(entries, reason(redis.ReasonOf(err)), 1)
		} else {
			there = append(there, asked[i])
		}
	}
	return there
}

// announce says in the feed which entries are there that may be compared. It comes after they are:
// who hears of one finds it.
func (s *server) announce(ctx context.Context, all []*cachepb.Entry) {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	pipe := s.link.Client().Pipeline()
	var answers []*goredis.StringCmd
	for _, e := range all {
		if len(e.Space) == 0 || len(e.Vector) == 0 {
			continue
		}
		data, err := encode(announcement(e))
		if err != nil {
			s.stores.metrics.drop(messages, invalid, 1)
			continue
		}
		answers = append(answers, pipe.XAdd(ctx, s.message(ofEntry, data)))
	}
	_ = run(ctx, pipe) // so, too
	for _, a := range answers {
		if err := a.Err(); err != nil {
			s.stores.metrics.drop(messages, reason(redis.ReasonOf(err)), 1)
		}
	}
}
