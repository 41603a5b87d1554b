package spool

import (
	"errors"
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
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		if s.syncs() {
			s.noteSync(s.sync())
		}
	}
}

// syncs reports whether records are written to the disk before the kernel does so by itself.
func (s *Spool) syncs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Durable != policy.DurableFast
}

// noteSync notes whether records could be written to the disk. If not, rows are shipped all the
// same.
func (s *Spool) noteSync(changed bool, err error) {
	s.mu.Lock()
	failed := s.unsynced
	s.unsynced = err != nil
	s.mu.Unlock()
	if err != nil && !failed {
		s.options.Log.Error("the spool could not be written to the disk; a power cut may lose records", zap.Error(err))
	}
	if changed {
		signal(s.ready)
	}
}

// sync waits until all that was written is on the disk, and reports whether anything was.
func (s *Spool) sync() (changed bool, err error) {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	return s.syncAll()
}

// syncUntil waits until a file is on the disk up to an offset. Those who wait for the same
// disk share the wait.
func (s *Spool) syncUntil(seg *segment, end int) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	done := seg.synced >= end
	s.mu.Unlock()
	if done {
		return nil
	}
	_, err := s.syncAll()
	return err
}

// syncAll writes the files to the disk that have changed. One does so at a time.
func (s *Spool) syncAll() (changed bool, err error) {
	all := s.dirty()
	for _, d := range all {
		failed := d.seg.file.Sync()
		s.mu.Lock()
		if failed == nil {
			d.seg.synced = d.at
		} else {
			d.seg.marked = true // it is tried again
		}
		s.mu.Unlock()
		err = errors.Join(err, failed)
	}
	return len(all) > 0, err
}

// dirty lists the files that have changed since they were written to the disk, each with its end.
// What changes from now on makes them dirty again.
func (s *Spool) dirty() (all []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if seg.synced < seg.next || seg.marked {
			all = append(all, place{seg, seg.next})
			seg.marked = false
		}
	}
	return all
}
