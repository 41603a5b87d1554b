package guard

import (
	"errors"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
)

// errTooMuch says that a guard would have to hold back more than an answer may be long.
var errTooMuch = errors.New("more of the answer is undecided than is held back")

// cut ends a stream that a guard refuses. What it was sure of leaves before; then the answer ends
// as one that the model refused to go on with, whose usage is the gateway's own count, or with an
// error event.
func (s *stream) cut(emit exchange.Emit) exchange.Verdict {
	s.release(emit)
	if len(s.queue) > 0 && len(s.queue[0].text) > 0 && s.queue[0].splits() {
		s.part(&s.queue[0], emit)
	}
	s.queue = s.queue[:0]
	s.record() // the outcome names the guard, and is made before the exchange ends
	by := s.refusing
	refusal := s.visit.refusal(by, true)
	if by.guard.Cut == policy.CutError {
		return refusal
	}
	text := scan.AppendString(nil, refusal.Message)
	for _, choice := range s.open() {
		emit(&canon.Event{Kind: canon.EventBlockEnd, Choice: choice})
		emit(&canon.Event{Kind: canon.EventRefusal, Choice: choice, Text: text})
		emit(&canon.Event{Kind: canon.EventFinish, Choice: choice, Finish: canon.FinishRefusal})
	}
	ex := s.visit.ex
	usage := ex.Usage
	ex.Estimate(&usage, ex.Response.TextBytes)
	usage.Seen |= canon.BucketInput | canon.BucketOutput // clients get only what counts as reported
	emit(&canon.Event{Kind: canon.EventUsage, Usage: &usage})
	emit(&canon.Event{Kind: canon.EventDone})
	refusal.Ended = true
	return refusal
}

// open lists the choices that have not ended; of an answer that has said nothing, the first.
func (s *stream) open() []int {
	var all []int
	for _, c := range s.channels {
		if !slices.Contains(all, c.choice) && !slices.Contains(s.finished, c.choice) {
			all = append(all, c.choice)
		}
	}
	if all == nil {
		return []int{0}
	}
	return all
}
