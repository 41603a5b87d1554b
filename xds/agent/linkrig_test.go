package agent

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// shelf is a backlog in memory, of one row a batch.
type shelf struct {
	more chan struct{} // something was added, or is to be read again

	mu    sync.Mutex
	rows  []string
	next  int // to be returned
	taken int // the first that was not taken
}

func newShelf() *shelf { return &shelf{more: make(chan struct{}, 1)} }

func (s *shelf) add(rows ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *shelf) Next(ctx context.Context) ([][]byte, func(), error) {
	for {
		s.mu.Lock()
		if at := s.next; at < len(s.rows) {
			s.next++
			row := s.rows[at]
			s.mu.Unlock()
			return [][]byte{[]byte(row)}, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.taken = max(s.taken, at+1)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

func (s *shelf) Rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = s.taken
}

func (s *shelf) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[s.taken:]
}

// own is what a pair says of itself, and has learnt.
type own struct {
	mu      sync.Mutex
	counted int64
	out     []Outage
	news    []News
	forgot  []string
	purged  []*pairpb.Entries
}

func (o *own) Drain() *pairpb.Signals {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counted == 0 {
		return nil
	}
	s := &pairpb.Signals{Exchanges: []*pairpb.Exchanges{{Count: o.counted}}}
	o.counted = 0
	return s
}

func (o *own) count(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counted += n
}

func (o *own) Out() []Outage {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.out)
}

func (o *own) Shares() []Share {
	return []Share{{Model: "m", Use: "a/x", Permille: 300}}
}

func (o *own) Learn(n News) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.news = append(o.news, n)
}

func (o *own) Forget(backend string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.out)
	o.out = slices.DeleteFunc(o.out, func(out Outage) bool { return out.Backend == backend })
	o.forgot = append(o.forgot, backend)
	return before - len(o.out)
}

// Purge finds three entries that are to be forgotten.
func (o *own) Purge(e *pairpb.Entries) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.purged = append(o.purged, e)
	return 3
}

func (o *own) learnt() []News {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.news)
}

// plane is a control plane that is linked to pairs, and says what the test does.
type plane struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	pairpb.UnimplementedPairServiceServer
	refuses error // every link
	welcome *pairpb.Welcome
	says    []*pairpb.LinkResponse // after the welcome
	reads   bool
	takes   bool // acknowledges rows

	mu      sync.Mutex
	links   int
	hello   *pairpb.Hello
	rows    []string
	counted int64
	left    []*pairpb.Balances
	spans   []time.Duration
	seen    []*pairpb.Observed
	purged  []*pairpb.Purged
	unasked []string // what a version does not have
}

func (*plane) DeltaAggregatedResources(s discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	<-s.Context().Done()
	return s.Context().Err()
}

func (p *plane) Link(s pairpb.PairService_LinkServer) error {
	hello, err := s.Recv()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.links++
	p.hello = hello.GetHello()
	p.mu.Unlock()
	if p.refuses != nil {
		return p.refuses
	}
	if err := s.Send(&pairpb.LinkResponse{Message: &pairpb.LinkResponse_Welcome{Welcome: p.welcome}}); err != nil {
		return err
	}
	for _, m := range p.says {
		if err := s.Send(m); err != nil {
			return err
		}
	}
	if !p.reads {
		<-s.Context().Done()
		return s.Context().Err()
	}
	for {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		if number := p.note(m); number > 0 && p.takes {
			if err := s.Send(&pairpb.LinkResponse{Message: &pairpb.LinkResponse_Taken{Taken: &pairpb.Taken{Number: number}}}); err != nil {
				return err
			}
		}
	}
}

func (p *plane) note(m *pairpb.LinkRequest) (number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, row := range m.GetRows().GetRows() {
		p.rows = append(p.rows, string(row))
	}
	for _, e := range m.GetSignals().GetExchanges() {
		p.counted += e.GetCount()
		p.spans = append(p.spans, time.Duration(m.GetSignals().GetSpanNanos()))
	}
	if b := m.GetBalances(); b != nil {
		p.left = append(p.left, b)
	}
	if o := m.GetObserved(); o != nil {
		p.seen = append(p.seen, o)
	}
	if done := m.GetPurged(); done != nil {
		p.purged = append(p.purged, done)
	}
	if p.welcome.GetVersion() == 0 && m.GetRows() == nil {
		p.unasked = append(p.unasked, fmt.Sprintf("%T", m.GetMessage()))
	}
	return m.GetRows().GetNumber()
}

// answers are what the pair has said is left, so far.
func (p *plane) answers() []*pairpb.Balances {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.left)
}

// options are what a pair of these tests has, each of which may be missing.
type options struct {
	backlog Backlog
	fleet   Fleet
	keys    Keys
	folder  string // of the keys
	answer  Balances
	made    **Agent // is set to the agent
}

// linked starts an agent that is linked to planes in turn. It returns what stops each of them.
func linked(t *testing.T, has options, planes ...*plane) (stops []func()) {
	t.Helper()
	var listeners []*adstest.Listener
	o := Options{
		Node: "pair", Region: "eu", Apply: func(*policypb.Policy) error { return nil }, Backlog: has.backlog, Fleet: has.fleet,
		Keys: has.keys, KeysFolder: has.folder, Balances: has.answer, Log: zap.NewNop(),
	}
	for i, p := range planes {
		l, stop := adstest.Serve(func(g *grpc.Server) {
			discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, p)
			if p.welcome != nil {
				pairpb.RegisterPairServiceServer(g, p)
			}
		})
		t.Cleanup(stop)
		listeners, stops = append(listeners, l), append(stops, stop)
		o.Addresses = append(o.Addresses, fmt.Sprintf("10.0.0.1:%d", i+1))
	}
	o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		return listeners[slices.Index(o.Addresses, address)].DialContext(ctx)
	}
	a, err := New(o, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if has.made != nil {
		*has.made = a
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { a.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		a.Stop()
	})
	return stops
}

// unknown is a message that a later version has.
func unknown() *pairpb.LinkResponse {
	m := &pairpb.LinkResponse{}
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 9, protowire.BytesType), "what"))
	return m
}
