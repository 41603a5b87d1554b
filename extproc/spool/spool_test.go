package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

func begin(t testing.TB, folder string, limit int64, d Durable) *Spool {
	t.Helper()
	s, err := Open(Options{Folder: folder, Limit: limit, Durable: d, Log: zap.NewNop()}, prometheus.NewRegistry())
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
	for b := s.take(); len(b.rows) > 0; b = s.take() {
		for _, message := range b.rows {
			r := &policypb.Row{}
			if err := proto.Unmarshal(message, r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r.Exchange+"="+r.Outcome)
		}
		if ack {
			s.ack(b)
		}
	}
	return all
}

// TestWhatIsNotAcknowledgedComesAgain holds that closed rows are shipped in their order, and
// again after a rewind or by the next process, until they are acknowledged.
func TestWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableGroup)
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
	s = begin(t, folder, 1<<30, DurableGroup)
	if got := shipped(t, s, true); !slices.Equal(got, want) {
		t.Errorf("the next process shipped %q", got)
	}
	if shipped(t, s, true); len(s.segments) != 1 {
		t.Errorf("%d files are left", len(s.segments))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasUnderWayIsClosedByTheNextProcess holds that an exchange that was opened and not
// closed has a row, with the latest that was known of it.
func TestWhatWasUnderWayIsClosedByTheNextProcess(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableFast)
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
		s.forget()
		s = begin(t, folder, 1<<30, DurableFast)
		got := shipped(t, s, false)
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 3 {
			t.Errorf("shipped %q, want %q", got, want)
		}
	}
	s.forget()
}

// forget leaves a spool as a process that is killed does.
func (s *Spool) forget() {
	close(s.done)
	s.running.Wait()
	_ = s.closeFiles()
}

// TestTornFramesAreSkipped tears a file at each of its bytes: what was whole before comes out,
// and nothing that never was.
func TestTornFramesAreSkipped(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableFast)
	var ends []int
	for i := range 8 {
		if err := s.Append(Closed, row(fmt.Sprint(i), "ok")); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.segments[0].next)
	}
	path, end := s.segments[0].path, s.segments[0].next
	s.forget()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(magic); at < end; at++ {
		torn := filepath.Join(t.TempDir(), filepath.Base(path))
		copied := slices.Clone(data)
		clear(copied[at:])
		if err := os.WriteFile(torn, copied, 0o600); err != nil {
			t.Fatal(err)
		}
		s := begin(t, filepath.Dir(torn), 1<<30, DurableFast)
		whole := 0
		for _, e := range ends {
			if e <= at || at > e-align { // zeroes at the end of a frame are its filling
				whole++
			}
		}
		if got := shipped(t, s, true); len(got) > whole || len(got) < whole-1 {
			t.Fatalf("torn at %d: %q, %d were whole", at, got, whole)
		}
		s.forget()
	}
}

// TestAFrameThatWasNotWrittenLosesNoOther holds that what follows a frame whose writer died is
// found.
func TestAFrameThatWasNotWrittenLosesNoOther(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableFast)
	if _, _, err := s.place(Closed, "dies", 100); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(Closed, row("lives", "ok")); err != nil {
		t.Fatal(err)
	}
	if got := shipped(t, s, false); got != nil {
		t.Errorf("shipped %q past what is being written", got)
	}
	s.forget()
	s = begin(t, folder, 1<<30, DurableFast)
	if got := shipped(t, s, true); !slices.Equal(got, []string{"lives=ok"}) {
		t.Errorf("shipped %q", got)
	}
	s.forget()
}

// TestAFullSpoolLosesNothingThatItTook holds that a spool at its limit refuses, and takes
// again once files went.
func TestAFullSpoolLosesNothingThatItTook(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 2*segmentSize, DurableFast)
	big := string(make([]byte, 64<<10))
	taken, refused := 0, false
	for i := 0; !refused; i++ {
		switch err := s.Append(Closed, &policypb.Row{Exchange: fmt.Sprint(i), Detail: big}); {
		case err == nil:
			taken++
		case s.bytes() == 2*segmentSize && len(s.spares) == 0 && len(s.segments) == 2:
			refused = true
		default:
			time.Sleep(time.Millisecond) // the spare is being made
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for got := 0; got < taken; {
		rows, done, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", got, taken, err)
		}
		got += len(rows)
		done()
	}
	shipped(t, s, true)
	for s.Append(Closed, &policypb.Row{Exchange: "again", Detail: big}) != nil {
		if ctx.Err() != nil {
			t.Fatal("nothing is taken after files went")
		}
		time.Sleep(time.Millisecond)
	}
	s.forget()
}

// TestAnyOrderShipsEachRowOnce has many goroutines write while one ships, acknowledges late and
// begins again: each row arrives, in any order, and no file stays.
func TestAnyOrderShipsEachRowOnce(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableGroup)
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
		for _, message := range rows {
			r := &policypb.Row{}
			if err := proto.Unmarshal(message, r); err != nil {
				t.Fatal(err)
			}
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
	if s.take(); len(s.segments) != 1 || len(s.open) != 0 || s.Backlog() != 0 {
		t.Errorf("%d files, %d open, backlog %d", len(s.segments), len(s.open), s.Backlog())
	}
	s.forget()
}

// TestOneProcessUsesAFolder holds so.
func TestOneProcessUsesAFolder(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, DurableFast)
	if _, err := Open(Options{Folder: folder, Limit: 1 << 30, Log: zap.NewNop()}, prometheus.NewRegistry()); err == nil {
		t.Error("two spools in a folder")
	}
	s.forget()
}

func BenchmarkAppend(b *testing.B) {
	for _, d := range []Durable{DurableFast, DurableGroup} {
		b.Run(string(d), func(b *testing.B) {
			s := begin(b, b.TempDir(), 1<<40, d)
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				for {
					_, done, err := s.Next(ctx)
					if err != nil {
						return
					}
					done()
				}
			}()
			r := row("01JX0000000000000000000001", "ok")
			r.Model, r.Route, r.Provider, r.Revision = "claude-sonnet-4-6", "assistant", "anthropic", "240fc7509f3a"
			r.Tokens = &policypb.Tokens{Input: 1000, Output: 200}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Append(Closed, r); err != nil {
					b.Fatal(err)
				}
			}
			cancel()
		})
	}
}
