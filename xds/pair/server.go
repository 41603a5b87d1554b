// Package pair is the control plane's end of the link of each pair: what has ended there goes
// into the journal.
//
// The promise: rows are acknowledged once they are in the journal for good, in the order in
// which they came. The trap: a pair sends again what was not acknowledged, so the journal takes
// each row any number of times.
package pair

import (
	"context"
	"fmt"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// Version is the minor version of the protocol that is spoken here.
const Version = 1

// Journal takes rows for good. It is safe for concurrent use.
type Journal interface {
	// Write returns once the rows are safe. What it has already it leaves as it is.
	Write(ctx context.Context, rows []*policypb.Row) error
}

// Server serves the links of all pairs.
type Server struct {
	pairpb.UnimplementedPairServiceServer
	journal Journal
	metrics *metrics
	log     *zap.Logger
}

// Register serves links on a port.
func (s *Server) Register(g *grpc.Server) { pairpb.RegisterPairServiceServer(g, s) }

// Link implements pairpb.PairServiceServer. One batch is written at a time: what a pair sends
// meanwhile waits in gRPC's window, and then at the pair.
func (s *Server) Link(stream pairpb.PairService_LinkServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	hello := first.GetHello()
	if hello == nil {
		return status.Error(codes.InvalidArgument, "a link begins with hello")
	}
	if err := stream.Send(&pairpb.LinkResponse{Message: &pairpb.LinkResponse_Welcome{Welcome: &pairpb.Welcome{Version: Version}}}); err != nil {
		return err
	}
	s.metrics.pairs.Inc()
	defer s.metrics.pairs.Dec()
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		rows := m.GetRows()
		if rows == nil {
			continue // of a later version
		}
		if err := s.take(stream.Context(), hello.GetNode(), rows); err != nil {
			return err
		}
		if err := stream.Send(&pairpb.LinkResponse{Message: &pairpb.LinkResponse_Taken{Taken: &pairpb.Taken{Number: rows.GetNumber()}}}); err != nil {
			return err
		}
	}
}

// take writes a batch. A row that cannot be read is counted and left out: it will not be
// readable the next time either.
func (s *Server) take(ctx context.Context, node string, batch *pairpb.Rows) error {
	rows := make([]*policypb.Row, 0, len(batch.GetRows()))
	for _, message := range batch.GetRows() {
		row := &policypb.Row{}
		if err := proto.Unmarshal(message, row); err != nil || row.Exchange == "" {
			s.metrics.unreadable.Inc()
			s.log.Error("a pair sent a row that cannot be read", zap.String("node", node), zap.Error(err))
			continue
		}
		rows = append(rows, row)
	}
	if err := s.journal.Write(ctx, rows); err != nil {
		s.metrics.failed.Inc() // the database logs an outage once
		return status.Error(codes.Unavailable, fmt.Sprintf("the journal could not be written: %v", err))
	}
	s.metrics.rows.Add(float64(len(rows)))
	return nil
}
