package spool

import (
	"context"
	"slices"

	"github.com/headgate/headgate/policy"
)

// batch is what is shipped at once.
type batch struct {
	rows [][]byte // policypb.Row
	ends []end
}

// end is how far a batch goes in one file.
type end struct {
	seg *segment
	at  int
}

// maxBatch bounds a batch, in bytes of rows.
const maxBatch = 1 << 20

// Next returns closed rows that were not returned before, in the order in which they were
// written, and waits until there are any. They hold until taken is called, which says that the
// control plane has them for good, or the spool is closed. Next is called by one goroutine at a
// time, taken by any. An error means that ctx is done.
func (s *Spool) Next(ctx context.Context) (rows [][]byte, taken func(), err error) {
	for {
		if b := s.take(); len(b.rows) > 0 {
			return b.rows, func() { s.ack(b) }, nil
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// take reads on. What holds no rows needs no acknowledgement. It removes the files of which
// the control plane has everything: no other goroutine reads them.
func (s *Spool) take() *batch {
	s.sweep()
	segments, waits, safe := s.waiting()
	var none batch // what holds no rows
	b, size := &batch{}, 0
	for i, seg := range segments {
		n := len(b.rows)
		at := s.takeFrom(seg, safe[i], b, &size)
		if waits[i] || len(b.rows) > n {
			b.ends = append(b.ends, end{seg, at})
		} else {
			none.ends = append(none.ends, end{seg, at})
		}
	}
	s.mark(&none)
	return b
}

// takeFrom adds the next closed rows of a file up to an offset, and returns where they end.
func (s *Spool) takeFrom(seg *segment, safe int, b *batch, size *int) int {
	at := seg.taken
	for *size < maxBatch && at < safe {
		k, message, n, state := frameAt(seg.mem, at)
		if state == partial && !seg.recovered {
			s.stalled.Store(true)
			k, message, n, state = frameAt(seg.mem, at) // it may have been completed meanwhile
		}
		if state == nothing || state == partial && !seg.recovered {
			break
		}
		if at += n; state == whole && k == Closed {
			b.rows = append(b.rows, message)
			*size += len(message)
		}
	}
	seg.taken = at
	return at
}

// waiting returns the files, and of each whether something that was taken of it waits for
// its acknowledgement, and how far it may be shipped: as far as it is on the disk, unless that is
// left to the kernel. What the control plane has and a power cut took back would come again, as
// it was opened.
func (s *Spool) waiting() (segments []*segment, waits []bool, safe []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		waits = append(waits, seg.acked < seg.taken)
		if s.journal.Durable == policy.DurableFast || s.unsynced {
			safe = append(safe, len(seg.mem))
		} else {
			safe = append(safe, seg.synced)
		}
	}
	return slices.Clone(s.segments), waits, safe
}

// Rewind has what was not acknowledged returned again. It is called by the goroutine that
// calls Next.
func (s *Spool) Rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		seg.taken = seg.acked
	}
	signal(s.ready)
}

// ack says that the control plane has a batch for good.
func (s *Spool) ack(b *batch) {
	s.mark(b)
	signal(s.ready)
}

func (s *Spool) mark(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range b.ends {
		e.seg.acked = max(e.seg.acked, e.at)
	}
}

// Backlog is how many bytes of records the control plane does not have yet.
func (s *Spool) Backlog() (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		bytes += int64(seg.next - seg.acked)
	}
	return bytes
}
