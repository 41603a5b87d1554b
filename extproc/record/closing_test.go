package record_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// kept is a sink that keeps what it takes.
type kept struct {
	mu     sync.Mutex
	rows   []*policypb.Row
	copies []*policypb.Row // as they were when they were taken
}

func (k *kept) Take(r *policypb.Row) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rows, k.copies = append(k.rows, r), append(k.copies, proto.CloneOf(r))
}

// all returns the rows, and holds that none has changed since.
func (k *kept) all(t *testing.T) []*policypb.Row {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, r := range k.rows {
		if !proto.Equal(r, k.copies[i]) {
			t.Errorf("a row was %v and is %v", k.copies[i], r)
		}
	}
	return k.rows
}

// cut is how the stream showed the end of an exchange that broke off.
var cut = exchange.Outcome{Result: exchange.Cut, By: exchange.ByUnknown}

// brokeOff is an exchange whose end the stream did not show.
func brokeOff() *exchange.Exchange {
	ex := minimalExchange()
	ex.Response.Complete = false
	return ex
}

// hungUp is Envoy's account of it.
func hungUp() record.Ending {
	return record.Ending{Exchange: brokeOff().ID, Seen: true, Code: 499, Flags: "DC", Details: "downstream_disconnect", AttemptCount: 3}
}

// closing is what happens to one exchange, and when and how its row is closed.
type closing struct {
	do              func(c *record.Closer)
	after           time.Duration // until the row is there, and not before
	want            *policypb.Row
	joined, missing float64
}

