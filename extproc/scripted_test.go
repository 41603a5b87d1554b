package extproc

import (
	"context"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// scripted makes a stage of functions. What is nil is a phase that it does not name.
type scripted struct {
	name     string
	request  func(*exchange.Request) exchange.Verdict
	response func(*exchange.Response) exchange.Verdict
	events   func([]canon.Event, exchange.Emit) exchange.Verdict
	answered func(*exchange.Attempt) exchange.Judgement
	end      func(exchange.Outcome)
	closed   func()
	wants    exchange.Wants
}

func (k *scripted) Name() string                                { return k.name }
func (k *scripted) Close(context.Context) error                 { return nil }
func (k *scripted) Compile(*policy.Set) (exchange.Stage, error) { return &scriptedStage{k}, nil }

type scriptedStage struct{ kind *scripted }

func (s *scriptedStage) Name() string                           { return s.kind.name }
func (s *scriptedStage) Join(*exchange.Exchange) exchange.Visit { return scriptedVisit{kind: s.kind} }

func (s *scriptedStage) Phases() (p exchange.Phases) {
	for phase, named := range map[exchange.Phases]bool{
		exchange.OnRequest: s.kind.request != nil, exchange.OnResponse: s.kind.response != nil,
		exchange.OnEvents: s.kind.events != nil, exchange.OnAnswered: s.kind.answered != nil, exchange.OnEnd: s.kind.end != nil,
	} {
		if named {
			p |= phase
		}
	}
	return p
}

func (s *scriptedStage) Close() error {
	if s.kind.closed != nil {
		s.kind.closed()
	}
	return nil
}

type scriptedVisit struct {
	exchange.Idle
	kind *scripted
}

func (v scriptedVisit) Request(_ context.Context, r *exchange.Request) (exchange.Verdict, error) {
	return v.kind.request(r), nil
}

func (v scriptedVisit) Response(_ context.Context, r *exchange.Response) (exchange.Verdict, error) {
	return v.kind.response(r), nil
}

func (v scriptedVisit) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	return v.kind.events(events, emit), nil
}

func (v scriptedVisit) Answered(_ context.Context, at *exchange.Attempt) (exchange.Judgement, error) {
	return v.kind.answered(at), nil
}

func (v scriptedVisit) End(o exchange.Outcome) { v.kind.end(o) }
func (v scriptedVisit) Wants() exchange.Wants  { return v.kind.wants }
