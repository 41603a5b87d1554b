package spool

import (
	"errors"
	"fmt"
	"time"
)

// growAgain is how often it is tried again to make a file if there was no room.
const growAgain = time.Second

// maxSpares is how many files are kept ready at most. They are what may be written while the disk
// stands still.
const maxSpares = 3

// keepSpares keeps files ready, and has what waited for room written.
func (s *Spool) keepSpares() {
	for {
		more, err := s.addSpare()
		s.noteRoom(err)
		s.appendLate()
		if more {
			continue
		}
		var again <-chan time.Time
		if s.Trouble() != "" {
			again = time.After(growAgain)
		}
		select {
		case <-s.room:
		case <-again:
		case <-s.done:
			return
		}
	}
}

// addSpare makes a file if not enough are ready, and reports whether more may be made. For rows
// that wait it goes beyond the limit: what was opened is closed.
func (s *Spool) addSpare() (more bool, err error) {
	used := s.bytes()
	s.mu.Lock()
	limit, ready, late := s.journal.Spool, len(s.spares), len(s.late) > 0
	fits := used+segmentSize <= limit
	s.beyond = used > limit || !fits && ready == 0
	if s.beyond {
		err = fmt.Errorf("%d MiB are in use, of %d MiB that the policy allows", used>>20, limit>>20)
	}
	s.mu.Unlock()
	if ready >= wanted(limit) || !fits && (ready > 0 || !late) {
		return false, err
	}
	failed := s.makeSpare()
	if failed != nil && ready == 0 {
		err = failed
	}
	return fits && failed == nil, err
}

// wanted is how many files are kept ready.
func wanted(limit int64) int { return int(min(max(1, limit/segmentSize/8), maxSpares)) }

func (s *Spool) makeSpare() error {
	s.number++
	seg, err := create(s.options.Folder, s.own, s.number)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spares = append(s.spares, seg)
	s.own.files++
	return nil
}

// appendLate writes closed rows that waited for room.
func (s *Spool) appendLate() {
	s.mu.Lock()
	rows := s.late
	s.late = nil
	s.mu.Unlock()
	for i, row := range rows {
		err := s.Append(Closed, row)
		if errors.Is(err, ErrFull) {
			s.mu.Lock()
			s.late = append(rows[i:], s.late...)
			s.mu.Unlock()
			return
		}
		if err != nil {
			s.lose(Closed, row, err)
		}
	}
}

// bytes is how much disk the files take.
func (s *Spool) bytes() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		n += int64(len(seg.mem))
	}
	return n + int64(len(s.spares))*segmentSize
}

// ordinary is how much room the records of an exchange take at most, but for rare ones.
const ordinary = 16 << 10

// Full reports whether there is no room for further exchanges: only for the ends of those that
// are under way.
func (s *Spool) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full()
}

// full is Full for those who have the lock.
func (s *Spool) full() bool {
	return s.beyond || len(s.spares) == 0 && (s.active == nil || s.active.next+ordinary > segmentSize-reserved)
}
