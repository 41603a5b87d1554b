package agent

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/pairpb"
)

// TestVersionsOfTheControlPlane holds that a pair speaks with a control plane of one version
// less or more as far as both know the words, and says nothing that the other does not know.
func TestVersionsOfTheControlPlane(t *testing.T) {
	for version, reports := range map[uint32]bool{0: false, 1: true, 2: true} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plane{welcome: &pairpb.Welcome{Version: version}, reads: true, takes: true, says: []*pairpb.LinkResponse{unknown(), unknown()}}
				rows, f := newShelf(), &own{out: []Outage{{Backend: "a", Model: "m", Reason: "limited", Since: time.Now(), Until: time.Now().Add(time.Minute)}}}
				linked(t, options{backlog: rows, fleet: f}, p)
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
		linked(t, options{fleet: f}, p)
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
		linked(t, options{fleet: f}, p)
		time.Sleep(completeAfter / 2)
		synctest.Wait()
		if got := f.learnt(); len(got) != 1 || !got[0].Partial || got[0].Pairs != 3 {
			t.Errorf("at first it learns %+v", got)
		}
		time.Sleep(2 * completeAfter)
		synctest.Wait()
		if got := f.learnt(); len(got) != 2 || got[1].Partial || got[1].Pairs != 3 {
			t.Errorf("then it learns %+v", got)
		}
	})
}

// TestAnOutageIsSaidOnceAndItsEndToo holds that what did not change is not said again.
func TestAnOutageIsSaidOnceAndItsEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p := &own{}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true}
		linked(t, options{fleet: f}, p)
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
				linked(t, options{backlog: rows, fleet: f}, c.p)
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
				linked(t, options{backlog: newShelf(), fleet: &own{}}, p)
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
		stops := linked(t, options{backlog: rows, fleet: f}, first, second)
		rows.add("one", "two")
		time.Sleep(time.Second)
		stops[0]()
		rows.add("three")
		time.Sleep(10 * time.Second)
		synctest.Wait()
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
	batches atomic.Int64 // that were asked for
}

func (t *trickle) Next(ctx context.Context) ([][]byte, func(), error) {
	if t.batches.Load() == 100 {
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	t.batches.Add(1)
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
				linked(t, options{backlog: b}, &plane{welcome: &pairpb.Welcome{Version: 1}, reads: true, takes: true})
				time.Sleep(time.Second)
				synctest.Wait()
				if n := int(b.batches.Load()); n < c.min || n > c.max {
					t.Errorf("%d batches in a second, want %d to %d", n, c.min, c.max)
				}
			})
		})
	}
}
