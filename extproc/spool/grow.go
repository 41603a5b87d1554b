package spool

import (
	"errors"
	"fmt"
	"time"
)

// growAgain is how often it is tried again to make a file if there was no room.
const growAgain = time.Second

// keepSpare keeps a file ready, and has what waited for room written.
func (s *Spool) keepSpare() {
	for {
		err := s.addSpare()
		s.noteRoom(err)
		s.appendLate()
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

// addSpare makes a file, if none is ready. For rows that wait it goes beyond the limit: what was
// opened is closed.
func (s *Spool) addSpare() error {
	full := s.limitReached()
	s.mu.Lock()
	s.beyond = full != nil
	needed := s.spare == nil && (full == nil || len(s.late) > 0)
	s.mu.Unlock()
	if !needed {
		return full
	}
	s.number++
	seg, err := create(s.options.Folder, s.own, s.number)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.spare = seg
	s.own.files++
	s.mu.Unlock()
	return full
}

// limitReached says that there is no room for the file that is ready, or would be made.
func (s *Spool) limitReached() error {
	used := s.bytes()
	s.mu.Lock()
	limit, more := s.journal.Spool, int64(segmentSize)
	if s.spare != nil {
		more = 0
	}
	s.mu.Unlock()
	if used+more <= limit {
		return nil
	}
	return fmt.Errorf("%d MiB are in use, of %d MiB that the policy allows", used>>20, limit>>20)
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
	if s.spare != nil {
		n += segmentSize
	}
	return n
}

// ordinary is how much room the records of an exchange take at most, but for rare ones.
const ordinary = 16 << 10

// Full reports whether there is no room for further exchanges: only for the ends of those that
// are under way.
func (s *Spool) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.beyond || s.spare == nil && (s.active == nil || s.active.next+ordinary > segmentSize-reserved)
}
