package cache

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/policy/cachepb"
)

// learner has the index learn of entries. One whose vector another embedder has made gets a new one,
// beside the exchanges: vectors of two embedders cannot be compared. It is safe for concurrent use.
type learner struct {
	*index.Index
	metrics *metrics
	queue   chan store.Key
	running sync.WaitGroup
	stop    context.CancelFunc

	mu      sync.Mutex
	current embed.Embedder // of the newest policy in effect that compares questions; nil: none does
	handle  *store.Handle
}

const (
	maxRenewed   = 100_000 // entries that wait for a vector: more than a feed has by default
	renewTimeout = 30 * time.Second
)

func newLearner(x *index.Index, m *metrics) *learner {
	ctx, stop := context.WithCancel(context.Background())
	l := &learner{Index: x, metrics: m, queue: make(chan store.Key, maxRenewed), stop: stop}
	l.running.Go(func() { l.run(ctx) })
	return l
}

func (l *learner) close() {
	l.stop()
	l.running.Wait()
}

// use has vectors made by an embedder from now on, and those of entries that have another's beside
// the exchanges.
func (l *learner) use(e embed.Embedder, handle *store.Handle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	another := l.current == nil || l.current.ID() != e.ID()
	l.current, l.handle = e, handle
	if another {
		l.running.Go(handle.Relearn)
	}
}

func (l *learner) now() (embed.Embedder, *store.Handle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current, l.handle
}

// Add implements store.Index.
func (l *learner) Add(e *cachepb.Entry) {
	current, _ := l.now()
	if current == nil || e.GetEmbedder() == current.ID() {
		l.Index.Add(e)
		return
	}
	select {
	case l.queue <- store.Key(e.GetKey()):
	default:
		l.metrics.renewed[renewDropped].Inc()
	}
}

func (l *learner) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case key := <-l.queue:
			l.metrics.renewed[l.renew(ctx, key)].Inc()
		}
	}
}

// renew gives the entry of a key a vector of the current embedder. Another pair may have done so.
func (l *learner) renew(ctx context.Context, key store.Key) renewal {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	current, handle := l.now()
	e, err := handle.Get(ctx, key)
	switch {
	case err != nil:
		return renewFailed
	case e == nil || e.GetQuestion() == "":
		return renewDropped
	case e.GetEmbedder() == current.ID():
		l.Index.Add(e)
		return renewDone
	}
	vector, err := current.Embed(ctx, nil, e.GetQuestion())
	if err != nil {
		return renewFailed
	}
	again := proto.CloneOf(e)
	again.Embedder, again.Vector = current.ID(), vector
	handle.Put(again)
	return renewDone
}
