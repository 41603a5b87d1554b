package spool

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// disks are disks that have no room for a further file of a pair's spool, each with how it gets room.
var disks = map[string]func(*testing.T, *rig) (free func()){
	"a file system that is full": func(t *testing.T, r *rig) func() {
		folder := filepath.Join(r.pair.Data, "state", "spool")
		r.pair.ExtProc.Terminate()
		if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=17m"); err != nil {
			t.Skipf("mounting takes privileges: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
		r.fleet.StartExtProc(r.pair)
		r.fleet.AwaitAnswer(r.pair)
		return func() {
			if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
				t.Fatal(err)
			}
		}
	},
	"a limit of its process": func(t *testing.T, r *rig) func() {
		var before unix.Rlimit
		if err := unix.Prlimit(r.pair.ExtProc.Pid(), unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: unix.RLIM_INFINITY}, &before); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := unix.Prlimit(r.pair.ExtProc.Pid(), unix.RLIMIT_FSIZE, &before, nil); err != nil {
				t.Fatal(err)
			}
		}
	},
}

// TestAFullDiskDisturbsNobody holds that a pair whose disk is full serves on, loses no row as long as
// the control plane takes them, counts what it loses else, and recovers once there is room.
func TestAFullDiskDisturbsNobody(t *testing.T) {
	t.Parallel()
	for name, disk := range disks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRig(t, "when_full: drop")
			free := disk(t, r)
			for range 20 { // more than the files of the spool have room for, and never more than that at once
				before := r.served()
				r.fill("answers", func() bool { return r.served() > before+100 })
				r.await("an empty spool", func() bool { return r.pair.Metric("headgate_spool_backlog_bytes") == 0 })
			}
			if n := r.lost("closed"); n != 0 {
				t.Errorf("%d rows are lost although the control plane takes them: %s", n, r.spool())
			}
			r.database.Kill()
			r.fill("lost rows", func() bool { return r.lost("closed") > 50 })
			r.checkSeen(true, 1, "rows are lost")
			free()
			r.await("room", r.keeps)
			r.database.Start(t)
			r.checkOver(1)
			if n := r.said("access records are lost"); n > 1 {
				t.Errorf("the log says %d times that access records are lost", n)
			}
			r.judge(r.lost("closed"))
		})
	}
}

// served is how many requests were answered. What was not fails the test.
func (r *rig) served() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for mark, c := range r.calls {
		if c.status != 200 || !c.whole {
			r.t.Errorf("%s: %+v", mark, *c)
		}
		n++
	}
	return n
}
