package pair_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads/adstest"
	"github.com/headgate/headgate/xds/pair"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// book is a journal in memory.
type book struct {
	mu    sync.Mutex
	fails bool
	hangs bool // until the context ends
	rows  []string
}

func (b *book) set(fails, hangs bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails, b.hangs = fails, hangs
}

func (b *book) Write(ctx context.Context, rows []*policypb.Row) error {
	b.mu.Lock()
	fails, hangs := b.fails, b.hangs
	if !fails && !hangs {
		for _, r := range rows {
			b.rows = append(b.rows, r.Exchange)
		}
	}
	b.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if fails {
		return errors.New("the disk is full")
	}
	return nil
}

// tally counts signals.
type tally struct {
	mu sync.Mutex
	n  map[string]int64 // by region
}

func (t *tally) Take(region string, s *pairpb.Signals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range s.GetExchanges() {
		t.n[region] += e.GetCount()
	}
}

// shares are decided on by the test.
type shares struct {
	mu      sync.Mutex
	of      map[string]map[pair.Use]int // by region
	adopted map[string]map[pair.Use]int
}

func (s *shares) Of(region string) map[pair.Use]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[region]
}

func (s *shares) Adopt(region string, of map[pair.Use]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adopted[region] = of
}

func (s *shares) set(region string, of map[pair.Use]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[region] = of
}

// ring is keys that the test makes: a version is all there is of them.
type ring struct {
	mu      sync.Mutex
	version int64
}

func (r *ring) set(version int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = version
}

func (r *ring) Since(have *pairpb.KeysState) ([]*pairpb.Keys, *pairpb.KeysState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if have.GetVersion() >= r.version {
		return nil, have
	}
	return []*pairpb.Keys{{Version: r.version, More: true}, {Version: r.version}}, &pairpb.KeysState{Version: r.version}
}

// rig is a server under test.
type rig struct {
	*pair.Server
	ring   *ring
	shares *shares
	t      *testing.T
	l      *adstest.Listener
	book   *book
	tally  *tally
	brings []*pairpb.Share   // by the pairs that are linked next
	has    *pairpb.KeysState // likewise
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, ring: &ring{}, book: &book{}, tally: &tally{n: map[string]int64{}}}
	r.shares = &shares{of: map[string]map[pair.Use]int{}, adopted: map[string]map[pair.Use]int{}}
	r.Server = pair.New(pair.Options{Journal: r.book, Signals: r.tally, Shares: r.shares, Keys: r.ring, Now: time.Now, Log: zap.NewNop()}, prometheus.NewRegistry())
	var stop func()
	r.l, stop = adstest.Serve(r.Register)
	t.Cleanup(stop)
	return r
}

// end is the pair's end of a link.
type end struct {
	t       *testing.T
	stream  pairpb.PairService_LinkClient
	welcome *pairpb.Welcome
	leave   func()

	mu    sync.Mutex
	heard []*pairpb.LinkResponse
}

// link links a pair, which reads what it is sent unless it is deaf.
func (r *rig) link(node string, version uint32, deaf bool) *end {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	conn := adstest.Dial(r.t, r.l)
	stream, err := pairpb.NewPairServiceClient(conn).Link(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	e := &end{t: r.t, stream: stream}
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Hello{Hello: &pairpb.Hello{Node: node, Version: version, Region: "of " + node, Shares: r.brings, Keys: r.has}}})
	m, err := stream.Recv()
	if err != nil || m.GetWelcome() == nil {
		r.t.Fatalf("hello is answered with %v, %v", m, err)
	}
	e.welcome = m.GetWelcome()
	var reading sync.WaitGroup
	if !deaf {
		reading.Go(e.read)
	}
	e.leave = sync.OnceFunc(func() {
		cancel()
		_ = conn.Close()
		reading.Wait()
	})
	r.t.Cleanup(e.leave)
	return e
}

func (e *end) read() {
	for {
		m, err := e.stream.Recv()
		if err != nil {
			return
		}
		e.mu.Lock()
		e.heard = append(e.heard, m)
		e.mu.Unlock()
	}
}

func (e *end) say(m *pairpb.LinkRequest) {
	e.t.Helper()
	if err := e.stream.Send(m); err != nil {
		e.t.Fatal(err)
	}
}

// asked are the numbers of the questions that the pair was asked.
func (e *end) asked() (all []uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if q := m.GetAsk(); q != nil {
			all = append(all, q.GetNumber())
		}
	}
	return all
}

// answers answers a question.
func (e *end) answers(number uint64, left int64) {
	e.t.Helper()
	b := &pairpb.Balances{Number: number, Balances: []*pairpb.Balance{{Left: left}}}
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Balances{Balances: b}})
}

func (e *end) rows(number uint64, exchanges ...string) {
	e.t.Helper()
	batch := &pairpb.Rows{Number: number}
	for _, id := range exchanges {
		row, err := proto.Marshal(&policypb.Row{Exchange: id})
		if err != nil {
			e.t.Fatal(err)
		}
		batch.Rows = append(batch.Rows, row)
	}
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Rows{Rows: batch}})
}

func (e *end) counts(n int64) {
	e.t.Helper()
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Signals{Signals: &pairpb.Signals{Exchanges: []*pairpb.Exchanges{{Count: n}}}}})
}

func (e *end) observes(out ...*pairpb.Outage) {
	e.t.Helper()
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Observed{Observed: &pairpb.Observed{Out: out}}})
}

// taken are the numbers that were acknowledged.
func (e *end) taken() (all []uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if t := m.GetTaken(); t != nil {
			all = append(all, t.GetNumber())
		}
	}
	return all
}

// keys are the versions of the keys that the pair was given, part by part.
func (e *end) keys() (all []int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if k := m.GetKeys(); k != nil {
			all = append(all, k.GetVersion())
		}
	}
	return all
}

// fleet is what the pair knows of the others; nil: nothing was said.
func (e *end) fleet() (last *pairpb.Fleet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if f := m.GetFleet(); f != nil {
			last = f
		}
	}
	return last
}

// knows are the outages elsewhere that the pair knows of.
func (e *end) knows() (all []string) {
	for _, o := range e.fleet().GetElsewhere() {
		all = append(all, fmt.Sprintf("%s/%s %s %v", o.GetBackend(), o.GetModel(), o.GetReason(), time.Duration(o.GetLeftNanos())))
	}
	return all
}

// purges are what the pair was asked to forget.
func (e *end) purges() (all []*pairpb.Purge) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if p := m.GetPurge(); p != nil {
			all = append(all, p)
		}
	}
	return all
}
