package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

func begin(t testing.TB, folder string, limit int64, d policy.Durable) *Spool {
	t.Helper()
	s, err := Open(Options{Folder: folder, Journal: policy.Journal{Spool: limit, Durable: d}, Log: zap.NewNop()}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func row(exchange, outcome string) *policypb.Row {
	return &policypb.Row{Exchange: exchange, Outcome: outcome, Backend: "b", Detail: "detail"[:len(outcome)%6]}
}

// shipped takes what there is to ship, as exchange=outcome, and acknowledges it.
func shipped(t testing.TB, s *Spool, ack bool) (all []string) {
	t.Helper()
	if _, err := s.sync(); err != nil {
		t.Fatal(err)
	}
	for b := s.take(); len(b.rows) > 0; b = s.take() {
		for _, r := range rowsIn(t, b.rows) {
			all = append(all, r.Exchange+"="+r.Outcome)
		}
		if ack {
			s.ack(b)
		}
	}
	return all
}

// rowsIn reads rows as they are shipped.
func rowsIn(t testing.TB, messages [][]byte) (rows []*policypb.Row) {
	t.Helper()
	for _, message := range messages {
		r := &policypb.Row{}
		if err := proto.Unmarshal(message, r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// TestWhatIsNotAcknowledgedComesAgain holds that closed rows are shipped in their order, and
// again after a rewind or by the next process, until they are acknowledged.
func TestWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableGroup)
	for _, r := range []struct {
		k Kind
		r *policypb.Row
	}{{Opened, row("1", "")}, {Opened, row("2", "")}, {Closed, row("2", "ok")}, {Ended, row("1", "cut")}, {Closed, row("1", "cancelled")}} {
		if err := s.Append(r.k, r.r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"2=ok", "1=cancelled"}
	for range 2 {
		if got := shipped(t, s, false); !slices.Equal(got, want) {
			t.Errorf("shipped %q", got)
		}
		if got := shipped(t, s, false); got != nil {
			t.Errorf("shipped twice: %q", got)
		}
		s.Rewind()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = begin(t, folder, 1<<30, policy.DurableGroup)
	if got := shipped(t, s, true); !slices.Equal(got, want) {
		t.Errorf("the next process shipped %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files := list(t, folder); len(files) > 0 {
		t.Errorf("%q are left", files)
	}
}

// TestWhatWasUnderWayIsClosedByTheNextProcess holds that an exchange that was opened and not
// closed has a row, with the latest that was known of it.
func TestWhatWasUnderWayIsClosedByTheNextProcess(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	for _, r := range []struct {
		k Kind
		r *policypb.Row
	}{{Opened, row("1", "first")}, {Opened, row("1", "second")}, {Opened, row("2", "open")}, {Ended, row("2", "cut")}, {Opened, row("3", "open")}, {Closed, row("3", "ok")}} {
		if err := s.Append(r.k, r.r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"3=ok", "1=second", "2=cut"}
	for range 2 { // a process that dies before its rows are acknowledged says the same again
		s.die()
		s = begin(t, folder, 1<<30, policy.DurableFast)
		got := shipped(t, s, false)
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 3 {
			t.Errorf("shipped %q, want %q", got, want)
		}
	}
	s.die()
}

// die leaves a spool as a process that is killed does.
func (s *Spool) die() {
	close(s.done)
	s.running.Wait()
	for _, seg := range s.segments {
		_ = seg.close()
	}
	for _, spare := range s.spares {
		_ = spare.close()
	}
	for _, g := range s.generations {
		_ = g.lock.Close()
	}
}

// TestTornFilesAreRead tears a file at each of its bytes: what was whole before comes out, and
// nothing that never was.
func TestTornFilesAreRead(t *testing.T) {
	s := begin(t, t.TempDir(), 1<<30, policy.DurableFast)
	var ends []int
	for i := range 8 {
		if err := s.Append(Closed, row(fmt.Sprint(i), "ok")); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.active.next)
	}
	data := slices.Clone(s.active.mem[:s.active.next])
	s.die()
	for at := len(magic); at <= len(data); at++ {
		torn := slices.Clone(data)
		clear(torn[at:])
		least, most := 0, 0
		for _, e := range ends {
			if e <= at {
				least++
			}
			if e-align < at { // zeroes at the end of a frame are its filling
				most++
			}
		}
		if got := recovered(torn); got < least || got > most {
			t.Fatalf("torn at %d: %d records, want %d to %d", at, got, least, most)
		}
	}
}

// recovered counts the whole records in a file.
func recovered(mem []byte) (n int) {
	for at := len(magic); ; {
		k, _, size, state := frameAt(mem, at)
		if state == nothing {
			return n
		}
		if at += size; state == whole && k != void {
			n++
		}
	}
}

// TestAFrameThatWasNotWrittenLosesNoOther holds that what follows a frame whose writer died is
// found.
func TestAFrameThatWasNotWrittenLosesNoOther(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	if _, err := s.place(Opened, "dies", 100); err != nil { // and writes no more
		t.Fatal(err)
	}
	if err := s.Append(Closed, row("lives", "ok")); err != nil {
		t.Fatal(err)
	}
	if got := shipped(t, s, false); got != nil {
		t.Errorf("shipped %q past what is being written", got)
	}
	s.die()
	s = begin(t, folder, 1<<30, policy.DurableFast)
	if got := shipped(t, s, true); !slices.Equal(got, []string{"lives=ok"}) {
		t.Errorf("shipped %q", got)
	}
	s.die()
}

// TestAnyOrderShipsEachRowOnce has many goroutines write while one ships, acknowledges late and
// begins again: each row arrives, in any order, and no file stays.
func TestAnyOrderShipsEachRowOnce(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableGroup)
	const writers, each = 8, 3000
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				for _, k := range []Kind{Opened, Ended, Closed} {
					for s.Append(k, row(id, "ok")) != nil {
						time.Sleep(time.Millisecond)
					}
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	seen := map[string]bool{}
	for len(seen) < writers*each {
		rows, done, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d rows: %v", len(seen), err)
		}
		for _, r := range rowsIn(t, rows) {
			seen[r.Exchange] = true
		}
		if rand.N(4) == 0 {
			s.Rewind()
		} else {
			done()
		}
	}
	writing.Wait()
	for shipped(t, s, true) != nil {
	}
	if s.take(); len(s.segments) > 1 || len(s.open) != 0 || s.Backlog() != 0 {
		t.Errorf("%d files, %d open, backlog %d", len(s.segments), len(s.open), s.Backlog())
	}
	s.die()
}
