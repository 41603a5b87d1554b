package spool

import (
	"os"
	"slices"
)

// pileUp is how many files there are before the records of exchanges that are open for long are
// moved on, so that their file can go.
const pileUp = 8

// over reports whether nothing of a file is needed any more.
func (s *segment) over() bool { return s.acked >= s.next && s.opened == 0 && s.writing == 0 }

// sweep removes files that are over. Nobody waits for the disk with one of them meanwhile.
func (s *Spool) sweep() {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	over := s.takeOut()
	if len(over) > 0 && s.syncs() {
		_, _ = s.syncAll() // what says that their records count no more; syncAgain meets the same error
	}
	for _, seg := range over {
		if !s.reuse(seg) {
			seg.remove()
			s.forget(seg.of)
		}
		signal(s.room)
	}
}

// reuse has a file that is over written to again if none can be made: on a full disk, its space
// would be another's. It reports whether it has.
func (s *Spool) reuse(seg *segment) bool {
	used := s.bytes()
	s.mu.Lock()
	needed := s.outage.on() && used+segmentSize <= s.journal.Spool && len(s.spares) < wanted(s.journal.Spool)
	s.mu.Unlock()
	if !needed || seg.recovered {
		return false
	}
	again, err := seg.again()
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spares = append(s.spares, again)
	return true
}

// forget notes that a file of a generation went. With the last one goes what locked it.
func (s *Spool) forget(g *generation) {
	s.mu.Lock()
	g.files--
	last := g.files == 0 && g != s.own
	s.mu.Unlock()
	if last {
		_ = os.Remove(g.lock.Name()) // it is unlocked with the others
	}
}

// takeOut takes the files out of the list that are over. The one that is written to is, too, if it
// has no room for further exchanges and no other follows.
func (s *Spool) takeOut() (over []*segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveOn()
	if s.active != nil && s.outage.on() && s.full() && s.active.over() {
		s.active = nil
	}
	s.segments = slices.DeleteFunc(s.segments, func(seg *segment) bool {
		gone := seg != s.active && seg.over()
		if gone {
			over = append(over, seg)
		}
		return gone
	})
	return over
}

// moveOn copies the records of open exchanges out of the oldest file whose rows the control plane
// has.
func (s *Spool) moveOn() {
	if len(s.segments) <= pileUp {
		return
	}
	i := slices.IndexFunc(s.segments, func(seg *segment) bool { return seg.acked >= seg.next })
	if i < 0 || s.segments[i] == s.active {
		return
	}
	old := s.segments[i]
	for _, name := range s.open.in(old) {
		at := s.open[name].at
		k, message, size, _ := frameAt(old.mem, at)
		if k == void || !s.fits(size, true) {
			return
		}
		to := place{s.active, s.active.next}
		to.seg.next += size
		reserve(to.seg.mem, to.at, len(message))
		copyFrame(to.seg.mem[to.at:to.at+size], k, message)
		s.open.note(k, name, to)
		overtake(old.mem[at:])
		old.marked = true
	}
}
