package extproc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// silence ends a stream of events in which nothing was said for too long. No clock of
// Envoy's can: that of an attempt ends with the time to its headers, that of a route
// runs from the request on, over all attempts (envoy/facts).
//
// It also wakes the visits that speak while the provider is silent.
//
// The goroutine of the stream either waits for Envoy or answers it. The clock acts
// only while it waits, so that two messages are never sent at once, and nothing of the
// exchange runs twice.
type silence struct {
	stream extprocv3.ExternalProcessor_ProcessServer
	run    *run
	timer  *time.Timer // nil until a stream of events begins

	mu    sync.Mutex
	waits bool   // for Envoy
	cut   bool   // the ending was sent
	fault error  // of a visit that was woken: the exchange fails closed
	panic string // of a visit that was woken, with its stack
	stale bool   // the clock ran out as a message came: end runs for a wait that is over
}

// wait starts the clock; with 0 there is none.
func (s *silence) wait(limit time.Duration) {
	if limit == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = true
	if s.timer == nil {
		s.timer = time.AfterFunc(limit, s.end)
		return
	}
	s.timer.Reset(limit)
}

// heard stops the clock. It reports whether the exchange goes on.
func (s *silence) heard() bool {
	if s.timer == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ran := s.waits
	s.waits = false
	if !s.timer.Stop() && ran {
		s.stale = true
	}
	return !s.cut
}

// end has Envoy cut the answer. Its own account of that closes the row, so nothing
// in it marks the exchange as refused. If Envoy still has the headers, the
// client gets the status, and an error in its dialect.
func (s *silence) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stale || !s.waits {
		s.stale = false
		return
	}
	if s.spoke() {
		return
	}
	s.waits, s.cut = false, true
	if s.brokeOff() {
		return
	}
	ending := &reply{deny: true, status: http.StatusGatewayTimeout, details: record.SilentDetails, mutation: &exchange.Mutation{}}
	if s.fault != nil {
		ending.status, ending.details = http.StatusInternalServerError, faultDetails
	}
	// An error means that the stream has ended: the exchange's goroutine learns of it.
	_ = s.stream.SendMsg(ending)
}

// faultDetails are Envoy's words for a visit that was woken and could not go on. They read
// as those of a filter that failed.
const faultDetails = "ext_proc_woken_visit_failed"

// spoke lets the visits speak whose time has come, and starts the clock again. It
// returns false if the stream is to be ended.
func (s *silence) spoke() bool {
	if s.run == nil {
		return false
	}
	if !s.says(s.run.speak) {
		return false
	}
	if next := s.run.patience(); next > 0 {
		s.timer.Reset(next)
	}
	return true
}

// brokeOff ends the stream with an error event, where that can be.
func (s *silence) brokeOff() bool { return s.run != nil && s.fault == nil && s.says(s.run.breakOff) }

// says sends what there is to say; false: nothing.
func (s *silence) says(what func(context.Context) ([]*reply, bool, error)) bool {
	var replies []*reply
	var some bool
	replies, some, s.fault = s.guarded(what)
	if !some || s.fault != nil {
		return false
	}
	for _, r := range replies {
		if s.stream.SendMsg(r) != nil {
			break // the exchange's goroutine learns of it
		}
	}
	return true
}

// guarded contains a panic of a visit that speaks: the clock's goroutine is not the
// exchange's, which fails the exchange.
func (s *silence) guarded(what func(context.Context) ([]*reply, bool, error)) (replies []*reply, some bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
			err = errors.New("panic")
		}
	}()
	return what(s.stream.Context())
}
