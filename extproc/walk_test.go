package extproc

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestAResponseGoesUpFromWhereTheRequestStopped holds that the stages above a refusal, or
// above the answer of a stage, see it and set headers, that no other does, and that all
// that were entered end, the last first.
func TestAResponseGoesUpFromWhereTheRequestStopped(t *testing.T) {
	for name, stops := range map[string]*scripted{"a refusal": refuses("stops", 403), "an answer": gives("stops")} {
		t.Run(name, func(t *testing.T) {
			var calls []string
			note := func(s *scripted) *scripted {
				s.response = func(*exchange.Response) exchange.Verdict {
					calls = append(calls, s.name+" sees")
					return exchange.Verdict{Headers: exchange.Headers{{Name: "x-of-" + s.name, Value: []byte("1")}}}
				}
				s.end = func(exchange.Outcome) { calls = append(calls, s.name+" ends") }
				return s
			}
			verdict := stops.request
			stops.request = func(req *exchange.Request) exchange.Verdict {
				v := verdict(req)
				v.Headers = exchange.Headers{{Name: "x-of-the-verdict", Value: []byte("1")}}
				return v
			}
			r := newRig(t, testPolicy+"listen: 0.0.0.0:80\nanonymous: true\n", note(&scripted{name: "above"}), note(stops), note(&scripted{name: "below"}))
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			reply := s.RequestBody(chatBody)
			for header, want := range map[string]string{"x-of-above": "1", "x-of-the-verdict": "1", "x-of-stops": "", "x-of-below": ""} {
				if got := reply.Set(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			s.Cancel()
			r.row()
			if got := strings.Join(calls, ", "); got != "above sees, stops ends, above ends" {
				t.Error(got)
			}
		})
	}
}

// TestStagesBelowACutSeeTheStreamFail holds that a stage below one that ends a stream sees an end,
// once, and nothing afterwards.
func TestStagesBelowACutSeeTheStreamFail(t *testing.T) {
	var seen []canon.EventKind
	below := &scripted{name: "below", wants: exchange.Wants{Events: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			seen = append(seen, events[i].Kind)
			emit(&events[i])
		}
		return exchange.Verdict{}
	}}
	r := newRig(t, testPolicy, denies(1, exchange.Wants{Events: true}), below)
	s := openStream(t, r, streamBody)
	play(s, streamEvents, false)
	s.Cancel()
	r.row()
	ends := 0
	for _, k := range seen {
		if k == canon.EventFailed || k == canon.EventDone {
			ends++
		}
	}
	if ends != 1 || seen[len(seen)-1] != canon.EventFailed {
		t.Errorf("it saw %v", seen)
	}
}

// TestAModelThatAStageRewritesIsResolvedAgain holds that the stages below see the model
// that it stands for, and that the client is refused one that is not served.
func TestAModelThatAStageRewritesIsResolvedAgain(t *testing.T) {
	for to, code := range map[string]int{"assistant": 0, "nobody": 404} {
		rewrites := &scripted{name: "rewrites", request: func(req *exchange.Request) exchange.Verdict {
			c, err := req.Canon()
			if err == nil {
				err = req.Rewrite(exchange.Edit{Text: c.Model, With: to})
			}
			if err != nil {
				t.Error(err)
			}
			return exchange.Verdict{}
		}}
		r := newRig(t, testPolicy, rewrites)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		reply := s.RequestBody(chatBody)
		if code == 0 && reply.Set("x-headgate-int-route") != to+"/json" || int(reply.Immediate().GetStatus().GetCode()) != code {
			t.Errorf("%s: %v", to, reply)
		}
	}
}

// TestARequestIsSealedOnceAttemptsMayRun holds that it is neither decoded nor rewritten while
// attempts read it.
func TestARequestIsSealedOnceAttemptsMayRun(t *testing.T) {
	var request *exchange.Request
	r := newRig(t, testPolicy, &scripted{name: "keeps", request: func(req *exchange.Request) exchange.Verdict {
		request = req
		return exchange.Verdict{}
	}, response: func(*exchange.Response) exchange.Verdict {
		if _, err := request.Canon(); err == nil {
			t.Error("it was decoded")
		}
		if err := request.Rewrite(); err == nil {
			t.Error("it was rewritten")
		}
		return exchange.Verdict{}
	}})
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json"), false)
	s.ResponseBody(chatAnswer, true)
	s.Cancel()
	r.row()
}

// TestTheLowestVerdictOnATryCountsAndUndecidedOnesWait holds how the judgements of several
// stages become one.
func TestTheLowestVerdictOnATryCountsAndUndecidedOnesWait(t *testing.T) {
	undecided := func(wake time.Duration) exchange.Judgement { return exchange.Judgement{Undecided: true, Wake: wake} }
	reject := func(status int) exchange.Judgement { return exchange.Judgement{Status: status} }
	for name, c := range map[string]struct{ above, below, want exchange.Judgement }{
		"no stage objects":    {},
		"the lowest":          {reject(503), reject(429), reject(429)},
		"above an undecided":  {reject(503), undecided(0), reject(503)},
		"below an undecided":  {undecided(0), reject(503), reject(503)},
		"one is undecided":    {exchange.Judgement{}, undecided(0), undecided(0)},
		"the first to wake":   {undecided(2), undecided(1), undecided(1)},
		"one is not to wake":  {undecided(2), undecided(0), undecided(2)},
		"used last from then": {exchange.Judgement{Degrade: true}, undecided(0), exchange.Judgement{Degrade: true}},
	} {
		t.Run(name, func(t *testing.T) {
			judges := func(j exchange.Judgement) *scripted {
				return &scripted{name: "judges", answered: func(*exchange.Attempt) exchange.Judgement { return j }}
			}
			r := newRig(t, testPolicy)
			p, err := NewPipeline(r.set, []Kind{judges(c.above), judges(c.below)})
			if err != nil {
				t.Fatal(err)
			}
			r.server.Use(p)
			run := p.begin(nil, time.Now)
			run.enter()
			if got, err := run.judge(context.Background(), &exchange.Attempt{}); err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// TestAStageIsClosedOnceWithItsLastExchange holds that a replaced policy's stage is closed
// as the exchange that began with it has ended, however that ended, and one without
// exchanges at once.
func TestAStageIsClosedOnceWithItsLastExchange(t *testing.T) {
	for name, end := range map[string]func(*Stream){
		"a whole exchange": func(s *Stream) {
			s.RequestBody(chatBody)
			s.ResponseHeaders(Answered("200", "application/json"), false)
			s.ResponseBody(chatAnswer, true)
			s.Cancel()
		},
		"broken off": func(s *Stream) { _ = s.Close() },
		"a panic":    func(s *Stream) { s.RequestBody(strings.Replace(chatBody, "hi", "panic", 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan struct{}, 8)
			r := newRig(t, testPolicy, &scripted{name: "owns", closed: func() { closed <- struct{}{} }, request: func(req *exchange.Request) exchange.Verdict {
				if strings.Contains(string(req.Body), "panic") {
					panic("boom")
				}
				return exchange.Verdict{}
			}})
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			empty := r.Open("router") // a stream that brings no request
			r.server.Use(r.compile(r.set))
			if len(closed) != 0 {
				t.Error("closed with an exchange under way")
			}
			end(s)
			_ = empty.Close()
			r.idle()
			r.server.Use(r.compile(r.set))
			r.server.Retire()
			if len(closed) != 3 {
				t.Errorf("closed %d times, want once for each of 3 policies", len(closed))
			}
		})
	}
}
