package stages

import (
	"context"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// kind is a kind of stages made of functions. What is nil does nothing.
type kind struct {
	name    string
	compile func(*policy.Set) error
	visit   func(*exchange.Exchange) script
	closed  func()
}

// script is a visit made of functions. What is nil is a phase that the stage does not
// name.
type script struct {
	exchange.Idle
	request  func(context.Context, *exchange.Request) (exchange.Verdict, error)
	attempt  func(*exchange.Attempt) error
	answered func(*exchange.Attempt) exchange.Judgement
	response func(*exchange.Response) exchange.Verdict
	events   func([]canon.Event, exchange.Emit) exchange.Verdict
	end      func(exchange.Outcome)
	wants    exchange.Wants
}

var _ extproc.Kind = kind{}

func (k kind) Name() string                { return k.name }
func (k kind) Close(context.Context) error { return nil }

func (k kind) Compile(set *policy.Set) (exchange.Stage, error) {
	if k.compile != nil {
		if err := k.compile(set); err != nil {
			return nil, err
		}
	}
	return stage{k}, nil
}

type stage struct{ kind }

func (s stage) Phases() (p exchange.Phases) {
	v := s.visit(&exchange.Exchange{})
	for phase, named := range map[exchange.Phases]bool{
		exchange.OnRequest: v.request != nil, exchange.OnAttempt: v.attempt != nil, exchange.OnAnswered: v.answered != nil,
		exchange.OnResponse: v.response != nil, exchange.OnEvents: v.events != nil, exchange.OnEnd: v.end != nil,
	} {
		if named {
			p |= phase
		}
	}
	return p
}

func (s stage) Join(ex *exchange.Exchange) exchange.Visit { return s.visit(ex) }

// Close is called once the stage's last exchange has ended.
func (s stage) Close() error {
	if s.closed != nil {
		s.closed()
	}
	return nil
}

func (v script) Request(ctx context.Context, r *exchange.Request) (exchange.Verdict, error) {
	return v.request(ctx, r)
}
func (v script) Attempt(_ context.Context, at *exchange.Attempt) error { return v.attempt(at) }
func (v script) Answered(_ context.Context, at *exchange.Attempt) (exchange.Judgement, error) {
	return v.answered(at), nil
}
func (v script) Response(_ context.Context, r *exchange.Response) (exchange.Verdict, error) {
	return v.response(r), nil
}
func (v script) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	return v.events(events, emit), nil
}
func (v script) End(o exchange.Outcome) { v.end(o) }
func (v script) Wants() exchange.Wants  { return v.wants }

// always makes a kind whose every visit is the same script.
func always(name string, s script) kind {
	return kind{name: name, visit: func(*exchange.Exchange) script { return s }}
}
