package exchange

import (
	"sync"
	"time"
)

// Attempt is one try of an exchange at one backend.
type Attempt struct {
	Backend    string
	Provider   string
	Model      string // the model's name at the backend
	Status     int    // that the provider answered with; 0: no response headers came
	RetryAfter time.Duration
	Secret     int      // index of the credential that was used
	Dropped    []string // request fields that the backend cannot express and did not get
	Started    time.Time
	Ended      time.Time // of the response headers, or of the attempt where none came
}

// Failed tells whether the attempt is one that another backend may make good.
func (a *Attempt) Failed() bool {
	switch a.Status {
	case 0, 401, 402, 403, 408, 429:
		return true
	}
	return a.Status >= 500
}

// Tries prepares the attempts of an exchange whose backend Envoy chooses, and hears
// how they were answered. Its methods may be called from other goroutines than the
// exchange's own, while that waits.
type Tries interface {
	// Attempt prepares one try at a backend and returns what leaves for it and
	// the attempt's index. An error says that the attempt must not be made.
	Attempt(backend, model string, now time.Time) (*Mutation, int, error)
	// Answered notes an attempt's response headers. It returns the status that
	// Envoy shall judge, and whether the endpoint shall be used last for a while.
	Answered(index int, h Headers, now time.Time) (status int, degrade bool)
}

// Attempts are the tries of one exchange, in order. The streams of the attempts
// write them while the exchange's own stream waits, and may outlive it, so they
// are safe for concurrent use. The zero Attempts is empty.
type Attempts struct {
	mu   sync.Mutex
	list []Attempt
}

// Begin adds an attempt and returns its index.
func (a *Attempts) Begin(at Attempt) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, at)
	return len(a.list) - 1
}

// Answered notes the response headers of an attempt.
func (a *Attempts) Answered(i, status int, retryAfter time.Duration, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Status, a.list[i].RetryAfter, a.list[i].Ended = status, retryAfter, now
}

// Broke notes that an attempt ended; one that was answered keeps its time.
func (a *Attempts) Broke(i int, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.list[i].Ended.IsZero() {
		a.list[i].Ended = now
	}
}

// List returns a copy of the attempts so far.
func (a *Attempts) List() []Attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Attempt(nil), a.list...)
}

// Last returns the latest attempt; false where there was none.
func (a *Attempts) Last() (Attempt, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.list) == 0 {
		return Attempt{}, false
	}
	return a.list[len(a.list)-1], true
}
