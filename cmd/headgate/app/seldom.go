package app

import (
	"sync"
	"time"
)

// maxSeldom bounds what a seldom remembers.
const maxSeldom = 1024

// seldom has the log speak of each thing once a minute at most. It is safe for concurrent use.
type seldom struct {
	now  func() time.Time
	mu   sync.Mutex
	said map[string]time.Time
}

// seldomEvery is the least time between two lines about the same thing.
const seldomEvery = time.Minute

func newSeldom(now func() time.Time) *seldom {
	return &seldom{now: now, said: make(map[string]time.Time)}
}

// may reports whether the log may speak of a thing now, and takes it that it does. If there are too
// many things they are forgotten, so that the log may speak of some of them again too soon.
func (s *seldom) may(thing string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if at, said := s.said[thing]; said && now.Sub(at) < seldomEvery {
		return false
	}
	if len(s.said) >= maxSeldom {
		clear(s.said)
	}
	s.said[thing] = now
	return true
}
