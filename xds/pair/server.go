// Package pair is the control plane's end of the link of each pair: what has ended there goes
// into the journal, what is counted and observed there into the view of the fleet, and each
// pair learns what it is to know of the others.
//
// The promise: rows are acknowledged once they are in the journal for good, in the order in
// which they came. A journal that fails, or a pair that does not read, holds up nothing but
// the rows of that pair. The trap: a pair sends again what was not acknowledged, so the
// journal takes each row any number of times.
package pair

import (
	"context"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

// Version is the minor version of the protocol that is spoken here. Signals, observations and
// what is known of the fleet came with version 1, purges of findings with version 2, those of
// entries in the cache with version 3.
const Version = 3

// Journal takes rows for good. It is safe for concurrent use.
type Journal interface {
	// Write returns once the rows are safe. What it has already it leaves as it is.
	Write(ctx context.Context, rows []*policypb.Row) error
}

// Signals takes what pairs count. It is safe for concurrent use, and does not wait.
type Signals interface {
	Take(region string, s *pairpb.Signals)
}

// Use is a use of a model that clients ask for.
type Use struct {
	Model string
	Use   string // written backend/model
}

// Shares says what part of their weight uses keep, in permille. It is safe for concurrent use.
type Shares interface {
	// Of returns the shares of the pairs in a region that are not whole.
	Of(region string) map[Use]int
	// Adopt takes in by which shares a pair in a region goes.
	Adopt(region string, shares map[Use]int)
}

// Keys says what pairs are given of keys. It is safe for concurrent use.
type Keys interface {
	// Since returns, in parts, what is new for a pair that has something, and what it has then.
	Since(have *pairpb.KeysState) (parts []*pairpb.Keys, then *pairpb.KeysState)
}

// Options are what a Server needs.
type Options struct {
	Journal Journal
	Keys    Keys    // nil: there are none
	Signals Signals // nil: nobody wants them
	Shares  Shares  // nil: all are whole
	Now     func() time.Time
	Log     *zap.Logger
}

// Server serves the links of all pairs.
type Server struct {
	pairpb.UnimplementedPairServiceServer
	fleet
	inquiries inquiries
	options   Options
	metrics   *metrics
}

// Register serves links on a port.
func (s *Server) Register(g *grpc.Server) { pairpb.RegisterPairServiceServer(g, s) }

// link is a stream that both ends have greeted on.
type link struct {
	*member
	stream pairpb.PairService_LinkServer
	keys   *pairpb.KeysState // that the pair has; nil: it takes none
	rows   chan *pairpb.Rows
	taken  chan uint64 // numbers of batches in the journal
	ended  chan error  // why nothing more comes
}

// maxWaiting is how many batches of a pair may wait for the journal. A pair has no more of
// them under way; of one that has, nothing is read meanwhile.
const maxWaiting = 16

// maxQuestions is how many questions may wait for a pair to be asked.
const maxQuestions = 4

// Link implements pairpb.PairServiceServer. Three goroutines serve a link: one reads, one
// writes to the journal, and this one sends, so that none of them waits for another's peer.
func (s *Server) Link(stream pairpb.PairService_LinkServer) error {
	l, err := s.greet(stream)
	if err != nil {
		return err
	}
	s.metrics.pairs.Inc()
	defer s.metrics.pairs.Dec()
	if s.options.Shares != nil && len(l.shares) > 0 {
		s.options.Shares.Adopt(l.region, l.shares)
	}
	s.join(l.member)
	defer s.leave(l.member)
	ctx, cancel := context.WithCancel(stream.Context())
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.writeRows(ctx, l)
	}()
	defer func() {
		cancel()
		<-written
	}()
	go func() { l.ended <- s.read(ctx, l) }()
	return s.send(l)
}

// greet says which version each end speaks.
func (s *Server) greet(stream pairpb.PairService_LinkServer) (*link, error) {
	first, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	hello := first.GetHello()
	if hello == nil {
		return nil, status.Error(codes.InvalidArgument, "a link begins with hello")
	}
	if err := stream.Send(&pairpb.LinkResponse{Message: &pairpb.LinkResponse_Welcome{Welcome: &pairpb.Welcome{Version: Version}}}); err != nil {
		return nil, err
	}
	return &link{
		member: newMember(hello), stream: stream, keys: hello.GetKeys(),
		rows: make(chan *pairpb.Rows, maxWaiting), taken: make(chan uint64), ended: make(chan error, 1),
	}, nil
}

// read takes what the pair says, until the stream ends.
func (s *Server) read(ctx context.Context, l *link) error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		switch m := m.GetMessage().(type) {
		case *pairpb.LinkRequest_Rows:
			select {
			case l.rows <- m.Rows:
			case <-ctx.Done():
				return ctx.Err()
			}
		case *pairpb.LinkRequest_Signals:
			if s.options.Signals != nil {
				s.options.Signals.Take(l.region, m.Signals)
			}
		case *pairpb.LinkRequest_Observed:
			s.observe(l.member, m.Observed)
		case *pairpb.LinkRequest_Purged:
			s.purged(l.member, m.Purged)
		case *pairpb.LinkRequest_Balances:
			s.inquiries.answer(l.node, m.Balances)
		default: // of a later version
		}
	}
}

// send says what there is to say, until the stream ends.
func (s *Server) send(l *link) error {
	for {
		var all []*pairpb.LinkResponse
		select {
		case number := <-l.taken:
			all = append(all, &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Taken{Taken: &pairpb.Taken{Number: number}}})
		case <-l.changed:
			all = append(s.newKeys(l), s.changes(l.member)...)
		case question := <-l.questions:
			all = append(all, question)
		case err := <-l.ended:
			return err
		}
		for _, m := range all {
			if err := l.stream.Send(m); err != nil {
				return err
			}
		}
	}
}

// newKeys returns what is new of keys, if the pair takes them.
func (s *Server) newKeys(l *link) (all []*pairpb.LinkResponse) {
	if s.options.Keys == nil || l.keys == nil {
		return nil
	}
	parts, then := s.options.Keys.Since(l.keys)
	for _, one := range parts {
		all = append(all, &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Keys{Keys: one}})
	}
	l.keys = then
	return all
}

// changes is what a pair is to know and was not sent: what it is to forget before anything else.
func (s *Server) changes(m *member) []*pairpb.LinkResponse {
	if m.version < 1 {
		return nil
	}
	all := s.takePurges(m)
	if news := s.news(m, s.sharesOf(m.region)); news != nil {
		all = append(all, news)
	}
	return all
}

func (s *Server) sharesOf(region string) map[Use]int {
	if s.options.Shares == nil {
		return nil
	}
	return s.options.Shares.Of(region)
}
