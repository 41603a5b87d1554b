package sim

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Ended says how an exchange ended on the wire.
type Ended string

// The endings of an exchange.
const (
	EndedComplete   Ended = "complete"    // everything was sent and the message ended well, errors included
	EndedClientGone Ended = "client gone" // the client left before that
	EndedCut        Ended = "cut"         // the server broke the connection, as scripted
	EndedHung       Ended = "hung"        // the server stopped for ever, as scripted
)

// Served is one exchange as the provider saw it. It is never changed once it
// is handed out; Header and Body must not be changed by the reader either.
type Served struct {
	Seq       int64 // order of arrival, from 1
	Time      time.Time
	Took      time.Duration
	Proto     string // "HTTP/1.1" or "HTTP/2.0"
	Method    string
	Host      string
	Path      string
	Query     string
	Header    http.Header // all that was received
	Body      []byte      // exact bytes
	Key       string      // the credential, without "Bearer "
	Model     string      // as asked, without its directive suffix
	Stream    bool
	Status    int // 0: nothing was answered
	Usage     Usage
	BytesSent int64 // of the body, as encoded
	Events    int   // whole events sent, [DONE] included
	Ended     Ended
	ID        string // of the answer: chatcmpl-… or msg_…
	RequestID string // x-request-id or request-id
}

// journal keeps the newest exchanges: at most max of them, whose bodies have at
// most maxBytes together.
type journal struct {
	mu       sync.Mutex
	max      int
	maxBytes int
	ring     []*Served
	bytes    int
	received int
	finished int
	epoch    int           // grows with each reset
	changed  chan struct{} // closed and replaced when a count grows
}

func newJournal(max, maxBytes int) *journal {
	return &journal{max: max, maxBytes: maxBytes, changed: make(chan struct{})}
}

// arrive counts a request and returns what finish wants to know.
func (j *journal) arrive() (epoch int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.received++
	j.wake()
	return j.epoch
}

// finish keeps an exchange, unless the journal was reset since it arrived.
func (j *journal) finish(s *Served, epoch int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if epoch != j.epoch {
		return
	}
	j.finished++
	j.ring = append(j.ring, s)
	j.bytes += len(s.Body)
	for len(j.ring) > j.max || j.bytes > j.maxBytes && len(j.ring) > 1 {
		j.bytes -= len(j.ring[0].Body)
		j.ring[0] = nil
		j.ring = j.ring[1:]
	}
	j.wake()
}

func (j *journal) wake() {
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) all() []Served {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Served, len(j.ring))
	for i, s := range j.ring {
		out[i] = *s
	}
	slices.SortFunc(out, func(a, b Served) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring, j.bytes, j.received, j.finished = nil, 0, 0, 0
	j.epoch++
}

// wait returns when done holds, which is asked with the journal locked.
func (j *journal) wait(ctx context.Context, done func() bool) error {
	for {
		j.mu.Lock()
		done, changed := done(), j.changed
		j.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
