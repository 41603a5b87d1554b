package spool

import (
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
)

// Take implements record.Sink.
func (s *Spool) Take(row *policypb.Row) { s.keep(Closed, row) }

// Open implements record.Keeper.
func (s *Spool) Open(row *policypb.Row) { s.keep(Opened, row) }

// Ended implements record.Keeper.
func (s *Spool) Ended(row *policypb.Row) { s.keep(Ended, row) }

// keep appends a record. What there is no room for is counted.
func (s *Spool) keep(k Kind, row *policypb.Row) {
	if err := s.Append(k, row); err != nil {
		s.options.Log.Debug("a row is lost", zap.String("exchange", row.Exchange), zap.Error(err))
	}
}
