package spool

import (
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
	lost   atomic.Int64           // records since it began
	notify atomic.Pointer[func()] // nil: nobody asked
	failed time.Time              // when it was tried last in vain; of the goroutine that makes files
}

// noteRoom notes whether a file could be made. An outage is logged as it begins and as it ends.
func (s *Spool) noteRoom(err error) {
	o, now := &s.outage, time.Now()
	on := o.why.Load() != nil
	switch {
	case err != nil:
		o.failed = now
		if !on {
			why := err.Error()
			o.lost.Store(0)
			o.why.Store(&why)
			s.options.Log.Error("the spool of rows cannot grow: when it is full, "+s.consequence(), zap.Error(err))
		}
	case on && now.Sub(o.failed) >= outageOver:
		o.why.Store(nil)
		s.options.Log.Info("the spool of rows can grow again", zap.Int64("lost", o.lost.Load()))
	default:
		return
	}
	if changed := o.notify.Load(); changed != nil && on != (err != nil) {
		(*changed)()
	}
}

// OnTrouble has a function called whenever Trouble begins or ends. It must not block.
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
	return "the spool of rows cannot grow: " + *why + "; when it is full, " + s.consequence()
}

// lose counts a record that cannot be kept.
func (s *Spool) lose(k Kind, row *policypb.Row, err error) {
	s.metrics.lost.WithLabelValues(k.String()).Inc()
	s.outage.lost.Add(1)
	s.options.Log.Debug("a record is lost", zap.String("exchange", row.Exchange), zap.Stringer("kind", k), zap.Error(err))
}
