// Package route is the stage that decides where an exchange goes: from the policy's
// model to the Envoy route of its pool, and in which order its chain is tried.
//
// The promise: a request leaves this stage with a route, or with a denial. The
// trap: Envoy chooses the route again only because the answer clears the route
// cache, and the header that it matches on must be overwritten, never added to.
package route

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/wildcard"
)

// Kind makes the stages of all policies for a gateway in a region, which may be empty.
type Kind struct {
	region string
	shares *Shares
}

// NewKind makes a Kind, whose stages go by shares where their policies say so.
func NewKind(region string, shares *Shares) *Kind { return &Kind{region: region, shares: shares} }

// Name returns "route".
func (k *Kind) Name() string { return "route" }

// Compile prepares the routes of a policy's models.
func (k *Kind) Compile(set *policy.Set) (exchange.Stage, error) {
	return newStage(set, k.region, k.shares), nil
}

// Close releases nothing.
func (k *Kind) Close(context.Context) error { return nil }

// stage routes exchanges by one policy. It is safe for concurrent use.
type stage struct {
	models map[string]*plan
	listed []exchange.ListedModel
	index  *wildcard.Index
}

// plan is what one model's exchanges have in common.
type plan struct {
	model        *policy.Model
	json, stream exchange.Route
	split        *split // nil: every user goes through the chain in the same order
}

func newStage(set *policy.Set, region string, shares *Shares) *stage {
	s := &stage{models: make(map[string]*plan, len(set.Models)), index: set.Index()}
	for _, name := range set.Listed() {
		s.listed = append(s.listed, exchange.ListedModel(name))
	}
	for name, m := range set.Models {
		r := exchange.Route{Idle: m.IdleTimeout, Total: m.Total, Arm: m.Chain[0].Uses[0].Model}
		if use, ok := m.Single(); ok {
			r.Single = true
			r.Backend, r.Provider, r.Serves, r.Written = use.Backend.Name, use.Backend.Provider.Name, use.Model, use.Model
		}
		p := &plan{model: m, json: r, stream: r, split: newSplit(m, region, shares)}
		p.json.Name, p.stream.Name = policy.RouteName(name, false), policy.RouteName(name, true)
		s.models[name] = p
	}
	return s
}

// Name returns "route".
func (s *stage) Name() string { return "route" }

// Phases names Request.
func (s *stage) Phases() exchange.Phases { return exchange.OnRequest }

// Join begins a visit.
func (s *stage) Join(ex *exchange.Exchange) exchange.Visit { return &visit{stage: s, ex: ex} }

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage *stage
	ex    *exchange.Exchange
}

// Request implements exchange.Visit. The list of models it answers itself: no
// provider is asked.
func (v *visit) Request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	if req.Operation == exchange.Models {
		return v.list(req), nil
	}
	p, ok := v.stage.models[v.ex.Model]
	if !ok {
		return exchange.Verdict{}, fmt.Errorf("model %q has no route", v.ex.Model)
	}
	v.ex.Route = p.json
	if req.Stream {
		v.ex.Route = p.stream
	}
	r := &v.ex.Route
	r.Serves = v.ex.Asks(r.Serves)
	req.Out.SetHeader(policy.RouteHeader, r.Name)
	if !r.Single {
		req.Out.SetHeader(policy.JudgeHeader, policy.JudgeContent)
	}
	if p.split != nil {
		first := p.split.first(v.ex)
		r.Arm = p.split.model.Chain[0].Uses[first[0]].Model
		req.Out.SetHeader(policy.SplitHeader, strconv.Itoa(p.split.model.Order(first)))
	}
	r.Arm = v.ex.Asks(r.Arm)
	return v.deadline(req), nil
}

// list answers with a page of the models that the caller may ask for, or with the one that it asks
// about, which is known to be answered.
func (v *visit) list(req *exchange.Request) exchange.Verdict {
	if req.Model != "" {
		model, _ := v.stage.index.Find(req.Model)
		one := exchange.ListedModel{Name: req.Model, Model: model, Created: v.stage.models[model].model.Created(req.Model)}
		return exchange.Verdict{Action: exchange.Answer, Models: []exchange.ListedModel{one}}
	}
	page, more, err := req.Page.Of(v.ex.Caller.Sees(v.stage.listed))
	if err != nil {
		return exchange.Denied(400, exchange.ReasonBadRequest, err.Error())
	}
	return exchange.Verdict{Action: exchange.Answer, Models: page, More: more}
}

// clip bounds what a client's own text may add to a message.
func clip(s string) string {
	if cut := exchange.Clip(s, 100); len(cut) < len(s) {
		return cut + "..."
	}
	return s
}

// TimeoutHeader is how a client bounds the whole exchange, as a Go duration or in
// whole seconds.
const TimeoutHeader = "x-headgate-timeout"

// deadline bounds the whole exchange by what the client and the policy say, whichever ends
// sooner. Envoy keeps the time.
func (v *visit) deadline(req *exchange.Request) exchange.Verdict {
	asked, refusal := asked(req)
	if refusal.Action != exchange.Pass {
		return refusal
	}
	req.Deadline = asked
	if total := v.ex.Route.Total; total > 0 && (asked == 0 || total < asked) {
		req.Deadline = total
	}
	req.EndAfter(req.Deadline)
	return exchange.Verdict{}
}

// asked is the limit that the client sets; 0: none.
func asked(req *exchange.Request) (time.Duration, exchange.Verdict) {
	text := string(req.Headers.Get(TimeoutHeader))
	if text == "" {
		return 0, exchange.Verdict{}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		var seconds int64
		seconds, err = strconv.ParseInt(text, 10, 32)
		d = time.Duration(seconds) * time.Second
	}
	if err != nil || d < time.Millisecond || d > 24*time.Hour {
		v := exchange.Denied(400, exchange.ReasonBadRequest, fmt.Sprintf("Header %s must be a duration from 1ms to 24h, such as 30s: got %q.", TimeoutHeader, clip(text)))
		v.Param = TimeoutHeader
		return 0, v
	}
	return d, exchange.Verdict{}
}
