package spool

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// TestARowMayBeClosedUnderAnotherId holds that a row which has Envoy's id closes what was
// opened under the exchange's own, here and for the next process.
func TestARowMayBeClosedUnderAnotherId(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Open(row("1", ""))
	s.Take(&policypb.Row{Exchange: "envoys-id", OpenedAs: "1", Outcome: "ok"})
	if len(s.open) != 0 || s.active.opened != 0 {
		t.Errorf("%d exchanges are open", len(s.open))
	}
	for range 2 {
		s.die()
		s = begin(t, folder, 1<<30, policy.DurableFast)
		if got := shipped(t, s, false); !slices.Equal(got, []string{"envoys-id=ok"}) {
			t.Errorf("shipped %q", got)
		}
	}
	s.die()
}

// TestALongExchangeKeepsNoFiles holds that an exchange which stays open has its record, however
// many files come and go meanwhile, and that what was closed beside it does not come again,
// although the file that said so is gone.
func TestALongExchangeKeepsNoFiles(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Open(row("stays", "open"))
	files, was := 0, s.active
	for i := 0; files < 3*pileUp; i++ {
		id := fmt.Sprint(i)
		for _, r := range []struct {
			k       Kind
			outcome string
		}{{Opened, "twin"}, {Closed, "ok"}} {
			for s.Append(r.k, &policypb.Row{Exchange: id, Outcome: r.outcome, Detail: large}) != nil {
				time.Sleep(time.Millisecond)
			}
		}
		if i%32 == 0 {
			s.Open(row("also stays "+id, "open"))
		}
		shipped(t, s, true)
		if s.active != was {
			files, was = files+1, s.active
		}
	}
	shipped(t, s, true)
	if n := len(s.segments); n > pileUp+1 {
		t.Errorf("%d files are kept", n)
	}
	open := len(s.open)
	s.die()
	s = begin(t, folder, 1<<30, policy.DurableFast)
	got := map[string]int{}
	for _, r := range shipped(t, s, false) {
		got[r[strings.Index(r, "="):]]++
	}
	if got["=open"] != open || got["=twin"] > 0 {
		t.Errorf("shipped %v, of %d open exchanges", got, open)
	}
	s.die()
}

// nextFile has records written to another file.
func nextFile(t *testing.T, s *Spool) {
	t.Helper()
	for i, was := 0, s.active; s.active == was; i++ {
		for s.Append(Closed, &policypb.Row{Exchange: fmt.Sprint("filling ", was.path, i), Detail: large}) != nil {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestWhatWasClosedDoesNotComeBack holds that what was closed in a file which is gone has no row
// as it was opened, although the file in which that stands is kept for another exchange.
func TestWhatWasClosedDoesNotComeBack(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Open(row("closed", "twin"))
	s.Open(row("stays", "open"))
	kept := s.active
	nextFile(t, s)
	s.Take(row("closed", "ok"))
	nextFile(t, s)
	shipped(t, s, true)
	if s.sweep(); len(s.segments) != 2 || s.segments[0] != kept {
		t.Fatalf("%d files are kept", len(s.segments))
	}
	s.die()
	s = begin(t, folder, 1<<30, policy.DurableFast)
	got := shipped(t, s, false)
	if !slices.Contains(got, "stays=open") || slices.Contains(got, "closed=twin") {
		t.Errorf("shipped %q", got)
	}
	s.die()
}

// TestOnlyWhatIsOnTheDiskIsShipped holds that a row is not shipped that a power cut could take
// back, unless the policy leaves the disk to the kernel, or the disk fails.
func TestOnlyWhatIsOnTheDiskIsShipped(t *testing.T) {
	s := begin(t, t.TempDir(), 1<<30, policy.DurableGroup)
	s.syncing.Lock() // the disk stands still
	s.Take(row("1", "ok"))
	shippable := func(when string, want bool) {
		t.Helper()
		_, _, safe := s.waiting()
		if got := safe[0] >= s.active.next; got != want {
			t.Errorf("%s: shipped up to %d of %d", when, safe[0], s.active.next)
		}
	}
	shippable("before it is on the disk", false)
	s.noteSync(true, os.ErrInvalid)
	shippable("on a disk that fails", true)
	s.noteSync(true, nil)
	shippable("on a disk that stands still", false)
	s.Use(policy.Journal{Durable: policy.DurableFast, Spool: 1 << 30})
	shippable("if the kernel writes when it likes", true)
	s.Use(policy.Journal{Durable: policy.DurableGroup, Spool: 1 << 30})
	s.syncing.Unlock()
	if _, err := s.sync(); err != nil {
		t.Fatal(err)
	}
	shippable("on the disk", true)
	s.syncing.Lock()
	end := s.active.next
	s.Open(row("2", "open"))
	s.Take(row("2", "ok"))
	if _, _, safe := s.waiting(); safe[0] < end {
		t.Errorf("what was on the disk is shipped up to %d of %d after another exchange has ended", safe[0], end)
	}
	s.syncing.Unlock()
	if _, err := s.sync(); err != nil || len(s.dirty()) > 0 {
		t.Errorf("%v, %d files are dirty", err, len(s.dirty()))
	}
	s.die()
}

// TestNames holds that a record's name is read without the rest of it, as the message says it.
func TestNames(t *testing.T) {
	for _, r := range []*policypb.Row{{}, {Exchange: "1"}, {Exchange: "1", OpenedAs: "2"}, {OpenedAs: "2", Detail: "3", Tokens: &policypb.Tokens{Input: 4}}, usualRow()} {
		message, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := nameIn(message); !ok || got != nameOf(r) {
			t.Errorf("%q, %v of %v", got, ok, r)
		}
	}
}
