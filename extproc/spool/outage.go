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
	why    atomic.Pointer[string] // nil: there is room
	lost   atomic.Int64           // records since it began
	failed time.Time              // when it was tried last in vain; of the goroutine that makes files
}

// noteRoom notes whether a file could be made. An outage is logged as it begins and as it ends.
func (s *Spool) noteRoom(err error) {
	o, now := &s.outage, time.Now()
	on := o.why.Load() != nil
	switch {
	case err != nil:
		o.failed = now
		why := err.Error()
		if !on {
			o.lost.Store(0)
		}
		o.why.Store(&why)
		if !on {
			s.options.Log.Error("the spool of rows cannot grow: when it is full, "+s.consequence(), zap.Error(err))
		}
	case on && now.Sub(o.failed) >= outageOver:
		o.why.Store(nil)
		s.options.Log.Info("the spool of rows can grow again", zap.Int64("lost", o.lost.Load()))
	default:
		return
	}
	if changed := s.options.OnTrouble; changed != nil && on != (err != nil) {
		changed()
	}
}

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
	text := "the spool of rows cannot grow: " + *why
	if n := s.outage.lost.Load(); n > 0 {
		text += fmt.Sprintf("; records lost: %d", n)
	}
	return text
}

// lose counts a record that cannot be kept.
func (s *Spool) lose(k Kind, row *policypb.Row, err error) {
	s.metrics.lost.WithLabelValues(k.String()).Inc()
	s.outage.lost.Add(1)
	s.options.Log.Debug("a record is lost", zap.String("exchange", row.Exchange), zap.Stringer("kind", k), zap.Error(err))
}
