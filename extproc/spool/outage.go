package spool

import (
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// outageOver is how long there must have been room until the lack of it is over.
const outageOver = 10 * time.Second

// outage is a time in which no file could be made. Its zero value says that there is none.
type outage struct {
	why    atomic.Pointer[string] // as it began; nil: there is room
	lost   atomic.Int64           // rows since it began
	notify atomic.Pointer[func()] // nil: nobody asked

	// Of the goroutine that makes files.
	failed time.Time // when it was tried last in vain
	said   int64     // lost, as notify was called last
	saidAt time.Time
}

// on reports whether there is one.
func (o *outage) on() bool { return o.why.Load() != nil }

// noteRoom notes whether a file could be made. An outage is logged as it begins and as it ends.
func (s *Spool) noteRoom(err error) {
	o, now := &s.outage, time.Now()
	on := o.on()
	if err != nil {
		o.failed = now
		signal(s.ready) // a file that is over can be written to again
	}
	switch {
	case err != nil && !on:
		why := err.Error()
		o.lost.Store(0)
		o.why.Store(&why)
		s.options.Log.Error("the spool of rows cannot grow: when it is full, "+s.consequence(), zap.Error(err))
	case on && now.Sub(o.failed) >= outageOver:
		o.why.Store(nil)
		s.options.Log.Info("the spool of rows can grow again", zap.Int64("lost", o.lost.Load()))
	case !on || o.lost.Load() == o.said || now.Sub(o.saidAt) < outageOver:
		return
	}
	o.said, o.saidAt = o.lost.Load(), now
	if changed := o.notify.Load(); changed != nil {
		(*changed)()
	}
}

// OnTrouble has a function called whenever Trouble begins or ends, and every now and then while
// further rows are lost. It must not block.
func (s *Spool) OnTrouble(changed func()) { s.outage.notify.Store(&changed) }

// consequence is what comes of a lack of room.
func (s *Spool) consequence() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.WhenFull == policy.WhenFullStop {
		return "requests are refused"
	}
	return "rows are lost"
}

// Trouble says what is wrong; empty: nothing.
func (s *Spool) Trouble() string {
	why := s.outage.why.Load()
	if why == nil {
		return ""
	}
	text := "the spool of rows cannot grow: " + *why + "; when it is full, " + s.consequence()
	if lost := s.outage.lost.Load(); lost > 0 {
		text += fmt.Sprintf("; %d are lost so far", lost)
	}
	return text
}

// lose counts a record that cannot be kept. The row of a request that was refused is not one of
// those that are missing: nothing is charged for it.
func (s *Spool) lose(k Kind, row *policypb.Row, err error) {
	kind := k.String()
	switch {
	case k == Closed && row.Reason != "" && row.Attempts == 0 && row.Tokens == nil:
		kind = "refused"
	case k == Closed:
		s.outage.lost.Add(1)
	}
	s.metrics.lost.WithLabelValues(kind).Inc()
	s.options.Log.Debug("a record is lost", zap.String("exchange", row.Exchange), zap.String("kind", kind), zap.Error(err))
}
