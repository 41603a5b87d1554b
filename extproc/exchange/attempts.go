package exchange

import (
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/canon"
)

// Attempt is one try of an exchange at one backend, as the stages see it. It belongs
// to the goroutine of the attempt.
type Attempt struct {
	// Written by the stream loop, before the first stage sees the attempt.
	Request   *Request
	Backend   string
	Model     string // the model's name at the backend
	Written   string // as Model, as the policy writes it: of a wildcard it has a star
	Number    int    // as Envoy counts the exchange's attempts, from 1; 0: it does not say
	Began     time.Time
	Now       time.Time
	ByContent bool // Envoy holds the answer until it is judged: not one that is long or cannot be unpacked

	// Written by the provider stage.
	Provider string
	Secret   int      // index of the credential that is used
	Streams  bool     // a stream is asked for, whatever the client wants
	Dropped  []string // request fields that the backend cannot express and does not get
	Reader   Reader   // of the answer's first events, given as its headers are judged
	Out      Mutation // what leaves

	// Written by the provider stage, as it judges the answer.
	Error     *FaultSaid // what the provider says of a failure; nil: nothing
	RequestID string     // the provider's id of the request; empty: it names none

	// Written by the stream loop, as the answer comes.
	Headers  Headers       // of the answer
	Status   int           // of the answer
	Stream   bool          // the answer is a stream of events
	Events   []canon.Event // that have come since the last call; they hold until it returns
	Held     []byte        // of an answer that is no stream and judged by content: all that has come
	Body     int           // bytes of the body that have come
	Complete bool          // the end of the answer is there
	Elapsed  time.Duration // since the answer's headers came

	Estimate Spent // written by the meter stage: what it will consume, as far as the request says

	// Written by the provider stage, as it judges an answer by its content.
	Spent Spent // what the answer says so far of what it consumed

	// Written by the stream loop.
	HeadersAt time.Time // when the answer's headers came
	Heard     time.Time // when something of the answer came last
}

// Reader reads the events of one answer, in pieces that end anywhere. Not for
// concurrent use.
type Reader interface {
	// Read returns what a piece says. The events hold until the next call.
	Read(piece []byte, last bool) ([]canon.Event, error)
	// Close releases what reading took.
	Close()
}

// Leaves returns the body that leaves for the backend.
func (a *Attempt) Leaves() []byte {
	if a.Out.Replace {
		return a.Out.Body
	}
	return a.Request.Body
}

// Tried is what is kept of an attempt.
type Tried struct {
	Backend    string
	Provider   string
	Model      string // the model's name at the backend
	Written    string // as Model, as the policy writes it: of a wildcard it has a star
	Status     int    // that the provider answered with; 0: no response headers came
	Judged     int    // the status that Envoy got in its place; 0: that one
	Fault      Fault  // that was found in what came; empty: the status says all
	RetryAfter time.Duration
	Secret     int      // index of the credential that was used
	Dropped    []string // request fields that the backend cannot express and did not get
	Started    time.Time
	Decided    time.Time  // when the response headers came, or the attempt ended without any
	Over       time.Time  // when it was given up, or Envoy had no more to say of it; zero: not yet
	Answers    bool       // it is the one whose answer the client was given
	Error      *FaultSaid // what the provider said of a failure; nil: nothing
	RequestID  string     // the provider's id of the request; empty: it named none
	Spent      *Spent     // what it consumed although its answer was not the client's; nil: nothing that is known
}

// Spent is what an attempt consumed and what that costs. A provider may bill for what it
// began to answer, whoever let it go.
type Spent struct {
	Usage     canon.Usage
	TextBytes int64 // of generated text that came, if no usage was reported
	Cost      Cost  // written by the meter stage
}

// Fault says what was found in an answer of which the status does not tell that it is
// none. It is a closed set.
type Fault string

