package extproc

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// admit shows a request's headers to the stages that want them before its body comes. It
// returns true if one of them ended the exchange.
func (r *run) admit(ctx context.Context) (ended bool, err error) {
	for i, s := range r.pipeline.stages[:r.pipeline.early] {
		if i == len(r.visits) {
			r.enter()
		}
		if !s.on(exchange.OnHeaders) {
			continue
		}
		began := time.Now()
		v, err := r.visits[i].Headers(ctx, &r.ex.Request)
		r.took(s, exchange.OnHeaders, began)
		if err != nil {
			return false, fmt.Errorf("%s: %w", s.Name(), err)
		}
		if ended, err := r.obey(ctx, v, i); ended {
			return true, err
		}
	}
	return false, nil
}

// down takes the request down the list of stages. It returns true if one of them ended
// the exchange. The model is resolved before the first, and again after each that
// rewrote it.
func (r *run) down(ctx context.Context) (ended bool, err error) {
	req := &r.ex.Request
	asked := ""
	for i := range r.pipeline.stages {
		if i == 0 || req.Model != asked {
			asked = req.Model
			var v exchange.Verdict
			if r.ex.Model, r.ex.Name, v = r.pipeline.resolve(req, &r.ex.Caller, r.now()); v.Action != exchange.Pass {
				return true, r.refuse(ctx, v, len(r.visits))
			}
			r.enterModel()
		}
		if i == len(r.visits) {
			r.enter()
		}
		s := r.pipeline.stages[i]
		if !s.on(exchange.OnRequest) {
			continue
		}
		began := time.Now()
		v, err := r.visits[i].Request(ctx, req)
		r.took(s, exchange.OnRequest, began)
		if err != nil {
			return false, fmt.Errorf("%s: %w", s.Name(), err)
		}
		if ended, err := r.obey(ctx, v, i); ended {
			return true, err
		}
	}
	return false, nil
}

// enterModel counts the exchange among those of its model that are under way, and not among those of
// one that it was for before.
func (r *run) enterModel() {
	r.leaveModel()
	if r.underWay = r.pipeline.underWay[r.ex.Model]; r.underWay != nil {
		r.underWay.enter()
	}
}

// leaveModel has the exchange not count any more.
func (r *run) leaveModel() {
	if r.underWay != nil {
		r.underWay.leave()
		r.underWay = nil
	}
}

// obey does what the verdict of a stage says. It returns true if that ended the exchange.
func (r *run) obey(ctx context.Context, v exchange.Verdict, depth int) (ended bool, err error) {
	set(&r.ex.Response.Out, v.Headers)
	switch v.Action {
	case exchange.Deny:
		return true, r.refuse(ctx, v, depth)
	case exchange.Answer:
		return true, r.give(ctx, v, depth)
	case exchange.Pass:
	}
	return false, nil
}

// took notes how long a stage took for a phase.
func (r *run) took(m *member, p exchange.Phases, began time.Time) {
	d := time.Since(began)
	m.clocks[bits.TrailingZeros8(uint8(p))].Observe(d.Seconds())
	r.ex.Timeline.Note(m.Name(), p, began, d)
}

// only prepares the one attempt of a pool of one backend, which has no stream of its
// own: what leaves goes with the answer to the request.
func (r *run) only(ctx context.Context) error {
	r.ex.Single.Left = r.now()
	r.single = exchange.Attempt{Request: &r.ex.Request, Backend: r.ex.Route.Backend, Model: r.ex.Route.Serves, Now: r.ex.Single.Left, Out: r.ex.Request.Out}
	err := r.attempt(ctx, &r.single)
	r.ex.Request.Out = r.single.Out
	return err
}

// attempt takes a try down the list of stages.
func (r *run) attempt(ctx context.Context, at *exchange.Attempt) error {
	for i, s := range r.pipeline.stages {
		if !s.on(exchange.OnAttempt) {
			continue
		}
		began := time.Now()
		err := r.visits[i].Attempt(ctx, at)
		r.took(s, exchange.OnAttempt, began)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	return nil
}

// judge takes the answer to a try up the list of stages. The lowest that does not let it
// pass decides. If there is none, but one is undecided, the answer waits.
func (r *run) judge(ctx context.Context, at *exchange.Attempt) (exchange.Judgement, error) {
	var undecided exchange.Judgement
	for i := len(r.pipeline.stages) - 1; i >= 0; i-- {
		s := r.pipeline.stages[i]
		if !s.on(exchange.OnAnswered) {
			continue
		}
		began := time.Now()
		j, err := r.visits[i].Answered(ctx, at)
		r.took(s, exchange.OnAnswered, began)
		switch {
		case err != nil:
			return j, fmt.Errorf("%s: %w", s.Name(), err)
		case !j.Undecided && j != (exchange.Judgement{}):
			return j, nil
		case j.Undecided:
			undecided.Undecided = true
			if j.Wake > 0 && (undecided.Wake == 0 || j.Wake < undecided.Wake) {
				undecided.Wake = j.Wake
			}
		}
	}
	return undecided, nil
}

// up takes a response up the list of stages, from below one of them.
func (r *run) up(ctx context.Context, below int) error {
	resp := &r.ex.Response
	for i := below - 1; i >= 0; i-- {
		s := r.pipeline.stages[i]
		if !s.on(exchange.OnResponse) {
			continue
		}
		began := time.Now()
		v, err := r.visits[i].Response(ctx, resp)
		r.took(s, exchange.OnResponse, began)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name(), err)
		}
		set(&resp.Out, v.Headers)
		switch v.Action {
		case exchange.Deny:
			r.replace(v)
		case exchange.Answer:
			r.instead(v)
		case exchange.Pass:
		}
	}
	return nil
}

func set(m *exchange.Mutation, headers exchange.Headers) {
	for _, h := range headers {
		m.SetHeader(h.Name, string(h.Value))
	}
}

// finish ends the visits once, the last stage first. A stream that sent no
// request was no exchange.
func (r *run) finish(o exchange.Outcome) {
	if r.finished || r.client == nil {
		return
	}
	r.finished = true
	r.ex.Ended = r.now()
	r.noteFold()
	for i := len(r.visits) - 1; i >= 0; i-- {
		s := r.pipeline.stages[i]
		if !s.on(exchange.OnEnd) {
			continue
		}
		began := time.Now()
		r.visits[i].End(o)
		r.took(s, exchange.OnEnd, began)
	}
}
