package extproc

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/scan"
)

// speaks is a stage that is woken after so long, and then does what say does.
func speaks(after time.Duration, say func(exchange.Emit) exchange.Verdict) *scripted {
	begun := false
	return &scripted{name: "speaks", wants: exchange.Wants{Events: true, Speak: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
		}
		switch {
		case len(events) > 0:
			begun = true
		case begun:
			return say(emit)
		default: // it is asked at the headers, too, before the test has sent an event
			return exchange.Verdict{}
		}
		return exchange.Verdict{Wake: after}
	}}
}

// openDuplex plays a stream up to its first event. Before the answer to that there may be an
// empty one: a stage that speaks is asked at the headers, too.
func openDuplex(r *rig) *Stream {
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(streamBody)
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	reply := s.ResponseBody(streamEvents[0], false)
	if text, _ := said(reply); text == "" && reply.Err == nil {
		s.Wait()
	}
	return s
}

// said is the piece of a duplex stream in a reply, and whether it is the last.
func said(reply *Reply) (string, bool) {
	p := reply.GetResponseBody().GetResponse().GetBodyMutation().GetStreamedResponse()
	return string(p.GetBody()), p.GetEndOfStream()
}

// TestAStageSpeaksUnasked holds that what a woken stage emits goes to the client at once.
func TestAStageSpeaksUnasked(t *testing.T) {
	r := newRig(t, testPolicy, speaks(time.Millisecond, func(emit exchange.Emit) exchange.Verdict {
		emit(&canon.Event{Kind: canon.EventText, Text: scan.Value(`"still here"`)})
		return exchange.Verdict{}
	}))
	s := openDuplex(r)
	if text, end := said(s.Wait()); !strings.Contains(text, "still here") || end {
		t.Errorf("%q, the end %v", text, end)
	}
	if text, end := said(s.ResponseBody(strings.Join(streamEvents[1:], ""), true)); !strings.Contains(text, "[DONE]") || !end {
		t.Errorf("%q, the end %v", text, end)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// TestAStageThatEndsAStreamUnaskedIsObeyed holds that the client gets the error and the
// end, and that what comes afterwards changes nothing.
func TestAStageThatEndsAStreamUnaskedIsObeyed(t *testing.T) {
	r := newRig(t, testPolicy, speaks(time.Millisecond, func(exchange.Emit) exchange.Verdict {
		return exchange.Denied(504, exchange.ReasonExhausted, "Too slow.")
	}))
	s := openDuplex(r)
	if text, end := said(s.Wait()); !strings.Contains(text, "Too slow.") || !end {
		t.Errorf("%q, the end %v", text, end)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "cut" || row.By != "gateway" || row.Status != 200 {
		t.Errorf("row %+v", row)
	}
}

// TestAPanicOfAWokenStageFailsOneExchangeClosed holds that the process goes on, and that
// nothing is blamed on the provider.
func TestAPanicOfAWokenStageFailsOneExchangeClosed(t *testing.T) {
	r := newRig(t, testPolicy, speaks(time.Millisecond, func(exchange.Emit) exchange.Verdict { panic("boom") }))
	s := openDuplex(r)
	if im := s.Wait().Immediate(); im == nil || !strings.HasPrefix(im.Details, "ext_proc") {
		t.Errorf("Envoy gets %v", im)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "gateway_error" || row.By != "gateway" {
		t.Errorf("row %+v", row)
	}
	if n := r.gauge("headgate_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
}

// TestAFaultOfAWokenStageIsTheGateways holds the same for a stage that cannot go on.
func TestAFaultOfAWokenStageIsTheGateways(t *testing.T) {
	r := newRig(t, testPolicy, speaks(time.Millisecond, func(exchange.Emit) exchange.Verdict { return answers() }))
	s := openDuplex(r)
	if im := s.Wait().Immediate(); im == nil || !strings.HasPrefix(im.Details, "ext_proc") {
		t.Errorf("Envoy gets %v", im)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "gateway_error" || row.By != "gateway" {
		t.Errorf("row %+v", row)
	}
}

// attends is a stage that may cut, and does not.
func attends() *scripted {
	return &scripted{name: "attends", wants: exchange.Wants{Cut: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			emit(&events[i])
		}
		return exchange.Verdict{}
	}}
}

// TestASilentStreamEndsWithAnErrorWhereItCan holds that a stream which Headgate may end is
// not cut: its client gets an error of its dialect, and why is in the row.
func TestASilentStreamEndsWithAnErrorWhereItCan(t *testing.T) {
	overdue := strings.Replace(testPolicy, "  gpt-4o-mini: gpt/gpt-4o-mini", "  gpt-4o-mini: {chain: [gpt/gpt-4o-mini], total: 400ms}", 1)
	for _, c := range []struct{ policy, outcome, says string }{
		{hasty, "idle_timeout", "fell silent"}, {overdue, "deadline", "within the time"},
	} {
		for _, translated := range []bool{false, true} {
			r := newRig(t, c.policy, attends())
			s := r.Open("router")
			s.RequestHeaders(Post(map[bool]string{false: "/v1/chat/completions", true: "/v1/messages"}[translated]), false)
			s.RequestBody(strings.Replace(streamBody, `"stream"`, `"max_tokens":9,"stream"`, 1))
			s.ResponseHeaders(Answered("200", "text/event-stream"), false)
			s.ResponseBody(streamEvents[0], false)
			s.ResponseBody(streamEvents[1], false)
			text, end := said(s.Wait())
			if !end || !strings.Contains(text, c.says) || strings.Contains(text, "event: error") != translated || strings.Contains(text, "[DONE]") || strings.Contains(text, "message_stop") {
				t.Errorf("%s: %q, the end %t", c.outcome, text, end)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != c.outcome || row.By != "provider" || row.Status != 200 || row.Tokens == nil || row.UsageSource != "estimated" {
				t.Errorf("%s: row %+v", c.outcome, row)
			}
		}
	}
}

// TestAStreamThatHasEndedIsNoError holds that a provider which is silent after the end of
// its answer takes nothing from it.
func TestAStreamThatHasEndedIsNoError(t *testing.T) {
	r := newRig(t, hasty, attends())
	s := openDuplex(r)
	s.ResponseBody(strings.Join(streamEvents[1:], ""), false)
	if text, end := said(s.Wait()); text != "" || !end {
		t.Errorf("%q, the end %t", text, end)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" || row.By != "" {
		t.Errorf("row %+v", row)
	}
}
