package agent

import (
	"context"
	"fmt"
	"io"
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
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
	spans   []time.Duration
	seen    []*pairpb.Observed
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
	if o := m.GetObserved(); o != nil {
		p.seen = append(p.seen, o)
	}
	if p.welcome.GetVersion() == 0 && m.GetRows() == nil {
		p.unasked = append(p.unasked, fmt.Sprintf("%T", m.GetMessage()))
	}
	return m.GetRows().GetNumber()
}

// linked starts an agent that is linked to planes in turn. It returns what stops each of them.
func linked(t *testing.T, b Backlog, f Fleet, planes ...*plane) (stops []func()) {
	t.Helper()
	var listeners []*adstest.Listener
	o := Options{Node: "pair", Region: "eu", Apply: func(*policypb.Policy) error { return nil }, Backlog: b, Fleet: f, Log: zap.NewNop()}
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

// TestVersionsOfTheControlPlane holds that a pair speaks with a control plane of one version
// less or more as far as both know the words, and says nothing that the other does not know.
func TestVersionsOfTheControlPlane(t *testing.T) {
	for version, reports := range map[uint32]bool{0: false, 1: true, 2: true} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plane{welcome: &pairpb.Welcome{Version: version}, reads: true, takes: true, says: []*pairpb.LinkResponse{unknown(), unknown()}}
				rows, f := newShelf(), &own{out: []Outage{{Backend: "a", Model: "m", Reason: "limited", Since: time.Now(), Until: time.Now().Add(time.Minute)}}}
				linked(t, rows, f, p)
				synctest.Wait()
				f.count(3)
				rows.add("one", "two")
				time.Sleep(2 * signalsEvery)
				synctest.Wait()
				if got := rows.left(); len(got) != 0 || !slices.Equal(p.rows, []string{"one", "two"}) {
					t.Errorf("the control plane has %q, and %q are not acknowledged", p.rows, got)
				}
				if h := p.hello; h.GetNode() != "pair" || h.GetRegion() != "eu" || h.GetVersion() != LinkVersion || h.GetShares()[0].GetPermille() != 300 {
					t.Errorf("it greets with %v", h)
				}
				if p.links != 1 || len(p.unasked) > 0 {
					t.Errorf("%d links; it was sent %q", p.links, p.unasked)
				}
				if got := p.counted == 3 && len(p.seen) == 1 && p.seen[0].GetOut()[0].GetLeftNanos() == time.Minute.Nanoseconds(); got != reports {
					t.Errorf("counted %d, observed %v", p.counted, p.seen)
				}
			})
		})
	}
}

// TestWhatIsCountedWithoutALinkIsNoBurst holds that signals are of the time of the link alone:
// the rows have the rest.
func TestWhatIsCountedWithoutALinkIsNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p := &own{counted: 1000}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}
		linked(t, nil, f, p)
		synctest.Wait()
		f.count(1)
		time.Sleep(10 * signalsEvery)
		synctest.Wait()
		if p.counted != 1 || len(p.spans) != 1 || p.spans[0] != signalsEvery {
			t.Errorf("counted %d in %v", p.counted, p.spans)
		}
	})
}

// TestNewsOfANewLinkArePartial holds that what a control plane says at once may lack what others
// are about to say, and that it is said again when it is whole.
func TestNewsOfANewLinkArePartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		says := &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Fleet{Fleet: &pairpb.Fleet{Pairs: 3}}}
		f, p := &own{}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, says: []*pairpb.LinkResponse{says}}
		linked(t, nil, f, p)
		time.Sleep(settled / 2)
		synctest.Wait()
		if len(f.news) != 1 || !f.news[0].Partial || f.news[0].Pairs != 3 {
			t.Errorf("at first it learns %+v", f.news)
		}
		time.Sleep(2 * settled)
		synctest.Wait()
		if len(f.news) != 2 || f.news[1].Partial || f.news[1].Pairs != 3 {
			t.Errorf("then it learns %+v", f.news)
		}
	})
}

