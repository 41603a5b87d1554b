package extproc

import (
	"strings"
	"testing"
	"time"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// hasty is testPolicy with a short patience.
var hasty = strings.Replace(testPolicy, "  gpt-4o-mini: gpt/gpt-4o-mini", "  gpt-4o-mini: {chain: [gpt/gpt-4o-mini], idle_timeout: 400ms}", 1)

// TestSilenceInsideAStreamEndsIt holds that Envoy has to cut a stream, though it
// asked nothing, idle_timeout after the last that came, and that the row says so.
func TestSilenceInsideAStreamEndsIt(t *testing.T) {
	for _, events := range []int{0, 2} {
		r := newRig(t, hasty)
		s := openStream(t, r, streamBody)
		for _, e := range streamEvents[:events] {
			s.ResponseBody(e, false)
		}
		last := time.Now()
		ends := s.Wait()
		if took := time.Since(last); took < 390*time.Millisecond {
			t.Errorf("after %d events it took %v", events, took)
		}
		if im := ends.Immediate(); im == nil || im.Status.Code != 504 || im.Details != "headgate_idle_timeout" || ends.DynamicMetadata != nil {
			t.Fatalf("after %d events: %v", events, ends)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "idle_timeout" || row.By != "provider" || row.Status != 200 {
			t.Errorf("row %+v", row)
		}
	}
}

// TestWhatIsNoSilenceInsideAStream are waits longer than idle_timeout that end
// nothing: for the answer's beginning, for the rest of a JSON answer, of which
// nothing is shown before its end, and after the end.
func TestWhatIsNoSilenceInsideAStream(t *testing.T) {
	const long = 800 * time.Millisecond
	for tries := 1; !slowStream(t, long); tries++ {
		if tries == 3 { // once or twice the machine itself may have been too slow
			t.Error("a stream of events in time was cut")
			break
		}
	}
	r := newRig(t, hasty)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json"), false)
	<-time.After(long)
	if reply := s.ResponseBody(chatAnswer, true); reply.Immediate() != nil || reply.Err != nil {
		t.Errorf("a JSON answer: %v", reply)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// slowStream plays a stream that begins late, whose events come in time, and whose end
// is told late. It returns false if that was cut.
func slowStream(t *testing.T, long time.Duration) (whole bool) {
	t.Helper()
	r := newRig(t, hasty)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(streamBody)
	<-time.After(long)
	if reply := s.ResponseHeaders(Answered("200", "text/event-stream"), false); !reply.Streams() {
		t.Errorf("a late beginning: %v", reply)
	}
	for _, e := range streamEvents {
		<-time.After(long / 8)
		if reply := s.ResponseBody(e, e == streamEvents[len(streamEvents)-1]); reply.Immediate() != nil || reply.Err != nil {
			s.Cancel()
			return false
		}
	}
	<-time.After(long)
	s.Cancel()
	return r.row().Outcome == "ok"
}

// TestAClockThatRanOutAsAMessageCameEndsNothing holds that the ending of a wait that is
// over is not taken for that of the next one.
func TestAClockThatRanOutAsAMessageCameEndsNothing(t *testing.T) {
	ran := make(chan struct{})
	s := &silence{waits: true, timer: time.AfterFunc(0, func() { close(ran) })}
	<-ran // and its end waits for the lock that heard has
	if !s.heard() {
		t.Error("the exchange does not go on")
	}
	s.wait(time.Hour)
	s.end()
	if s.cut || !s.waits {
		t.Error("the next wait was ended")
	}
	s.timer.Stop()
}

// TestOnlyContentEndsASilence holds that a provider that goes on to send what says nothing
// of its answer is as silent as one that sends nothing, before the first content and after
// it, in a stream that passes and in one that is translated.
func TestOnlyContentEndsASilence(t *testing.T) {
	hurried := strings.Replace(hasty, "claude: claude/claude-sonnet-4-6", "claude: {chain: [claude/claude-sonnet-4-6], idle_timeout: 400ms}", 1)
	claude := claudeEvents()
	for name, c := range map[string]struct {
		model  string
		before []string
		noise  string
	}{
		"comments":                 {"gpt-4o-mini", nil, ": keep-alive\n\n"},
		"comments after text":      {"gpt-4o-mini", streamEvents[:2], ": keep-alive\n\n"},
		"halves of comments":       {"gpt-4o-mini", streamEvents[:2], ":"},
		"empty deltas":             {"gpt-4o-mini", streamEvents[:2], streamEvents[0]},
		"pings, translated":        {"claude", claude[:2], "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
		"pings after translated":   {"claude", claude[:3], "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
		"comments, all translated": {"claude", nil, ": keep-alive\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, hurried)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			s.RequestBody(strings.Replace(streamBody, "gpt-4o-mini", c.model, 1))
			s.ResponseHeaders(Answered("200", "text/event-stream"), false)
			for _, e := range c.before {
				s.ResponseBody(e, false)
			}
			last := time.Now()
			reply := s.ResponseBody(c.noise, false)
			for i := 0; reply.Immediate() == nil && reply.Err == nil && i < 200; i++ {
				<-time.After(20 * time.Millisecond)
				reply = s.ResponseBody(c.noise, false)
			}
			took := time.Since(last)
			if im := reply.Immediate(); im == nil || im.Details != "headgate_idle_timeout" || took < 390*time.Millisecond {
				t.Errorf("after %v: %v", took, reply)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "idle_timeout" || row.By != "provider" {
				t.Errorf("row %+v", row)
			}
		})
	}
}
