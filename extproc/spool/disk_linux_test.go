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
		c := &taker{Spool: s, t: t, deadline: time.Now().Add(time.Minute)}
		const rows = 3000 // of which a file holds some 250
		for i := range rows {
			for s.Full() {
				c.takeAll()
			}
			id := fmt.Sprint("exchange-", i)
			s.Open(&policypb.Row{Exchange: id, Detail: large[:8<<10]})
			s.Take(&policypb.Row{Exchange: id, Outcome: "ok", Detail: large[:8<<10]})
		}
		for c.got < rows && s.outage.lost.Load() == 0 {
			c.takeAll()
		}
		if n := s.outage.lost.Load(); n != 0 || s.Backlog() != 0 || s.Trouble() == "" {
			t.Errorf("%s: %d rows are lost, %d of %d shipped, backlog %d, trouble %q", durable, n, c.got, rows, s.Backlog(), s.Trouble())
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

// taker is a control plane that takes all that there is.
type taker struct {
	*Spool
	t        *testing.T
	batches  []*batch
	got      int
	deadline time.Time
}

// takeAll takes what there is, and says of all that it has had so far that it has it: what is said
// again must concern no later row.
func (c *taker) takeAll() {
	c.t.Helper()
	if time.Now().After(c.deadline) {
		c.t.Fatalf("%d rows are shipped, and no more have room", c.got)
	}
	if _, err := c.sync(); err != nil {
		c.t.Fatal(err)
	}
	b := c.take()
	c.batches = append(c.batches, b)
	c.got += len(b.rows)
	for _, b := range c.batches {
		c.ack(b)
	}
	c.sweep()
	if len(b.rows) == 0 {
		time.Sleep(time.Millisecond) // files are made, or not, meanwhile
	}
}