// The faults of answers.
const (
	FaultError      Fault = "error"      // an error behind the status of a success
	FaultOverloaded Fault = "overloaded" // such an error says that the backend cannot take more now
	FaultRefused    Fault = "refused"    // such an error says that the gateway is not served: its key, its account, the model
	FaultSilent     Fault = "silent"     // no content came in time
	FaultEmpty      Fault = "empty"      // the end came before any content
	FaultTooLong    Fault = "too_long"   // the request is too long for this backend, and may not be for a later one
	FaultUnreadable Fault = "unreadable" // not what the dialect promises, or not all of it
)

// Answered is the status that Envoy got of the attempt.
func (a *Tried) Answered() int {
	if a.Judged != 0 {
		return a.Judged
	}
	return a.Status
}

// Failed reports whether the attempt is one that another backend may make good.
func (a *Tried) Failed() bool {
	if a.Judged != 0 {
		return true
	}
	switch a.Status {
	case 0, 401, 402, 403, 408, 429:
		return true
	}
	return a.Status >= 500
}

// Attempts are the tries of one exchange, in order. The streams of the attempts
// write them while the exchange's own stream waits, and may outlive it, so they
// are safe for concurrent use. The zero Attempts is empty.
type Attempts struct {
	mu   sync.Mutex
	list []Tried
}

// Begin adds an attempt and returns its index.
func (a *Attempts) Begin(t Tried) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, t)
	return len(a.list) - 1
}

// NoteHeaders notes the response headers of an attempt.
func (a *Attempts) NoteHeaders(i, status int, retryAfter time.Duration, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Status, a.list[i].RetryAfter, a.list[i].Decided = status, retryAfter, now
}

// NoteJudged notes that Envoy gets another status of an attempt than the provider's.
func (a *Attempts) NoteJudged(i, status int, found Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Judged, a.list[i].Fault = status, found
}

// NoteSaid notes what the provider said of a failure, and its id of the request.
func (a *Attempts) NoteSaid(i int, err *FaultSaid, requestID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Error, a.list[i].RequestID = err, requestID
}

// NoteSpent notes what an attempt's answer says so far of what it consumed.
func (a *Attempts) NoteSpent(i int, s Spent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Spent = &s
}

// NoteAnswers notes that an attempt's answer is the client's: what it consumes is the
// exchange's.
func (a *Attempts) NoteAnswers(i int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Answers, a.list[i].Spent = true, nil
}

// Account has charge complete what each attempt consumed whose answer began as a success
// and was not the client's, as far as something is known of it, and of those that got none. An
// answer that merely did not go on had been begun: its attempt may have none.
func (a *Attempts) Account(charge func(*Tried) *Spent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.list {
		if t := &a.list[i]; !t.Answers && (t.Status == 0 || t.Status >= 200 && t.Status < 300) {
			t.Spent = charge(t)
		}
	}
}

// Unread returns the latest attempt of an exchange whose answer nobody has read, if it may have
// one: no headers of it came, or those of a success alone, which the client was given. nil:
// it has none, Account knows what it consumed, or there is no attempt.
func (a *Attempts) Unread() *Tried {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.list) == 0 {
		return nil
	}
	t := a.list[len(a.list)-1]
	if t.Status == 0 && t.Spent == nil || t.Answers && t.Status < 300 {
		return &t
	}
	return nil
}

// Rejected reports whether an answer of this status is one that was judged so: what
// follows of it is not for the client.
func (a *Attempts) Rejected(status int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.list) - 1; i >= 0; i-- {
		if a.list[i].Answered() == status {
			return a.list[i].Judged != 0
		}
	}
	return false
}

// NoteEnd notes that an attempt ended. One that was answered keeps the time of its answer.
func (a *Attempts) NoteEnd(i int, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list[i].Over = now
	if a.list[i].Decided.IsZero() {
		a.list[i].Decided = now
	}
}

// List returns a copy of the attempts so far.
func (a *Attempts) List() []Tried {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Tried(nil), a.list...)
}