// TestWhenARowIsClosed holds when a row is handed on and with which outcome: exactly
// once, to every sink, in whichever order stream and entry end.
func TestWhenARowIsClosed(t *testing.T) {
	whole, local, late, untold, unread := minimalExchange(), minimalExchange(), minimalExchange(), brokeOff(), brokeOff()
	local.Response.Origin, late.Late = exchange.FromEnvoy, true
	late.Unseen = &exchange.Spent{Usage: canon.Usage{Input: 7, Source: canon.UsageEstimated}}
	unread.Unseen = late.Unseen
	untold.Request.Headers = exchange.Headers{{Name: record.RequestHeader, Value: []byte("envoys-id")}}
	gaveUp := record.Ending{Exchange: late.ID, Seen: true, Code: 504, Details: "ext_proc_error_per-message_timeout_exceeded", Answered: true}
	for name, c := range map[string]closing{
		"the stream showed the end": {
			do:   func(c *record.Closer) { c.Add(whole, exchange.Outcome{Result: exchange.OK}) },
			want: &policypb.Row{Outcome: "ok", Status: 200},
		},
		"a refusal": {
			do:   func(c *record.Closer) { c.Add(refusedExchange(), exchange.Outcome{Result: exchange.ClientError}) },
			want: &policypb.Row{Outcome: "client_error", Status: 404, Reason: "model_not_found"},
		},
		"a whole answer that came too late": {
			do: func(c *record.Closer) {
				c.Add(late, exchange.Outcome{Result: exchange.OK})
				time.AfterFunc(record.Wait/2, func() { c.Ending(gaveUp) })
			},
			after: record.Wait / 2, joined: 1,
			want: &policypb.Row{Outcome: "gateway_error", By: "gateway", Detail: gaveUp.Details, Status: 504, Reason: "gateway_unavailable",
				Tokens: &policypb.Tokens{Input: 7}},
		},
		"a whole answer that came late, and in time": {
			do:    func(c *record.Closer) { c.Add(late, exchange.Outcome{Result: exchange.OK}) },
			after: record.Wait, want: &policypb.Row{Outcome: "ok", Status: 200},
		},
		"an entry that knows no exchange": {
			do: func(c *record.Closer) {
				c.Ending(record.Ending{Request: "envoys-id", Code: 504, Details: gaveUp.Details})
				time.AfterFunc(record.Wait/2, func() { c.Add(untold, cut) })
			},
			after: record.Wait / 2, joined: 1,
			want: &policypb.Row{Outcome: "gateway_error", By: "gateway", Detail: gaveUp.Details, Status: 504, Reason: "gateway_unavailable"},
		},
		"a request that ext_proc has not seen": {
			do: func(c *record.Closer) {
				c.Ending(record.Ending{Request: "envoys-id", Code: 504, Details: gaveUp.Details})
			},
			after: record.Wait,
			want:  &policypb.Row{Outcome: "gateway_error", By: "gateway", Detail: gaveUp.Details, Status: 504, Reason: "gateway_unavailable"},
		},
		"a request that nobody could read": {
			do:   func(c *record.Closer) { c.Ending(record.Ending{Code: 400, Flags: "DPE", Details: "http1.codec_error"}) },
			want: &policypb.Row{Outcome: "client_error", By: "client", Detail: "DPE http1.codec_error", Status: 400},
		},
		"an upgrade, which Envoy refuses": {
			do: func(c *record.Closer) {
				c.Ending(record.Ending{Request: "envoys-id", Code: 403, Details: "upgrade_failed"})
			},
			after: record.Wait, want: &policypb.Row{Outcome: "client_error", By: "client", Detail: "upgrade_failed", Status: 403},
		},
		"an entry after its row was closed without one": {
			do: func(c *record.Closer) {
				c.Add(untold, cut)
				time.AfterFunc(record.Wait+1, func() { c.Ending(record.Ending{Request: "envoys-id", Code: 504, Details: gaveUp.Details}) })
			},
			after: record.Wait, want: &policypb.Row{Outcome: "cut", By: "unknown", Status: 200}, missing: 1,
		},
		"no entry comes": {
			do:    func(c *record.Closer) { c.Add(brokeOff(), cut) },
			after: record.Wait, want: &policypb.Row{Outcome: "cut", By: "unknown", Status: 200}, missing: 1,
		},
		"Envoy's own answer waits": {
			do:    func(c *record.Closer) { c.Add(local, cut) },
			after: record.Wait, want: &policypb.Row{Outcome: "cut", By: "unknown", Status: 200}, missing: 1,
		},
		"an answer that broke off before anything was read of it": {
			do: func(c *record.Closer) {
				begun := hungUp()
				begun.Answered = true
				c.Ending(begun)
				c.Add(unread, cut)
			},
			want:   &policypb.Row{Outcome: "cancelled", By: "client", Detail: "DC downstream_disconnect", Status: 499, Attempts: 3, Tokens: &policypb.Tokens{Input: 7}},
			joined: 1,
		},
		"a provider that was at the answer as the client left": {
			do: func(c *record.Closer) {
				asked := hungUp()
				asked.Asked = true
				c.Ending(asked)
				c.Add(unread, cut)
			},
			want:   &policypb.Row{Outcome: "cancelled", By: "client", Detail: "DC downstream_disconnect", Status: 499, Attempts: 3, Tokens: &policypb.Tokens{Input: 7}},
			joined: 1,
		},
		"a provider that broke off before its answer": {
			do: func(c *record.Closer) {
				c.Ending(record.Ending{Exchange: unread.ID, Seen: true, Code: 503, Flags: "UC", Details: "upstream_reset_before_response_started", Asked: true})
				c.Add(unread, cut)
			},
			want:   &policypb.Row{Outcome: "cut", By: "provider", Detail: "UC upstream_reset_before_response_started", Status: 503},
			joined: 1,
		},
		"a provider that had not begun to answer": {
			do: func(c *record.Closer) {
				c.Ending(hungUp())
				c.Add(unread, cut)
			},
			want:   &policypb.Row{Outcome: "cancelled", By: "client", Detail: "DC downstream_disconnect", Status: 499, Attempts: 3},
			joined: 1,
		},
		"the entry comes after the stream's end": {
			do: func(c *record.Closer) {
				c.Add(brokeOff(), cut)
				time.AfterFunc(record.Wait/2, func() { c.Ending(hungUp()) })
			},
			after: record.Wait / 2,
			want:  &policypb.Row{Outcome: "cancelled", By: "client", Detail: "DC downstream_disconnect", Status: 499, Attempts: 3}, joined: 1,
		},
		"the entry comes before the stream's end": {
			do: func(c *record.Closer) {
				c.Ending(hungUp())
				time.AfterFunc(record.Wait/2, func() { c.Add(brokeOff(), cut) })
			},
			after: record.Wait / 2,
			want:  &policypb.Row{Outcome: "cancelled", By: "client", Detail: "DC downstream_disconnect", Status: 499, Attempts: 3}, joined: 1,
		},
		"the client hung up once it had the end marker of its stream": {
			do: func(c *record.Closer) {
				c.Add(brokeOff(), exchange.Outcome{Result: exchange.OK})
				c.Ending(record.Ending{Exchange: brokeOff().ID, Code: 200, Flags: "DC", Details: "downstream_remote_disconnect", AttemptCount: 1})
			},
			want: &policypb.Row{Outcome: "ok", Status: 200, Attempts: 1}, joined: 1,
		},
		"the entry came too early": {
			do: func(c *record.Closer) {
				c.Ending(hungUp())
				time.AfterFunc(record.Wait+1, func() { c.Add(brokeOff(), cut) })
			},
			after: 2*record.Wait + 1, want: &policypb.Row{Outcome: "cut", By: "unknown", Status: 200}, missing: 1,
		},
		"the entry comes too late": {
			do: func(c *record.Closer) {
				c.Add(brokeOff(), cut)
				time.AfterFunc(record.Wait+1, func() { c.Ending(hungUp()) })
			},
			after: record.Wait, want: &policypb.Row{Outcome: "cut", By: "unknown", Status: 200}, missing: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, c.check)
		})
	}
}

