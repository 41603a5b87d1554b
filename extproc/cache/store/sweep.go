package store

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/redis"
)

const (
	// sweepBatch is how many entries a sweep looks at at once. It rests for as long as that took,
	// so that it takes half of a core of Redis at most.
	sweepBatch = 256
	// headBytes is how much of an entry is read to see what it is of; few need more.
	headBytes = 2 << 10
	// sweeperFor is for how long one pair sweeps alone after it gave the last sign of life.
	sweeperFor = time.Minute
	sweepTime  = 10 * time.Second // of one batch
	sweepRetry = 2 * time.Second
)

// sweepPurged records purges, and deletes what they name, until ctx ends.
func (s *server) sweepPurged(ctx context.Context) {
	for {
		err := s.record(ctx)
		if err == nil {
			err = s.sweep(ctx)
		}
		var again <-chan time.Time
		if err != nil {
			again = time.After(sweepRetry)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.purges.wake:
		case <-again:
		}
	}
}

// sweep deletes what purges name that no pair has swept after yet, unless another pair is at it.
func (s *server) sweep(ctx context.Context) error {
	todo, err := s.unswept(ctx)
	if err != nil || len(todo) == 0 {
		return err
	}
	client := s.link.Client()
	alone, err := client.SetNX(ctx, s.sweeperKey(), "1", sweeperFor).Result()
	if err != nil {
		return err
	}
	if !alone {
		return errors.New("another pair sweeps")
	}
	todo, err = s.unswept(ctx)
	if err == nil && len(todo) > 0 {
		err = s.sweepAll(ctx, client, todo)
	}
	return errors.Join(err, client.Unlink(ctx, s.sweeperKey()).Err())
}

// unswept takes in the purges that Redis knows of, and returns those after which is to be swept. It
// has Redis forget those that no entry can be older than.
func (s *server) unswept(ctx context.Context) (todo []record, err error) {
	client := s.link.Client()
	all, err := s.recorded(ctx, client)
	if err != nil {
		return nil, err
	}
	var old []string
	for _, r := range all {
		s.stores.apply(&r.Purge, s)
		if r.At.Before(s.stores.options.Now().Add(-purgeKept)) {
			old = append(old, r.ID)
		} else if !r.Swept {
			todo = append(todo, r)
		}
	}
	if len(old) > 0 {
		err = client.HDel(ctx, s.purgesKey(), old...).Err()
	}
	return todo, err
}

// sweepAll deletes what the purges name.
func (s *server) sweepAll(ctx context.Context, client goredis.UniversalClient, todo []record) error {
	var gone atomic.Int64
	one := sweeper{server: s, named: newPurges(), gone: &gone}
	for i := range todo {
		one.named.add(&todo[i].Purge)
	}
	err := one.run(ctx, client)
	s.stores.metrics.swept(err, gone.Load())
	if err != nil {
		if ctx.Err() == nil {
			s.stores.options.Log.Warn("what was purged is not deleted from Redis yet; it is not given", s.field(),
				zap.String("reason", string(redis.ReasonOf(err))), zap.Error(s.link.Redacted(err)))
		}
		return err
	}
	pipe := client.Pipeline()
	for _, r := range todo {
		r.Swept = true
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		pipe.HSet(ctx, s.purgesKey(), r.ID, data)
	}
	return run(ctx, pipe)
}

// sweeper deletes what purges name.
type sweeper struct {
	server *server
	named  *purges
	gone   *atomic.Int64
}

func (w *sweeper) run(ctx context.Context, client goredis.UniversalClient) error {
	sweep := func(ctx context.Context, node *goredis.Client) error { return w.entries(ctx, node, client) }
	var err error
	if cluster, ok := client.(*goredis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, sweep)
	} else if node, ok := client.(*goredis.Client); ok {
		err = sweep(ctx, node)
	}
	return errors.Join(err, w.messages(ctx, client))
}

// pause keeps the sweep to this pair, and lets Redis rest for as long as a batch took.
func (w *sweeper) pause(ctx context.Context, client goredis.UniversalClient, began time.Time) error {
	if err := client.PExpire(ctx, w.server.sweeperKey(), sweeperFor).Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(time.Since(began), time.Second)):
		return nil
	}
}

// entries deletes entries of one node.
func (w *sweeper) entries(ctx context.Context, node *goredis.Client, client goredis.UniversalClient) error {
	for at := uint64(0); ; {
		began := time.Now()
		names, next, err := w.scan(ctx, node, at)
		if err == nil {
			err = w.delete(ctx, node, names)
		}
		if err == nil {
			err = w.pause(ctx, client, began)
		}
		if err != nil || next == 0 {
			return err
		}
		at = next
	}
}

func (w *sweeper) scan(ctx context.Context, node *goredis.Client, at uint64) ([]string, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	return node.Scan(ctx, at, w.server.prefix+"cache:e:*", sweepBatch).Result()
}

// delete deletes those of some entries that are purged.
func (w *sweeper) delete(ctx context.Context, node *goredis.Client, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	heads, err := readHeads(ctx, node, names)
	if err != nil {
		return err
	}
	pipe := node.Pipeline()
	for i, head := range heads {
		if w.purged(ctx, node, names[i], head) {
			pipe.Unlink(ctx, names[i])
			w.gone.Add(1)
		}
	}
	return run(ctx, pipe)
}

// readHeads reads how entries begin; nil: that one is none.
func readHeads(ctx context.Context, node *goredis.Client, names []string) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	pipe := node.Pipeline()
	answers := make([]*goredis.StringCmd, len(names))
	for i, name := range names {
		answers[i] = pipe.GetRange(ctx, name, 0, headBytes-1)
	}
	_ = run(ctx, pipe) // the answers have its errors
	heads := make([][]byte, len(names))
	for i, a := range answers {
		head, err := a.Bytes()
		if err != nil && !goredis.HasErrorPrefix(err, "WRONGTYPE") {
			return nil, err
		}
		heads[i] = head
	}
	return heads, nil
}

// purged reports whether an entry is one of this pair's kind, under its own name, and purged.
func (w *sweeper) purged(ctx context.Context, node *goredis.Client, name string, head []byte) bool {
	e, err := decodeHead(head)
	var need cut
	if errors.As(err, &need) {
		if head, err = node.GetRange(ctx, name, 0, int64(need)-1).Bytes(); err == nil {
			e, err = decodeHead(head)
		}
	}
	return err == nil && len(e.Key) == len(Key{}) && w.server.entryKey(Key(e.Key)) == name && w.named.name(e)
}

// messages deletes the feed's messages of entries that are purged.
func (w *sweeper) messages(ctx context.Context, client goredis.UniversalClient) error {
	for from := "-"; ; {
		began := time.Now()
		last, err := w.someMessages(ctx, client, from)
		if err == nil {
			err = w.pause(ctx, client, began)
		}
		if err != nil || last == "" {
			return err
		}
		from = "(" + last
	}
}

// someMessages returns the ID of the last one it looked at; empty: there was none.
func (w *sweeper) someMessages(ctx context.Context, client goredis.UniversalClient, from string) (last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	some, err := client.XRangeN(ctx, w.server.feedKey(), from, "+", sweepBatch).Result()
	if err != nil || len(some) == 0 {
		return "", err
	}
	var gone []string
	for _, m := range some {
		frame, _ := m.Values[ofEntry].(string)
		if e, err := decodeHead([]byte(frame)); err == nil && w.named.name(e) {
			gone = append(gone, m.ID)
		}
	}
	if len(gone) > 0 {
		err = client.XDel(ctx, w.server.feedKey(), gone...).Err()
	}
	return some[len(some)-1].ID, err
}
