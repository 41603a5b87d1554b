package pair

import (
	"context"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// Back-off between attempts to write a batch. The pair has it as well, so nothing is lost
// meanwhile.
const (
	againBase = 100 * time.Millisecond
	againMax  = 5 * time.Second
)

// writeRows writes the batches of a link, one after the other, until ctx is done.
func (s *Server) writeRows(ctx context.Context, l *link) {
	for {
		select {
		case batch := <-l.rows:
			if !s.write(ctx, s.readable(l.node, batch)) {
				return
			}
			select {
			case l.taken <- batch.GetNumber():
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// write writes rows as often as it takes, and reports whether they are in the journal.
func (s *Server) write(ctx context.Context, rows []*policypb.Row) bool {
	for wait := againBase; ; wait = min(2*wait, againMax) {
		err := s.options.Journal.Write(ctx, rows)
		if err == nil {
			s.metrics.rows.Add(float64(len(rows)))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.metrics.failed.Inc() // the database logs an outage once
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return false
		}
	}
}

// readable returns the rows of a batch. One that cannot be read is counted and left out: it
// will not be readable the next time either.
func (s *Server) readable(node string, batch *pairpb.Rows) []*policypb.Row {
	rows := make([]*policypb.Row, 0, len(batch.GetRows()))
	for _, message := range batch.GetRows() {
		row := &policypb.Row{}
		if err := proto.Unmarshal(message, row); err != nil || row.Exchange == "" {
			s.metrics.unreadable.Inc()
			s.options.Log.Error("a pair sent a row that cannot be read", zap.String("node", node), zap.Error(err))
			continue
		}
		rows = append(rows, row)
	}
	return rows
}
