package drill

import (
	"net/http"
	"time"
)

// Way is how a client asks.
type Way struct {
	Dialect string // openai or anthropic
	Stream  bool
}

// Ways are all of them.
var Ways = []Way{{"openai", false}, {"openai", true}, {"anthropic", false}, {"anthropic", true}}

// String returns the way in two words, such as "openai sse".
func (w Way) String() string { return w.Dialect + " " + w.Form() }

// Form is json or sse.
func (w Way) Form() string {
	if w.Stream {
		return "sse"
	}
	return "json"
}

// End is how the bytes of an answer ended.
type End string

// The ends of an answer.
const (
	EndClean  End = "clean"   // as HTTP says that a message ends
	EndCut    End = "cut"     // the connection broke off
	EndGaveUp End = "gave up" // the client lost its patience
)

// Seen is what a client got.
type Seen struct {
	Way    Way
	Status int // 0: no answer came
	Header http.Header
	Body   []byte
	End    End
	First  time.Duration // until the first byte of the body; 0: none came
	Took   time.Duration // until the end
}

// Attempt is one request as the simulated provider's log has it.
type Attempt struct {
	Link    int    // -1: of none
	Use     string // backend/model, in the operator's names
	Backend string // in the drill's own policy
	Model   string // as asked
	Status  int    // 0: nothing was answered
	Ended   string // complete, client gone, cut, hung; open: still under way when the drill looked
	Input   int    // tokens billed
	Output  int
}
