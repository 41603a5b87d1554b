package spool

import (
	"errors"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// Take implements record.Sink.
func (s *Spool) Take(row *policypb.Row) { s.keep(Closed, row) }

// Open implements record.Keeper.
func (s *Spool) Open(row *policypb.Row) { s.keep(Opened, row) }

// Ended implements record.Keeper.
func (s *Spool) Ended(row *policypb.Row) { s.keep(Ended, row) }

// keep appends a record. What there is no room for is counted, but for the row of an exchange
// that was opened: it waits for room.
func (s *Spool) keep(k Kind, row *policypb.Row) {
	err := s.Append(k, row)
	switch {
	case err == nil:
	case k == Opened && errors.Is(err, ErrFull) && s.admitted(row):
	case k == Closed && errors.Is(err, ErrFull) && s.wait(row):
	default:
		s.lose(k, row, err)
	}
}

// admitted notes an exchange as opened whose record has no place, if the policy says that nothing
// is served without a row: it began while there was room.
func (s *Spool) admitted(row *policypb.Row) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.WhenFull != policy.WhenFullStop {
		return false
	}
	if _, known := s.open[nameOf(row)]; !known {
		s.open[nameOf(row)] = place{}
	}
	return true
}

// wait has the row of an exchange written once there is room, if it was opened.
func (s *Spool) wait(row *policypb.Row) bool {
	s.mu.Lock()
	_, known := s.open[nameOf(row)]
	if known {
		s.late = append(s.late, row)
	}
	s.mu.Unlock()
	signal(s.room)
	return known
}
