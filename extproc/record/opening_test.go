package record_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// keeper keeps rows in memory, as they are when they come.
type keeper struct {
	mu            sync.Mutex
	opened, ended []*policypb.Row
	full          bool
}

func (k *keeper) Open(r *policypb.Row) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened = append(k.opened, proto.CloneOf(r))
}

func (k *keeper) Ended(r *policypb.Row) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = append(k.ended, proto.CloneOf(r))
}

func (k *keeper) Full() bool { return k.full }

// TestARowThatWaitsIsKept holds that a row which waits for Envoy's account is kept as it would
// be closed without one, and that one which waits for nothing is not.
func TestARowThatWaitsIsKept(t *testing.T) {
	used := brokeOff()
	used.Usage = canon.Usage{Input: 7, Output: 9, Source: canon.UsageProvider}
	used.Cost = exchange.Cost{Nano: 1234, Priced: true, PriceID: "p"}
	unread := brokeOff()
	unread.Unseen = &exchange.Spent{Usage: canon.Usage{Input: 5, Source: canon.UsageEstimated}, Cost: exchange.Cost{Nano: 5, Priced: true}}
	late := minimalExchange()
	late.Late, late.Unseen = true, unread.Unseen
	for name, c := range map[string]struct {
		ex   *exchange.Exchange
		o    exchange.Outcome
		want *policypb.Tokens
	}{
		"with the usage that was reported":             {used, cut, &policypb.Tokens{Input: 7, Output: 9}},
		"with an estimate of what nobody has read":     {unread, cut, &policypb.Tokens{Input: 5}},
		"as the stream showed it, which came too late": {late, exchange.Outcome{Result: exchange.OK}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, sink := &keeper{}, &kept{}
				closer := record.NewCloser(prometheus.NewRegistry(), k, sink)
				closer.Add(c.ex, c.o)
				if len(k.ended) != 1 || len(sink.all(t)) != 0 {
					t.Fatalf("%d rows are kept, %d are closed", len(k.ended), len(sink.all(t)))
				}
				time.Sleep(record.Wait)
				synctest.Wait()
				rows := sink.all(t)
				if len(rows) != 1 || !proto.Equal(rows[0], k.ended[0]) {
					t.Errorf("kept %v, closed %v", k.ended[0], rows)
				}
				if got := k.ended[0].Tokens; !proto.Equal(got, c.want) {
					t.Errorf("kept with %v, want %v", got, c.want)
				}
				_ = closer.Close(t.Context())
			})
		})
	}
	k := &keeper{}
	certain := minimalExchange()
	certain.Request.Body = []byte("{}")
	record.NewCloser(prometheus.NewRegistry(), k, &kept{}).Add(certain, exchange.Outcome{Result: exchange.OK})
	if len(k.ended) != 0 {
		t.Errorf("a row that is certain was kept: %v", k.ended)
	}
}

// opening makes the visit of the stage that opens rows.
func opening(t *testing.T, k *keeper, when policy.WhenFull) (exchange.Stage, exchange.Visit) {
	t.Helper()
	stage, err := record.NewOpeningKind(k).Compile(&policy.Set{Journal: policy.Journal{WhenFull: when}})
	if err != nil {
		t.Fatal(err)
	}
	return stage, stage.Join(minimalExchange())
}

// TestNothingIsOpenedAfterTheEnd holds that an attempt which begins as its exchange ends does not
// leave, and opens no row that would never be closed.
func TestNothingIsOpenedAfterTheEnd(t *testing.T) {
	k := &keeper{}
	_, v := opening(t, k, policy.WhenFullDrop)
	at := &exchange.Attempt{Backend: "b", Provider: "p", Model: "m", Estimate: exchange.Spent{Usage: canon.Usage{Input: 3, Source: canon.UsageEstimated}}}
	if err := v.Attempt(context.Background(), at); err != nil || len(k.opened) != 1 {
		t.Fatalf("%v, opened %v", err, k.opened)
	}
	if r := k.opened[0]; r.Detail != record.Interrupted || r.Backend != "b" || r.Attempts != 1 || r.Tokens.GetInput() != 3 || r.UsageSource != "estimated" || !r.Unpriced {
		t.Errorf("opened %v", r)
	}
	v.End(exchange.Outcome{})
	if err := v.Attempt(context.Background(), at); err == nil || len(k.opened) != 1 {
		t.Errorf("after the end: %v, opened %v", err, k.opened)
	}
}

// TestAFullJournalStopsRequests holds that what cannot be kept is refused where the policy says
// so, and that nothing is asked where it does not.
func TestAFullJournalStopsRequests(t *testing.T) {
	for when, want := range map[policy.WhenFull]map[bool]exchange.Action{
		policy.WhenFullStop: {false: exchange.Pass, true: exchange.Deny},
		policy.WhenFullDrop: {},
	} {
		for full, action := range want {
			k := &keeper{full: full}
			_, v := opening(t, k, when)
			got, err := v.Request(context.Background(), nil)
			if err != nil || got.Action != action {
				t.Errorf("%s, full: %v: %+v, %v", when, full, got, err)
			}
			if action == exchange.Deny && (got.Status != 503 || got.Reason != exchange.ReasonJournalFull || got.Retry <= 0) {
				t.Errorf("refused with %+v", got)
			}
		}
		stage, _ := opening(t, &keeper{}, when)
		if asked := stage.Phases()&exchange.OnRequest != 0; asked != (when == policy.WhenFullStop) {
			t.Errorf("%s: each request is asked about: %v", when, asked)
		}
	}
}