func (c *closing) check(t *testing.T) {
	first, second, reg := &kept{}, &kept{}, prometheus.NewRegistry()
	c.do(record.NewCloser(reg, nil, first, second))
	if c.after > 0 {
		time.Sleep(c.after - time.Nanosecond)
		synctest.Wait()
		if rows := first.all(t); len(rows) > 0 {
			t.Errorf("a moment before there is %v", rows)
		}
		time.Sleep(time.Nanosecond)
	}
	synctest.Wait()
	checkClosed(t, first.all(t), c.want)
	time.Sleep(time.Minute)
	checkClosed(t, first.all(t), c.want)
	if a, b := first.all(t), second.all(t); len(b) != 1 || a[0] != b[0] {
		t.Errorf("the second sink has %v", b)
	}
	if joined, missing := account(t, reg, "joined"), account(t, reg, "missing"); joined != c.joined || missing != c.missing {
		t.Errorf("%v joined, %v missing", joined, missing)
	}
}

// checkClosed holds that there is one row, with an ending.
func checkClosed(t *testing.T, rows []*policypb.Row, want *policypb.Row) {
	t.Helper()
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	r := rows[0]
	got := &policypb.Row{Outcome: r.Outcome, By: r.By, Detail: r.Detail, Status: r.Status, Attempts: r.Attempts, Reason: r.Reason, Tokens: r.Tokens}
	if !proto.Equal(got, want) {
		t.Errorf("the row ends with %v, want %v", got, want)
	}
}

// account is how often Envoy's account of an ending joined its row, or was missing.
func account(t *testing.T, reg prometheus.Gatherer, value string) float64 {
	t.Helper()
	return series(t, reg)[fmt.Sprintf("headgate_endings_total account=%q", value)]
}

// TestTheEndWaitsForNoEntry holds that Close closes what waits, and that what ends
// afterwards is closed at once.
func TestTheEndWaitsForNoEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, reg := &kept{}, prometheus.NewRegistry()
		c := record.NewCloser(reg, nil, sink)
		c.Add(brokeOff(), cut)
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows := sink.all(t); len(rows) != 1 {
			t.Fatalf("%d rows, want 1", len(rows))
		}
		c.Add(brokeOff(), cut)
		if rows := sink.all(t); len(rows) != 2 {
			t.Fatalf("%d rows, want 2", len(rows))
		}
		c.Ending(hungUp())
		time.Sleep(time.Minute)
		if rows := sink.all(t); len(rows) != 2 {
			t.Errorf("%d rows, want 2", len(rows))
		}
		if missing := account(t, reg, "missing"); missing != 0 {
			t.Errorf("%v entries are counted as missing that no row waited for", missing)
		}
	})
}

// TestManyAtOnce holds that rows which end, expire and are completed at the same time
// are all closed, and each once.
func TestManyAtOnce(t *testing.T) {
	const exchanges = 200
	sink := &kept{}
	c := record.NewCloser(prometheus.NewRegistry(), nil, sink)
	var all sync.WaitGroup
	for i := range exchanges {
		ex := brokeOff()
		ex.ID += string(rune('a' + i))
		all.Go(func() { c.Add(ex, cut) })
		all.Go(func() { c.Ending(record.Ending{Exchange: ex.ID, Seen: true, Flags: "DC"}) })
		if i == exchanges/2 {
			all.Go(func() { _ = c.Close(t.Context()) })
		}
	}
	all.Wait()
	ids := map[string]bool{}
	for _, r := range sink.all(t) {
		ids[r.Exchange] = true
	}
	if n := len(sink.all(t)); n != exchanges || len(ids) != exchanges {
		t.Errorf("%d rows of %d exchanges, want %d", n, len(ids), exchanges)
	}
}
