package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/redis"
)

// The fields of the feed's messages. A message has one.
const (
	ofEntry = "e" // a frame of an entry without its answer
	ofPurge = "p" // the ID of a purge
)

const (
	// feedBatch is how many messages are read at once.
	feedBatch = 128
	// feedWait is how long a reader waits for the next one before it asks again.
	feedWait = 2 * time.Second
	// How many messages the feed keeps, about: as many as vectors of pairs have a place in memory.
	minFeed, maxFeed = 1000, 1_000_000
	messageBytes     = 1 << 10
	maxFeedRetry     = 4 * time.Second
)

// feed is how far the messages of other pairs have been read.
type feed struct {
	length atomic.Int64 // of the newest policy
	lag    atomic.Int64 // age of the message that was read last; 0: there are no others
	anew   atomic.Bool  // it is to be read from its beginning
	logged bool         // that it cannot be read
	cursor cursor
}

func (f *feed) begin() { f.length.Store(minFeed) }

// allow sets how much memory there is for vectors.
func (f *feed) allow(bytes int64) {
	f.length.Store(max(minFeed, min(maxFeed, bytes/messageBytes)))
}

// message is one for the feed.
func (s *server) message(field string, value any) *goredis.XAddArgs {
	return &goredis.XAddArgs{Stream: s.feedKey(), MaxLen: s.feed.length.Load(), Approx: true, Values: []any{field, value}}
}

// listen reads the feed, until ctx ends.
func (s *server) listen(ctx context.Context) {
	wait := tick
	for ctx.Err() == nil {
		began := time.Now()
		s.feedFailed(ctx, s.follow(ctx))
		if time.Since(began) > maxFeedRetry {
			wait = tick
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, maxFeedRetry)
	}
}

// feedFailed logs that the feed cannot be read, once.
func (s *server) feedFailed(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || s.feed.logged {
		return
	}
	s.feed.logged = true
	s.stores.options.Log.Warn("what other pairs put into the cache is not known: the feed in Redis cannot be read", s.field(),
		zap.String("reason", string(redis.ReasonOf(err))), zap.Error(s.link.Redacted(err)))
}

// follow reads the feed as long as it can be read, and Redis is where it was.
func (s *server) follow(ctx context.Context) error {
	client := s.link.Client()
	if err := s.learnPurges(ctx, client); err != nil {
		return err
	}
	s.synced.Store(client)
	if err := s.seek(ctx, client); err != nil {
		return err
	}
	if s.feed.logged {
		s.feed.logged = false
		s.stores.options.Log.Info("the cache's feed in Redis is read again", s.field())
	}
	for ctx.Err() == nil && client == s.link.Client() {
		if err := s.readFeed(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// seek goes back to the beginning of a feed that has not come as far as the one that was read: it
// is another one.
func (s *server) seek(ctx context.Context, client goredis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, feedWait)
	defer cancel()
	last, err := client.XRevRangeN(ctx, s.feedKey(), "+", "-", 1).Result()
	if err != nil {
		return err
	}
	if len(last) == 0 || cursorOf(last[0].ID).before(s.feed.cursor) {
		s.feed.cursor = cursor{}
	}
	return nil
}

// readFeed reads some messages, or waits for one.
func (s *server) readFeed(ctx context.Context, client goredis.UniversalClient) error {
	if s.feed.anew.CompareAndSwap(true, false) {
		s.feed.cursor = cursor{}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*feedWait)
	defer cancel()
	streams, err := client.XRead(ctx, &goredis.XReadArgs{
		Streams: []string{s.feedKey(), s.feed.cursor.String()}, Count: feedBatch, Block: feedWait,
	}).Result()
	if errors.Is(err, goredis.Nil) {
		s.feed.lag.Store(0)
		return nil
	}
	if err != nil {
		return err
	}
	for _, one := range streams {
		for i := range one.Messages {
			if err := s.heard(ctx, client, &one.Messages[i]); err != nil {
				return err
			}
		}
		s.lags(one.Messages)
	}
	return nil
}

// lags notes how old the last of the messages is, if there are more.
func (s *server) lags(read []goredis.XMessage) {
	lag := time.Duration(0)
	if len(read) == feedBatch {
		lag = max(1, time.Since(time.UnixMilli(s.feed.cursor.millis)))
	}
	s.feed.lag.Store(int64(lag))
}

// heard takes a message in.
func (s *server) heard(ctx context.Context, client goredis.UniversalClient, m *goredis.XMessage) error {
	if id, ok := m.Values[ofPurge].(string); ok {
		if err := s.learnPurge(ctx, client, id); err != nil {
			return err
		}
	} else if frame, ok := m.Values[ofEntry].(string); ok {
		s.heardOf([]byte(frame))
	} else {
		s.stores.metrics.unreadable(foreign)
	}
	s.feed.cursor = cursorOf(m.ID)
	return nil
}

// heardOf has the index learn of an entry.
func (s *server) heardOf(frame []byte) {
	e, err := decode(frame)
	if err != nil {
		s.stores.metrics.unreadable(err)
		return
	}
	s.stores.metrics.heard.Inc()
	if e.Expires > s.stores.options.Now().UnixNano() {
		s.stores.learn(e)
	}
}

// cursor is the ID of a message.
type cursor struct {
	millis int64 // since 1970, by the clock of Redis
	number uint64
}

// cursorOf reads an ID as Redis writes it.
func cursorOf(id string) (c cursor) {
	millis, number, _ := strings.Cut(id, "-")
	c.millis, _ = strconv.ParseInt(millis, 10, 64)
	c.number, _ = strconv.ParseUint(number, 10, 64)
	return c
}

// String returns the ID.
func (c cursor) String() string {
	return strconv.FormatInt(c.millis, 10) + "-" + strconv.FormatUint(c.number, 10)
}

func (c cursor) before(other cursor) bool {
	return c.millis < other.millis || c.millis == other.millis && c.number < other.number
}
