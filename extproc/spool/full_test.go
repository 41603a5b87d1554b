package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// large is a text that fills a file with some sixty rows.
var large = string(make([]byte, 64<<10))

// fillUp opens exchanges until there is no room for more, and returns their ids.
func fillUp(t *testing.T, s *Spool) (ids []string) {
	t.Helper()
	for i := 0; ; i++ {
		id := fmt.Sprint("exchange-", i)
		switch err := s.Append(Opened, &policypb.Row{Exchange: id, Detail: large}); {
		case err == nil:
			ids = append(ids, id)
		case !errors.Is(err, ErrFull):
			t.Fatal(err)
		case s.Trouble() != "":
			return ids
		default:
			time.Sleep(time.Millisecond) // the next file is being made
		}
	}
}

// TestWhatWasOpenedIsClosedInAFullSpool holds that a spool at its limit takes no further
// exchange, has every row of those that it took once there is room, and takes others again.
func TestWhatWasOpenedIsClosedInAFullSpool(t *testing.T) {
	s := begin(t, t.TempDir(), 3*segmentSize, policy.DurableFast)
	ids := fillUp(t, s)
	for _, id := range ids { // more than there is room for
		s.Take(&policypb.Row{Exchange: id, Outcome: "ok", Detail: large})
	}
	if s.Take(&policypb.Row{Exchange: "was never opened"}); s.outage.lost.Load() != 1 {
		t.Errorf("%d records are lost, want 1", s.outage.lost.Load())
	}
	got := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(got) < len(ids) {
		rows, taken, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", len(got), len(ids), err)
		}
		for _, r := range rowsIn(t, rows) {
			got[r.Exchange] = true
		}
		taken()
	}
	for s.Append(Opened, row("again", "")) != nil {
		if s.take(); ctx.Err() != nil { // a shipper waits for more all the time
			t.Fatal("nothing is taken although files went")
		}
		time.Sleep(time.Millisecond)
	}
	s.die()
	if s.number <= 3 {
		t.Error("all rows had room: nothing was tested")
	}
}

// TestADeathInAFullSpoolLeavesEstimates holds that what waited for room as its process died is
// there as it was opened.
func TestADeathInAFullSpoolLeavesEstimates(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 2*segmentSize, policy.DurableFast)
	ids := fillUp(t, s)
	for _, id := range ids {
		s.Take(&policypb.Row{Exchange: id, Outcome: "ok", Detail: large})
	}
	s.die()
	s = begin(t, folder, 1<<30, policy.DurableFast)
	got := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(got) < len(ids) {
		rows, taken, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", len(got), len(ids), err)
		}
		for _, r := range rowsIn(t, rows) {
			if got[r.Exchange] {
				t.Errorf("%s comes twice", r.Exchange)
			}
			got[r.Exchange] = true
		}
		taken()
	}
	s.die()
}

// TestAnOutageIsLoggedOnce holds what is logged and said of a spool that cannot grow, as it
// begins and as it ends.
func TestAnOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		changes := 0
		s := &Spool{options: Options{Log: zap.New(core)}, metrics: newMetrics(prometheus.NewRegistry(), &Spool{})}
		s.OnTrouble(func() { changes++ })
		s.journal.WhenFull = policy.WhenFullStop
		full := errors.New("no space left on device")
		for range 3 { // changes of their number are reported at most once in ten seconds
			s.noteRoom(full)
			s.lose(Closed, row("1", ""), ErrFull)
			time.Sleep(time.Second)
			s.noteRoom(nil)
			time.Sleep(outageOver / 2)
		}
		if got := s.Trouble(); !strings.Contains(got, "no space left on device") || !strings.Contains(got, "requests are refused") || !strings.Contains(got, "3 are lost so far") {
			t.Errorf("the trouble is %q", got)
		}
		time.Sleep(outageOver)
		s.noteRoom(nil)
		if got := s.Trouble(); got != "" {
			t.Errorf("the trouble is still %q", got)
		}
		var messages []string
		for _, l := range logs.TakeAll() {
			messages = append(messages, l.Message)
		}
		if want := []string{"the spool of rows cannot grow: when it is full, requests are refused", "the spool of rows can grow again"}; !slices.Equal(messages, want) || changes != 3 {
			t.Errorf("logged %q, %d changes", messages, changes)
		}
	})
}

// TestThePolicyBoundsTheSpool holds that another limit is in effect at once.
func TestThePolicyBoundsTheSpool(t *testing.T) {
	s := begin(t, t.TempDir(), 2*segmentSize, policy.DurableFast)
	fillUp(t, s)
	s.Use(policy.Journal{Spool: 4 * segmentSize, Durable: policy.DurableFast})
	deadline := time.Now().Add(time.Minute)
	for s.Append(Opened, row("again", "")) != nil {
		if time.Now().After(deadline) {
			t.Fatal("a higher limit is not in effect")
		}
		time.Sleep(time.Millisecond)
	}
	s.die()
}

// TestWhatIsAdmittedHasItsRow holds that of exchanges which were admitted at the same time, more
// than there is room for, none is without its row if the policy says to stop.
func TestWhatIsAdmittedHasItsRow(t *testing.T) {
	s := begin(t, t.TempDir(), 2*segmentSize, policy.DurableFast)
	ids := fillUp(t, s)
	s.Use(policy.Journal{Spool: 2 * segmentSize, Durable: policy.DurableFast, WhenFull: policy.WhenFullStop})
	const admitted = 100
	for i := range admitted {
		s.Open(&policypb.Row{Exchange: fmt.Sprint("admitted-", i), Detail: large})
	}
	s.mu.Lock()
	first := s.open["admitted-0"]
	s.mu.Unlock()
	if first.seg == nil {
		t.Error("what is admitted is not on the disk although there is room for it")
	}
	for i := range admitted {
		s.Take(&policypb.Row{Exchange: fmt.Sprint("admitted-", i), Outcome: "ok", Detail: large})
	}
	for _, id := range ids {
		s.Take(&policypb.Row{Exchange: id, Outcome: "ok"})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for got := 0; got < admitted; {
		rows, taken, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", got, admitted, err)
		}
		for _, r := range rowsIn(t, rows) {
			if strings.HasPrefix(r.Exchange, "admitted-") && r.Outcome == "ok" {
				got++
			}
		}
		taken()
	}
	if n := s.outage.lost.Load(); n != 0 {
		t.Errorf("%d rows are lost", n)
	}
	s.die()
}

// TestARefusedRequestIsNoLostRow holds that the rows of requests that cost nothing are not counted
// among those that are missing.
func TestARefusedRequestIsNoLostRow(t *testing.T) {
	s := begin(t, t.TempDir(), 2*segmentSize, policy.DurableFast)
	fillUp(t, s)
	s.Take(&policypb.Row{Exchange: "refused", Reason: "journal_full", Status: 503})
	if s.outage.lost.Load() != 0 || strings.Contains(s.Trouble(), "so far") {
		t.Errorf("it counts as lost: %s", s.Trouble())
	}
	s.Take(&policypb.Row{Exchange: "cut", Reason: "x", Attempts: 1})
	if s.outage.lost.Load() != 1 || !strings.Contains(s.Trouble(), "1 are lost so far") {
		t.Errorf("trouble %q", s.Trouble())
	}
	s.die()
}
