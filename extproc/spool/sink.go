package spool

import (
	"errors"

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
	if err == nil || k == Closed && errors.Is(err, ErrFull) && s.wait(row) {
		return
	}
	s.lose(k, row, err)
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
