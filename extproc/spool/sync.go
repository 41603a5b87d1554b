package spool

import (
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// groupEvery is how often records are written to the disk, unless the policy leaves that to the
// kernel.
const groupEvery = 50 * time.Millisecond

// syncAgain waits for the disk every now and then.
func (s *Spool) syncAgain() {
	tick := time.NewTicker(groupEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		if !s.syncs() {
			continue
		}
		err := s.syncActive()
		if err != nil && !failed {
			s.options.Log.Error("the spool could not be written to the disk; a power cut may lose records", zap.Error(err))
		}
		failed = err != nil
	}
}

// syncs reports whether records are written to the disk before the kernel does so by itself.
func (s *Spool) syncs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Durable != policy.DurableFast
}

// syncActive waits until all that was written is on the disk.
func (s *Spool) syncActive() error {
	s.mu.Lock()
	seg := s.active
	if seg == nil {
		s.mu.Unlock()
		return nil
	}
	end := seg.next
	s.mu.Unlock()
	return s.syncUntil(seg, end)
}

// syncUntil waits until a file is on the disk up to an offset. Those who wait for the same
// disk share the wait.
func (s *Spool) syncUntil(seg *segment, end int) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	unsynced := s.unsynced(seg, end)
	s.mu.Unlock()
	for _, u := range unsynced {
		if err := u.seg.file.Sync(); err != nil {
			return err
		}
		s.mu.Lock()
		u.seg.synced = max(u.seg.synced, u.end)
		s.mu.Unlock()
	}
	return nil
}

type unsynced struct {
	seg *segment
	end int
}

// unsynced returns which files are not on the disk as far as one of them is needed: it, and
// those before it.
func (s *Spool) unsynced(last *segment, end int) (all []unsynced) {
	for _, seg := range s.segments {
		if seg == last {
			if seg.synced < end {
				all = append(all, unsynced{seg, seg.next})
			}
			return all
		}
		if seg.synced < seg.next {
			all = append(all, unsynced{seg, seg.next})
		}
	}
	return all
}
