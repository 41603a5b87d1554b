package exchangetest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/scan"
)

const body = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}`

// faults is a T that collects what fails. Fatalf does not return.
type faults []string

func (f *faults) Helper()                           {}
func (f *faults) Errorf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }
func (f *faults) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

// stage is a stage of functions; a nil one takes no part.
type stage struct {
	exchange.Idle
	request  func(*exchange.Request) exchange.Verdict
	response func(*exchange.Response) exchange.Verdict
	events   func([]canon.Event, exchange.Emit) exchange.Verdict
	end      func()
	wants    exchange.Wants
}

func (s *stage) Name() string                           { return "test" }
func (s *stage) Join(*exchange.Exchange) exchange.Visit { return s }
func (s *stage) Wants() exchange.Wants                  { return s.wants }
func (s *stage) Phases() exchange.Phases {
	return exchange.OnRequest | exchange.OnResponse | exchange.OnEvents | exchange.OnEnd
}

func (s *stage) Request(_ context.Context, r *exchange.Request) (exchange.Verdict, error) {
	if s.request == nil {
		return exchange.Verdict{}, nil
	}
	return s.request(r), nil
}

func (s *stage) Response(_ context.Context, r *exchange.Response) (exchange.Verdict, error) {
	if s.response == nil {
		return exchange.Verdict{}, nil
	}
	return s.response(r), nil
}

func (s *stage) Events(ctx context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	if s.events == nil {
		return s.Idle.Events(ctx, events, emit)
	}
	return s.events(events, emit), nil
}

func (s *stage) End(exchange.Outcome) {
	if s.end != nil {
		s.end()
	}
}

// drive takes a stage through a stream of two texts and an end, and returns what failed.
func drive(s *stage, end canon.Event) (f faults) {
	defer func() {
		if r := recover(); r != nil && r != any(&f) {
			panic(r)
		}
	}()
	v := exchangetest.Join(&f, s, exchangetest.Ask(&f, "openai", body))
	v.Request()
	v.Stream()
	v.Events(exchangetest.Text("one"))
	v.Events(exchangetest.Text("two"))
	v.Events(end)
	v.End(exchange.Outcome{})
	return f
}

// TestMisuseIsFound holds that a visit which breaks the contract fails its test, and that
// one which keeps to it does not.
func TestMisuseIsFound(t *testing.T) {
	var kept []canon.Event
	var late exchange.Emit
	all := exchange.Wants{Events: true}
	for name, c := range map[string]struct {
		stage *stage
		end   canon.Event
		want  string // empty: no fault
	}{
		"a visit that passes all": {stage: &stage{wants: all}, end: exchangetest.Done()},
		"one that holds back with clones": {want: "", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				for i := range events {
					if events[i].Ends() {
						for j := range kept {
							emit(&kept[j])
						}
						emit(&events[i])
						continue
					}
					kept = append(kept, *events[i].Clone())
				}
				return exchange.Verdict{}
			}}},
		"one that keeps memory": {want: "kept over calls", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				for j := range kept {
					emit(&kept[j])
				}
				kept = append(kept[:0], events...)
				return exchange.Verdict{}
			}}},
		"one that writes to the memory": {want: "wrote to the memory", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				for i := range events {
					if len(events[i].Text) > 2 {
						events[i].Text[1] = '*'
					}
					emit(&events[i])
				}
				return exchange.Verdict{}
			}}},
		"one that gives a text a new value": {end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				for i := range events {
					events[i].Text = scan.Value(`"*"`)
					emit(&events[i])
				}
				return exchange.Verdict{}
			}}},
		"one that emits outside of Events": {want: "outside of Events", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(_ []canon.Event, emit exchange.Emit) exchange.Verdict { late = emit; return exchange.Verdict{} },
			end:    func() { ev := exchangetest.Text("late"); late(&ev) }}},
		"one that speaks after the end": {want: "after the end", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				done := exchangetest.Done()
				emit(&done)
				emit(&events[0])
				return exchange.Verdict{}
			}}},
		"one that releases what it held on a failure": {want: "although the stream failed", end: exchangetest.Failed(), stage: &stage{wants: all,
			events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
				if ev := exchangetest.Text("held"); events[0].Ends() {
					emit(&ev)
					emit(&events[0])
				}
				return exchange.Verdict{}
			}}},
		"one that answers in Events": {want: "cannot answer", end: exchangetest.Done(), stage: &stage{wants: all,
			events: func([]canon.Event, exchange.Emit) exchange.Verdict { return exchange.Verdict{Action: exchange.Answer} }}},
		"one that changes the form": {want: "changed in place", end: exchangetest.Done(), stage: &stage{
			request: func(r *exchange.Request) exchange.Verdict {
				c, err := r.Canon()
				if err != nil {
					panic(err)
				}
				c.Messages[0].Role = canon.RoleSystem
				return exchange.Verdict{}
			}}},
		"one that changes the body": {want: "body in place", end: exchangetest.Done(), stage: &stage{
			request: func(r *exchange.Request) exchange.Verdict { r.Body[len(r.Body)-1] = ' '; return exchange.Verdict{} }}},
		"one that rewrites": {end: exchangetest.Done(), stage: &stage{
			request: func(r *exchange.Request) exchange.Verdict {
				c, err := r.Canon()
				if err != nil {
					panic(err)
				}
				if err := r.Rewrite(exchange.Edit{Text: c.Messages[0].Parts[0].Text, With: "bye"}); err != nil {
					panic(err)
				}
				return exchange.Verdict{}
			}}},
	} {
		kept = nil
		got := strings.Join(drive(c.stage, c.end), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}

// TestPhasesComeInOrder holds that a test which drives a visit in another order than an
// exchange has fails.
func TestPhasesComeInOrder(t *testing.T) {
	for name, drive := range map[string]func(*exchangetest.Visit){
		"Events before Stream":    func(v *exchangetest.Visit) { v.Request(); v.Events(exchangetest.Done()) },
		"Request twice":           func(v *exchangetest.Visit) { v.Request(); v.Request() },
		"Response before Request": func(v *exchangetest.Visit) { v.Respond(200, "{}") },
		"Attempt after Response":  func(v *exchangetest.Visit) { v.Request(); v.Respond(200, "{}"); _, _ = v.Attempt("b", "m") },
		"Answered before Attempt": func(v *exchangetest.Visit) { v.Request(); v.Answered(&exchange.Attempt{}) },
		"End twice":               func(v *exchangetest.Visit) { v.End(exchange.Outcome{}); v.End(exchange.Outcome{}) },
		"Events after the end": func(v *exchangetest.Visit) {
			v.Request()
			v.Stream()
			v.Events(exchangetest.Done())
			v.Events(exchangetest.Done())
		},
		"no events without Speak": func(v *exchangetest.Visit) { v.Request(); v.Stream(); v.Events() },
		"an event after its end": func(v *exchangetest.Visit) {
			v.Request()
			v.Stream()
			v.Events(exchangetest.Done(), exchangetest.Text("x"))
		},
		"Response after the stream": func(v *exchangetest.Visit) { v.Request(); v.Stream(); v.Respond(200, "{}") },
	} {
		var f faults
		func() {
			defer func() { _ = recover() }()
			drive(exchangetest.Join(&f, &stage{}, exchangetest.Ask(&f, "openai", body)))
		}()
		if len(f) != 1 {
			t.Errorf("%s: %q", name, f)
		}
	}
}

// TestWhoEndsAStreamSeesNoMoreOfIt holds so of one that emits an end, and of one that
// denies.
func TestWhoEndsAStreamSeesNoMoreOfIt(t *testing.T) {
	for name, end := range map[string]func(exchange.Emit) exchange.Verdict{
		"emits an end": func(emit exchange.Emit) exchange.Verdict {
			done := exchangetest.Done()
			emit(&done)
			return exchange.Verdict{}
		},
		"denies": func(exchange.Emit) exchange.Verdict { return exchange.Denied(403, "policy", "no") },
	} {
		s := &stage{wants: exchange.Wants{Events: true, Cut: true}, events: func(_ []canon.Event, emit exchange.Emit) exchange.Verdict { return end(emit) }}
		var f faults
		func() {
			defer func() { _ = recover() }()
			v := exchangetest.Join(&f, s, exchangetest.Ask(&f, "openai", body))
			v.Request()
			v.Stream()
			v.Events(exchangetest.Text("one"))
			v.Events(exchangetest.Text("two"))
		}()
		if len(f) != 1 || !strings.Contains(f[0], "cannot follow") {
			t.Errorf("who %s: %q", name, f)
		}
	}
}

// TestAVisitThatWantsNoEventsSeesTheEndAlone holds so, and that the others go on.
func TestAVisitThatWantsNoEventsSeesTheEndAlone(t *testing.T) {
	var seen []canon.EventKind
	s := &stage{events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
		for i := range events {
			seen = append(seen, events[i].Kind)
			emit(&events[i])
		}
		return exchange.Verdict{}
	}}
	v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", body))
	v.Request()
	v.Stream()
	out := append(v.Events(exchangetest.Text("a")), v.Events(exchangetest.Text("b"), exchangetest.Done())...)
	if len(seen) != 1 || seen[0] != canon.EventDone || len(out) != 3 {
		t.Errorf("it saw %v; %d events went on", seen, len(out))
	}
}