// TestAnOutageIsSaidOnceAndItsEndToo holds that what did not change is not said again.
func TestAnOutageIsSaidOnceAndItsEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p := &own{}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}
		linked(t, nil, f, p)
		for _, out := range [][]Outage{{{Backend: "a", Until: time.Now().Add(time.Hour)}}, nil} {
			time.Sleep(time.Second)
			f.mu.Lock()
			f.out = out
			f.mu.Unlock()
			time.Sleep(5 * time.Second)
		}
		synctest.Wait()
		if len(p.seen) != 3 || len(p.seen[0].GetOut()) != 0 || len(p.seen[1].GetOut()) != 1 || len(p.seen[2].GetOut()) != 0 {
			t.Errorf("said %v", p.seen)
		}
	})
}

// TestLinkToAControlPlaneThatTakesNothing holds that rows stay with the pair, that no more
// than a bounded number is under way, and that nothing waits for the control plane.
func TestLinkToAControlPlaneThatTakesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		p    *plane
		sent int
	}{
		"acknowledges nothing": {&plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}, inFlight},
		"reads nothing":        {&plane{welcome: &pairpb.Welcome{Version: 1}}, 0},
		"knows no links":       {&plane{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows, f := newShelf(), &own{}
				linked(t, rows, f, c.p)
				for range 100 {
					rows.add("row")
					f.count(1)
					time.Sleep(time.Second)
				}
				synctest.Wait()
				if got := rows.left(); len(got) != 100 || len(c.p.rows) != c.sent {
					t.Errorf("%d rows are left, %d were sent", len(got), len(c.p.rows))
				}
			})
		})
	}
}

// TestARefusedLinkIsTriedAgainWithBackOff holds how often a pair tries in a minute, at its own
// pace: many pairs lose a control plane at the same moment.
func TestARefusedLinkIsTriedAgainWithBackOff(t *testing.T) {
	for name, c := range map[string]struct {
		refuses     error
		least, most int
	}{
		"it fails":           {status.Error(codes.Unavailable, "not now"), 20, 70},
		"it knows no links":  {status.Error(codes.Unimplemented, "what"), 1, 5},
		"it ends the stream": {io.EOF, 20, 70},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plane{welcome: &pairpb.Welcome{Version: 1}, refuses: c.refuses}
				linked(t, newShelf(), &own{}, p)
				time.Sleep(time.Minute)
				synctest.Wait()
				p.mu.Lock()
				defer p.mu.Unlock()
				if p.links < c.least || p.links > c.most {
					t.Errorf("%d links in a minute, want %d to %d", p.links, c.least, c.most)
				}
			})
		})
	}
}

// TestRowsGoToTheNextControlPlane holds that what one control plane has not acknowledged goes
// to the next, from the first of it, and that what a pair knows is said there again.
func TestRowsGoToTheNextControlPlane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}
		second := &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, takes: true}
		rows, f := newShelf(), &own{out: []Outage{{Backend: "a"}}}
		stops := linked(t, rows, f, first, second)
		rows.add("one", "two")
		time.Sleep(time.Second)
		stops[0]()
		rows.add("three")
		time.Sleep(10 * time.Second)
		if want := []string{"one", "two", "three"}; !slices.Equal(second.rows, want) || len(rows.left()) != 0 {
			t.Errorf("the second has %q, %q are left", second.rows, rows.left())
		}
		if !slices.Equal(first.rows, []string{"one", "two"}) || len(second.seen) != 1 || len(second.seen[0].GetOut()) != 1 {
			t.Errorf("the first has %q, the second knows %v", first.rows, second.seen)
		}
	})
}

// trickle is a backlog to which something is added all the time, in batches of a size.
type trickle struct {
	size    int
	batches int // that were asked for
}

func (t *trickle) Next(ctx context.Context) ([][]byte, func(), error) {
	if t.batches == 100 {
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	t.batches++
	return [][]byte{make([]byte, t.size)}, func() {}, nil
}

func (*trickle) Rewind() {}

// TestRowsGather holds that rows which come one by one are sent some at a time, and that a
// backlog is sent without pauses.
func TestRowsGather(t *testing.T) {
	for name, c := range map[string]struct{ size, max, min int }{
		"one by one": {size: 500, max: int(time.Second/gather) + 1, min: int(time.Second / gather)},
		"a backlog":  {size: fullBatch, max: 100, min: 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &trickle{size: c.size}
				linked(t, b, nil, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, takes: true})
				time.Sleep(time.Second)
				synctest.Wait()
				if b.batches < c.min || b.batches > c.max {
					t.Errorf("%d batches in a second, want %d to %d", b.batches, c.min, c.max)
				}
			})
		})
	}
}
