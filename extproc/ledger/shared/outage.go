package shared

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy"
)

// maxFailures is how many calls in a row may fail until Redis is lost: from then on no request
// waits for it.
const maxFailures = 3

// outage is whether Redis is lost. Its zero value: it is not.
type outage struct {
	lost     atomic.Bool
	failures atomic.Int32  // in a row
	claims   atomic.Uint64 // that were decided without Redis, since it was there

	mu     sync.Mutex
	since  time.Time
	why    redis.Reason
	ended  time.Time     // when Redis was back last
	notFor time.Duration // from since: Redis is not probed
	logged bool
}

const (
	// soon is within which an outage goes on, although Redis seemed to be back.
	soon      = 10 * time.Second
	maxNotFor = 4 * time.Second
)

// answered notes that a call succeeded.
func (o *outage) answered() {
	if o.failures.Load() != 0 {
		o.failures.Store(0)
	}
}

// failed notes that a call failed, and says why.
func (s *server) failed(err error) reason {
	why := redis.ReasonOf(err)
	if s.outage.failures.Add(1) < maxFailures || s.outage.lost.Load() {
		return reason(why)
	}
	s.lose(why, err)
	return reason(why)
}

func (s *server) lose(why redis.Reason, err error) {
	o := &s.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost.Load() {
		return
	}
	o.since, o.why = s.stores.options.Now(), why
	again := o.since.Sub(o.ended) < soon
	o.notFor = min(2*o.notFor, maxNotFor)
	if !again {
		o.notFor = tick
	}
	if o.logged = !again; o.logged {
		s.stores.options.Log.Warn("Redis is lost; "+consequence(*s.whenLost.Load()), s.field(), zap.String("reason", string(why)), errField(s.link.Redacted(err)))
	}
	o.lost.Store(true)
	s.stores.notify()
}

// mayBeBack reports whether it is time to probe. Of a Redis that is lost again and again that is
// after longer each time.
func (o *outage) mayBeBack(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Sub(o.since) >= o.notFor
}

// recovered ends an outage.
func (s *server) recovered() {
	o := &s.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = s.stores.options.Now()
	o.failures.Store(0)
	o.lost.Store(false)
	if claims := o.claims.Swap(0); o.logged {
		s.stores.options.Log.Info("Redis is back; what was used meanwhile is handed in", s.field(),
			zap.Duration("lost_for", o.ended.Sub(o.since)), zap.Uint64("claims_decided_here", claims))
	}
	s.stores.notify()
}

// trouble says what comes of the outage; empty: there is none.
func (s *server) trouble() string {
	o := &s.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lost.Load() {
		return ""
	}
	return "Redis (" + s.link.Name() + ") is lost since " + o.since.UTC().Format("2006-01-02T15:04:05Z") + " (" + string(o.why) + "): " + consequence(*s.whenLost.Load())
}

func consequence(w policy.WhenLost) string {
	switch w {
	case policy.WhenLostOpen:
		return "no request is refused for a quota"
	case policy.WhenLostClosed:
		return "requests that have a quota are refused"
	case policy.WhenLostLocal:
	}
	return "this pair holds to its part of each quota by itself"
}

// notify says that Trouble has changed, on a goroutine of its own: a request does not wait for
// whoever is interested.
func (s *Stores) notify() {
	if changed := s.changed.Load(); changed != nil {
		go (*changed)()
	}
}

func (s *server) field() zap.Field { return zap.String("url_from", s.link.Name()) }

func errField(err error) zap.Field { return zap.Error(err) }
