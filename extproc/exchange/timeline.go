package exchange

import (
	"sync"
	"time"
)

// Timeline is how long each stage took of one exchange. Attempts are prepared and judged on
// goroutines of their own, so it is safe for concurrent use. Start must be called first.
type Timeline struct {
	start time.Time

	mu    sync.Mutex
	calls []Call
	own   [14]Call // of calls, as long as there are not more
}

// Call is a call of a stage. Calls with Answered and Events are summed by stage: there may be
// one for each piece of an answer.
type Call struct {
	Stage string
	Phase Phases
	Began time.Duration // since the start; of a sum, the first call
	Took  time.Duration
}

// maxCalls bounds a timeline: a chain has a few for each attempt.
const maxCalls = 128

// Start begins the timeline.
func (t *Timeline) Start(now time.Time) { t.start, t.calls = now, t.own[:0] }

// Note adds a call of a stage.
func (t *Timeline) Note(stage string, phase Phases, began time.Time, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if phase == OnAnswered || phase == OnEvents {
		for i := range t.calls {
			if s := &t.calls[i]; s.Phase == phase && s.Stage == stage {
				s.Took += took
				return
			}
		}
	}
	if len(t.calls) < maxCalls {
		t.calls = append(t.calls, Call{stage, phase, began.Sub(t.start), took})
	}
}

// Read calls use with the calls so far, in the order in which they ended; a sum, its first
// call. They hold until use returns.
func (t *Timeline) Read(use func([]Call)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	use(t.calls)
}

// String names a single phase.
func (p Phases) String() string {
	switch p {
	case OnRequest:
		return "request"
	case OnAttempt:
		return "attempt"
	case OnAnswered:
		return "answered"
	case OnResponse:
		return "response"
	case OnEvents:
		return "events"
	case OnEnd:
		return "end"
	case OnHeaders:
		return "headers"
	default:
		return ""
	}
}
