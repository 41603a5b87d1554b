package pair_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/protobuf/encoding/protowire"
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

// rig is a server under test.
type rig struct {
	*pair.Server
	t     *testing.T
	l     *adstest.Listener
	book  *book
	tally *tally
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, book: &book{}, tally: &tally{n: map[string]int64{}}}
	r.Server = pair.New(pair.Options{Journal: r.book, Signals: r.tally, Now: time.Now, Log: zap.NewNop()}, prometheus.NewRegistry())
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
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Hello{Hello: &pairpb.Hello{Node: node, Version: version, Region: "of " + node}}})
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

// TestVersionsOfThePair holds that a pair of one version less or more is linked, that it is
// sent nothing that it does not know, and that what it says beyond this version is ignored.
func TestVersionsOfThePair(t *testing.T) {
	for version, hears := range map[uint32]bool{0: false, 1: true, 2: true} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				e := r.link("a", version, false)
				later := &pairpb.LinkRequest{}
				later.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 9, protowire.BytesType), "what"))
				e.say(later)
				e.rows(1, "x")
				e.say(later)
				e.rows(2, "y")
				synctest.Wait()
				if got := e.taken(); e.welcome.GetVersion() != pair.Version || !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(r.book.rows, []string{"x", "y"}) {
					t.Errorf("welcome %v, acknowledged %v, in the journal %q", e.welcome, got, r.book.rows)
				}
				if got := e.fleet() != nil; got != hears {
					t.Errorf("it hears of the fleet: %v", got)
				}
			})
		})
	}
}

// TestAJournalThatFailsHoldsUpRowsAlone holds that rows are acknowledged in their order once
// the journal has them, however often that fails, and that the rest of the link goes on.
func TestAJournalThatFailsHoldsUpRowsAlone(t *testing.T) {
	for name, hangs := range map[string]bool{"fails": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.book.set(!hangs, hangs)
				e := r.link("a", 1, false)
				e.rows(1, "x")
				e.rows(2, "y")
				e.counts(7)
				e.observes(&pairpb.Outage{Backend: "b", Reason: "limited", LeftNanos: time.Hour.Nanoseconds()})
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(e.taken()) != 0 || r.tally.n["of a"] != 7 || len(r.Out()) != 1 {
					t.Errorf("acknowledged %v, counted %v, out %v", e.taken(), r.tally.n, r.Out())
				}
				if hangs { // it ends with the link
					e.leave()
					synctest.Wait()
					if r.Pairs() != 0 {
						t.Error("a link whose pair has left still stands")
					}
					return
				}
				r.book.set(false, false)
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := e.taken(); !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(r.book.rows, []string{"x", "y"}) {
					t.Errorf("acknowledged %v, in the journal %q", got, r.book.rows)
				}
			})
		})
	}
}

// TestAPairThatDoesNotRead holds that nobody waits for it.
func TestAPairThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		deaf, other := r.link("deaf", 1, true), r.link("other", 1, false)
		for range 10 { // more than its window holds
			var long []*pairpb.Outage
			for i := range 100 {
				long = append(long, &pairpb.Outage{Backend: fmt.Sprintf("%010000d", i), LeftNanos: time.Hour.Nanoseconds()})
			}
			other.observes(long...)
			synctest.Wait()
			other.observes()
			synctest.Wait()
		}
		deaf.observes(&pairpb.Outage{Backend: "b", Model: "m", Reason: "limited", LeftNanos: time.Minute.Nanoseconds()})
		other.rows(1, "x")
		synctest.Wait()
		if got := other.taken(); !slices.Equal(got, []uint64{1}) || !slices.Equal(other.knows(), []string{"b/m limited 1m0s"}) {
			t.Errorf("acknowledged %v, knows %q", got, other.knows())
		}
	})
}

// TestWhatPairsKnowOfEachOther holds that a pair learns what others do not ask, for as long as
// it lasts, and how many there are: never its own words back.
func TestWhatPairsKnowOfEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		a, b := r.link("a", 1, false), r.link("b", 1, false)
		limit := func(left time.Duration) *pairpb.Outage {
			return &pairpb.Outage{Backend: "gpt", Model: "m", Account: "1", Reason: "limited", LeftNanos: left.Nanoseconds()}
		}
		expect := func(e *end, pairs uint32, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := e.knows(); !slices.Equal(got, want) || e.fleet().GetPairs() != pairs {
				t.Errorf("it knows %q of %d pairs, want %q of %d", got, e.fleet().GetPairs(), want, pairs)
			}
		}
		a.observes(limit(time.Minute))
		expect(a, 2)
		expect(b, 2, "gpt/m limited 1m0s")
		time.Sleep(20 * time.Second)
		b.observes(limit(time.Minute))
		expect(a, 2, "gpt/m limited 1m0s")
		c := r.link("c", 1, false)
		expect(c, 3, "gpt/m limited 1m0s") // the longer of both
		if out := r.Out(); len(out) != 1 || !slices.Equal(out[0].Nodes, []string{"a", "b"}) || time.Until(out[0].Until) != time.Minute || time.Since(out[0].Since) != 20*time.Second {
			t.Errorf("out %+v", out)
		}
		b.leave()
		expect(c, 2, "gpt/m limited 40s") // what only b knew goes with it
		a.observes()
		expect(c, 2)
		if out := r.Out(); len(out) != 0 {
			t.Errorf("out %+v", out)
		}
		a.observes(limit(time.Second))
		time.Sleep(time.Second)
		if out := r.Out(); len(out) != 0 {
			t.Errorf("what is over is out: %+v", out)
		}
	})
}
