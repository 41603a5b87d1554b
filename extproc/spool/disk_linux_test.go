package spool

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// disks are disks without room for a file of the spool, each with how it gets room.
var disks = map[string]func(*testing.T) (folder string, free func()){
	"a file system that is full": func(t *testing.T) (string, func()) {
		folder := t.TempDir()
		if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
			t.Skipf("mounting takes privileges: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
		return filepath.Join(folder, "spool"), func() {
			if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
				t.Fatal(err)
			}
		}
	},
	"a limit of the process": func(t *testing.T) (string, func()) { return t.TempDir(), noFiles(t) },
}

// noFiles has the kernel refuse files of the spool's size until free is called.
func noFiles(t *testing.T) (free func()) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	free = func() { _ = unix.Setrlimit(unix.RLIMIT_FSIZE, &before) }
	t.Cleanup(free)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: segmentSize - 1, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return free
}

// TestAFullDiskKeepsNoProcessFromStarting holds that a spool on a full disk says so, refuses
// records at once, and takes them once there is room.
func TestAFullDiskKeepsNoProcessFromStarting(t *testing.T) {
	for name, disk := range disks {
		t.Run(name, func(t *testing.T) {
			folder, free := disk(t)
			s := begin(t, folder, 1<<30, policy.DurableGroup)
			if err := s.Append(Opened, row("1", "")); !errors.Is(err, ErrFull) || !s.Full() || s.Trouble() == "" {
				t.Errorf("on a full disk: %v, full: %v, trouble %q", err, s.Full(), s.Trouble())
			}
			free()
			for deadline := time.Now().Add(time.Minute); s.Append(Closed, row("1", "ok")) != nil; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("nothing is taken although there is room")
				}
			}
			if s.Full() {
				t.Error("it is full although there is room")
			}
			if got := shipped(t, s, true); len(got) != 1 {
				t.Errorf("shipped %q", got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestADeathOnAFullDiskLosesNothing holds that what was under way as a process died has its row
// although the next process finds no room at first, and that what was closed is shipped at once.
func TestADeathOnAFullDiskLosesNothing(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Open(row("open", "cut"))
	s.Take(row("closed", "ok"))
	s.die()
	free := noFiles(t)
	s = begin(t, folder, 1<<30, policy.DurableFast)
	if got := shipped(t, s, true); len(got) != 1 || got[0] != "closed=ok" {
		t.Errorf("without room: %q", got)
	}
	s.die() // again, before the rest had room
	free()
	s = begin(t, folder, 1<<30, policy.DurableFast)
	if got := shipped(t, s, true); len(got) == 0 || got[len(got)-1] != "open=cut" {
		t.Errorf("with room: %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestAFullDiskKeepsNoRowThatIsTaken holds that a spool that cannot grow loses no row as long as the
// control plane takes them: it writes to its files again.
func TestAFullDiskKeepsNoRowThatIsTaken(t *testing.T) {
	for _, durable := range []policy.Durable{policy.DurableFast, policy.DurableGroup} {
		folder := t.TempDir()
		s := begin(t, folder, 1<<30, durable)
		free := noFiles(t)
		const rows = 400 // of which a file holds some thirty
		got := 0
		var batches []*batch
		for i := range rows {
			id := fmt.Sprint("exchange-", i)
			s.Open(&policypb.Row{Exchange: id, Detail: large})
			s.Take(&policypb.Row{Exchange: id, Outcome: "ok", Detail: large})
			if i%8 == 7 {
				batches = append(batches, next(t, s))
				got += len(batches[len(batches)-1].rows)
				for _, b := range batches { // what is said again concerns no later row
					s.ack(b)
				}
				s.sweep()
			}
		}
		if n := s.outage.lost.Load(); n != 0 || got != rows || s.Backlog() != 0 {
			t.Errorf("%s: %d rows are lost, %d of %d shipped, backlog %d", durable, n, got, rows, s.Backlog())
		}
		s.Open(&policypb.Row{Exchange: "open", Outcome: "cut"})
		s.die()
		free()
		s = begin(t, folder, 1<<30, durable)
		if got := shipped(t, s, true); len(got) == 0 || got[len(got)-1] != "open=cut" {
			t.Errorf("%s: after a death: %q", durable, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// next is what is shipped next of all that was written.
func next(t *testing.T, s *Spool) *batch {
	t.Helper()
	if _, err := s.sync(); err != nil {
		t.Fatal(err)
	}
	return s.take()
}
